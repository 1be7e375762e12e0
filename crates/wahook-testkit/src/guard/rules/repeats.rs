//! G4: a holder may say its claim again, since the first answer may have got lost.

use wahook_core::guard::{Claim, Settled, Token};

use super::{DUPLICATE, FRESH, Harness, LONG, SHORT, assert_in_flight, at_once, one, token};

/// **G4**: a claim that is said again with the token that has the lease is fresh again, and there is still one holder
/// with one claim.
pub async fn g4_a_claim_said_again_by_its_holder_is_fresh(harness: Harness) {
    let (done, released) = (harness.key("done"), harness.key("released"));
    let holder = token();
    for key in [&done, &released] {
        for _ in 0..3 {
            assert_eq!(harness.claim(key, one(), holder, LONG).await, FRESH);
            assert_in_flight(&harness, key, one()).await;
        }
    }
    assert_eq!(harness.complete(&done, one(), holder, LONG).await, Settled::Done);
    assert_eq!(harness.claim(&done, one(), holder, LONG).await, DUPLICATE);
    assert_eq!(harness.release(&released, one(), holder).await, Settled::Done);
    assert_eq!(harness.claim(&released, one(), token(), LONG).await, FRESH);
}

/// **G4**: the lease of a claim that is said again runs anew: its holder counts from when it asked last.
pub async fn g4_a_claim_said_again_runs_its_lease_anew(harness: Harness) {
    let key = harness.key("anew");
    let holder = harness.hold(&key, one(), SHORT).await;
    assert_eq!(harness.claim(&key, one(), holder, LONG).await, FRESH);
    harness.pass(3 * SHORT).await;
    assert_in_flight(&harness, &key, one()).await;
    assert_eq!(harness.complete(&key, one(), holder, LONG).await, Settled::Done);
}

/// **G1**, **G4**: of holders that all say their claims several times at once, one has it, each time it asks.
pub async fn g4_of_holders_that_repeat_their_claims_one_has_it(harness: Harness) {
    const HOLDERS: usize = 8;
    const TIMES: usize = 8;
    for round in 0..5 {
        let key = harness.key(&format!("round {round}"));
        let holders: Vec<Token> = (0..HOLDERS).map(|_| token()).collect();
        let claims = at_once(HOLDERS * TIMES, |task| {
            let (harness, key) = (harness.clone(), key.clone());
            let holder = *holders.get(task % HOLDERS).unwrap();
            async move { (holder, harness.claim(&key, one(), holder, LONG).await) }
        });
        let claims = claims.await;
        let fresh = claims
            .iter()
            .filter(|(_, claim)| matches!(claim, Claim::Fresh { .. }));
        let fresh: Vec<Token> = fresh.map(|(holder, _)| *holder).collect();
        let first = *fresh.first().expect("somebody has it");
        assert!(fresh.iter().all(|holder| *holder == first), "two hold one record");
        assert_eq!(fresh.len(), TIMES, "it is told so each time");
    }
}
