//! G2, G3, G4, G6 and G7: what the verbs do to a record, one after the other.

use wahook_core::guard::{Claim, Digest, Key, Settled};

use super::harness::{Harness, LONG, SHORT, token};

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

/// **G2**: what is completed is a duplicate until its time to live is over, however short the lease was.
pub async fn g2_completed_is_a_duplicate_until_its_time_is_over(harness: Harness) {
    let (long, short) = (harness.key("long"), harness.key("short"));
    let holder = token();
    // The lease need not be short: it must play no part once the work is done.
    assert_eq!(harness.claim(&long, one(), holder, LONG).await, FRESH);
    assert_eq!(
        harness.complete(&long, one(), holder, 3 * LONG).await,
        Settled::Done
    );
    assert_eq!(harness.claim(&short, one(), holder, LONG).await, FRESH);
    assert_eq!(
        harness.complete(&short, one(), holder, SHORT).await,
        Settled::Done
    );
    harness.claim_when_free(&short, one(), token()).await;
    for _ in 0..3 {
        assert_eq!(harness.claim(&long, one(), token(), LONG).await, DUPLICATE);
    }
    assert_eq!(
        harness.claim(&long, one(), holder, LONG).await,
        DUPLICATE,
        "to its holder as well"
    );
}

/// **G2**: a `complete` that is said again, since its answer was lost, is done again.
pub async fn g2_completing_twice_is_done_twice(harness: Harness) {
    let key = harness.key("twice");
    let holder = token();
    assert_eq!(harness.claim(&key, one(), holder, LONG).await, FRESH);
    for _ in 0..2 {
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

/// **G3**: after a release the next claim is fresh; a second release, or one after `complete`, does nothing.
pub async fn g3_released_is_fresh_again(harness: Harness) {
    let key = harness.key("released");
    let (first, second) = (token(), token());
    assert_eq!(harness.claim(&key, one(), first, LONG).await, FRESH);
    assert_eq!(harness.release(&key, one(), first).await, Settled::Done);
    assert_eq!(harness.release(&key, one(), first).await, Settled::Lost);
    assert_eq!(harness.claim(&key, one(), second, LONG).await, FRESH);
    assert_eq!(harness.release(&key, one(), first).await, Settled::Lost);
    assert_in_flight(&harness, &key, one()).await;
    assert_eq!(harness.complete(&key, one(), second, LONG).await, Settled::Done);
    assert_eq!(harness.release(&key, one(), second).await, Settled::Lost);
    assert_eq!(harness.claim(&key, one(), token(), LONG).await, DUPLICATE);
}

/// **G4**: a lease that ran out is fresh for the next, and until then it is in flight.
pub async fn g4_a_lease_that_ran_out_is_fresh_for_the_next(harness: Harness) {
    let (held, lost) = (harness.key("held"), harness.key("lost"));
    assert_eq!(harness.claim(&held, one(), token(), LONG).await, FRESH);
    assert_eq!(harness.claim(&lost, one(), token(), SHORT).await, FRESH);
    assert_eq!(harness.claim_when_free(&lost, one(), token()).await, FRESH);
    assert_in_flight(&harness, &held, one()).await;
    assert_in_flight(&harness, &lost, one()).await;
}

/// **G4**: the old holder's late `complete` and `release` change nothing for the new one.
pub async fn g4_a_late_holder_changes_nothing(harness: Harness) {
    let key = harness.key("fenced");
    let (old, new) = (token(), token());
    assert_eq!(harness.claim(&key, one(), old, SHORT).await, FRESH);
    harness.claim_when_free(&key, one(), new).await;
    assert_eq!(harness.complete(&key, one(), old, LONG).await, Settled::Lost);
    assert_in_flight(&harness, &key, one()).await;
    assert_eq!(harness.release(&key, one(), old).await, Settled::Lost);
    assert_in_flight(&harness, &key, one()).await;
    assert_eq!(harness.complete(&key, one(), new, LONG).await, Settled::Done);
    assert_eq!(harness.complete(&key, one(), old, SHORT).await, Settled::Lost);
    assert_eq!(harness.release(&key, one(), old).await, Settled::Lost);
    assert_eq!(harness.claim(&key, one(), token(), LONG).await, DUPLICATE);
}

/// **G4**: a lease that ran out is lost although nobody else came: the next must be fresh.
pub async fn g4_a_late_holder_is_late_even_if_nobody_else_came(harness: Harness) {
    let (completed, released) = (harness.key("completed"), harness.key("released"));
    let holder = token();
    assert_eq!(harness.claim(&completed, one(), holder, SHORT).await, FRESH);
    assert_eq!(harness.claim(&released, one(), holder, SHORT).await, FRESH);
    harness.pass(3 * SHORT).await;
    assert_eq!(
        harness.complete(&completed, one(), holder, LONG).await,
        Settled::Lost
    );
    assert_eq!(harness.release(&released, one(), holder).await, Settled::Lost);
    assert_eq!(harness.claim(&completed, one(), token(), LONG).await, FRESH);
    assert_eq!(harness.claim(&released, one(), token(), LONG).await, FRESH);
}

/// **G4**: while a lease runs, nobody but its holder settles it.
pub async fn g4_only_the_holder_settles(harness: Harness) {
    let key = harness.key("mine");
    let holder = token();
    assert_eq!(harness.claim(&key, one(), holder, LONG).await, FRESH);
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

/// **G6**: two keys, two scopes, and a delivery's and an event's key of one text are records of their own.
pub async fn g6_keys_do_not_touch_each_other(harness: Harness) {
    let scope = harness.key("").scope().trim_start_matches("d:").to_owned();
    let keys = [
        Key::delivery(&scope, "a"),
        Key::delivery(&scope, "A"),
        Key::delivery(&scope, "a "),
        Key::delivery(&scope, "a\u{0}"),
        Key::delivery(&scope, "ä"),
        Key::delivery(&scope, "a\u{308}"),
        Key::delivery(&scope, "%' or \\ --"),
        Key::delivery(&scope, &"a".repeat(400)),
        Key::event(&scope, "a"),
        Key::delivery(&format!("{scope}2"), "a"),
    ];
    for key in &keys {
        assert_eq!(harness.claim(key, one(), token(), LONG).await, FRESH, "{key:?}");
    }
    for key in &keys {
        assert_in_flight(&harness, key, one()).await;
    }
}

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
}

/// **G7**: what ran out, as a lease or as a life, is no conflict any more.
pub async fn g7_a_conflict_lasts_as_long_as_the_other_record(harness: Harness) {
    let (leased, done) = (harness.key("leased"), harness.key("done"));
    let holder = token();
    assert_eq!(harness.claim(&leased, two(), holder, SHORT).await, FRESH);
    assert_eq!(harness.claim(&done, two(), holder, LONG).await, FRESH);
    assert_eq!(harness.complete(&done, two(), holder, SHORT).await, Settled::Done);
    harness.pass(3 * SHORT).await;
    assert_eq!(harness.claim(&leased, one(), token(), LONG).await, FRESH);
    assert_eq!(harness.claim(&done, one(), token(), LONG).await, FRESH);
}
