//! Stopping, swapping, dropping.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use wahook_testkit::inbox::RecordingSink;
use wahook_worker::{Plan, Route};

use crate::world::{LEASE, MINUTE, SECOND, World, end, pass, text, texts};

#[tokio::test(start_paused = true)]
async fn i2_what_ends_before_the_deadline_is_done_and_nothing_new_is_begun() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    sink.hold();
    let workers = world.start(world.plan().route(Route::new("till", sink.clone()).events(1)));
    for text in ["a", "b"] {
        world.say("15550000001@c.us", text).await;
    }
    pass(SECOND).await;
    let began = Instant::now();
    let (stopped, ()) = tokio::join!(workers.stop(MINUTE), async {
        pass(5 * SECOND).await;
        sink.go_on();
    });
    assert_eq!((stopped.cut, stopped.untouched), (0, 0));
    assert!(
        began.elapsed() < 6 * SECOND,
        "it ends when there is nothing left to wait for"
    );
    assert_eq!(texts(&sink.done()), ["a"]);
    assert_eq!(world.waiting("till").await, 1);
    assert_eq!(end(workers.stop(MINUTE)).await, Default::default());
}

#[tokio::test(start_paused = true)]
async fn i2_what_does_not_end_before_the_deadline_is_given_back_at_once() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    sink.hold();
    let workers = world.start(
        world
            .plan()
            .route(Route::new("till", sink.clone()).lanes(2).events(2)),
    );
    for chat in 1..=3 {
        for text in ["a", "b", "c"] {
            world.say(&format!("1555000000{chat}@c.us"), text).await;
        }
    }
    pass(SECOND).await;
    let began = Instant::now();
    let stopped = end(workers.stop(10 * SECOND)).await;
    assert_eq!((stopped.cut, stopped.untouched), (4, 0));
    assert!(began.elapsed() < 11 * SECOND);
    assert_eq!(world.waiting("till").await, 9);

    // The next one need not wait for a lease.
    sink.go_on();
    let began = Instant::now();
    let _workers = world.start(world.plan().route(Route::new("till", sink.clone())));
    let done = end(sink.took(9)).await;
    assert!(began.elapsed() < LEASE / 2);
    for event in done {
        let attempt = if event.chat() == Some("15550000003@c.us") || text(&event) == "c" {
            1
        } else {
            2
        };
        assert_eq!(event.attempt, Some(attempt), "what a sink was given may be done");
    }
}

#[tokio::test(start_paused = true)]
async fn i2_what_a_worker_held_that_was_dropped_comes_again_after_the_lease() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    sink.hold();
    let workers = world.start(world.plan().route(Route::new("till", sink.clone())));
    world.say("15550000001@c.us", "hello").await;
    pass(SECOND).await;
    drop(workers);
    sink.go_on();
    let began = Instant::now();
    let _workers = world.start(world.plan().route(Route::new("till", sink.clone())));
    let done = end(sink.took(1)).await;
    assert!(began.elapsed() > LEASE / 2);
    assert_eq!((done.len(), done[0].attempt), (1, Some(2)));
}

#[tokio::test(start_paused = true)]
async fn i3_in_a_swap_no_event_is_lost_or_doubled() {
    let mut world = World::new();
    let [old, kept, new] = [0, 1, 2].map(|_| Arc::new(RecordingSink::new()));
    let with = |world: &World, name: &str, sink: &Arc<RecordingSink>| -> Plan {
        let kept = Route::new("kept", kept.clone());
        world
            .plan()
            .route(kept)
            .route(Route::new(name, sink.clone()).lanes(2))
    };
    let workers = world.start(with(&world, "old", &old));
    for n in 0..200 {
        world
            .say(&format!("1555000000{}@c.us", n % 4), &n.to_string())
            .await;
        match n % 20 {
            5 => workers.swap(with(&world, "new", &new)),
            15 => workers.swap(with(&world, "old", &old)),
            _ => {}
        }
        pass(Duration::from_millis(7)).await;
    }
    workers.swap(with(&world, "old", &old));
    end(kept.took(200)).await;
    pass(MINUTE).await;
    assert_eq!(kept.tried().len(), 200);
    // What was in the lanes of a sink that went waited, and came when the sink did.
    workers.swap(with(&world, "new", &new));
    pass(MINUTE).await;
    assert_eq!(old.tried().len() + new.tried().len(), 200);
    let mut all = texts(old.done().iter().chain(&new.done()));
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 200);
}

#[tokio::test(start_paused = true)]
async fn i3_a_sink_that_goes_finishes_what_is_in_progress() {
    let mut world = World::new();
    let (sink, other) = (Arc::new(RecordingSink::new()), Arc::new(RecordingSink::new()));
    sink.hold();
    let workers = world.start(world.plan().route(Route::new("till", sink.clone()).events(1)));
    for text in ["a", "b"] {
        world.say("15550000001@c.us", text).await;
    }
    pass(SECOND).await;
    workers.swap(world.plan().route(Route::new("other", other.clone())));
    pass(SECOND).await;
    sink.go_on();
    pass(MINUTE).await;
    assert_eq!(texts(&sink.done()), ["a"]);
    // The same name with another sink behind it goes on where it stopped.
    workers.swap(world.plan().route(Route::new("till", other.clone())));
    assert_eq!(texts(&end(other.took(1)).await), ["b"]);
}

#[tokio::test(start_paused = true)]
async fn i3_a_swap_changes_what_a_sink_is_while_it_serves() {
    let mut world = World::new();
    let (before, after) = (Arc::new(RecordingSink::new()), Arc::new(RecordingSink::new()));
    let workers = world.start(world.plan().route(Route::new("till", before.clone())));
    world.say("15550000001@c.us", "a").await;
    end(before.took(1)).await;
    workers.swap(world.plan().route(Route::new("till", after.clone())));
    world.say("15550000001@c.us", "b").await;
    assert_eq!(texts(&end(after.took(1)).await), ["b"]);
    assert_eq!(before.tried().len(), 1);
}
