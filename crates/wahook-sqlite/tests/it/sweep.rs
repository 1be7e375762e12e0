//! What is over is forgotten, a little at a time.

use std::{num::NonZeroU64, time::Duration};

use wahook_core::guard::{GuardStore, StoreErrorKind};

use crate::kit::{FRESH, LONG, Place, body, claim, key, kind, token};

#[tokio::test]
async fn g9_what_is_over_goes_a_few_rows_at_a_time() {
    const RECORDS: usize = 300;
    let place = Place::new();
    let store = place.store().await;
    for number in 0..RECORDS {
        let key = key(number);
        store.claim(&key, body(), token(1), LONG).await.unwrap();
        if number % 3 != 0 {
            store.complete(&key, body(), token(1), LONG).await.unwrap();
        }
    }
    assert_eq!(place.rows(), RECORDS);
    place.clock.advance(LONG);
    let lasting = key("lasting");
    store.claim(&lasting, body(), token(1), 10 * LONG).await.unwrap();
    let rows = place.rows();
    assert!(
        (RECORDS - 4..=RECORDS).contains(&rows),
        "one claim removed {}",
        RECORDS + 1 - rows
    );
    for number in 0..RECORDS {
        let key = key(format!("new {number}"));
        store.claim(&key, body(), token(1), LONG).await.unwrap();
        store.release(&key, body(), token(1)).await.unwrap();
    }
    assert_eq!(place.rows(), 1, "only what lives is left");
    assert!(claim(&store, &lasting).await.is_ok_and(|claim| claim != FRESH));
}

#[tokio::test]
async fn i5_a_full_file_takes_claims_again_once_what_it_holds_is_over() {
    let place = Place::new();
    let limit = NonZeroU64::new(400_000).unwrap();
    let store = place.store_with(place.options().max_bytes(limit)).await;
    let name = |round: u32, number: u32| key(format!("{round} {number:0>400}"));
    for round in 0..3 {
        let mut taken = 0;
        let full = loop {
            match claim(&store, &name(round, taken)).await {
                Ok(claim) => assert_eq!(claim, FRESH),
                Err(error) => break error,
            }
            taken += 1;
            assert!(taken < 10_000, "the file never fills");
        };
        assert_eq!(full.kind(), StoreErrorKind::Full);
        assert!(taken > 100, "round {round}: full after {taken}");
        assert_eq!(
            kind(claim(&store, &name(round, taken)).await),
            StoreErrorKind::Full
        );
        assert!(std::fs::metadata(place.path()).unwrap().len() <= limit.get());
        place.clock.advance(LONG + Duration::from_secs(1));
        let mut tries = 0;
        while claim(&store, &name(round, taken)).await.is_err() {
            tries += 1;
            assert!(tries < 100, "it does not recover");
        }
        place.clock.advance(LONG + Duration::from_secs(1));
    }
}

#[tokio::test]
async fn g2_a_full_file_still_takes_what_ends_something() {
    let place = Place::new();
    let limit = NonZeroU64::new(200_000).unwrap();
    let store = place.store_with(place.options().max_bytes(limit)).await;
    let name = |number: u32| key(format!("{number:0>400}"));
    let mut taken = 0;
    while store.claim(&name(taken), body(), token(1), LONG).await.is_ok() {
        taken += 1;
    }
    // Together with claims that fail, in whatever batches they fall.
    for number in 0..taken.min(50) {
        let refused = name(taken + number);
        let held = name(number);
        let (claimed, completed) = tokio::join!(
            claim(&store, &refused),
            store.complete(&held, body(), token(1), LONG)
        );
        assert_eq!(kind(claimed), StoreErrorKind::Full);
        assert!(completed.is_ok(), "{number}: {completed:?}");
    }
}
