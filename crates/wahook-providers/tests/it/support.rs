//! What the tests of several providers share.

use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::Value;
use wahook_core::{Endpoint, Provider, proof::Proof, proof::Verifier};
use wahook_testkit::Sample;

/// When every delivery of these tests arrived.
pub(crate) fn received_at() -> Timestamp {
    "2026-04-05T10:20:00Z".parse().expect("a time")
}

/// A proof as the door around verification makes it.
pub(crate) fn proof_of(provider: impl Provider, body: &Bytes) -> Proof {
    let endpoint = Endpoint::new("test", provider, Verifier::dangerous_unverified()).expect("a good name");
    let (head, ()) = http::Request::new(()).into_parts();
    let mut check = endpoint.begin(&head, received_at()).expect("no scheme");
    check.update(body.clone());
    check.finish().expect("no scheme").proof().clone()
}

/// Samples with a few bytes replaced, cut off or doubled.
pub(crate) fn mutated(samples: Vec<Sample>) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), 0u8..4, any::<u8>());
    (prop::sample::select(samples), prop::collection::vec(edit, 1..4)).prop_map(|(sample, edits)| {
        let mut body = sample.body.to_vec();
        for (place, edit, byte) in edits {
            if body.is_empty() {
                break;
            }
            let at = place.index(body.len());
            match edit {
                0 => body[at] = byte,
                1 => body.truncate(at),
                2 => body.insert(at, byte),
                _ => drop(body.remove(at)),
            }
        }
        body
    })
}

/// Any JSON value, not deep.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::hash_map("[a-z_]{1,10}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}
