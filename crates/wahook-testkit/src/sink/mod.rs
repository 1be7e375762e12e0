//! The contract of sinks that publish messages, as numbered functions, and the macros that make a test of each.
//!
//! One line runs it for a sink. The harness brings a way to make the sink, and one to read what consumers get:
//!
//! ```
//! use std::sync::{Arc, Mutex};
//!
//! use wahook_core::{
//!     BoxFuture,
//!     model::Event,
//!     sink::{Delivered, MessageForm, Sink},
//! };
//! use wahook_testkit::sink::{Harness, Received};
//!
//! /// A broker in memory.
//! type Queue = Arc<Mutex<Vec<Received>>>;
//!
//! #[derive(Debug)]
//! struct ToQueue(Queue, MessageForm);
//!
//! impl Sink for ToQueue {
//!     fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
//!         Box::pin(async move {
//!             for (index, event) in events.iter().enumerate() {
//!                 let message = match self.1.message(event) {
//!                     Ok(message) => message,
//!                     Err(error) => return Delivered::up_to(index, error),
//!                 };
//!                 self.0.lock().unwrap().push(Received::from(message));
//!             }
//!             Delivered::all(events)
//!         })
//!     }
//! }
//!
//! async fn queue() -> Harness {
//!     let queue = Queue::default();
//!     let read = Arc::clone(&queue);
//!     Harness::new(
//!         move |form| Arc::new(ToQueue(Arc::clone(&queue), form)),
//!         move || {
//!             let all = read.lock().unwrap().clone();
//!             Box::pin(async move { all })
//!         },
//!     )
//! }
//!
//! wahook_testkit::sink_contract!(queue);
//! # fn main() { wahook_testkit::sink::run(queue, wahook_testkit::sink::i4_a_replay_is_another_and_a_repeat_is_not) }
//! ```
//!
//! What only some can show is apart: [`sink_outage_contract!`](crate::sink_outage_contract) for those whose broker can be
//! killed and started again, [`sink_refusal_contract!`](crate::sink_refusal_contract) for those whose target can be absent
//! or full.
//!
//! The functions panic where a rule is broken: that is what makes a test fail. What a broker keeps when its machine loses
//! power is the broker's to prove.
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these are tests"
)]

mod events;
mod harness;
mod macros;
mod received;
mod rules;

pub use self::{
    events::{PHONE, TEXT, event, of_this_run},
    harness::Harness,
    received::Received,
    rules::{
        forms::{
            i4_a_replay_is_another_and_a_repeat_is_not, n2_a_message_looks_as_it_was_asked_to,
            p_a_lane_is_its_conversation_and_names_nobody,
        },
        handing::{
            i3_a_hand_over_dropped_half_way_is_done_again_in_order,
            i3_conversations_at_once_keep_their_orders, i3_of_no_events_none_is_done,
            i3_what_is_confirmed_is_there_in_order,
        },
        outages::{
            i3_a_target_out_of_reach_confirms_nothing_and_goes_on_by_itself,
            i3_killed_and_started_again_it_has_all_that_it_confirmed_in_order,
        },
        refusals::i3_a_target_that_takes_no_more_is_an_error,
    },
};
pub use crate::contract::run;

/// One rule of the contract.
pub type Rule = crate::contract::Rule<Harness>;

/// All that [`sink_contract!`](crate::sink_contract) makes tests of.
#[must_use]
pub fn rules() -> Vec<Rule> {
    crate::sink_contract! { @all @list }
}

/// All that [`sink_outage_contract!`](crate::sink_outage_contract) makes tests of.
#[must_use]
pub fn outage_rules() -> Vec<Rule> {
    crate::sink_outage_contract! { @all @list }
}

/// All that [`sink_refusal_contract!`](crate::sink_refusal_contract) makes tests of.
#[must_use]
pub fn refusal_rules() -> Vec<Rule> {
    crate::sink_refusal_contract! { @all @list }
}
