//! G2, G3, G5 and G9: what `complete` and `release` leave behind.

use wahook_core::guard::{Claim, Settled};

use super::{
    DUPLICATE, FRESH, Harness, LONG, SHORT, assert_duplicate, assert_in_flight, at_once, one, token,
};

/// **G2**: what is completed is a duplicate until its time to live is over, however short the lease was.
pub async fn g2_completed_is_a_duplicate_until_its_time_is_over(harness: Harness) {
    let (long, short, leased) = (harness.key("long"), harness.key("short"), harness.key("leased"));
    // The lease plays no part once the work is done, be it the longer of the two or the shorter.
    let holder = harness.finish(&long, one(), 3 * LONG).await;
    harness.finish(&short, one(), SHORT).await;
    let quick = token();
    assert_eq!(harness.claim(&leased, one(), quick, 4 * SHORT).await, FRESH);
    let in_time = harness.complete(&leased, one(), quick, LONG).await == Settled::Done;
    // Asking does not prolong it.
    harness.claim_when_free(&short, one(), token()).await;
    harness.pass(5 * SHORT).await;
    for _ in 0..3 {
        assert_eq!(harness.claim(&long, one(), token(), LONG).await, DUPLICATE);
    }
    assert_eq!(
        harness.claim(&long, one(), holder, LONG).await,
        DUPLICATE,
        "to its holder as well"
    );
    if in_time {
        assert_eq!(harness.claim(&leased, one(), token(), LONG).await, DUPLICATE);
    }
}

/// **G2**, **G5**: a `complete` that is said again, since its answer was lost, is done again.
pub async fn g2_completing_twice_is_done_twice(harness: Harness) {
    let key = harness.key("twice");
    let holder = harness.hold(&key, one(), LONG).await;
    for _ in 0..3 {
        assert_eq!(harness.complete(&key, one(), holder, LONG).await, Settled::Done);
    }
    assert_eq!(
        harness.complete(&key, one(), token(), LONG).await,
        Settled::Lost,
        "a stranger"
    );
    assert_eq!(harness.claim(&key, one(), token(), LONG).await, DUPLICATE);
}

/// **G2**, **G3**: what nobody claimed can be neither completed nor released, and stays fresh.
pub async fn g2_what_was_not_claimed_cannot_be_settled(harness: Harness) {
    let key = harness.key("never");
    assert_eq!(harness.complete(&key, one(), token(), LONG).await, Settled::Lost);
    assert_eq!(harness.release(&key, one(), token()).await, Settled::Lost);
    assert_eq!(harness.claim(&key, one(), token(), LONG).await, FRESH);
}

/// **G2**, **G4**: a mark whose time is over cannot be brought back by the one who made it.
pub async fn g2_an_old_holder_revives_nothing(harness: Harness) {
    let key = harness.key("revived");
    let old = harness.finish(&key, one(), SHORT).await;
    let new = token();
    harness.claim_when_free(&key, one(), new).await;
    assert_eq!(harness.complete(&key, one(), old, LONG).await, Settled::Lost);
    assert_in_flight(&harness, &key, one()).await;
    assert_eq!(harness.release(&key, one(), new).await, Settled::Done);
    assert_eq!(harness.complete(&key, one(), old, LONG).await, Settled::Lost);
    assert_eq!(harness.claim(&key, one(), token(), LONG).await, FRESH);
}

/// **G3**: after a release the next claim is fresh; a second release, or one after `complete`, does nothing, and what
/// was released cannot be completed.
pub async fn g3_released_is_fresh_again(harness: Harness) {
    let key = harness.key("released");
    let first = harness.hold(&key, one(), LONG).await;
    assert_eq!(harness.release(&key, one(), first).await, Settled::Done);
    assert_eq!(harness.release(&key, one(), first).await, Settled::Lost);
    assert_eq!(harness.complete(&key, one(), first, LONG).await, Settled::Lost);
    let second = token();
    assert_eq!(harness.claim(&key, one(), second, LONG).await, FRESH);
    assert_eq!(harness.release(&key, one(), first).await, Settled::Lost);
    assert_in_flight(&harness, &key, one()).await;
    assert_eq!(harness.complete(&key, one(), second, LONG).await, Settled::Done);
    assert_eq!(harness.release(&key, one(), second).await, Settled::Lost);
    assert_eq!(harness.claim(&key, one(), token(), LONG).await, DUPLICATE);
}

/// **G5**: a `complete` and its repetitions may meet: each is done.
pub async fn g5_completing_at_once_is_done_each_time(harness: Harness) {
    for round in 0..5 {
        let key = harness.key(&format!("round {round}"));
        let holder = harness.hold(&key, one(), LONG).await;
        let settled = at_once(16, |_| {
            let (harness, key) = (harness.clone(), key.clone());
            async move { harness.complete(&key, one(), holder, LONG).await }
        });
        assert_eq!(settled.await, [Settled::Done; 16]);
        assert_duplicate(&harness, &key, one()).await;
    }
}

/// **G5**: where `complete` meets `release`, one of them is done and the other is told so.
pub async fn g5_of_complete_and_release_at_once_one_is_done(harness: Harness) {
    for round in 0..32 {
        let key = harness.key(&format!("round {round}"));
        let holder = harness.hold(&key, one(), LONG).await;
        // Now one begins first, now the other, by more and more.
        let first = round % 2;
        let settled = at_once(2, |task| {
            let (harness, key) = (harness.clone(), key.clone());
            async move {
                for _ in 0..if task == first { 0 } else { round / 4 } {
                    tokio::task::yield_now().await;
                }
                match task {
                    0 => harness.complete(&key, one(), holder, LONG).await,
                    _ => harness.release(&key, one(), holder).await,
                }
            }
        });
        let claim = match *settled.await {
            [Settled::Done, Settled::Lost] => DUPLICATE,
            [Settled::Lost, Settled::Done] => FRESH,
            ref both => panic!("one is done: {both:?}"),
        };
        assert_eq!(harness.claim(&key, one(), token(), LONG).await, claim);
    }
}

/// **G9**: what is done stays known while others around it come, expire and are cleared away.
pub async fn g9_what_is_done_outlives_what_is_over(harness: Harness) {
    const TASKS: usize = 50;
    const LASTING: usize = 20;
    let tasks = at_once(TASKS, |task| {
        let harness = harness.clone();
        async move {
            for number in 0..LASTING {
                let (lasting, over) = (
                    format!("lasting {task} {number}"),
                    format!("over {task} {number}"),
                );
                harness.finish(&harness.key(&lasting), one(), LONG).await;
                match number % 4 {
                    0 => _ = harness.finish(&harness.key(&over), one(), SHORT).await,
                    1 => _ = harness.hold(&harness.key(&over), one(), SHORT).await,
                    _ => {}
                }
            }
        }
    });
    tasks.await;
    harness.pass(3 * SHORT).await;
    // What is over is fresh; taking it makes a store clear away.
    let tasks = at_once(TASKS, |task| {
        let harness = harness.clone();
        async move {
            for number in 0..LASTING {
                let (lasting, over) = (
                    format!("lasting {task} {number}"),
                    format!("over {task} {number}"),
                );
                let claim = harness.claim(&harness.key(&over), one(), token(), LONG).await;
                assert_eq!(claim, FRESH, "its time was over");
                let claim = harness.claim(&harness.key(&lasting), one(), token(), LONG).await;
                assert_eq!(
                    claim,
                    Claim::Duplicate { conflict: false },
                    "its time was not over"
                );
            }
        }
    });
    tasks.await;
}
