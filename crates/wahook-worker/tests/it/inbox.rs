//! Leases, and an inbox that does not answer.

use std::{sync::Arc, time::Duration};

use wahook_core::{guard::StoreErrorKind, inbox::Retention};
use wahook_testkit::inbox::{RecordingSink, Verb};
use wahook_worker::{Options, Route, Workers};

use crate::slow::Slow;
use crate::world::{LEASE, MINUTE, SECOND, World, end, pass, texts};

fn without_deadline(world: &World) -> Options {
    world.options().deadline(60 * MINUTE)
}

#[tokio::test(start_paused = true)]
async fn i3_a_hand_over_that_takes_long_keeps_its_lane() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    sink.hold();
    let plan = || world.plan().route(Route::new("till", sink.clone()));
    // Another process waits for the lane.
    let workers = [0, 1].map(|_| world.start_with(plan(), without_deadline(&world)));
    world.say("15550000001@c.us", "hello").await;
    pass(10 * LEASE).await;
    // An answer to a renewal may get lost.
    world.inbox.fail_next(Verb::Renew, StoreErrorKind::Slow);
    world.inbox.lose_next(Verb::Renew);
    pass(10 * LEASE).await;
    sink.go_on();
    end(sink.took(1)).await;
    pass(10 * LEASE).await;
    assert_eq!(sink.tried().len(), 1);
    assert_eq!(sink.tried()[0].attempt, Some(1));
    drop(workers);
}

#[tokio::test(start_paused = true)]
async fn i6_a_lane_that_is_lost_is_let_go_of() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    sink.hold();
    let plan = world.plan().route(Route::new("till", sink.clone()));
    let _workers = world.start_with(plan, without_deadline(&world));
    world.say("15550000001@c.us", "hello").await;
    pass(SECOND).await;
    // Its leases are free: whoever asks has the lane.
    world.inbox.reopen();
    pass(LEASE).await;
    assert_eq!(world.signals.of("Lost").len(), 1);
    sink.go_on();
    let done = end(sink.took(1)).await;
    pass(10 * LEASE).await;
    assert_eq!(done[0].attempt, Some(2));
    assert_eq!(
        sink.tried().len(),
        1,
        "the first hand-over was dropped before it tried"
    );
}

#[tokio::test(start_paused = true)]
async fn i6_a_lease_that_cannot_be_renewed_is_over_when_it_is_over() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    sink.hold();
    let plan = world.plan().route(Route::new("till", sink.clone()));
    let _workers = world.start_with(plan, without_deadline(&world));
    world.say("15550000001@c.us", "hello").await;
    pass(SECOND).await;
    world.inbox.begin_outage(StoreErrorKind::Unavailable);
    pass(LEASE - 2 * SECOND).await;
    assert!(world.signals.of("Lost").is_empty());
    pass(3 * SECOND).await;
    assert_eq!(world.signals.of("Lost").len(), 1);
    sink.go_on();
    world.inbox.end_outage();
    assert_eq!(end(sink.took(1)).await[0].attempt, Some(2));
}

#[tokio::test(start_paused = true)]
async fn i5_what_is_done_is_said_until_the_inbox_has_heard_it() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    for _ in 0..3 {
        world.inbox.fail_next(Verb::Settle, StoreErrorKind::Unavailable);
    }
    world.inbox.lose_next(Verb::Settle);
    let _workers = world.start(world.plan().route(Route::new("till", sink.clone())));
    world.say("15550000001@c.us", "hello").await;
    pass(10 * LEASE).await;
    assert_eq!(sink.tried().len(), 1);
    assert_eq!(world.waiting("till").await, 0);
    assert_eq!(world.signals.of("Delivered").len(), 1);
    assert!(world.signals.of("Lost").is_empty() && world.signals.of("Unsettled").is_empty());
}

#[tokio::test(start_paused = true)]
async fn i5_what_could_not_be_said_before_the_lease_ended_comes_again() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    sink.hold();
    let _workers = world.start(world.plan().route(Route::new("till", sink.clone())));
    world.say("15550000001@c.us", "hello").await;
    pass(SECOND).await;
    world.inbox.begin_outage(StoreErrorKind::Unavailable);
    sink.go_on();
    pass(2 * LEASE).await;
    assert_eq!(world.signals.of("Unsettled").len(), 1);
    world.inbox.end_outage();
    let done = end(sink.took(2)).await;
    assert_eq!([done[0].attempt, done[1].attempt], [Some(1), Some(2)]);
}

#[tokio::test(start_paused = true)]
async fn i5_an_inbox_that_does_not_answer_is_reported_once_and_needs_no_hand() {
    let mut world = World::new();
    let sinks: Vec<_> = (0..3).map(|_| Arc::new(RecordingSink::new())).collect();
    let mut plan = world.plan();
    for (n, sink) in (0..).zip(&sinks) {
        plan = plan.route(Route::new(&format!("sink-{n}"), sink.clone()));
    }
    let _workers = world.start(plan);
    world.say("15550000001@c.us", "before").await;
    for sink in &sinks {
        end(sink.took(1)).await;
    }
    world.inbox.begin_outage(StoreErrorKind::Unavailable);
    pass(60 * MINUTE).await;
    assert_eq!(world.signals.of("InboxDown").len(), 1);
    assert!(world.signals.of("InboxRecovered").is_empty());
    world.inbox.end_outage();
    world.say("15550000001@c.us", "after").await;
    pass(6 * SECOND).await;
    for sink in &sinks {
        assert_eq!(texts(&sink.done()), ["before", "after"]);
    }
    assert_eq!(world.signals.of("InboxRecovered").len(), 1);
}

#[tokio::test(start_paused = true)]
async fn i5_every_verb_may_fail_or_lose_its_answer() {
    for verb in [Verb::Unread, Verb::File, Verb::Take, Verb::Settle] {
        for is_lost in [false, true] {
            let mut world = World::new();
            let sink = Arc::new(RecordingSink::new());
            match is_lost {
                false => world.inbox.fail_next(verb, StoreErrorKind::Unavailable),
                true => world.inbox.lose_next(verb),
            }
            world.say("15550000001@c.us", "hello").await;
            let _workers = world.start(world.plan().route(Route::new("till", sink.clone())));
            pass(2 * LEASE).await;
            let attempts: Vec<_> = sink.tried().iter().map(|event| event.attempt).collect();
            // What was taken and never arrived counts.
            let attempt = if verb == Verb::Take && is_lost { 2 } else { 1 };
            // The first taking may find nothing yet, and is then the one that fails.
            let may = [vec![Some(1)], vec![Some(attempt)]];
            assert!(may.contains(&attempts), "{verb:?} {is_lost}: {attempts:?}");
            assert_eq!(world.waiting("till").await, 0);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn i6_two_workers_on_one_inbox_do_each_thing_once() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    let start = |world: &World| world.start(world.plan().route(Route::new("till", sink.clone()).lanes(3)));
    let mut workers = vec![start(&world), start(&world)];
    for n in 0..60 {
        world
            .say(&format!("1555000{:04}@c.us", n % 5), &n.to_string())
            .await;
        if n == 30 {
            // One of them dies: the one that reads.
            end(sink.took(31)).await;
            pass(SECOND).await;
            drop(workers.remove(0));
        }
    }
    end(sink.took(60)).await;
    pass(2 * LEASE).await;
    assert_eq!(sink.tried().len(), 60);
    assert_eq!(world.events().await.iter().filter(|row| row.duplicate).count(), 0);
}

#[tokio::test(start_paused = true)]
async fn i5_what_is_finished_and_old_enough_goes_in_small_steps() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    let day = 24 * 60 * MINUTE;
    let retention = Retention {
        rows: 10 * day,
        bodies: day,
        dead: 10 * day,
        count: 7,
    };
    let options = world
        .options()
        .poll(60 * MINUTE)
        .retention(world.inbox.clone(), retention, 60 * MINUTE);
    let workers = world.start_with(world.plan().route(Route::new("till", sink.clone())), options);
    for n in 0..50 {
        world.say("15550000001@c.us", &n.to_string()).await;
    }
    end(sink.took(50)).await;
    pass(day + 2 * 60 * MINUTE).await;
    assert!(world.signals.of("Swept").len() >= 8, "small steps");
    assert_eq!(world.events().await.len(), 50);
    pass(11 * day).await;
    assert!(world.events().await.is_empty());
    end(workers.stop(SECOND)).await;
}

#[tokio::test(start_paused = true)]
async fn i6_what_came_after_its_lease_is_not_handed_over() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    let slow = Arc::new(Slow::new(world.inbox.clone(), LEASE + SECOND, LEASE + SECOND));
    let plan = world.plan().route(Route::new("till", sink.clone()));
    world.say("15550000001@c.us", "hello").await;
    let _late = Workers::start(slow, plan.clone(), world.options());
    pass(SECOND).await;
    // Another process is in time: it takes over the reading, and later the lane.
    let _in_time = world.start(plan);
    end(sink.took(1)).await;
    pass(10 * LEASE).await;
    assert_eq!(sink.tried().len(), 1);
    assert_eq!(world.events().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn i6_a_lane_that_came_too_late_is_let_go_of() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    let slow = Arc::new(Slow::new(world.inbox.clone(), LEASE + SECOND, Duration::ZERO));
    let plan = world.plan().route(Route::new("till", sink.clone()));
    world.say("15550000001@c.us", "hello").await;
    let _workers = Workers::start(slow, plan, world.options());
    let done = end(sink.took(1)).await;
    pass(10 * LEASE).await;
    assert_eq!(world.signals.of("Lost").len(), 1);
    assert_eq!((sink.tried().len(), done[0].attempt), (1, Some(2)));
}

#[tokio::test(start_paused = true)]
async fn i3_what_is_read_while_others_are_filed_keeps_its_order() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    let picky = Slow::disliking(world.inbox.clone(), "15550000009");
    let plan = world.plan().route(Route::new("till", sink.clone()));
    // Several pages, in the second of which is one that the inbox will not take.
    for n in 0..400 {
        let chat = if n == 200 { 9 } else { n % 3 };
        world
            .say(&format!("1555000000{chat}@c.us"), &format!("{n:03}"))
            .await;
    }
    let _workers = Workers::start(Arc::new(picky), plan, world.options());
    end(sink.took(399)).await;
    let events = world.events().await;
    let delivered: Vec<_> = events.iter().map(|event| event.delivery).collect();
    assert!(delivered.is_sorted(), "filed in the order of acceptance");
    assert_eq!(delivered.len(), 399);
    let filed = world.signals.of("Filed");
    assert!(filed.len() > 3, "{filed:?}");
}

#[tokio::test(start_paused = true)]
async fn i5_one_delivery_that_the_inbox_will_not_take_keeps_no_other_from_being_read() {
    let mut world = World::new();
    let sink = Arc::new(RecordingSink::new());
    let picky = Slow::disliking(world.inbox.clone(), "15550000002");
    let plan = world.plan().route(Route::new("till", sink.clone()));
    for n in 0..30 {
        world.say(&format!("1555000000{}@c.us", n % 10), "hello").await;
    }
    let workers = Workers::start(Arc::new(picky), plan.clone(), world.options());
    end(sink.took(27)).await;
    pass(10 * MINUTE).await;
    assert_eq!(sink.tried().len(), 27);
    let told = world.signals.of("Unreadable");
    assert_eq!(
        told.iter().filter(|signal| signal.contains("NotFiled")).count(),
        3
    );
    // They are kept, for an inbox that takes them.
    drop(workers);
    world.inbox.reopen();
    let _workers = world.start(plan);
    end(sink.took(30)).await;
}
