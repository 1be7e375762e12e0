//! G1: claiming is atomic.

use std::sync::{
    Arc, Barrier,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use wahook_core::guard::{Claim, Digest, Settled};

use super::harness::{Harness, LONG, token};

const TASKS: usize = 64;

/// **G1**: of many tasks that claim one record at once, one is fresh and the others see it in flight.
pub async fn g1_of_concurrent_claims_exactly_one_is_fresh(harness: Harness) {
    let digest = Digest::of(b"one");
    for round in 0..10 {
        let key = harness.key(&format!("round {round}"));
        let gate = Arc::new(tokio::sync::Barrier::new(TASKS));
        let tasks: Vec<_> = (0..TASKS)
            .map(|_| {
                let (harness, key, gate) = (harness.clone(), key.clone(), gate.clone());
                tokio::spawn(async move {
                    gate.wait().await;
                    harness.claim(&key, digest, token(), LONG).await
                })
            })
            .collect();
        let mut claims = Vec::new();
        for task in tasks {
            claims.push(task.await.expect("a claim does not panic"));
        }
        one_is_fresh(&claims);
    }
}

/// **G1**: the same from threads that share nothing but the store.
pub async fn g1_of_threads_exactly_one_is_fresh(harness: Harness) {
    const THREADS: usize = 8;
    let runtime = tokio::runtime::Handle::current();
    let digest = Digest::of(b"one");
    for round in 0..10 {
        let key = harness.key(&format!("round {round}"));
        let gate = Arc::new(Barrier::new(THREADS));
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let (harness, key, gate, runtime) =
                    (harness.clone(), key.clone(), gate.clone(), runtime.clone());
                std::thread::spawn(move || {
                    gate.wait();
                    runtime.block_on(harness.claim(&key, digest, token(), LONG))
                })
            })
            .collect();
        let joined = tokio::task::spawn_blocking(|| {
            let claims = threads
                .into_iter()
                .map(|thread| thread.join().expect("a claim does not panic"));
            claims.collect::<Vec<_>>()
        });
        one_is_fresh(&joined.await.expect("threads are joined"));
    }
}

fn one_is_fresh(claims: &[Claim]) {
    let fresh = claims
        .iter()
        .filter(|claim| matches!(claim, Claim::Fresh { .. }))
        .count();
    assert_eq!(
        fresh,
        1,
        "of {} claims exactly one is fresh: {claims:?}",
        claims.len()
    );
    for claim in claims {
        match claim {
            Claim::Fresh { conflict } => assert!(!conflict),
            Claim::InFlight { left, conflict } => {
                assert!(*left <= LONG, "more is left than was taken: {left:?}");
                assert!(!conflict, "copies of one body are no conflict");
            }
            other => panic!("nothing was completed: {other:?}"),
        }
    }
}

/// **G1**: many tasks claim many records, each in another order; each record is fresh once, and nobody waits for ever.
pub async fn g1_of_many_keys_each_is_fresh_once(harness: Harness) {
    const KEYS: usize = 16;
    let fresh = Arc::new([const { AtomicUsize::new(0) }; KEYS]);
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (harness, fresh) = (harness.clone(), fresh.clone());
            tokio::spawn(async move {
                for step in 0..KEYS {
                    // Odd steps have no factor in common with the number of keys, so each task meets them all.
                    let at = (task + step * (2 * task + 1)) % KEYS;
                    let key = harness.key(&format!("key {at}"));
                    let claim = harness.claim(&key, Digest::of(b"one"), token(), LONG).await;
                    if let (Claim::Fresh { .. }, Some(count)) = (claim, fresh.get(at)) {
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("a claim does not panic");
    }
    for (at, count) in fresh.iter().enumerate() {
        assert_eq!(count.load(Ordering::Relaxed), 1, "key {at} was fresh that often");
    }
}

/// **G1**, **G3**: however often a record is claimed and released, two never hold it at once.
pub async fn g1_a_claim_excludes_all_others_until_it_is_settled(harness: Harness) {
    let key = harness.key("contended");
    let digest = Digest::of(b"one");
    let held = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let (harness, key, held) = (harness.clone(), key.clone(), held.clone());
            tokio::spawn(async move {
                let token = token();
                for _ in 0..1_000_000 {
                    if let Claim::Fresh { .. } = harness.claim(&key, digest, token, LONG).await {
                        assert!(!held.swap(true, Ordering::SeqCst), "two hold one record");
                        tokio::task::yield_now().await;
                        held.store(false, Ordering::SeqCst);
                        assert_eq!(harness.release(&key, digest, token).await, Settled::Done);
                        return;
                    }
                    tokio::task::yield_now().await;
                }
                panic!("never had its turn");
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("each has its turn");
    }
}
