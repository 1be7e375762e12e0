//! The contract of inboxes, as numbered functions, and the macros that make a test of each; and what tests of workers and
//! gateways need: an inbox in memory, deliveries to put into it, and a sink that writes down what it gets.
//!
//! One line runs the contract for an inbox:
//!
//! ```
//! use std::sync::Arc;
//!
//! use wahook_testkit::{ManualClock, inbox::{Harness, MemoryInbox}};
//!
//! async fn memory() -> Harness {
//!     let clock = Arc::new(ManualClock::default());
//!     Harness::by_hand(Arc::new(MemoryInbox::new(clock.clone())), clock)
//! }
//!
//! wahook_testkit::inbox_contract!(memory);
//! # fn main() { wahook_testkit::inbox::run(memory, wahook_testkit::inbox::i2_what_comes_again_is_a_duplicate) }
//! ```
//!
//! What only some inboxes have is apart: [`inbox_reopening_contract!`](crate::inbox_reopening_contract) for those that
//! are durable, [`inbox_outage_contract!`](crate::inbox_outage_contract) for those that can be out of reach,
//! [`inbox_full_contract!`](crate::inbox_full_contract) for those that are told how much they may hold.
//!
//! The functions panic where a rule is broken: that is what makes a test fail. Leases, lives and waits whose end is waited
//! for last 50 ms, so that the contract is quick on a server's clock as well.
//!
//! What of I1–I6 an inbox cannot be held to is the worker's or the gateway's: that the answer waits for the inbox, which
//! guarantee is required, how long leases and waits are, and what a sink's confirmation is worth. That what was flushed
//! survives the loss of power is for each database to prove.
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these are tests"
)]

mod deliveries;
mod harness;
mod letters;
mod macros;
mod memory;
mod rules;
mod sink;

pub use self::{
    deliveries::Deliveries,
    harness::Harness,
    memory::{MemoryInbox, Verb},
    rules::{
        accepting::{
            i1_what_many_accept_at_once_is_all_there, i1_what_was_accepted_is_there_as_it_came,
            i2_a_key_is_of_its_endpoint_and_exactly_its_text,
            i2_an_accept_dropped_half_way_is_all_or_nothing,
            i2_another_body_under_a_key_is_stored_and_flagged, i2_of_copies_at_once_exactly_one_is_stored,
            i2_of_many_bodies_at_once_each_is_stored_once, i2_what_comes_again_is_a_duplicate,
            i2_when_its_memory_is_over_it_is_stored_again, i2_where_conflicts_are_dropped_one_body_is_stored,
        },
        attempts::{
            i3_a_settlement_is_done_once, i3_a_settlement_is_of_its_own_entries,
            i3_an_attempt_is_counted_before_it_begins, i3_an_attempt_that_failed_counts,
            i3_failures_are_counted_apart_from_attempts, i3_what_a_settlement_leaves_out_stays_counted,
            i3_what_was_confirmed_is_not_handed_over_again,
        },
        crowds::i3_a_thousand_events_arrive_once_each_and_in_order,
        dead::{
            i3_a_retry_into_a_lane_that_is_taken_waits, i3_dead_letters_are_found_by_what_is_known_of_them,
            i3_what_is_dropped_is_gone_for_good, i3_what_is_retried_at_once_keeps_its_order,
            i3_what_is_retried_comes_at_the_end, i3_what_waits_for_a_sink_is_dropped_when_told,
        },
        events::{
            i3_a_delivery_is_told_with_its_events, i3_events_are_found_by_what_is_known_of_them,
            i3_events_are_told_piece_by_piece_without_gaps,
        },
        filing::{
            i3_an_event_is_in_the_lane_of_each_sink_that_wants_it,
            i3_an_event_of_several_deliveries_is_in_its_lanes_once,
            i3_an_event_said_twice_in_one_delivery_is_in_its_lanes_once, i3_filing_at_once_files_once,
            i3_filing_twice_changes_nothing, i3_in_another_scope_it_is_another_event,
            i3_what_is_filed_in_one_go_is_claimed_among_itself, i3_what_is_known_of_an_event_is_kept,
            i3_when_the_memory_of_an_event_is_over_it_is_fresh_again,
        },
        full::{
            i5_a_full_inbox_says_so_and_stores_nothing, i5_of_many_at_once_each_knows_whether_it_is_stored,
        },
        known::{
            i2_each_key_that_is_asked_for_is_answered, i2_to_ask_for_a_key_changes_nothing,
            i2_what_was_accepted_is_known, i5_what_is_forgotten_and_removed_is_not_known,
        },
        lanes::{
            i3_a_lane_is_one_takers_at_a_time, i3_a_lane_keeps_the_order_of_acceptance,
            i3_a_sink_stops_no_other, i3_an_entry_brings_its_delivery, i3_no_more_is_taken_than_is_wanted,
            i3_of_takers_at_once_each_lane_has_one, i3_the_longest_due_comes_first,
            i3_what_comes_later_waits_its_turn, i3_when_the_next_lane_is_due_is_told,
        },
        late::i3_a_state_of_a_session_that_comes_late_is_marked,
        leases::{
            i3_a_lease_that_is_prolonged_runs_from_then_on, i3_of_settlements_at_once_one_is_done,
            i6_a_late_settlement_is_lost, i6_at_the_end_of_a_lease_one_of_two_has_it,
            i6_only_the_holder_settles, i6_what_a_taker_held_who_is_gone_is_taken_over,
            i6_who_is_late_is_late_even_if_nobody_else_came,
        },
        outages::{
            i5_after_an_outage_all_is_as_it_was, i5_an_inbox_out_of_reach_says_so_in_time,
            i5_an_outage_in_the_middle_of_work_loses_nothing, i6_a_lease_runs_on_while_the_inbox_is_away,
        },
        questions::{i3_the_oldest_that_is_not_finished_is_told, i3_the_status_counts_what_is_there},
        readers::{
            i3_a_reader_that_asks_again_keeps_the_part, i3_a_reader_that_asks_for_no_time_lets_go,
            i3_of_many_readers_at_once_one_reads, i3_one_reads_at_a_time, i3_readers_in_turn_keep_the_order,
            i3_the_oldest_are_read_first_within_the_limits, i5_what_nobody_can_read_stops_nobody,
            i6_a_reader_who_is_gone_is_followed_by_the_next,
        },
        reopening::{
            i1_what_was_accepted_outlives_the_process, i2_the_memory_of_keys_goes_on,
            i3_what_was_done_is_as_it_was, i4_a_replay_goes_on_after_a_crash,
            i5_what_nobody_could_read_comes_again, i6_what_a_dead_process_held_is_free,
        },
        replays::{
            i4_a_dry_run_changes_nothing, i4_a_duplicate_during_a_replay_is_still_one,
            i4_a_replay_goes_on_where_it_stopped, i4_a_replay_is_handed_over_once_more_and_says_so,
            i4_a_replay_to_one_sink_goes_there_alone, i4_only_what_is_asked_for_is_replayed,
            i4_replays_keep_the_order_of_acceptance, i4_what_waits_or_is_dead_can_be_replayed,
            i4_what_was_redacted_cannot_be_replayed,
        },
        rereading::{
            i4_a_duplicate_that_is_read_again_is_still_one, i4_a_replay_may_read_again,
            i5_what_nobody_could_read_is_read_again_when_asked,
        },
        schedules::i2_to_i6_hold_in_whatever_order_things_happen,
        setbacks::{
            i3_a_lane_stands_still_for_what_comes_later, i3_a_retry_holds_its_lane_alone,
            i3_what_blocks_stops_its_lane_until_it_is_dropped,
            i3_what_blocks_stops_its_lane_until_it_is_retried, i3_what_is_parked_lets_its_lane_go_on,
            i3_when_its_wait_is_over_a_lane_goes_on,
        },
        stirring::i3_who_waits_is_told_that_something_came_in,
        sweeping::{
            i5_a_duplicate_is_one_as_long_as_it_is_remembered, i5_an_event_is_remembered_after_its_delivery,
            i5_dead_letters_are_kept_until_their_time_is_over, i5_no_lane_stands_still_for_what_is_gone,
            i5_redaction_removes_what_tells_persons, i5_sweeping_disturbs_nobody,
            i5_what_is_finished_is_removed_in_its_time, i5_what_is_not_finished_is_never_removed,
            i5_what_one_sink_waits_for_is_not_finished, i5_what_was_dropped_is_finished,
        },
    },
    sink::RecordingSink,
};
pub use crate::contract::run;

/// One rule of the contract.
pub type Rule = crate::contract::Rule<Harness>;

/// All that [`inbox_contract!`](crate::inbox_contract) makes tests of.
#[must_use]
pub fn rules() -> Vec<Rule> {
    crate::inbox_contract! { @all @list }
}

/// All that [`inbox_reopening_contract!`](crate::inbox_reopening_contract) makes tests of.
#[must_use]
pub fn reopening_rules() -> Vec<Rule> {
    crate::inbox_reopening_contract! { @all @list }
}

/// All that [`inbox_outage_contract!`](crate::inbox_outage_contract) makes tests of.
#[must_use]
pub fn outage_rules() -> Vec<Rule> {
    crate::inbox_outage_contract! { @all @list }
}

/// All that [`inbox_full_contract!`](crate::inbox_full_contract) makes tests of.
#[must_use]
pub fn full_rules() -> Vec<Rule> {
    crate::inbox_full_contract! { @all @list }
}
