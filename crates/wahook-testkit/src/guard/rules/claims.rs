//! G1: claiming is atomic.

use std::sync::{
    Arc, Barrier,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use wahook_core::guard::{Claim, Digest, Settled};

use super::{Harness, LONG, SHORT, at_once, one, token};

const TASKS: usize = 64;

/// **G1**: of many tasks that claim one record at once, one is fresh and the others see it in flight.
pub async fn g1_of_concurrent_claims_exactly_one_is_fresh(harness: Harness) {
    for round in 0..10 {
        let key = harness.key(&format!("round {round}"));
        let claims = at_once(TASKS, |_| {
            let (harness, key) = (harness.clone(), key.clone());
            async move { harness.claim(&key, one(), token(), LONG).await }
        });
        let claims = claims.await;
        assert!(claims.iter().all(|claim| !tells_conflict(*claim)), "one body");
        one_is_fresh(&claims);
    }
}

/// **G1**: the same from threads that share nothing but the store.
pub async fn g1_of_threads_exactly_one_is_fresh(harness: Harness) {
    const THREADS: usize = 8;
    let runtime = tokio::runtime::Handle::current();
    for round in 0..10 {
        let key = harness.key(&format!("round {round}"));
        let gate = Arc::new(Barrier::new(THREADS));
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                let (harness, key, gate, runtime) =
                    (harness.clone(), key.clone(), gate.clone(), runtime.clone());
                std::thread::spawn(move || {
                    gate.wait();
                    runtime.block_on(harness.claim(&key, one(), token(), LONG))
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

/// **G1**: many tasks claim many records, each in another order; each record is fresh once, and nobody waits for ever.
pub async fn g1_of_many_keys_each_is_fresh_once(harness: Harness) {
    const KEYS: usize = 16;
    let fresh = Arc::new([const { AtomicUsize::new(0) }; KEYS]);
    let tasks = at_once(TASKS, |task| {
        let (harness, fresh) = (harness.clone(), fresh.clone());
        async move {
            for step in 0..KEYS {
                // Odd steps have no factor in common with the number of keys, so each task meets them all.
                let at = (task + step * (2 * task + 1)) % KEYS;
                let key = harness.key(&format!("key {at}"));
                let claim = harness.claim(&key, one(), token(), LONG).await;
                if let (Claim::Fresh { .. }, Some(count)) = (claim, fresh.get(at)) {
                    count.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    });
    tasks.await;
    for (at, count) in fresh.iter().enumerate() {
        assert_eq!(count.load(Ordering::Relaxed), 1, "key {at} was fresh that often");
    }
}

/// **G1**, **G7**: of many bodies that are claimed under one key at once each is fresh once, and whoever comes after an
/// answer is told of the others.
///
/// Of two bodies that are claimed in the same moment neither need be told of the other.
pub async fn g1_of_several_bodies_at_once_each_is_fresh_once(harness: Harness) {
    const BODIES: u8 = 8;
    for round in 0..5 {
        let key = harness.key(&format!("round {round}"));
        let claims = at_once(TASKS, |task| {
            let (harness, key) = (harness.clone(), key.clone());
            async move {
                let body = Digest::of(&[(task % usize::from(BODIES)) as u8]);
                (body, harness.claim(&key, body, token(), LONG).await)
            }
        });
        let claims = claims.await;
        for body in (0..BODIES).map(|body| Digest::of(&[body])) {
            let of_body = claims.iter().filter(|(of, _)| *of == body);
            one_is_fresh(&of_body.map(|(_, claim)| *claim).collect::<Vec<_>>());
            let late = harness.claim(&key, body, token(), LONG).await;
            assert!(tells_conflict(late), "there are others: {late:?}");
        }
    }
}

/// **G1**, **G4**: what is over is taken over once, however many come for it at once.
pub async fn g1_of_claims_of_what_is_over_exactly_one_is_fresh(harness: Harness) {
    let mut keys = Vec::new();
    for number in 0..8 {
        let key = harness.key(&format!("over {number}"));
        if number % 2 == 0 {
            harness.hold(&key, one(), SHORT).await;
        } else {
            harness.finish(&key, one(), SHORT).await;
        }
        keys.push(key);
    }
    harness.pass(3 * SHORT).await;
    for key in keys {
        let claims = at_once(TASKS, |_| {
            let (harness, key) = (harness.clone(), key.clone());
            async move { harness.claim(&key, one(), token(), LONG).await }
        });
        one_is_fresh(&claims.await);
    }
}

fn one_is_fresh(claims: &[Claim]) {
    let fresh = claims.iter().filter(|claim| matches!(claim, Claim::Fresh { .. }));
    assert_eq!(fresh.count(), 1, "of all claims exactly one is fresh: {claims:?}");
    for claim in claims {
        match claim {
            Claim::Fresh { .. } => {}
            Claim::InFlight { left, .. } => {
                assert!(*left <= LONG, "more is left than was taken: {left:?}");
            }
            other => panic!("nothing was completed: {other:?}"),
        }
    }
}

fn tells_conflict(claim: Claim) -> bool {
    let (Claim::Fresh { conflict } | Claim::InFlight { conflict, .. } | Claim::Duplicate { conflict }) =
        claim
    else {
        panic!("a claim of a later release: {claim:?}");
    };
    conflict
}

/// **G1**, **G3**: however often a record is claimed and released, two never hold it at once.
pub async fn g1_a_claim_excludes_all_others_until_it_is_settled(harness: Harness) {
    const TURNS: usize = 5_000;
    let key = harness.key("contended");
    let held = Arc::new(AtomicBool::new(false));
    let tasks = at_once(16, |_| {
        let (harness, key, held) = (harness.clone(), key.clone(), held.clone());
        async move {
            let token = token();
            for _ in 0..TURNS {
                if let Claim::Fresh { .. } = harness.claim(&key, one(), token, LONG).await {
                    assert!(!held.swap(true, Ordering::SeqCst), "two hold one record");
                    tokio::task::yield_now().await;
                    held.store(false, Ordering::SeqCst);
                    assert_eq!(harness.release(&key, one(), token).await, Settled::Done);
                    return;
                }
                harness.pass(SHORT / 50).await;
            }
            panic!("never had its turn");
        }
    });
    tasks.await;
}
