//! Order within a lane, and nothing that one lane or sink does to another.

use std::{collections::HashMap, sync::Arc};

use wahook_core::{
    inbox::{Desk, EventQuery, Replay},
    json::Text,
    model::{Data, Kind, SessionState},
    sink::{Delivered, SinkError, SinkErrorKind},
};
use wahook_testkit::inbox::RecordingSink;
use wahook_worker::{Filter, Retries, Route, handler};

use crate::world::{FnSink, MINUTE, World, end, pass, text, texts};

/// Numbers without a pattern, the same each time.
fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |sides| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) % sides
    }
}

#[tokio::test(start_paused = true)]
async fn i3_a_lane_keeps_its_order_whatever_fails() {
    for seed in 1..=3 {
        let mut world = World::new();
        let mut roll = dice(seed);
        let sink = Arc::new(RecordingSink::answering(move |_| match roll(6) {
            0 => Err(SinkError::new(SinkErrorKind::Failed, "one in six")),
            1 => Err(SinkError::new(
                SinkErrorKind::Unavailable { after: None },
                "another one",
            )),
            _ => Ok(()),
        }));
        let patient = Retries {
            attempts: u32::MAX,
            ..Retries::default()
        };
        let route = Route::new("till", sink.clone())
            .retries(patient)
            .lanes(4)
            .events(5);
        let workers = world.start(world.plan().route(route));
        for n in 0..15 {
            for chat in 0..8 {
                world.say(&format!("1555000{chat:04}@c.us"), &n.to_string()).await;
            }
        }
        let done = end(sink.took(120)).await;
        let mut chats: HashMap<_, Vec<_>> = HashMap::new();
        for event in &done {
            chats.entry(event.chat().unwrap()).or_default().push(text(event));
        }
        assert_eq!(chats.len(), 8);
        let in_order: Vec<_> = (0..15).map(|n| n.to_string()).collect();
        for (chat, texts) in chats {
            assert_eq!(texts, in_order, "seed {seed}: {chat}");
        }
        let mut tried: HashMap<_, Vec<_>> = HashMap::new();
        for event in sink.tried() {
            tried.entry(event.key.clone()).or_default().push(event.attempt);
        }
        for attempts in tried.values() {
            let counted: Vec<_> = (1..=attempts.len() as u32).map(Some).collect();
            assert_eq!(*attempts, counted, "seed {seed}");
        }
        assert!(world.dead().await.is_empty());
        drop(workers);
    }
}

#[tokio::test(start_paused = true)]
async fn i3_a_slow_sink_stops_no_other() {
    let mut world = World::new();
    let (slow, quick) = (Arc::new(RecordingSink::new()), Arc::new(RecordingSink::new()));
    slow.hold();
    let plan = world
        .plan()
        .route(Route::new("slow", slow.clone()))
        .route(Route::new("quick", quick.clone()));
    let _workers = world.start(plan);
    for n in 0..100 {
        world.say("15550000001@c.us", &n.to_string()).await;
    }
    end(quick.took(100)).await;
    assert!(slow.done().is_empty());
    slow.go_on();
    assert_eq!(texts(&end(slow.took(100)).await), texts(&quick.done()));
}

#[tokio::test(start_paused = true)]
async fn i3_a_slow_lane_stops_no_other() {
    let mut world = World::new();
    let quick = Arc::new(RecordingSink::new());
    let inner = quick.clone();
    let sink = FnSink::new(move |events| {
        let inner = inner.clone();
        Box::pin(async move {
            if events[0].chat() == Some("15550000001@c.us") {
                std::future::pending::<()>().await;
            }
            wahook_core::sink::Sink::deliver(&*inner, events).await
        })
    });
    let _workers = world.start(world.plan().route(Route::new("till", sink).lanes(2)));
    for n in 0..50 {
        world.say("15550000001@c.us", &n.to_string()).await;
        world.say("15550000002@c.us", &n.to_string()).await;
    }
    end(quick.took(50)).await;
}

#[tokio::test(start_paused = true)]
async fn i3_what_a_sink_did_not_begin_comes_as_the_first_attempt() {
    let mut world = World::new();
    let seen = Arc::new(RecordingSink::new());
    let inner = seen.clone();
    // One at a time, whatever it is given.
    let sink = FnSink::new(move |events| {
        let inner = inner.clone();
        Box::pin(async move { wahook_core::sink::Sink::deliver(&*inner, &events[..1]).await })
    });
    for n in 0..5 {
        world.say("15550000001@c.us", &n.to_string()).await;
    }
    let _workers = world.start(world.plan().route(Route::new("till", sink)));
    let done = end(seen.took(5)).await;
    assert_eq!(texts(&done), ["0", "1", "2", "3", "4"]);
    assert!(done.iter().all(|event| event.attempt == Some(1)));
}

#[tokio::test(start_paused = true)]
async fn i3_a_sink_that_takes_nothing_and_says_nothing_is_not_asked_for_ever() {
    let mut world = World::new();
    let sink = FnSink::new(|_| Box::pin(async { Delivered::default() }));
    let _workers = world.start(
        world
            .plan()
            .route(Route::new("till", sink).retries(crate::world::few())),
    );
    world.say("15550000001@c.us", "hello").await;
    pass(MINUTE).await;
    let dead = world.dead().await;
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].attempts, 3);
    assert_eq!(dead[0].error, "the sink took nothing and did not say why");
}

#[tokio::test(start_paused = true)]
async fn i3_a_sink_that_claims_more_than_it_got_is_believed_as_far_as_it_can_be() {
    let mut world = World::new();
    let sink = FnSink::new(|_| {
        Box::pin(async { Delivered::up_to(usize::MAX, SinkError::new(SinkErrorKind::Failed, "of what?")) })
    });
    let _workers = world.start(world.plan().route(Route::new("till", sink)));
    world.say("15550000001@c.us", "hello").await;
    pass(MINUTE).await;
    assert_eq!(world.waiting("till").await, 0);
    assert!(world.dead().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn i3_a_sink_gets_what_its_filter_wants() {
    let mut world = World::new();
    let sinks: Vec<_> = (0..4).map(|_| Arc::new(RecordingSink::new())).collect();
    let filters = [
        Filter::default(),
        Filter {
            kinds: vec![Kind::MessageReceived],
            ..Filter::default()
        },
        Filter {
            endpoints: vec![Text::from("elsewhere")],
            ..Filter::default()
        },
        Filter {
            accounts: vec![Text::from("A1B2C3")],
            ..Filter::default()
        },
    ];
    let mut plan = world.plan();
    for ((n, sink), filter) in (0..).zip(&sinks).zip(filters) {
        plan = plan.route(Route::new(&format!("sink-{n}"), sink.clone()).filter(filter));
    }
    let _workers = world.start(plan);
    world.say("15550000001@c.us", "hello").await;
    let other = world.shop.message("OTHER", "15550000001@c.us", "hello");
    world.accept(other).await;
    let malformed = world.shop.body("msg_1", "no JSON");
    world.accept(malformed).await;
    pass(MINUTE).await;
    let counts: Vec<_> = sinks.iter().map(|sink| sink.done().len()).collect();
    assert_eq!(counts, [3, 2, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn i4_a_replay_says_what_it_replays() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    let _workers = world.start(world.plan().route(Route::new("till", sink.clone())));
    world.say("15550000001@c.us", "hello").await;
    let first = end(sink.took(1)).await.remove(0);
    assert_eq!(first.replay_of, None);
    let replay = Replay {
        query: EventQuery {
            limit: 10,
            ..EventQuery::default()
        },
        ..Replay::default()
    };
    for reparse in [false, true] {
        world
            .inbox
            .replay(&Replay {
                reparse,
                ..replay.clone()
            })
            .await
            .unwrap();
        pass(MINUTE).await;
    }
    let done = sink.done();
    assert_eq!(done.len(), 3);
    for again in &done[1..] {
        assert_eq!(again.key, first.key);
        assert_eq!(again.attempt, Some(1));
        assert_eq!(
            again.replay_of.as_deref(),
            Some(first.delivery.id.to_string().as_str())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn i3_a_handler_gets_one_event_after_the_other_and_what_it_did_is_done() {
    let mut world = World::new();
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let inner = seen.clone();
    let sink = handler(move |event| {
        let seen = inner.clone();
        async move {
            let attempt = event.attempt.unwrap();
            let text = text(&event);
            seen.lock().unwrap().push(format!("{text}/{attempt}"));
            tokio::task::yield_now().await;
            match (text.as_str(), attempt) {
                ("b", 1) => Err("not now"),
                ("c", 1) => panic!("over there"),
                _ => Ok(()),
            }
        }
    });
    for text in ["a", "b", "c", "d"] {
        world.say("15550000001@c.us", text).await;
    }
    let _workers = world.start(world.plan().route(Route::new("till", sink)));
    pass(MINUTE).await;
    assert_eq!(*seen.lock().unwrap(), ["a/1", "b/1", "b/2", "c/1", "c/2", "d/1"]);
    let setbacks = world.signals.of("Setback");
    assert_eq!(setbacks.len(), 2);
    assert!(setbacks[0].contains("not now") && setbacks[1].contains("the handler panicked"));
}

#[tokio::test(start_paused = true)]
async fn i3_a_handler_may_say_more_than_that_it_failed() {
    let mut world = World::new();
    let sink = handler(|_| async { Err(SinkError::new(SinkErrorKind::Refused, "never")) });
    let _workers = world.start(world.plan().route(Route::new("till", sink)));
    world.say("15550000001@c.us", "hello").await;
    pass(MINUTE).await;
    let dead = world.dead().await;
    assert_eq!(
        (dead.len(), dead[0].attempts, dead[0].error.as_str()),
        (1, 1, "never")
    );
}

#[tokio::test(start_paused = true)]
async fn i3_a_state_of_a_session_that_comes_late_says_so() {
    let mut world = World::new();
    for (id, at, status) in [(1, 20, "WORKING"), (2, 10, "STARTING"), (3, 30, "FAILED")] {
        let body = format!(
            r#"{{"id":"evt_{id}","timestamp":17672256{at}000,"event":"session.status","session":"A1B2C3","payload":{{"name":"A1B2C3","status":"{status}"}}}}"#
        );
        let incoming = world.shop.body(&format!("evt_{id}"), body);
        world.accept(incoming).await;
    }
    let sink = Arc::new(RecordingSink::default());
    let workers = world.start(world.plan().route(Route::new("till", sink.clone())));
    let states = end(sink.took(3)).await.into_iter().map(|event| match event.data {
        Data::SessionStatus(status) => (status.state, status.late),
        other => panic!("it is a state of a session: {other:?}"),
    });
    assert_eq!(
        states.collect::<Vec<_>>(),
        [
            (SessionState::Connected, Some(false)),
            (SessionState::Connecting, Some(true)),
            (SessionState::Failed, Some(false)),
        ]
    );
    workers.stop(MINUTE).await;
}
