//! The contract of guard stores, as numbered functions, and the macros that make a test of each.
//!
//! One line runs it for a store:
//!
//! ```
//! use std::{num::NonZeroUsize, sync::Arc};
//!
//! use wahook_core::guard::MemoryStore;
//! use wahook_testkit::{ManualClock, guard::Harness};
//!
//! async fn memory() -> Harness {
//!     let clock = Arc::new(ManualClock::default());
//!     let store = MemoryStore::new(clock.clone(), NonZeroUsize::new(10_000).unwrap(), [7; 16]);
//!     Harness::new(Arc::new(store), clock)
//! }
//!
//! wahook_testkit::guard_store_contract!(memory);
//! # fn main() { wahook_testkit::guard::run(memory, wahook_testkit::guard::g3_released_is_fresh_again) }
//! ```
//!
//! The functions panic where a rule is broken: that is what makes a test fail. Leases and lives whose end is waited for
//! last 50 ms, so that the contract is quick on a server's clock as well.
//!
//! What of G1–G10 a store cannot be held to is the guard's own: that handlers end within their lease (G5), what is
//! answered while the store is down (G8), how much memory is kept for how long (G9), and which keys there are (G6, G10).
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these are tests"
)]

mod harness;
mod macros;
mod rules;

pub use self::{
    harness::{Harness, RealTime, TimePasses},
    rules::{
        bodies::{
            g7_a_conflict_lasts_as_long_as_the_other_record, g7_each_digest_has_a_life_of_its_own,
            g7_of_many_bodies_none_is_lost,
        },
        claims::{
            g1_a_claim_excludes_all_others_until_it_is_settled,
            g1_of_claims_of_what_is_over_exactly_one_is_fresh, g1_of_concurrent_claims_exactly_one_is_fresh,
            g1_of_many_keys_each_is_fresh_once, g1_of_several_bodies_at_once_each_is_fresh_once,
            g1_of_threads_exactly_one_is_fresh,
        },
        halves::{
            g5_a_claim_dropped_half_way_can_be_said_again, g5_a_claim_dropped_half_way_is_a_lease_at_most,
            g5_a_complete_dropped_half_way_can_be_said_again,
            g5_a_release_dropped_half_way_can_be_said_again,
        },
        keys::{g6_a_key_is_its_bytes, g6_keys_do_not_touch_each_other, g10_an_event_is_one_in_its_scope},
        leases::{
            g4_a_late_holder_changes_nothing, g4_a_late_holder_is_late_even_if_nobody_else_came,
            g4_a_lease_that_ran_out_is_fresh_for_the_next, g4_at_the_end_of_a_lease_one_of_two_has_it,
            g4_only_the_holder_settles, g4_what_is_left_of_a_lease_is_told,
        },
        marks::{
            g2_an_old_holder_revives_nothing, g2_completed_is_a_duplicate_until_its_time_is_over,
            g2_completing_twice_is_done_twice, g2_what_was_not_claimed_cannot_be_settled,
            g3_released_is_fresh_again, g5_completing_at_once_is_done_each_time,
            g5_of_complete_and_release_at_once_one_is_done, g9_what_is_done_outlives_what_is_over,
        },
        outages::{
            g8_a_lease_runs_on_while_the_store_is_away, g8_a_store_out_of_reach_says_so_in_time,
            g8_after_an_outage_all_is_as_it_was, g8_an_outage_in_the_middle_of_work_forges_no_mark,
        },
        repeats::{
            g4_a_claim_said_again_by_its_holder_is_fresh, g4_a_claim_said_again_runs_its_lease_anew,
            g4_of_holders_that_repeat_their_claims_one_has_it,
        },
        spans::{g2_what_has_no_time_is_over_at_once, g2_what_is_endless_does_not_end},
    },
};
pub use crate::contract::run;

/// One rule of the contract.
pub type Rule = crate::contract::Rule<Harness>;

/// All that [`guard_store_contract!`](crate::guard_store_contract) makes tests of.
#[must_use]
pub fn rules() -> Vec<Rule> {
    crate::guard_store_contract! { @all @list }
}

/// All that [`guard_store_outage_contract!`](crate::guard_store_outage_contract) makes tests of.
#[must_use]
pub fn outage_rules() -> Vec<Rule> {
    crate::guard_store_outage_contract! { @all @list }
}
