//! G5: a verb that is dropped half-way, since its caller gave up, leaves a lease at most and can be said again.

use std::{future::poll_fn, pin::pin, task::Poll};

use wahook_core::guard::{Claim, Settled};

use super::{DUPLICATE, Harness, LONG, SHORT, assert_duplicate, one, token};

/// How often verbs are polled before they are dropped, with a turn for others in between.
const POLLS: [usize; 16] = [0, 1, 2, 3, 4, 6, 8, 12, 16, 32, 64, 128, 256, 512, 1_024, 2_048];

/// Polls so often at most, and drops what is not done by then.
async fn begin(verb: impl Future, polls: usize) {
    let mut verb = pin!(verb);
    for _ in 0..polls {
        let done = poll_fn(|context| Poll::Ready(verb.as_mut().poll(context).is_ready()));
        if done.await {
            return;
        }
        tokio::task::yield_now().await;
    }
}

/// **G5**: of a claim that was dropped half-way nothing is left when its lease is over; never a mark.
pub async fn g5_a_claim_dropped_half_way_is_a_lease_at_most(harness: Harness) {
    let keys = POLLS.map(|polls| (polls, harness.key(&format!("{polls} polls"))));
    for (polls, key) in &keys {
        begin(harness.store().claim(key, one(), token(), SHORT), *polls).await;
        let claim = harness.claim(key, one(), token(), SHORT).await;
        assert!(
            matches!(claim, Claim::Fresh { .. } | Claim::InFlight { .. }),
            "dropped after {polls} polls: {claim:?}"
        );
    }
    for (_, key) in &keys {
        let next = token();
        harness.claim_when_free(key, one(), next).await;
        assert_eq!(harness.complete(key, one(), next, LONG).await, Settled::Done);
    }
}

/// **G4**, **G5**: a claim that was dropped half-way can be said again, and is fresh to its holder.
pub async fn g5_a_claim_dropped_half_way_can_be_said_again(harness: Harness) {
    for polls in POLLS {
        let key = harness.key(&format!("{polls} polls"));
        let holder = token();
        begin(harness.store().claim(&key, one(), holder, LONG), polls).await;
        let claim = harness.claim(&key, one(), holder, LONG).await;
        assert!(
            matches!(claim, Claim::Fresh { .. }),
            "dropped after {polls} polls: {claim:?}"
        );
        assert_eq!(harness.complete(&key, one(), holder, LONG).await, Settled::Done);
        assert_duplicate(&harness, &key, one()).await;
    }
}

/// **G5**: a `complete` that was dropped half-way can be said again; nobody else is fresh before or after.
pub async fn g5_a_complete_dropped_half_way_can_be_said_again(harness: Harness) {
    for polls in POLLS {
        let key = harness.key(&format!("{polls} polls"));
        let holder = harness.hold(&key, one(), LONG).await;
        begin(harness.store().complete(&key, one(), holder, LONG), polls).await;
        let claim = harness.claim(&key, one(), token(), LONG).await;
        assert!(
            matches!(claim, Claim::InFlight { .. } | Claim::Duplicate { .. }),
            "dropped after {polls} polls: {claim:?}"
        );
        assert_eq!(harness.complete(&key, one(), holder, LONG).await, Settled::Done);
        assert_eq!(harness.claim(&key, one(), token(), LONG).await, DUPLICATE);
    }
}

/// **G5**: a `release` that was dropped half-way can be said again; then it is fresh for the next, who keeps it.
pub async fn g5_a_release_dropped_half_way_can_be_said_again(harness: Harness) {
    for polls in POLLS {
        let key = harness.key(&format!("{polls} polls"));
        let holder = harness.hold(&key, one(), LONG).await;
        begin(harness.store().release(&key, one(), holder), polls).await;
        harness.release(&key, one(), holder).await;
        let next = harness.hold(&key, one(), LONG).await;
        assert_eq!(harness.complete(&key, one(), next, LONG).await, Settled::Done);
    }
}
