//! Clocks that jump: nothing is lost, nothing is refused for ever.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use jiff::Timestamp;
use wahook_core::{
    Clock,
    guard::{Claim, GuardStore, Settled, StoreErrorKind},
};
use wahook_sqlite::SqliteOptions;
use wahook_testkit::ManualClock;

use crate::kit::{DUPLICATE, FRESH, LONG, PATIENT, Place, body, claim, key, kind, token};

const HOUR: Duration = Duration::from_secs(3_600);

fn shift(clock: &ManualClock, back: Duration) {
    clock.set(clock.now() - back);
}

#[tokio::test]
async fn g4_a_clock_that_jumps_forward_ends_leases_early_and_the_old_holder_changes_nothing() {
    let place = Place::new();
    let store = place.store().await;
    let (key, old, new) = (key("forward"), token(1), token(2));
    assert_eq!(store.claim(&key, body(), old, LONG).await.unwrap(), FRESH);
    place.clock.set(place.clock.now() + HOUR);
    assert_eq!(store.claim(&key, body(), new, LONG).await.unwrap(), FRESH);
    assert_eq!(
        store.complete(&key, body(), old, LONG).await.unwrap(),
        Settled::Lost
    );
    assert_eq!(store.release(&key, body(), old).await.unwrap(), Settled::Lost);
    assert_eq!(
        store.complete(&key, body(), new, LONG).await.unwrap(),
        Settled::Done
    );
    assert_eq!(claim(&store, &key).await.unwrap(), DUPLICATE);
}

#[tokio::test]
async fn g2_a_clock_that_jumps_forward_ends_a_mark_early_by_that_much_only() {
    let place = Place::new();
    let store = place.store().await;
    let key = key("forward");
    store.claim(&key, body(), token(1), LONG).await.unwrap();
    store.complete(&key, body(), token(1), 2 * HOUR).await.unwrap();
    place.clock.set(place.clock.now() + HOUR);
    assert_eq!(claim(&store, &key).await.unwrap(), DUPLICATE);
    place.clock.advance(HOUR);
    assert_eq!(claim(&store, &key).await.unwrap(), FRESH);
}

#[tokio::test]
async fn g4_a_clock_that_jumps_back_holds_a_claim_for_its_own_length_and_no_longer() {
    let place = Place::new();
    let store = place.store().await;
    let key = key("back");
    store.claim(&key, body(), token(1), LONG).await.unwrap();
    shift(&place.clock, 365 * 24 * HOUR);
    let in_flight = Claim::InFlight {
        left: LONG,
        conflict: false,
    };
    assert_eq!(
        claim(&store, &key).await.unwrap(),
        in_flight,
        "its holder is at work"
    );
    place.clock.advance(LONG / 2);
    let Claim::InFlight { left, .. } = claim(&store, &key).await.unwrap() else {
        panic!("its holder is at work");
    };
    assert_eq!(left, LONG / 2, "its whole life is given once, not at every claim");
    place.clock.advance(LONG / 2);
    assert_eq!(claim(&store, &key).await.unwrap(), FRESH);
}

#[tokio::test]
async fn g2_a_holder_completes_after_the_clock_jumped_back() {
    let place = Place::new();
    let store = place.store().await;
    let key = key("back");
    store.claim(&key, body(), token(1), LONG).await.unwrap();
    shift(&place.clock, 24 * HOUR);
    assert_eq!(
        store.complete(&key, body(), token(1), HOUR).await.unwrap(),
        Settled::Done
    );
    assert_eq!(claim(&store, &key).await.unwrap(), DUPLICATE);
    place.clock.advance(HOUR);
    assert_eq!(
        claim(&store, &key).await.unwrap(),
        FRESH,
        "the mark is of the new time"
    );
}

#[tokio::test]
async fn g2_a_mark_from_a_future_that_was_none_lives_its_length_once_it_is_met() {
    let place = Place::new();
    let store = place.store().await;
    let key = key("future");
    let today = place.clock.now();
    place.clock.set(today + 10_000 * HOUR);
    store.claim(&key, body(), token(1), LONG).await.unwrap();
    store.complete(&key, body(), token(1), HOUR).await.unwrap();
    place.clock.set(today);
    assert_eq!(claim(&store, &key).await.unwrap(), DUPLICATE);
    place.clock.advance(HOUR);
    assert_eq!(
        claim(&store, &key).await.unwrap(),
        FRESH,
        "the same words may be said again"
    );
}

#[tokio::test]
async fn g4_the_ends_of_time_are_times() {
    for end in [Timestamp::MIN, Timestamp::MAX] {
        let place = Place::new();
        place.clock.set(end);
        let store = place.store().await;
        let key = key("end");
        assert_eq!(
            store.claim(&key, body(), token(1), Duration::MAX).await.unwrap(),
            FRESH
        );
        assert!(matches!(
            claim(&store, &key).await.unwrap(),
            Claim::InFlight { .. }
        ));
        assert_eq!(
            store
                .complete(&key, body(), token(1), Duration::MAX)
                .await
                .unwrap(),
            Settled::Done
        );
        assert_eq!(claim(&store, &key).await.unwrap(), DUPLICATE);
        let nothing = crate::kit::key("nothing");
        assert_eq!(
            store
                .claim(&nothing, body(), token(1), Duration::ZERO)
                .await
                .unwrap(),
            FRESH
        );
        assert_eq!(
            claim(&store, &nothing).await.unwrap(),
            FRESH,
            "a lease of no length is over at once"
        );
    }
}

/// Panics while it is told to.
#[derive(Debug, Default)]
struct Broken(AtomicBool);

impl Clock for Broken {
    fn now(&self) -> Timestamp {
        assert!(!self.0.load(Ordering::Relaxed), "this clock is broken");
        Timestamp::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

#[tokio::test]
async fn i5_a_panic_in_the_writer_is_an_error_and_the_next_verb_is_carried_out() {
    let place = Place::new();
    let clock = std::sync::Arc::new(Broken::default());
    let store = place
        .store_with(SqliteOptions::new(clock.clone()).deadline(PATIENT))
        .await;
    clock.0.store(true, Ordering::Relaxed);
    for _ in 0..3 {
        assert_eq!(
            kind(claim(&store, &key("one")).await),
            StoreErrorKind::Unavailable
        );
    }
    clock.0.store(false, Ordering::Relaxed);
    assert_eq!(claim(&store, &key("one")).await.unwrap(), FRESH);
}
