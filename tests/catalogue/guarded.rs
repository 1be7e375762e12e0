//! What was handled twice, or never, because of how it was remembered.

use std::{sync::Arc, time::Duration};

use tokio::time::sleep;
use wahook_core::guard::MemoryStore;
use wahook_providers::PROVIDERS;
use wahook_sqlite::{SqliteOptions, SqliteStore};
use wahook_testkit::{
    Fault, ManualClock,
    conform::{Counter, Scenario},
};
use wahook_tower::{Stack, SystemClock};

use crate::app::{Hook, ask, every_one_stands};

/// A forgery uses up the key of a genuine delivery.
#[tokio::test(start_paused = true)]
async fn failure_07_dedupe_before_verify() {
    every_one_stands(Scenario::ForgedFirst).await;
}

/// The key is a header that nobody signed: a captured request with a new one is new.
#[tokio::test(start_paused = true)]
async fn failure_08_dedupe_on_an_unsigned_header() {
    every_one_stands(Scenario::Replayed).await;
}

/// It is marked, then the work fails, and the provider's next attempt is a copy.
#[tokio::test(start_paused = true)]
async fn failure_09_marked_before_it_was_handled() {
    every_one_stands(Scenario::FailedWork).await;
    every_one_stands(Scenario::HangUp).await;
}

/// The claim is free again while the work goes on: a copy that comes meanwhile is handled too.
#[tokio::test(start_paused = true)]
async fn failure_11_the_claim_is_free_before_the_work_is_done() {
    let counter = Counter::default();
    let hook = Hook::of("wazapin");
    let stack = Stack::new(hook.endpoint());
    let slow = {
        let counter = counter.clone();
        async move |_: wahook_axum::Events| {
            sleep(Duration::from_secs(2)).await;
            counter.add(1);
        }
    };
    let app = axum::Router::new().route(crate::app::PATH, wahook_axum::endpoint(stack, slow, ()));
    let delivery = hook.message(1);
    let (first, request) = (app.clone(), hook.signed(&delivery));
    let first = tokio::spawn(async move { ask(&first, request).await });
    sleep(Duration::from_millis(100)).await;
    // It waits for a second, then says when to come again.
    assert_eq!(ask(&app, hook.signed(&delivery)).await, (503, true));
    assert_eq!(counter.count(), 0);
    assert_eq!(first.await.unwrap().0, 200);
    assert_eq!(ask(&app, hook.signed(&delivery)).await.0, 200);
    assert_eq!(counter.count(), 1);
}

/// Two copies look at the same moment, and neither sees the other.
#[tokio::test(start_paused = true)]
async fn failure_12_check_then_insert() {
    every_one_stands(Scenario::Concurrent).await;
}

/// Each process has a memory of its own, and the copy comes to another.
#[tokio::test]
async fn failure_13_a_memory_for_each_process() {
    let folder = tempfile::tempdir().unwrap();
    let counter = Counter::default();
    let hook = Hook::of("waping");
    let mut nodes = Vec::new();
    for _ in 0..2 {
        let options = SqliteOptions::new(Arc::new(SystemClock::new()));
        let store = SqliteStore::open(folder.path().join("guard.db"), options)
            .await
            .unwrap();
        nodes.push(hook.guarded(&counter, Arc::new(store)));
    }
    let delivery = hook.message(1);
    for node in &nodes {
        assert_eq!(ask(node, hook.signed(&delivery)).await.0, 200);
    }
    assert_eq!(counter.count(), 1);
}

/// A copy is answered 409, and the provider takes that for a failure.
#[tokio::test(start_paused = true)]
async fn failure_14_a_copy_is_answered_409() {
    for hook in Hook::all() {
        let (counter, delivery) = (Counter::default(), hook.message(1));
        let app = hook.app(&counter);
        for _ in 0..3 {
            assert_eq!(ask(&app, hook.signed(&delivery)).await.0, 200);
        }
        assert_eq!(counter.count(), 1);
    }
    every_one_stands(Scenario::Duplicate).await;
}

/// The memory is shorter than the provider repeats, or than a captured request stays valid.
#[tokio::test]
async fn failure_31_the_memory_is_shorter_than_the_retries() {
    // What their pages say, written down a second time.
    let hours = [
        // Nothing is known of it, so it remembers for the longest of them.
        ("generic", 7 * 24),
        ("meta", 7 * 24),
        ("waping", 7 * 24),
        ("wawp", 48),
        ("wazapin", 48),
    ];
    for (provider, hours) in hours {
        let hook = Hook::of(provider);
        let memory = Duration::from_secs(hours * 3600);
        assert!(hook.endpoint().memory() >= memory, "{provider}");
        let clock = Arc::new(ManualClock::default());
        let room = std::num::NonZeroUsize::new(1000).unwrap();
        let store = Arc::new(MemoryStore::new(clock.clone(), room, [7; 16]));
        let counter = Counter::default();
        let app = hook.guarded(&counter, store);
        let delivery = hook.message(1);
        assert_eq!(ask(&app, hook.signed(&delivery)).await.0, 200);
        clock.advance(memory - Duration::from_secs(1));
        assert_eq!(ask(&app, hook.signed(&delivery)).await.0, 200);
        assert_eq!(counter.count(), 1, "{provider}");
    }
    assert_eq!(
        PROVIDERS.len(),
        hours.len(),
        "one more provider is one more row above"
    );
}

/// The same key with another body is dropped without a word, or refused.
#[tokio::test(start_paused = true)]
async fn failure_32_another_body_under_a_known_key_is_dropped_in_silence() {
    every_one_stands(Scenario::Conflict).await;
    let (counter, hook) = (Counter::default(), Hook::of("wazapin"));
    // Another message under the same signed id: both are handled.
    let app = hook.app(&counter);
    let (one, mut other) = (hook.message(1), hook.message(2));
    other.id.clone_from(&one.id);
    assert_eq!(ask(&app, hook.signed(&one)).await.0, 200);
    assert_eq!(ask(&app, hook.signed(&other)).await.0, 200);
    assert_eq!(counter.count(), 2);
    let now = wahook_core::Clock::now(&SystemClock::new());
    let plan = hook
        .sender
        .plan(Some(Fault::Conflict), &hook.message(3), now)
        .unwrap();
    assert!(plan.shots[1].expected.conflict);
}
