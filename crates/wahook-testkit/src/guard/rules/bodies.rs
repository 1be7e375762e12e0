//! G7: each body under a key is a record of its own.

use wahook_core::guard::{Claim, Digest, Settled};

use super::{DUPLICATE, FRESH, Harness, LONG, SHORT, at_once, one, token, two};

/// **G7**: another digest under one key is a record of its own, and every claim tells that another exists.
pub async fn g7_each_digest_has_a_life_of_its_own(harness: Harness) {
    let key = harness.key("two bodies");
    let (first, second) = (token(), token());
    assert_eq!(harness.claim(&key, one(), first, LONG).await, FRESH);
    assert_eq!(
        harness.claim(&key, two(), second, LONG).await,
        Claim::Fresh { conflict: true },
        "another body is no repetition"
    );
    for digest in [one(), two()] {
        let claim = harness.claim(&key, digest, token(), LONG).await;
        assert!(
            matches!(claim, Claim::InFlight { conflict: true, .. }),
            "{claim:?}"
        );
    }
    assert_eq!(harness.complete(&key, one(), first, LONG).await, Settled::Done);
    assert_eq!(
        harness.claim(&key, one(), token(), LONG).await,
        Claim::Duplicate { conflict: true }
    );
    let claim = harness.claim(&key, two(), token(), LONG).await;
    assert!(
        matches!(claim, Claim::InFlight { conflict: true, .. }),
        "{claim:?}"
    );
    assert_eq!(harness.release(&key, two(), second).await, Settled::Done);
    assert_eq!(
        harness.claim(&key, one(), token(), LONG).await,
        DUPLICATE,
        "the other is gone"
    );
    assert_eq!(
        harness.claim(&key, two(), token(), LONG).await,
        Claim::Fresh { conflict: true }
    );
    assert_eq!(
        harness.claim(&key, one(), token(), LONG).await,
        Claim::Duplicate { conflict: true },
        "the other is back"
    );
}

/// **G7**: what ran out, as a lease or as a life, is no conflict any more.
pub async fn g7_a_conflict_lasts_as_long_as_the_other_record(harness: Harness) {
    let (leased, done, seen) = (harness.key("leased"), harness.key("done"), harness.key("seen"));
    harness.hold(&leased, two(), SHORT).await;
    harness.finish(&done, two(), SHORT).await;
    harness.finish(&seen, one(), LONG).await;
    harness.finish(&seen, two(), SHORT).await;
    harness.pass(3 * SHORT).await;
    assert_eq!(harness.claim(&leased, one(), token(), LONG).await, FRESH);
    assert_eq!(harness.claim(&done, one(), token(), LONG).await, FRESH);
    assert_eq!(harness.claim(&seen, one(), token(), LONG).await, DUPLICATE);
}

/// **G7**: however many bodies come under one key, and however alike their digests are, each is known and settled
/// alone, and tells of the others.
pub async fn g7_of_many_bodies_none_is_lost(harness: Harness) {
    const BODIES: usize = 100;
    let key = harness.key("many bodies");
    // The first is what deliveries share whose bodies do not count; the others differ from it in one byte.
    let digest = |number: usize| {
        let mut bytes = [0; 32];
        if let Some(byte) = bytes.get_mut(number % 32) {
            *byte = u8::try_from(number.div_ceil(32)).unwrap();
        }
        Digest::from_bytes(bytes)
    };
    let first = token();
    assert_eq!(harness.claim(&key, digest(0), first, LONG).await, FRESH);
    let others = at_once(BODIES - 1, |task| {
        let (harness, key) = (harness.clone(), key.clone());
        async move {
            let holder = token();
            let claim = harness.claim(&key, digest(task + 1), holder, LONG).await;
            assert_eq!(claim, Claim::Fresh { conflict: true });
            holder
        }
    });
    let holders: Vec<_> = std::iter::once(first).chain(others.await).collect();
    for (number, holder) in holders.iter().enumerate() {
        let settled = match number % 3 {
            0 => harness.complete(&key, digest(number), *holder, LONG).await,
            1 => harness.release(&key, digest(number), *holder).await,
            _ => continue,
        };
        assert_eq!(settled, Settled::Done, "body {number}");
    }
    for number in 0..BODIES {
        let claim = harness.claim(&key, digest(number), token(), LONG).await;
        let as_expected = match number % 3 {
            0 => matches!(claim, Claim::Duplicate { conflict: true }),
            1 => matches!(claim, Claim::Fresh { conflict: true }),
            _ => matches!(claim, Claim::InFlight { conflict: true, .. }),
        };
        assert!(as_expected, "body {number}: {claim:?}");
    }
}
