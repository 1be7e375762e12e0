//! G2 and G4: leases and lives of any length.

use std::time::Duration;

use wahook_core::guard::{Claim, Settled};

use super::{Harness, LONG, SHORT, assert_duplicate, one, token};

/// **G2**, **G4**: a lease or life of no time, or of less than a store can count, is over at once; it is no error, and
/// it is not for ever.
pub async fn g2_what_has_no_time_is_over_at_once(harness: Harness) {
    for time in [
        Duration::ZERO,
        Duration::from_nanos(1),
        Duration::from_micros(999),
    ] {
        let (leased, done) = (
            harness.key(&format!("leased {time:?}")),
            harness.key(&format!("done {time:?}")),
        );
        let holder = harness.hold(&leased, one(), time).await;
        harness.claim_when_free(&leased, one(), token()).await;
        assert_eq!(
            harness.complete(&leased, one(), holder, LONG).await,
            Settled::Lost,
            "{time:?}"
        );
        harness.finish(&done, one(), time).await;
        harness.claim_when_free(&done, one(), token()).await;
    }
}

/// **G2**, **G4**, **G9**: a long lease or life is not cut short by what a store counts with; where it is longer than
/// that, it lasts as long as the store can make it.
pub async fn g2_what_is_endless_does_not_end(harness: Harness) {
    let just_over = Duration::from_millis(1);
    let times = [
        Duration::from_secs(8 * 24 * 3_600),
        // In each of these a counter that is too small would begin anew.
        Duration::from_millis(1 << 31) + just_over,
        Duration::from_millis(1 << 32) + just_over,
        Duration::from_secs(1 << 32) + just_over,
        Duration::from_nanos(1 << 63) + just_over,
        Duration::from_nanos(u64::MAX) + just_over,
        Duration::from_micros(1 << 63) + just_over,
        Duration::from_micros(u64::MAX) + just_over,
        Duration::from_millis(u64::MAX) + just_over,
        Duration::from_secs(1 << 63) + just_over,
        Duration::MAX,
    ];
    let mut held = Vec::new();
    for (number, time) in times.into_iter().enumerate() {
        let key = harness.key(&format!("endless {number}"));
        held.push((harness.hold(&key, one(), time).await, key, time));
    }
    harness.pass(2 * SHORT).await;
    for (holder, key, time) in &held {
        let claim = harness.claim(key, one(), token(), LONG).await;
        assert!(
            matches!(claim, Claim::InFlight { left, .. } if left > LONG && left <= *time),
            "of {time:?}: {claim:?}"
        );
        let again = harness.claim(key, one(), *holder, *time).await;
        assert!(matches!(again, Claim::Fresh { .. }), "of {time:?}: {again:?}");
        assert_eq!(harness.complete(key, one(), *holder, *time).await, Settled::Done);
    }
    harness.pass(2 * SHORT).await;
    for (_, key, _) in &held {
        assert_duplicate(&harness, key, one()).await;
    }
}
