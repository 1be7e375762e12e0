//! The rules. Each takes a harness with keys of its own, and panics where the store breaks it.

use wahook_core::guard::{Claim, Digest, Key};

use super::harness::Harness;
use crate::contract::{LONG, SHORT, at_once, token};

pub(super) mod bodies;
pub(super) mod claims;
pub(super) mod halves;
pub(super) mod keys;
pub(super) mod leases;
pub(super) mod marks;
pub(super) mod outages;
pub(super) mod repeats;
pub(super) mod spans;

const FRESH: Claim = Claim::Fresh { conflict: false };
const DUPLICATE: Claim = Claim::Duplicate { conflict: false };

fn one() -> Digest {
    Digest::of(b"one")
}

fn two() -> Digest {
    Digest::of(b"two")
}

async fn assert_in_flight(harness: &Harness, key: &Key, digest: Digest) {
    let claim = harness.claim(key, digest, token(), LONG).await;
    assert!(
        matches!(claim, Claim::InFlight { .. }),
        "somebody holds it: {claim:?}"
    );
}

async fn assert_duplicate(harness: &Harness, key: &Key, digest: Digest) {
    let claim = harness.claim(key, digest, token(), LONG).await;
    assert!(matches!(claim, Claim::Duplicate { .. }), "it was done: {claim:?}");
}
