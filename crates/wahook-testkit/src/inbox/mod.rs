//! The contract of inboxes, and what tests of workers and gateways need: an inbox in memory, deliveries to put into it,
//! and a sink that writes down what it gets.
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these are tests"
)]

mod deliveries;
mod memory;
mod sink;

pub use self::{
    deliveries::Deliveries,
    memory::{MemoryInbox, Verb},
    sink::RecordingSink,
};

fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}
