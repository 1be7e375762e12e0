//! G6 and G10: what makes two deliveries or two events the same.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use http::{HeaderValue, header::USER_AGENT};

use super::contract::{Contract, now};
use crate::{
    Outgoing,
    tokens::{TokenKind, rewrite},
};

/// **G6**: a repetition has the key of the first attempt, whatever its unsigned headers say.
pub fn g6_a_key_is_the_same_for_every_attempt(contract: &Contract) {
    for (sample, n) in contract.samples.iter().zip(1..) {
        let name = format!("{} {}", sample.provider, sample.name());
        let outgoing = Outgoing::personalise(sample, n);
        let first = contract.deliver(&outgoing);
        assert_eq!(contract.deliver(&outgoing).key(), first.key(), "{name} twice");
        let later = now() + Duration::from_secs(3600);
        let again = contract.receive(contract.request(&outgoing, later), later);
        let again = again.expect("a repetition verifies");
        assert_eq!(again.key(), first.key(), "{name} an hour later");
        assert_eq!(again.delivery().key, first.delivery().key, "{name} an hour later");
        let request = contract.request(&outgoing, now());
        for header in request.headers().keys() {
            let mut forged = contract.request(&outgoing, now());
            forged
                .headers_mut()
                .insert(header, HeaderValue::from_static("forged"));
            forged
                .headers_mut()
                .insert(USER_AGENT, HeaderValue::from_static("forged"));
            forged
                .headers_mut()
                .insert("x-request-id", HeaderValue::from_static("forged"));
            // Where the header is signed it does not verify, and there is no key at all.
            if let Some(forged) = contract.receive(forged, now()) {
                assert_eq!(forged.key(), first.key(), "{name} with another {header}");
            }
        }
    }
}

/// **G6**: two deliveries are two keys, and a key does not depend on how its body is laid out.
pub fn g6_two_deliveries_are_two_keys(contract: &Contract) {
    let mut keys = BTreeSet::new();
    for (sample, n) in contract.samples.iter().zip(0..) {
        for m in 0..3 {
            let outgoing = Outgoing::personalise(sample, 3 * n + m);
            let prepared = contract.deliver(&outgoing);
            let name = format!("{} {}", sample.provider, sample.name());
            assert!(
                keys.insert(prepared.key().as_str().to_owned()),
                "{name}: {} came before",
                prepared.key().as_str()
            );
        }
    }
}

/// **G6**: where the id of a delivery makes its key, the id alone makes the same one.
pub fn g6_the_key_of_an_id_is_that_of_its_delivery(contract: &Contract) {
    for (sample, n) in contract.samples.iter().zip(1..) {
        let outgoing = Outgoing::personalise(sample, n);
        if let Some(key) = contract.sender.endpoint().key_of_id(&outgoing.id) {
            let name = format!("{} {}", sample.provider, sample.name());
            assert_eq!(key, *contract.deliver(&outgoing).key(), "{name}");
        }
    }
}

/// **G6**: a key that a store is given is short, whatever the ids in the body are.
pub fn g6_a_key_is_bounded_whatever_the_body_says(contract: &Contract) {
    for (name, json) in contract.texts() {
        let huge = rewrite(json, |token, text| match token.kind {
            TokenKind::Text => Some(format!("{text}{}", "9".repeat(5_000))),
            _ => None,
        });
        for body in [json.to_owned(), huge] {
            let prepared = contract.deliver(&Outgoing::new("msg_1", Bytes::from(body)));
            let length = prepared.key().as_str().len();
            assert!(length <= MAX_KEY_BYTES, "{name}: a key of {length} bytes");
        }
    }
}

/// What every store takes: an index entry of PostgreSQL has at most 2,700 bytes, and a key is only part of it.
pub(super) const MAX_KEY_BYTES: usize = 1_024;

/// **G10**: a key begins with version, provider and account, has no control characters, is unique in its delivery, and
/// is the same in every delivery that says the same, unless it is made of the delivery's.
pub fn g10_event_keys_say_what_was_said(contract: &Contract) {
    let provider = contract.sender.endpoint().provider().id();
    for (name, json) in contract.texts() {
        let one = contract.read_under(json.to_owned(), Some("delivery_one"));
        let two = contract.read_under(json.to_owned(), Some("delivery_two"));
        let mut keys = BTreeSet::new();
        for (event, other) in one.iter().zip(&two) {
            let key = &event.key;
            assert!(key.starts_with(&format!("v1:{provider}:")), "{name}: {key}");
            assert!(!key.contains(char::is_control), "{name}: {key}");
            assert!(keys.insert(key), "{name}: {key} twice in one delivery");
            if key.contains(":delivery:") {
                assert_ne!(
                    *key, other.key,
                    "{name}: made of the delivery's key, and yet the same"
                );
            } else {
                assert_eq!(*key, other.key, "{name}: the same was said");
                let said = key.split(':').skip(4).any(|part| !part.is_empty());
                assert!(said, "{name}: {key} does not tell what was said");
            }
        }
    }
}

/// **G10**: two occurrences of one sample are two events.
pub fn g10_two_occurrences_are_two_events(contract: &Contract) {
    for sample in &contract.samples {
        let mut keys = BTreeSet::new();
        for n in 1..4 {
            let prepared = contract.deliver(&Outgoing::personalise(sample, n));
            for event in contract.sender.endpoint().provider().read(prepared.delivery()) {
                let name = format!("{} {}", sample.provider, sample.name());
                assert!(
                    keys.insert(event.key.clone()),
                    "{name}: {} came before",
                    event.key
                );
            }
        }
    }
}
