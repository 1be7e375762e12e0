//! The contract of providers, as numbered functions, and the macro that makes a test of each.
//!
//! One line runs it, for a provider of ours or of yours; see [`provider_contract!`](crate::provider_contract). The
//! functions panic where a rule is broken: that is what makes a test fail.
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "these are tests"
)]

mod arbitrary;
mod contract;
mod keys;
mod reading;

pub use self::{
    arbitrary::{n1_no_body_breaks_it, n1_this_body_breaks_nothing},
    contract::Contract,
    keys::{
        g6_a_key_is_bounded_whatever_the_body_says, g6_a_key_is_the_same_for_every_attempt,
        g6_the_key_of_an_id_is_that_of_its_delivery, g6_two_deliveries_are_two_keys,
        g10_event_keys_say_what_was_said, g10_two_occurrences_are_two_events,
    },
    reading::{
        n1_a_list_gives_one_item_for_each_of_its_own, n1_a_value_of_another_type_harms_nothing_else,
        n1_what_is_cut_is_malformed, n1_what_is_no_json_is_malformed, n2_an_unknown_field_changes_nothing,
        n2_missing_and_null_are_the_same, n2_raw_is_what_was_sent,
        n3_half_a_character_makes_nothing_malformed, n4_reading_is_pure, n5_a_hidden_id_is_no_phone_number,
        n7_a_time_has_a_source,
    },
};

/// Makes a `#[test]` of every rule of the provider contract (N1–N5, N7, G6, G10).
///
/// Takes a provider and its samples, or the path of a function that makes [`Contract`](crate::provider::Contract)s,
/// where the keys need a signed id.
///
/// ```
/// # use std::time::Duration;
/// # use bytes::Bytes;
/// # use http::HeaderMap;
/// # use wahook_core::{json::Raw, model::*, proof::Proof, *};
/// # #[derive(Debug)]
/// # struct Acme;
/// # impl Provider for Acme {
/// #     type Event = ();
/// #     const ID: &'static str = "acme";
/// #     fn habits(&self) -> Habits { Habits::new(Duration::ZERO, Duration::ZERO, Duration::ZERO) }
/// #     fn key(&self, _: &Proof, _: &HeaderMap, body: &Bytes) -> Keyed { Keyed::new(DeliveryKey::digest(body), None) }
/// #     fn parse(&self, delivery: &Delivery) -> Vec<Parsed<()>> {
/// #         let raw = Raw::new(delivery.body.clone());
/// #         vec![match json::read::<serde_json::Value>(&delivery.body) {
/// #             Ok(_) => Parsed::Unknown(Unknown::new(None, Context::default(), raw)),
/// #             Err(error) => Parsed::Malformed(Malformed::new(None, error, Context::default(), raw)),
/// #         }]
/// #     }
/// #     fn normalise(&self, item: Parsed<()>, _: &Delivery) -> Draft {
/// #         match item {
/// #             Parsed::Unknown(unknown) => Draft::unknown(unknown),
/// #             Parsed::Malformed(malformed) => Draft::malformed(malformed),
/// #             Parsed::Known { .. } => unreachable!(),
/// #         }
/// #     }
/// # }
/// use wahook_testkit::Sample;
///
/// wahook_testkit::provider_contract!(Acme, vec![
///     Sample::new("acme", "message", br#"{"id":"evt_1","text":"hello"}"#),
/// ]);
/// # fn main() {
/// #     let contract = wahook_testkit::provider::Contract::new(Acme, vec![Sample::new("acme", "message", br#"{"id":"evt_1"}"#)]);
/// #     wahook_testkit::provider::n1_what_is_cut_is_malformed(&contract);
/// #     wahook_testkit::provider::g10_two_occurrences_are_two_events(&contract);
/// # }
/// ```
#[macro_export]
macro_rules! provider_contract {
    ($provider:expr, $samples:expr) => {
        fn provider_contract_of_one() -> Vec<$crate::provider::Contract> {
            vec![$crate::provider::Contract::new($provider, $samples)]
        }
        $crate::provider_contract!(provider_contract_of_one);
    };
    ($contracts:path) => {
        $crate::provider_contract! { @tests $contracts;
            n1_no_body_breaks_it
            n1_what_is_no_json_is_malformed
            n1_what_is_cut_is_malformed
            n1_a_value_of_another_type_harms_nothing_else
            n1_a_list_gives_one_item_for_each_of_its_own
            n2_raw_is_what_was_sent
            n2_an_unknown_field_changes_nothing
            n2_missing_and_null_are_the_same
            n3_half_a_character_makes_nothing_malformed
            n4_reading_is_pure
            n5_a_hidden_id_is_no_phone_number
            n7_a_time_has_a_source
            g6_a_key_is_the_same_for_every_attempt
            g6_two_deliveries_are_two_keys
            g6_the_key_of_an_id_is_that_of_its_delivery
            g6_a_key_is_bounded_whatever_the_body_says
            g10_event_keys_say_what_was_said
            g10_two_occurrences_are_two_events
        }
    };
    (@tests $contracts:path; $($rule:ident)+) => { $(
        #[test]
        fn $rule() {
            for contract in $contracts() {
                $crate::provider::$rule(&contract);
            }
        }
    )+ };
}
