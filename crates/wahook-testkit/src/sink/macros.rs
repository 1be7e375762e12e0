//! A test of each rule; the only lists of them.

/// Makes a `#[test]` of every rule that holds for each sink of messages (I3, I4, N2, P).
///
/// Takes the path of an async function without arguments that makes a [`Harness`](crate::sink::Harness) with a target of
/// its own: [`of_this_run`](crate::sink::of_this_run) gives it a name. Attributes before it are put on every test; where a
/// server is needed, tests are ignored, so that a plain run counts them.
#[macro_export]
macro_rules! sink_contract {
    ($(#[$attribute:meta])* $make:path) => {
        $crate::sink_contract! { @all @tests { $(#[$attribute])* } $make; }
    };
    (@all $($then:tt)*) => {
        $crate::sink_contract! { $($then)*
            i3_of_no_events_none_is_done
            i3_what_is_confirmed_is_there_in_order
            i3_conversations_at_once_keep_their_orders
            i3_a_hand_over_dropped_half_way_is_done_again_in_order
            i4_a_replay_is_another_and_a_repeat_is_not
            n2_a_message_looks_as_it_was_asked_to
            p_a_lane_is_its_conversation_and_names_nobody
        }
    };
    (@tests $attributes:tt $make:path; $($rule:ident)+) => {
        $( $crate::sink_contract! { @test $attributes $make; $rule } )+
    };
    (@test { $($attribute:tt)* } $make:path; $rule:ident) => {
        #[test]
        $($attribute)*
        fn $rule() {
            $crate::sink::run($make, $crate::sink::$rule);
        }
    };
    (@list $($rule:ident)+) => {
        vec![$( $crate::sink::Rule {
            name: stringify!($rule),
            check: |harness| Box::pin($crate::sink::$rule(harness)),
        } ),+]
    };
}

/// Makes a `#[test]` of what a sink promises while its broker is away, and behind that (I3).
///
/// Takes the same as [`sink_contract!`](crate::sink_contract), with a harness that has an outage:
/// [`Harness::with_outage`](crate::sink::Harness::with_outage). The broker that is killed must be the test's own.
#[macro_export]
macro_rules! sink_outage_contract {
    ($(#[$attribute:meta])* $make:path) => {
        $crate::sink_outage_contract! { @all @tests { $(#[$attribute])* } $make; }
    };
    (@all $($then:tt)*) => {
        $crate::sink_contract! { $($then)*
            i3_a_target_out_of_reach_confirms_nothing_and_goes_on_by_itself
            i3_killed_and_started_again_it_has_all_that_it_confirmed_in_order
        }
    };
}

/// Makes a `#[test]` of what a sink says where its target is absent, or takes no more (I3).
///
/// Takes the same as [`sink_contract!`](crate::sink_contract), with a harness that has such targets:
/// [`Harness::that_takes`](crate::sink::Harness::that_takes).
#[macro_export]
macro_rules! sink_refusal_contract {
    ($(#[$attribute:meta])* $make:path) => {
        $crate::sink_refusal_contract! { @all @tests { $(#[$attribute])* } $make; }
    };
    (@all $($then:tt)*) => {
        $crate::sink_contract! { $($then)*
            i3_a_target_that_takes_no_more_is_an_error
        }
    };
}
