//! A sink that is away.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;
use wahook_core::sink::{Delivered, SinkError, SinkErrorKind};
use wahook_worker::{Retries, Route};

use crate::world::{FnSink, MINUTE, SECOND, World, end, pass};

/// What a sink that may be away went through.
#[derive(Debug, Default)]
struct Seen {
    is_away: AtomicBool,
    calls: AtomicUsize,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
    events_while_away: AtomicUsize,
    done: AtomicUsize,
}

fn may_be_away(seen: Arc<Seen>) -> Arc<FnSink> {
    FnSink::new(move |events| {
        let seen = seen.clone();
        Box::pin(async move {
            seen.calls.fetch_add(1, Ordering::SeqCst);
            let at_once = seen.at_once.fetch_add(1, Ordering::SeqCst) + 1;
            seen.most_at_once.fetch_max(at_once, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(100)).await;
            seen.at_once.fetch_sub(1, Ordering::SeqCst);
            if seen.is_away.load(Ordering::SeqCst) {
                seen.events_while_away.fetch_add(events.len(), Ordering::SeqCst);
                let kind = SinkErrorKind::Unavailable { after: None };
                return Delivered::up_to(0, SinkError::new(kind, "nobody answers"));
            }
            seen.done.fetch_add(events.len(), Ordering::SeqCst);
            Delivered::all(events)
        })
    })
}

#[tokio::test(start_paused = true)]
async fn i3_while_a_sink_is_away_one_lane_asks_and_no_event_becomes_a_dead_letter() {
    let mut world = World::new();
    let seen = Arc::new(Seen::default());
    seen.is_away.store(true, Ordering::SeqCst);
    for n in 0..3 {
        for chat in 0..60 {
            world.say(&format!("1555000{chat:04}@c.us"), &n.to_string()).await;
        }
    }
    // Three attempts and an hour: both would be over for every event, were it not for the pause and the patience.
    let retries = Retries {
        most: MINUTE,
        attempts: 3,
        give_up_after: 24 * 60 * MINUTE,
        ..Retries::default()
    };
    let route = Route::new("till", may_be_away(seen.clone()))
        .retries(retries)
        .lanes(16);
    let options = world.options().poll(MINUTE);
    let workers = world.start_with(world.plan().route(route), options);
    pass(SECOND / 4).await;
    let first_wave = seen.calls.load(Ordering::SeqCst);
    assert!(first_wave <= 16, "{first_wave}");
    seen.most_at_once.store(0, Ordering::SeqCst);

    pass(6 * 60 * MINUTE).await;
    let asked = seen.calls.load(Ordering::SeqCst) - first_wave;
    assert!((300..800).contains(&asked), "about once a minute: {asked}");
    assert_eq!(seen.most_at_once.load(Ordering::SeqCst), 1);
    assert!(seen.events_while_away.load(Ordering::SeqCst) <= first_wave * 32 + asked);
    assert!(world.dead().await.is_empty());
    assert_eq!(world.waiting("till").await, 180);

    seen.is_away.store(false, Ordering::SeqCst);
    pass(MINUTE + 30 * SECOND).await;
    assert_eq!(seen.done.load(Ordering::SeqCst), 180);
    assert_eq!(world.signals.of("Resumed").len(), 1);
    assert!(
        seen.most_at_once.load(Ordering::SeqCst) > 8,
        "then all at once again"
    );
    end(workers.stop(SECOND)).await;
}

#[tokio::test(start_paused = true)]
async fn i3_what_a_sink_was_away_for_too_long_is_given_up() {
    let mut world = World::new();
    let seen = Arc::new(Seen::default());
    seen.is_away.store(true, Ordering::SeqCst);
    world.say("15550000001@c.us", "hello").await;
    let retries = Retries {
        most: MINUTE,
        attempts: 3,
        give_up_after: 60 * MINUTE,
        ..Retries::default()
    };
    let _workers = world.start(
        world
            .plan()
            .route(Route::new("till", may_be_away(seen)).retries(retries)),
    );
    pass(58 * MINUTE).await;
    assert!(world.dead().await.is_empty());
    pass(5 * MINUTE).await;
    assert_eq!(world.dead().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn i3_what_waited_for_a_sink_that_was_away_may_fail_as_often_as_anything_else() {
    let mut world = World::new();
    world.say("15550000001@c.us", "hello").await;
    let began = Instant::now();
    let failed = Arc::new(AtomicUsize::new(0));
    let seen = failed.clone();
    // An hour away, and two errors while it starts.
    let sink = FnSink::new(move |events| {
        let error = if began.elapsed() < 60 * MINUTE {
            Some((SinkErrorKind::Unavailable { after: None }, "nobody answers"))
        } else if seen.fetch_add(1, Ordering::SeqCst) < 2 {
            Some((SinkErrorKind::Failed, "it is not ready yet"))
        } else {
            None
        };
        Box::pin(async move {
            match error {
                Some((kind, text)) => Delivered::up_to(0, SinkError::new(kind, text)),
                None => Delivered::all(events),
            }
        })
    });
    let retries = Retries {
        most: MINUTE,
        attempts: 3,
        ..Retries::default()
    };
    let workers = world.start(world.plan().route(Route::new("till", sink).retries(retries)));
    pass(65 * MINUTE).await;
    assert!(world.dead().await.is_empty());
    assert_eq!(
        (world.waiting("till").await, failed.load(Ordering::SeqCst)),
        (0, 3)
    );
    end(workers.stop(SECOND)).await;
}

#[tokio::test(start_paused = true)]
async fn i3_a_pause_of_one_sink_is_none_of_the_others() {
    let mut world = World::new();
    let (away, there) = (Arc::new(Seen::default()), Arc::new(Seen::default()));
    away.is_away.store(true, Ordering::SeqCst);
    let plan = world
        .plan()
        .route(Route::new("away", may_be_away(away)))
        .route(Route::new("there", may_be_away(there.clone())));
    let _workers = world.start(plan);
    pass(MINUTE).await;
    world.say("15550000001@c.us", "hello").await;
    pass(SECOND / 2).await;
    assert_eq!(there.done.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn i3_who_is_early_waits_alone_and_has_not_failed() {
    let mut world = World::new();
    world.say("15550000001@c.us", "early").await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = seen.clone();
    let began = Instant::now();
    let sink = FnSink::new(move |events| {
        let attempt = events[0].attempt;
        let mut told = told.lock().unwrap();
        // The very first, and whenever it comes again up to the ninth time.
        let early = told.is_empty() || (attempt > Some(1) && attempt < Some(9));
        told.push((began.elapsed(), attempt));
        Box::pin(async move {
            if early {
                let kind = SinkErrorKind::NotYet {
                    after: Some(5 * SECOND),
                };
                return Delivered::up_to(0, SinkError::new(kind, "not yet"));
            }
            Delivered::all(events)
        })
    });
    // One failure would be the end of it.
    let retries = Retries {
        attempts: 1,
        ..Retries::default()
    };
    let workers = world.start(world.plan().route(Route::new("till", sink).retries(retries)));
    pass(SECOND).await;
    world.say("15550000002@c.us", "in time").await;
    pass(MINUTE).await;
    let seen = std::mem::take(&mut *seen.lock().unwrap());
    // The other conversation is handed over before the first comes again.
    assert_eq!([seen[0].1, seen[1].1, seen[2].1], [Some(1), Some(1), Some(2)]);
    assert!(seen[1].0 < 5 * SECOND && seen[2].0 >= 5 * SECOND, "{seen:?}");
    assert_eq!(seen.last().unwrap().1, Some(9));
    assert_eq!(world.waiting("till").await, 0);
    assert!(world.dead().await.is_empty());
    assert!(world.signals.of("Paused").is_empty());
    end(workers.stop(SECOND)).await;
}
