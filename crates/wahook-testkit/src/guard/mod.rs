//! The contract of guard stores, as numbered functions, and the macro that makes a test of each.
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
//! The functions panic where a rule is broken: that is what makes a test fail.
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these are tests"
)]

mod harness;
mod one;
mod rules;

pub use self::{
    harness::{Harness, RealTime, TimePasses, run},
    one::{
        g1_a_claim_excludes_all_others_until_it_is_settled, g1_of_concurrent_claims_exactly_one_is_fresh,
        g1_of_many_keys_each_is_fresh_once, g1_of_threads_exactly_one_is_fresh,
    },
    rules::{
        g2_completed_is_a_duplicate_until_its_time_is_over, g2_completing_twice_is_done_twice,
        g2_what_was_not_claimed_cannot_be_settled, g3_released_is_fresh_again,
        g4_a_late_holder_changes_nothing, g4_a_late_holder_is_late_even_if_nobody_else_came,
        g4_a_lease_that_ran_out_is_fresh_for_the_next, g4_only_the_holder_settles,
        g6_keys_do_not_touch_each_other, g7_a_conflict_lasts_as_long_as_the_other_record,
        g7_each_digest_has_a_life_of_its_own,
    },
};

/// Makes a `#[test]` of every rule of the guard store contract (G1–G4, G6, G7).
///
/// Takes the path of an async function without arguments that makes a [`Harness`](crate::guard::Harness). Attributes
/// before it are put on every test; where a server is needed, tests are ignored, so that a plain run counts them:
///
/// ```
/// # use std::{num::NonZeroUsize, sync::Arc};
/// # use wahook_core::guard::MemoryStore;
/// # use wahook_testkit::{ManualClock, guard::Harness};
/// # async fn redis() -> Harness {
/// #     let clock = Arc::new(ManualClock::default());
/// #     let store = MemoryStore::new(clock.clone(), NonZeroUsize::new(10_000).unwrap(), [7; 16]);
/// #     Harness::new(Arc::new(store), clock)
/// # }
/// wahook_testkit::guard_store_contract!(#[ignore = "needs a server"] redis);
/// # fn main() { wahook_testkit::guard::run(redis, wahook_testkit::guard::g3_released_is_fresh_again) }
/// ```
#[macro_export]
macro_rules! guard_store_contract {
    ($(#[$attribute:meta])* $make:path) => {
        $crate::guard_store_contract! { @tests { $(#[$attribute])* } $make;
            g1_of_concurrent_claims_exactly_one_is_fresh
            g1_of_threads_exactly_one_is_fresh
            g1_of_many_keys_each_is_fresh_once
            g1_a_claim_excludes_all_others_until_it_is_settled
            g2_completed_is_a_duplicate_until_its_time_is_over
            g2_completing_twice_is_done_twice
            g2_what_was_not_claimed_cannot_be_settled
            g3_released_is_fresh_again
            g4_a_lease_that_ran_out_is_fresh_for_the_next
            g4_a_late_holder_changes_nothing
            g4_a_late_holder_is_late_even_if_nobody_else_came
            g4_only_the_holder_settles
            g6_keys_do_not_touch_each_other
            g7_each_digest_has_a_life_of_its_own
            g7_a_conflict_lasts_as_long_as_the_other_record
        }
    };
    (@tests $attributes:tt $make:path; $($rule:ident)+) => {
        $( $crate::guard_store_contract! { @test $attributes $make; $rule } )+
    };
    (@test { $($attribute:tt)* } $make:path; $rule:ident) => {
        #[test]
        $($attribute)*
        fn $rule() {
            $crate::guard::run($make, $crate::guard::$rule);
        }
    };
}
