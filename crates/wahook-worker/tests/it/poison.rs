//! Attempts, deadlines, panics, dead letters.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;
use wahook_core::{
    inbox::{DeadQuery, Desk},
    sink::{Delivered, SinkError, SinkErrorKind},
};
use wahook_testkit::inbox::RecordingSink;
use wahook_worker::{OnPoison, Retries, Route};

use crate::world::{FnSink, MINUTE, SECOND, World, end, few, pass, text, texts};

fn fails_with_poison(kind: SinkErrorKind) -> Arc<RecordingSink> {
    Arc::new(RecordingSink::answering(move |event| {
        match text(event).as_str() {
            "poison" => Err(SinkError::new(kind, "it does not like it")),
            _ => Ok(()),
        }
    }))
}

async fn one_poisoned_chat(sink: Arc<RecordingSink>, on_poison: OnPoison) -> World {
    let mut world = World::new();
    for text in ["before", "poison", "after"] {
        world.say("15550000001@c.us", text).await;
    }
    world.say("15550000002@c.us", "elsewhere").await;
    let retries = Retries { on_poison, ..few() };
    let workers = world.start(world.plan().route(Route::new("till", sink).retries(retries)));
    pass(10 * MINUTE).await;
    workers.stop(SECOND).await;
    world
}

#[tokio::test(start_paused = true)]
async fn i3_poison_is_parked_after_its_attempts_and_its_lane_goes_on() {
    let sink = fails_with_poison(SinkErrorKind::Failed);
    let world = one_poisoned_chat(sink.clone(), OnPoison::Park).await;
    let mut done = texts(&sink.done());
    done.sort();
    assert_eq!(done, ["after", "before", "elsewhere"]);
    let dead = world.dead().await;
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].attempts, dead[0].blocks), (3, false));
    assert_eq!(dead[0].error, "it does not like it");
    let tried = sink.tried();
    let attempts: Vec<_> = tried
        .iter()
        .filter(|event| text(event) == "poison")
        .map(|event| event.attempt)
        .collect();
    assert_eq!(attempts, [Some(1), Some(2), Some(3)]);
    assert_eq!(world.signals.of("Setback").len(), 2);
    assert_eq!(world.signals.of("Dead").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn i3_an_event_at_which_the_sink_panics_takes_no_other_with_it() {
    let done = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&done);
    let sink = FnSink::new(move |events| {
        let said: Vec<_> = events.iter().map(text).collect();
        assert!(!said.contains(&"poison".to_owned()), "the sink's own fault");
        kept.lock().unwrap().extend(said);
        Box::pin(async move { Delivered::all(events) })
    });
    let mut world = World::new();
    for text in ["one", "two", "poison", "three", "four"] {
        world.say("15550000001@c.us", text).await;
    }
    let route = Route::new("till", sink).retries(few());
    let workers = world.start(world.plan().route(route));
    pass(30 * MINUTE).await;
    workers.stop(SECOND).await;
    assert_eq!(*done.lock().unwrap(), ["one", "two", "three", "four"]);
    assert_eq!(world.dead().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn i3_poison_blocks_its_lane_and_no_other_until_somebody_drops_it() {
    let sink = fails_with_poison(SinkErrorKind::Failed);
    let world = one_poisoned_chat(sink.clone(), OnPoison::Block).await;
    let mut done = texts(&sink.done());
    done.sort();
    assert_eq!(done, ["before", "elsewhere"]);
    assert!(world.dead().await[0].blocks);

    let _workers = world.start(world.plan().route(Route::new("till", sink.clone())));
    pass(MINUTE).await;
    assert_eq!(sink.done().len(), 2);
    let all = DeadQuery {
        limit: 10,
        ..DeadQuery::default()
    };
    assert_eq!(world.inbox.drop_dead(&all).await.unwrap(), 1);
    assert_eq!(text(&end(sink.took(3)).await[2]), "after");
}

#[tokio::test(start_paused = true)]
async fn i3_what_is_refused_is_not_tried_again() {
    let sink = fails_with_poison(SinkErrorKind::Refused);
    let world = one_poisoned_chat(sink.clone(), OnPoison::Park).await;
    assert_eq!(sink.tried().len(), 4);
    assert_eq!(world.dead().await[0].attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn i3_a_sink_that_panics_has_failed() {
    let mut world = World::new();
    let seen = Arc::new(RecordingSink::new());
    let inner = seen.clone();
    let sink = FnSink::new(move |events| {
        // Once before there is a future, once inside it.
        assert!(events[0].attempt != Some(1), "at once");
        let inner = inner.clone();
        Box::pin(async move {
            assert!(events[0].attempt != Some(2), "later");
            wahook_core::sink::Sink::deliver(&*inner, events).await
        })
    });
    let _workers = world.start(world.plan().route(Route::new("till", sink)));
    world.say("15550000001@c.us", "hello").await;
    assert_eq!(end(seen.took(1)).await[0].attempt, Some(3));
    assert_eq!(world.signals.of("Setback").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn i3_a_hand_over_that_does_not_end_is_cut_off_and_each_of_its_events_counts_an_attempt() {
    let mut world = World::new();
    let seen = Arc::new(RecordingSink::new());
    let inner = seen.clone();
    let sink = FnSink::new(move |events| {
        let inner = inner.clone();
        Box::pin(async move {
            if events[0].attempt == Some(1) {
                std::future::pending::<()>().await;
            }
            wahook_core::sink::Sink::deliver(&*inner, events).await
        })
    });
    for text in ["a", "b"] {
        world.say("15550000001@c.us", text).await;
    }
    let began = Instant::now();
    let options = world.options().deadline(MINUTE);
    let _workers = world.start_with(world.plan().route(Route::new("till", sink)), options);
    let done = end(seen.took(2)).await;
    // A minute for each of them, then a delay of a second at most, half of it left to chance.
    assert!(began.elapsed() >= 2 * MINUTE && began.elapsed() <= 2 * MINUTE + 2 * SECOND);
    assert_eq!(texts(&done), ["a", "b"]);
    assert!(
        done.iter().all(|event| event.attempt == Some(2)),
        "the sink may have seen both"
    );
}

#[tokio::test(start_paused = true)]
async fn i3_retry_after_is_honoured_within_bounds() {
    for (asked, most, waits) in [(90, 600, 90), (9_000, 120, 120)] {
        let mut world = World::new();
        let sink = Arc::new(RecordingSink::new());
        sink.fail_next(SinkErrorKind::Unavailable {
            after: Some(Duration::from_secs(asked)),
        });
        let retries = Retries {
            most: Duration::from_secs(most),
            ..Retries::default()
        };
        let _workers = world.start(
            world
                .plan()
                .route(Route::new("till", sink.clone()).retries(retries)),
        );
        let began = Instant::now();
        world.say("15550000001@c.us", "hello").await;
        end(sink.took(1)).await;
        let waited = began.elapsed();
        let waits = Duration::from_secs(waits);
        assert!(waited >= waits && waited < waits + SECOND, "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn p_what_a_sink_says_is_kept_as_one_line() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::answering(|_| {
        Err(SinkError::new(SinkErrorKind::Refused, "one\nINFO two\0"))
    }));
    let _workers = world.start(world.plan().route(Route::new("till", sink)));
    world.say("15550000001@c.us", "hello").await;
    pass(MINUTE).await;
    assert_eq!(world.dead().await[0].error, "one INFO two ");
}
