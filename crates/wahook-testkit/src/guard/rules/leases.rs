//! G4: leases end, and a late holder is told so.

use std::time::Duration;

use wahook_core::guard::{Claim, Settled};

use super::{
    DUPLICATE, FRESH, Harness, LONG, SHORT, assert_duplicate, assert_in_flight, at_once, one, token, two,
};

/// **G4**: a lease that ran out is fresh for the next, and until then it is in flight.
pub async fn g4_a_lease_that_ran_out_is_fresh_for_the_next(harness: Harness) {
    let (held, lost) = (harness.key("held"), harness.key("lost"));
    harness.hold(&held, one(), LONG).await;
    harness.hold(&lost, one(), SHORT).await;
    // Asking does not prolong it.
    assert_eq!(harness.claim_when_free(&lost, one(), token()).await, FRESH);
    assert_in_flight(&harness, &held, one()).await;
    assert_in_flight(&harness, &lost, one()).await;
}

/// **G4**: the old holder's late `complete`, `release` and claim change nothing for the new one.
pub async fn g4_a_late_holder_changes_nothing(harness: Harness) {
    let key = harness.key("fenced");
    let old = harness.hold(&key, one(), SHORT).await;
    let new = token();
    harness.claim_when_free(&key, one(), new).await;
    assert_eq!(harness.complete(&key, one(), old, LONG).await, Settled::Lost);
    assert_in_flight(&harness, &key, one()).await;
    assert_eq!(harness.release(&key, one(), old).await, Settled::Lost);
    assert_in_flight(&harness, &key, one()).await;
    let claim = harness.claim(&key, one(), old, LONG).await;
    assert!(
        matches!(claim, Claim::InFlight { .. }),
        "not his any more: {claim:?}"
    );
    assert_eq!(harness.complete(&key, one(), new, LONG).await, Settled::Done);
    assert_eq!(harness.complete(&key, one(), old, SHORT).await, Settled::Lost);
    assert_eq!(harness.release(&key, one(), old).await, Settled::Lost);
    assert_eq!(harness.claim(&key, one(), token(), LONG).await, DUPLICATE);
}

/// **G4**: a lease that ran out is lost although nobody else came: the next must be fresh.
pub async fn g4_a_late_holder_is_late_even_if_nobody_else_came(harness: Harness) {
    let (completed, released) = (harness.key("completed"), harness.key("released"));
    let completing = harness.hold(&completed, one(), SHORT).await;
    let releasing = harness.hold(&released, one(), SHORT).await;
    harness.pass(3 * SHORT).await;
    assert_eq!(
        harness.complete(&completed, one(), completing, LONG).await,
        Settled::Lost
    );
    assert_eq!(harness.release(&released, one(), releasing).await, Settled::Lost);
    assert_eq!(harness.claim(&completed, one(), token(), LONG).await, FRESH);
    assert_eq!(harness.claim(&released, one(), token(), LONG).await, FRESH);
}

/// **G4**: while a lease runs, nobody but its holder settles it.
pub async fn g4_only_the_holder_settles(harness: Harness) {
    let key = harness.key("mine");
    let holder = harness.hold(&key, one(), LONG).await;
    assert_eq!(harness.complete(&key, one(), token(), LONG).await, Settled::Lost);
    assert_eq!(harness.release(&key, one(), token()).await, Settled::Lost);
    // Nor with the right token under another digest or key.
    assert_eq!(harness.complete(&key, two(), holder, LONG).await, Settled::Lost);
    assert_eq!(
        harness.release(&harness.key("other"), one(), holder).await,
        Settled::Lost
    );
    assert_in_flight(&harness, &key, one()).await;
    assert_eq!(harness.complete(&key, one(), holder, LONG).await, Settled::Done);
}

/// **G4**: where a `complete` comes as the lease ends, either it is done and nobody is fresh, or it is lost and the next
/// is fresh.
pub async fn g4_at_the_end_of_a_lease_one_of_two_has_it(harness: Harness) {
    const STEP: Duration = Duration::from_millis(1);
    let races = at_once(16, |number| {
        let harness = harness.clone();
        async move {
            let key = harness.key(&format!("race {number}"));
            let before_its_end = STEP * u32::try_from(number).unwrap();
            let holder = harness.hold(&key, one(), SHORT).await;
            let complete = {
                let (harness, key) = (harness.clone(), key.clone());
                async move { harness.complete(&key, one(), holder, LONG).await }
            };
            let mut complete = Some(complete);
            let mut begun = None;
            let next = loop {
                match harness.claim(&key, one(), token(), LONG).await {
                    Claim::InFlight { left, .. } => {
                        if left <= before_its_end {
                            begun = begun.or(complete.take().map(tokio::spawn));
                        }
                        harness.pass(STEP).await;
                    }
                    claim => break claim,
                }
            };
            let settled = match (begun, complete) {
                (Some(begun), _) => begun.await.expect("it does not panic"),
                (None, complete) => complete.expect("it was not begun").await,
            };
            match (settled, next) {
                (Settled::Done, Claim::Duplicate { .. }) => assert_duplicate(&harness, &key, one()).await,
                (Settled::Lost, Claim::Fresh { .. }) => assert_in_flight(&harness, &key, one()).await,
                both => panic!("one of them has it: {both:?}"),
            }
        }
    });
    races.await;
}

/// **G4**: a copy is told how much of the lease is left, so that it knows when to come again.
pub async fn g4_what_is_left_of_a_lease_is_told(harness: Harness) {
    let slow = Duration::from_secs(60);
    for lease in [LONG, 2 * LONG] {
        let key = harness.key(&format!("{lease:?}"));
        harness.hold(&key, one(), lease).await;
        harness.pass(2 * SHORT).await;
        let claim = harness.claim(&key, one(), token(), LONG).await;
        let Claim::InFlight {
            left,
            conflict: false,
        } = claim
        else {
            panic!("somebody holds it: {claim:?}");
        };
        assert!(
            left < lease && left > lease - slow,
            "of {lease:?} {left:?} is left"
        );
    }
}
