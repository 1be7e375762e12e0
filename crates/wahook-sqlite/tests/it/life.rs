//! A file that is taken away from under a store.

use std::fs;

use wahook_core::guard::{GuardStore, StoreErrorKind};

use crate::kit::{DUPLICATE, FRESH, LONG, Place, body, claim, key, kind, token};

#[cfg(unix)]
#[tokio::test]
async fn i5_a_file_that_is_taken_away_is_unavailable_until_it_is_put_back() {
    let place = Place::new();
    let store = place.store().await;
    store.claim(&key("done"), body(), token(1), LONG).await.unwrap();
    store
        .complete(&key("done"), body(), token(1), LONG)
        .await
        .unwrap();
    let aside = place.path().with_extension("aside");
    fs::rename(place.path(), &aside).unwrap();
    for _ in 0..3 {
        assert_eq!(
            kind(claim(&store, &key("new")).await),
            StoreErrorKind::Unavailable
        );
        assert_eq!(
            kind(claim(&store, &key("done")).await),
            StoreErrorKind::Unavailable
        );
    }
    assert!(!place.path().exists(), "it does not come back empty");
    fs::rename(&aside, place.path()).unwrap();
    assert_eq!(claim(&store, &key("done")).await.unwrap(), DUPLICATE);
    assert_eq!(claim(&store, &key("newer")).await.unwrap(), FRESH);
}

#[cfg(unix)]
#[tokio::test]
async fn i5_another_file_under_its_name_is_unavailable_until_the_process_starts_again() {
    let place = Place::new();
    let store = place.store().await;
    claim(&store, &key("one")).await.unwrap();
    for end in ["", "-wal", "-shm"] {
        fs::remove_file(format!("{}{end}", place.path().display())).unwrap();
    }
    assert_eq!(
        kind(claim(&store, &key("two")).await),
        StoreErrorKind::Unavailable
    );
    let other = place.store().await;
    assert_eq!(claim(&other, &key("two")).await.unwrap(), FRESH);
    for _ in 0..3 {
        let error = claim(&store, &key("two"))
            .await
            .expect_err("not this store's file");
        assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        let why = std::error::Error::source(&error).unwrap().to_string();
        assert!(why.contains("taken away or replaced"), "{why}");
    }
    drop(store);
    assert_ne!(
        claim(&other, &key("two")).await.unwrap(),
        FRESH,
        "the other is not harmed"
    );
    assert_eq!(claim(&other, &key("three")).await.unwrap(), FRESH);
}

#[tokio::test]
async fn p_debug_and_errors_hold_no_key() {
    let place = Place::new();
    let store = place
        .store_with(place.options().deadline(std::time::Duration::from_millis(20)))
        .await;
    let lock = place.lock();
    let error = claim(&store, &key("4915112345678"))
        .await
        .expect_err("it is locked");
    drop(lock);
    let words = format!("{store:?} {error:?} {error}");
    assert!(!words.contains("4915112345678"), "{words}");
}
