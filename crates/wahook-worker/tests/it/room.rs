//! How much is in memory, whatever waits.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use wahook_worker::Route;

use crate::world::{FnSink, MINUTE, SECOND, World, end, pass};

/// A sink that never ends, and counts what it is given.
fn hangs(events: Arc<AtomicUsize>, bytes: Arc<AtomicUsize>) -> Arc<FnSink> {
    FnSink::new(move |given| {
        events.fetch_add(given.len(), Ordering::SeqCst);
        let given = given
            .iter()
            .map(|event| event.raw.as_ref().map_or(0, |raw| raw.bytes().len()));
        bytes.fetch_add(given.sum(), Ordering::SeqCst);
        Box::pin(std::future::pending())
    })
}

#[tokio::test(start_paused = true)]
async fn i5_a_sink_that_hangs_holds_no_more_than_it_may() {
    let mut world = World::new();
    let (events, bytes) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let route = Route::new("till", hangs(events.clone(), bytes))
        .lanes(8)
        .events(4);
    let options = world.options().deadline(100_000 * MINUTE);
    let workers = world.start_with(world.plan().route(route), options);
    for n in 0..6 {
        for chat in 0..100 {
            world.say(&format!("1555000{chat:04}@c.us"), &n.to_string()).await;
        }
    }
    pass(5 * MINUTE).await;
    assert!((8..=32).contains(&events.load(Ordering::SeqCst)));
    assert_eq!(world.waiting("till").await, 600);
    end(workers.stop(SECOND)).await;
    assert_eq!(world.waiting("till").await, 600);
}

#[tokio::test(start_paused = true)]
async fn i5_large_bodies_count_by_their_size_and_one_is_taken_in_any_case() {
    let mut world = World::new();
    let (events, bytes) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let route = Route::new("till", hangs(events.clone(), bytes.clone())).lanes(64);
    let options = world.options().deadline(100_000 * MINUTE).bytes(256 << 10);
    let _workers = world.start_with(world.plan().route(route), options);
    let large = "x".repeat(100 << 10);
    for chat in 0..20 {
        world.say(&format!("1555000{chat:04}@c.us"), &large).await;
    }
    pass(MINUTE).await;
    let events = events.load(Ordering::SeqCst);
    assert!((2..=3).contains(&events), "{events}");

    let mut world = World::new();
    let (events, bytes) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let route = Route::new("till", hangs(events.clone(), bytes));
    let _workers = world.start_with(world.plan().route(route), world.options().bytes(1));
    for chat in 0..3 {
        world.say(&format!("1555000{chat:04}@c.us"), &large).await;
    }
    pass(SECOND).await;
    assert_eq!(events.load(Ordering::SeqCst), 1);
}
