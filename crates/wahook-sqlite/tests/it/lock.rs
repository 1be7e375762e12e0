//! A writer that is held up: errors in time, nothing unbounded, recovery by itself.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use wahook_core::guard::{GuardStore, Settled, StoreErrorKind};
use wahook_sqlite::SqliteStore;

use crate::kit::{DUPLICATE, FRESH, LONG, PATIENT, Place, body, claim, key, kind, token, until};

const SHORT: Duration = Duration::from_millis(50);

/// Two stores of one file: of an impatient one only what is slow is asked, since a flush, too, may take longer.
async fn patient_and_hasty(place: &Place) -> (SqliteStore, SqliteStore) {
    let patient = place.store().await;
    (patient, place.store_with(place.options().deadline(SHORT)).await)
}

#[tokio::test]
async fn i5_locked_for_longer_than_the_deadline_is_slow_and_then_well_again() {
    let place = Place::new();
    let (patient, hasty) = patient_and_hasty(&place).await;
    let (held, other) = (key("held"), key("other"));
    let lock = place.lock();
    assert_eq!(kind(claim(&hasty, &other).await), StoreErrorKind::Slow);
    drop(lock);
    until_well(&hasty).await;
    assert_eq!(
        place.rows(),
        1,
        "a claim that nobody waits for is not carried out"
    );
    assert_eq!(claim(&patient, &held).await.unwrap(), FRESH);
    assert_eq!(claim(&patient, &other).await.unwrap(), FRESH);
}

#[tokio::test]
async fn g2_a_complete_that_was_slow_is_carried_out_all_the_same() {
    let place = Place::new();
    let (patient, hasty) = patient_and_hasty(&place).await;
    let (done, released) = (key("done"), key("released"));
    for key in [&done, &released] {
        patient.claim(key, body(), token(1), LONG).await.unwrap();
    }
    let lock = place.lock();
    assert_eq!(
        kind(hasty.complete(&done, body(), token(1), LONG).await),
        StoreErrorKind::Slow
    );
    assert_eq!(
        kind(hasty.release(&released, body(), token(1)).await),
        StoreErrorKind::Slow
    );
    drop(lock);
    until_well(&hasty).await;
    assert_eq!(claim(&patient, &done).await.unwrap(), DUPLICATE);
    assert_eq!(claim(&patient, &released).await.unwrap(), FRESH);
    assert_eq!(
        patient.complete(&done, body(), token(1), LONG).await.unwrap(),
        Settled::Done,
        "said again"
    );
}

/// The writer may still be asleep when the lock is gone.
async fn until_well(store: &dyn GuardStore) {
    for _ in 0..1_000 {
        if claim(store, &key("well")).await.is_ok() {
            return;
        }
    }
    panic!("the store does not recover");
}

#[tokio::test]
async fn i5_more_claims_than_may_wait_are_slow_at_once() {
    let place = Place::new();
    let store = Arc::new(place.store_with(place.options().waiting(NonZeroUsize::MIN)).await);
    let lock = place.lock();
    let tasks: Vec<_> = (0..100)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { claim(&*store, &key(number)).await })
        })
        .collect();
    let ended = || tasks.iter().filter(|task| task.is_finished()).count();
    // The deadline is far away and nobody can write: whoever has an answer was turned away.
    until("claims are turned away", || ended() >= 97).await;
    drop(lock);
    let (mut fresh, mut slow) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(claim) => {
                assert_eq!(claim, FRESH);
                fresh += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Slow);
                slow += 1;
            }
        }
    }
    assert!(fresh >= 1 && slow >= 97, "{fresh} fresh, {slow} slow");
}

#[tokio::test]
async fn g2_a_complete_waits_for_its_place() {
    let place = Place::new();
    let store = Arc::new(place.store_with(place.options().waiting(NonZeroUsize::MIN)).await);
    for number in 0..20 {
        store.claim(&key(number), body(), token(1), LONG).await.unwrap();
    }
    let lock = place.lock();
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.complete(&key(number), body(), token(1), LONG).await })
        })
        .collect();
    tokio::task::yield_now().await;
    drop(lock);
    for task in tasks {
        assert_eq!(task.await.unwrap().unwrap(), Settled::Done);
    }
}

#[tokio::test]
async fn i1_what_was_accepted_is_done_before_the_store_is_gone() {
    let place = Place::new();
    let store = place.store().await;
    store.claim(&key("done"), body(), token(1), LONG).await.unwrap();
    let lock = place.lock();
    // Said, and not waited for.
    let said = tokio::time::timeout(SHORT, store.complete(&key("done"), body(), token(1), LONG)).await;
    assert!(said.is_err(), "nobody can write yet");
    drop(lock);
    drop(store);
    assert!(!place.wal().exists(), "the last connection is closed");
    assert_eq!(
        claim(&place.store().await, &key("done")).await.unwrap(),
        DUPLICATE
    );
}

#[tokio::test]
async fn i5_a_store_that_is_dropped_while_the_file_is_locked_waits_for_its_deadline_at_most() {
    let place = Place::new();
    let (patient, store) = patient_and_hasty(&place).await;
    patient.claim(&key("done"), body(), token(1), LONG).await.unwrap();
    drop(patient);
    let lock = place.lock();
    assert_eq!(
        kind(store.complete(&key("done"), body(), token(1), LONG).await),
        StoreErrorKind::Slow
    );
    let started = std::time::Instant::now();
    drop(store);
    assert!(started.elapsed() < PATIENT / 2);
    // Its thread gives up too, although nobody unlocks the file.
    until("the thread lets go of the clock", || {
        Arc::strong_count(&place.clock) == 1
    })
    .await;
    drop(lock);
    let store = place.store().await;
    assert!(claim(&store, &key("next")).await.is_ok());
}
