//! The program `wahook`: a gateway for WhatsApp webhooks, and the tools around it.
//!
//! A library only so that tests can drive it; its API follows the program's needs. The path of a delivery is in
//! [`stack`], what may be configured in [`config`], each verb in a file of its own under `cli`.

// What the user writes.
mod cli;
pub mod config;
mod doctor;

// The way of a delivery: in, through, out.
mod inbox;
pub mod rates;
pub mod server;
pub mod sinks;
pub mod stack;
pub mod stores;

// What operators see and do.
pub mod admin;
pub mod arrivals;
mod manage;
pub mod metrics;

// How a verb ends, and what it prints.
mod failure;
mod limited;
mod log;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(not(feature = "otlp"))]
#[path = "no_otlp.rs"]
mod otlp;
mod output;
mod panics;
mod random;
mod spans;
mod suggest;
mod trial;
mod web;

pub use self::{
    cli::main,
    failure::{Failure, FailureKind, Outcome},
};
