//! The rules. Each takes a harness with keys of its own, and panics where the store breaks it.

use std::{panic::resume_unwind, sync::Arc};

use tokio::sync::Barrier;
use wahook_core::guard::{Claim, Digest, Key};

use super::{
    LONG, SHORT,
    harness::{Harness, token},
};

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

/// Runs so many tasks on all threads, which begin together; what each gave, in order.
async fn at_once<T, Ran>(count: usize, task: impl Fn(usize) -> Ran) -> Vec<T>
where
    Ran: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let gate = Arc::new(Barrier::new(count));
    let tasks: Vec<_> = (0..count)
        .map(|number| {
            let (gate, task) = (gate.clone(), task(number));
            tokio::spawn(async move {
                gate.wait().await;
                task.await
            })
        })
        .collect();
    let mut given = Vec::with_capacity(count);
    for task in tasks {
        match task.await {
            Ok(one) => given.push(one),
            Err(error) => resume_unwind(error.into_panic()),
        }
    }
    given
}
