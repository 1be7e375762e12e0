//! I3: lanes keep their order, and do not wait for each other.

use std::time::Duration;

use wahook_core::{
    guard::Settled,
    inbox::{Taken, Then, Want},
};

use super::{ALL, Harness, LONG, SHORT, all_dead, at_once, said, token};

/// **I3**: a lane gives its events in order of acceptance, a piece at a time.
pub async fn i3_a_lane_keeps_the_order_of_acceptance(harness: Harness) {
    let names: Vec<_> = (0..30).map(|number| format!("{number:02}")).collect();
    harness
        .put(&names.iter().map(|name| said(name)).collect::<Vec<_>>())
        .await;
    let mut handed = Vec::new();
    for events in [1, 7, 1, 100] {
        let mut held = harness.hold("till", Want { events, ..ALL }).await;
        let hold = held.pop().expect("more waits");
        assert!(held.is_empty() && hold.lane.entries.len() <= events);
        handed.append(&mut hold.keys());
        assert_eq!(harness.settle(hold.token, hold.done()).await, Settled::Done);
    }
    assert_eq!(handed, names);
    harness.nothing_is_due("till").await;
}

/// **I3**: what is handed over is the delivery as it came, and says where the event stands in it.
pub async fn i3_an_entry_brings_its_delivery(harness: Harness) {
    let incoming = harness
        .letter("d")
        .saying("the body")
        .noting(b"a note")
        .incoming();
    let before = harness.now();
    harness.accept(incoming.clone()).await;
    harness
        .read(|_| vec![said("zero"), said("one"), said("two").in_lane("bob")])
        .await;
    let held = harness.hold("till", ALL).await;
    let entries = held.iter().flat_map(|hold| &hold.lane.entries);
    let mut places = Vec::new();
    for entry in entries {
        let (stored, was) = (&entry.stored.delivery, incoming.delivery());
        assert_eq!((stored.id, &stored.body), (was.id, &was.body));
        assert_eq!(stored.headers, was.headers);
        assert_eq!(&*entry.stored.provider, "paper");
        assert_eq!(entry.attempt, 1);
        assert_eq!(entry.replay_of, None);
        let since = entry.filed_at.duration_since(before).as_secs_f64();
        assert!((-5.0..60.0).contains(&since), "it was filed just now: {since}");
        places.push((entry.key.clone(), entry.place));
    }
    places.sort();
    let expected = [("one", 1), ("two", 2), ("zero", 0)];
    assert_eq!(places, expected.map(|(key, place)| (key.to_owned(), place)));
}

/// **I3**: a lane that is taken is nobody else's, not even its taker's once more; others go on in parallel.
pub async fn i3_a_lane_is_one_takers_at_a_time(harness: Harness) {
    harness
        .put(&[said("a1"), said("a2"), said("b1").in_lane("bob")])
        .await;
    let one = Want {
        lanes: 1,
        events: 1,
        ..ALL
    };
    let first = token();
    let ana = harness.take("till", first, one, LONG).await.lanes;
    assert_eq!(ana.len(), 1);
    let bob = harness.take("till", token(), ALL, LONG).await.lanes;
    assert_eq!(bob.len(), 1, "the other lane is free");
    assert_ne!(ana[0].id, bob[0].id);
    for taker in [first, token()] {
        let taken = harness.take("till", taker, ALL, LONG).await;
        assert!(taken.lanes.is_empty(), "both are taken: {taken:?}");
    }
}

/// **I3**: of many who take at once each lane is one's.
pub async fn i3_of_takers_at_once_each_lane_has_one(harness: Harness) {
    let lanes: Vec<_> = (0..12).map(|lane| format!("lane {lane:02}")).collect();
    harness
        .put(
            &lanes
                .iter()
                .map(|lane| said(lane).in_lane(lane))
                .collect::<Vec<_>>(),
        )
        .await;
    let taken = at_once(16, |_| {
        let harness = harness.clone();
        async move {
            let mut keys = Vec::new();
            loop {
                let held = harness.hold("till", Want { lanes: 2, ..ALL }).await;
                if held.is_empty() {
                    return keys;
                }
                assert!(held.len() <= 2 && keys.len() <= 12, "each is taken once");
                keys.extend(held.iter().flat_map(super::Hold::keys));
            }
        }
    });
    let mut taken = taken.await.concat();
    taken.sort();
    assert_eq!(taken, lanes, "each is taken once");
}

/// **I3**: no more is taken than is wanted, but one event at least if there is one, however large.
pub async fn i3_no_more_is_taken_than_is_wanted(harness: Harness) {
    let want = |lanes, events, bytes| Want { lanes, events, bytes };
    let wants = [
        (want(1, 1, 10_000), Some((1, 1))),
        (want(1, 2, 10_000), Some((1, 2))),
        (want(2, 1, 10_000), Some((2, 2))),
        (want(10, 10, 10_000), Some((3, 5))),
        (want(1, 10, 410), Some((1, 2))),
        (want(1, 10, 409), Some((1, 1))),
        (want(0, 10, 10_000), Some((0, 0))),
        // Which of them these are is up to the inbox.
        (want(10, 10, 0), None),
        (want(10, 10, 1), None),
        (want(10, 10, 409), None),
        (want(10, 10, 800), None),
        (want(10, 10, 900), None),
    ];
    // Each has a sink of its own.
    let sinks: Vec<_> = (0..wants.len()).map(|number| format!("sink {number}")).collect();
    let sinks: Vec<_> = sinks.iter().map(String::as_str).collect();
    for lane in [
        &[("a1", 10), ("a2", 400), ("a3", 400)][..],
        &[("b1", 400)],
        &[("c1", 10)],
    ] {
        for (key, size) in lane {
            harness
                .accept(harness.letter(key).saying(key.repeat(size / 2)).incoming())
                .await;
        }
        let filed = harness.read(|unread| {
            let name = String::from_utf8_lossy(&unread.stored.delivery.body[..2]).into_owned();
            vec![said(&name).in_lane(&name[..1]).to(&sinks)]
        });
        assert_eq!(filed.await.fresh, lane.len());
        harness.pass(SHORT / 5).await;
    }
    for ((want, expected), sink) in wants.into_iter().zip(sinks) {
        let held = harness.hold(sink, want).await;
        assert!(
            held.iter().all(|hold| !hold.lane.entries.is_empty()),
            "no lane is empty"
        );
        let entries = held.iter().flat_map(|hold| &hold.lane.entries);
        let sizes: Vec<_> = entries.map(|entry| entry.stored.delivery.body.len()).collect();
        let taken = (held.len(), sizes.len());
        assert!(
            expected.is_none_or(|expected| taken == expected),
            "{want:?}: {taken:?}"
        );
        assert!(!sizes.is_empty() || want.lanes == 0, "one at least");
        let sum: usize = sizes.iter().sum();
        assert!(sum <= want.bytes || sizes.len() == 1, "{want:?}: {sizes:?}");
    }
}

/// **I3**: the lane that is due for the longest time comes first, so that none is forgotten.
pub async fn i3_the_longest_due_comes_first(harness: Harness) {
    for lane in ["a", "b", "c"] {
        harness
            .put(&[
                said(&format!("{lane}1")).in_lane(lane),
                said(&format!("{lane}2")).in_lane(lane),
            ])
            .await;
        harness.pass(SHORT / 5).await;
    }
    let one = Want {
        lanes: 1,
        events: 1,
        ..ALL
    };
    let mut handed = Vec::new();
    for _ in 0..6 {
        let hold = harness.hold("till", one).await.pop().expect("more waits");
        handed.append(&mut hold.keys());
        harness.pass(SHORT / 5).await;
        assert_eq!(harness.settle(hold.token, hold.done()).await, Settled::Done);
        harness.pass(SHORT / 5).await;
    }
    assert_eq!(handed, ["a1", "b1", "c1", "a2", "b2", "c2"]);
}

/// **I3**: sinks know nothing of each other: what one is slow with, fails, parks or stands still for is done by another.
pub async fn i3_a_sink_stops_no_other(harness: Harness) {
    let sinks = ["held", "failing", "parked", "blocked", "fine"];
    harness.put(&[said("1").to(&sinks), said("2").to(&sinks)]).await;
    let held = harness.hold_one("held").await;
    let failing = harness.hold_one("failing").await;
    let retry = failing.failing(0, Then::Retry { after: LONG });
    assert_eq!(harness.settle(failing.token, retry).await, Settled::Done);
    harness.give_up("parked", Then::Park).await;
    harness.give_up("blocked", Then::Block).await;
    assert_eq!(harness.hand_over("fine").await, [["1", "2"]]);
    assert_eq!(harness.hand_over("parked").await, [["2"]]);
    harness.nothing_is_due("failing").await;
    harness.nothing_is_due("blocked").await;
    assert_eq!(harness.settle(held.token, held.done()).await, Settled::Done);
    assert_eq!(harness.dead(&all_dead()).await.len(), 2);
}

/// **I3**: what is put into a lane that is taken, waits or stands still comes after what is in it.
pub async fn i3_what_comes_later_waits_its_turn(harness: Harness) {
    let sinks = ["held", "waiting", "blocked"];
    harness.put(&[said("1").to(&sinks), said("2").to(&sinks)]).await;
    let held = harness
        .hold("held", Want { events: 1, ..ALL })
        .await
        .pop()
        .expect("it is due");
    let waiting = harness.hold_one("waiting").await;
    let retry = waiting.failing(0, Then::Retry { after: 2 * SHORT });
    assert_eq!(harness.settle(waiting.token, retry).await, Settled::Done);
    harness.give_up("blocked", Then::Block).await;

    harness.put(&[said("3").to(&sinks)]).await;
    harness.nothing_is_due("held").await;
    harness.nothing_is_due("blocked").await;
    assert_eq!(harness.settle(held.token, held.done_to(0)).await, Settled::Done);
    assert_eq!(harness.hand_over("held").await, [["1", "2", "3"]]);
    let waiting = harness.hold_when_due("waiting").await;
    assert_eq!(waiting.keys(), ["1", "2", "3"]);
    assert_eq!(harness.retry(&all_dead()).await, 1);
    assert_eq!(harness.hand_over("blocked").await, [["1", "2", "3"]]);
}

/// **I3**: whoever takes is told when the next lane of the sink is due.
pub async fn i3_when_the_next_lane_is_due_is_told(harness: Harness) {
    let next = async |sink: &'static str, want| {
        let Taken { lanes, next } = harness.take(sink, token(), want, LONG).await;
        (lanes.len(), next)
    };
    assert_eq!(next("till", ALL).await, (0, None), "nothing waits");
    harness
        .put(&[said("a"), said("b").in_lane("bob"), said("c").in_lane("cid")])
        .await;
    let none = Want { lanes: 0, ..ALL };
    let zero = Duration::ZERO;
    assert_eq!(next("till", none).await, (0, Some(zero)), "some are due now");
    let hold = harness
        .hold("till", Want { lanes: 1, ..ALL })
        .await
        .pop()
        .expect("one is due");
    assert_eq!(next("till", none).await.1, Some(zero), "others are due now");
    let retry = hold.failing(0, Then::Retry { after: LONG / 2 });
    assert_eq!(harness.settle(hold.token, retry).await, Settled::Done);
    for then in [Then::Park, Then::Block] {
        let hold = harness
            .hold("till", Want { lanes: 1, ..ALL })
            .await
            .pop()
            .expect("one is due");
        assert_eq!(
            harness.settle(hold.token, hold.failing(0, then)).await,
            Settled::Done
        );
    }
    let (lanes, next_due) = next("till", ALL).await;
    let left = next_due.expect("a lane waits for its time");
    assert_eq!(lanes, 0);
    assert!(left <= LONG / 2 && left >= LONG / 4, "half an hour: {left:?}");
    assert_eq!(next("other", ALL).await, (0, None), "another sink has none");
}
