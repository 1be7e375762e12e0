//! A test of each rule; the only lists of them.

/// Makes a `#[test]` of every rule of the guard store contract (G1–G7, G9, G10).
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
        $crate::guard_store_contract! { @all @tests { $(#[$attribute])* } $make; }
    };
    (@all $($then:tt)*) => {
        $crate::guard_store_contract! { $($then)*
            g1_of_concurrent_claims_exactly_one_is_fresh
            g1_of_threads_exactly_one_is_fresh
            g1_of_many_keys_each_is_fresh_once
            g1_of_several_bodies_at_once_each_is_fresh_once
            g1_of_claims_of_what_is_over_exactly_one_is_fresh
            g1_a_claim_excludes_all_others_until_it_is_settled
            g2_completed_is_a_duplicate_until_its_time_is_over
            g2_completing_twice_is_done_twice
            g2_what_was_not_claimed_cannot_be_settled
            g2_an_old_holder_revives_nothing
            g2_what_has_no_time_is_over_at_once
            g2_what_is_endless_does_not_end
            g3_released_is_fresh_again
            g4_a_lease_that_ran_out_is_fresh_for_the_next
            g4_a_late_holder_changes_nothing
            g4_a_late_holder_is_late_even_if_nobody_else_came
            g4_only_the_holder_settles
            g4_at_the_end_of_a_lease_one_of_two_has_it
            g4_what_is_left_of_a_lease_is_told
            g4_a_claim_said_again_by_its_holder_is_fresh
            g4_a_claim_said_again_runs_its_lease_anew
            g4_of_holders_that_repeat_their_claims_one_has_it
            g5_completing_at_once_is_done_each_time
            g5_of_complete_and_release_at_once_one_is_done
            g5_a_claim_dropped_half_way_is_a_lease_at_most
            g5_a_claim_dropped_half_way_can_be_said_again
            g5_a_complete_dropped_half_way_can_be_said_again
            g5_a_release_dropped_half_way_can_be_said_again
            g6_keys_do_not_touch_each_other
            g6_a_key_is_its_bytes
            g7_each_digest_has_a_life_of_its_own
            g7_a_conflict_lasts_as_long_as_the_other_record
            g7_of_many_bodies_none_is_lost
            g9_what_is_done_outlives_what_is_over
            g10_an_event_is_one_in_its_scope
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
    (@list $($rule:ident)+) => {
        vec![$( $crate::guard::Rule {
            name: stringify!($rule),
            check: |harness| Box::pin($crate::guard::$rule(harness)),
        } ),+]
    };
}

/// Makes a `#[test]` of what a guard store promises while it is out of reach (G8).
///
/// For stores behind a network. Takes the same as [`guard_store_contract!`](crate::guard_store_contract), with a
/// harness that has an outage: [`Harness::with_outage`](crate::guard::Harness::with_outage). Each test makes an outage
/// of its own: the connection that is broken, or the server that is stopped, must be the test's own too.
///
/// A store with several ways to be out of reach (refused, killed and restarted, frozen) runs it once for each, in a
/// module each.
#[macro_export]
macro_rules! guard_store_outage_contract {
    ($(#[$attribute:meta])* $make:path) => {
        $crate::guard_store_outage_contract! { @all @tests { $(#[$attribute])* } $make; }
    };
    (@all $($then:tt)*) => {
        $crate::guard_store_contract! { $($then)*
            g8_a_store_out_of_reach_says_so_in_time
            g8_after_an_outage_all_is_as_it_was
            g8_a_lease_runs_on_while_the_store_is_away
            g8_an_outage_in_the_middle_of_work_forges_no_mark
        }
    };
}
