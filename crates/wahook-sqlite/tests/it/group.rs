//! Many verbs, one flush.

use std::{
    num::NonZeroU64,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use wahook_core::guard::{Claim, GuardStore, Settled, StoreErrorKind};

use crate::kit::{FRESH, LONG, Place, body, claim, key, kind, token, until};

/// Starts claims of these keys while nobody can write, so that they are all there when somebody can.
async fn claim_together(
    place: &Place,
    store: &Arc<wahook_sqlite::SqliteStore>,
    keys: impl Iterator<Item = String>,
) -> Vec<Result<Claim, wahook_core::guard::StoreError>> {
    let lock = place.lock();
    let asked = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = keys
        .map(|name| {
            let (store, asked) = (Arc::clone(store), Arc::clone(&asked));
            tokio::spawn(async move {
                // On this runtime of one thread it has said what it wants when another has its turn.
                asked.fetch_add(1, Ordering::Relaxed);
                claim(&*store, &key(name)).await
            })
        })
        .collect();
    // A few dozen have their turns before this one has it again.
    while asked.load(Ordering::Relaxed) < tasks.len() {
        tokio::task::yield_now().await;
    }
    drop(lock);
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    answers
}

#[tokio::test]
async fn i1_verbs_that_wait_together_are_flushed_together() {
    let place = Place::new();
    let store = Arc::new(place.store().await);
    let before = store.commits();
    let answers = claim_together(&place, &store, (0..200).map(|number| number.to_string())).await;
    assert!(answers.into_iter().all(|answer| answer.unwrap() == FRESH));
    // What the writer took first, and the rest.
    let commits = store.commits() - before;
    assert!((1..=3).contains(&commits), "{commits} commits for 200 claims");
    assert_eq!(place.rows(), 200);
}

#[tokio::test]
async fn i1_what_changes_nothing_costs_no_flush() {
    let place = Place::new();
    let store = place.store().await;
    let (held, done) = (key("held"), key("done"));
    for key in [&held, &done] {
        store.claim(key, body(), token(1), LONG).await.unwrap();
    }
    store.complete(&done, body(), token(1), LONG).await.unwrap();
    let before = store.commits();
    assert_eq!(before, 3);
    for key in [&held, &done] {
        claim(&store, key).await.unwrap();
        assert_eq!(store.release(key, body(), token(2)).await.unwrap(), Settled::Lost);
        assert_eq!(
            store.complete(key, body(), token(2), LONG).await.unwrap(),
            Settled::Lost
        );
    }
    assert_eq!(
        store.complete(&done, body(), token(1), LONG).await.unwrap(),
        Settled::Done
    );
    assert_eq!(store.commits(), before);
}

#[tokio::test]
async fn i1_a_commit_that_fails_fails_for_all_and_leaves_nothing() {
    let place = Place::new();
    drop(place.store().await);
    let bytes = std::fs::metadata(place.path()).unwrap().len();
    let limited = place
        .options()
        .max_bytes(NonZeroU64::new(bytes + 40_000).unwrap());
    let store = Arc::new(place.store_with(limited).await);
    let name = |number| format!("{number:0>500}");
    // The writer may have taken the first few by themselves, and then there is room for those.
    let answers = claim_together(&place, &store, (0..200).map(name)).await;
    let mut failed = Vec::new();
    for (number, answer) in answers.into_iter().enumerate() {
        if answer.is_err() {
            assert_eq!(kind(answer), StoreErrorKind::Full);
            failed.push(number);
        }
    }
    assert!(
        failed.len() >= 100,
        "200 claims of 1 KB each in 40 KB: {} failed",
        failed.len()
    );
    assert_eq!(place.rows(), 200 - failed.len());
    drop(store);
    let store = place.store().await;
    for number in failed {
        assert_eq!(
            claim(&store, &key(name(number))).await.unwrap(),
            FRESH,
            "{number} was not taken"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn i1_the_log_stays_short_however_long_writers_write() {
    const TASKS: usize = 32;
    const EACH: usize = 400;
    let place = Place::new();
    let store = Arc::new(place.store().await);
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                for number in 0..EACH {
                    // In no order, so that each dirties a page of its own.
                    let name = wahook_core::guard::Digest::of(format!("{task} {number}").as_bytes());
                    assert_eq!(claim(&*store, &key(name)).await.unwrap(), FRESH);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let written = || std::fs::metadata(place.path()).unwrap().len();
    until("the log is moved into the file", || written() > 1 << 20).await;
    let log = std::fs::metadata(place.wal()).unwrap().len();
    assert!(log < 32 << 20, "{log} bytes of log");
}
