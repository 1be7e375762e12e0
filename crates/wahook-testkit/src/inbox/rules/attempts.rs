//! I3: attempts are counted before they begin, and what was confirmed is not handed over again.

use std::time::Duration;

use wahook_core::{
    guard::Settled,
    inbox::{EntryId, EntryState, Settlement, Then, Want},
};

use super::{ALL, Harness, LONG, SHORT, all_dead, said};

/// **I3**: what was confirmed is not handed over again; the rest is, in its order, and its attempt did not count.
pub async fn i3_what_was_confirmed_is_not_handed_over_again(harness: Harness) {
    harness.put(&["1", "2", "3", "4"].map(said)).await;
    let hold = harness.hold_one("till").await;
    assert_eq!(hold.attempts(), [1; 4]);
    assert_eq!(harness.settle(hold.token, hold.done_to(2)).await, Settled::Done);
    let rest = harness.hold_one("till").await;
    assert_eq!(rest.keys(), ["3", "4"]);
    assert_eq!(rest.attempts(), [1, 1], "they were not begun");
    assert_eq!(harness.settle(rest.token, rest.done()).await, Settled::Done);
    harness.nothing_is_due("till").await;
    for event in harness.all_events().await {
        let [progress] = &event.progress[..] else {
            panic!("it has one sink: {event:?}")
        };
        assert_eq!((progress.state, progress.attempts), (EntryState::Done, 1));
    }
}

/// **I3**: an attempt that failed counts, those behind it do not.
pub async fn i3_an_attempt_that_failed_counts(harness: Harness) {
    harness.put(&["1", "2", "3"].map(said)).await;
    for attempt in 1..=3 {
        let hold = harness.hold_when_due("till").await;
        assert_eq!(hold.keys(), ["1", "2", "3"]);
        assert_eq!(hold.attempts(), [attempt, 1, 1]);
        let retry = hold.failing(0, Then::Retry { after: SHORT / 5 });
        assert_eq!(harness.settle(hold.token, retry).await, Settled::Done);
    }
    let events = harness.all_events().await;
    let progress = &events[0].progress[0];
    assert_eq!((progress.state, progress.attempts), (EntryState::Waiting, 3));
    assert_eq!(progress.error.as_deref(), Some("the test wants it to fail"));
    assert_eq!(events[1].progress[0].attempts, 0);
    assert_eq!(events[1].progress[0].error, None);
}

/// **I3**: attempts that failed by the event's own fault are counted apart: not those that a sink was away for, nor those
/// whose end nobody saw. Whoever retries a dead letter begins anew.
pub async fn i3_failures_are_counted_apart_from_attempts(harness: Harness) {
    harness.put(&["1", "2"].map(said)).await;
    let retry = Then::Retry {
        after: Duration::ZERO,
    };
    // It fails; the sink is away; the taker dies; it fails again.
    let mut seen = Vec::new();
    for (failed, lease) in [
        (Some(true), LONG),
        (Some(false), LONG),
        (None, SHORT),
        (Some(true), LONG),
    ] {
        let hold = harness.hold_when_due_for("till", lease).await;
        let [first, second] = &hold.lane.entries[..] else {
            panic!("both wait: {hold:?}")
        };
        assert_eq!(second.failures, 0);
        seen.push((first.attempt, first.failures));
        if let Some(failed) = failed {
            let mut settlement = hold.failing(0, retry);
            settlement.setback.as_mut().expect("it fails").failed = failed;
            assert_eq!(harness.settle(hold.token, settlement).await, Settled::Done);
        }
    }
    let hold = harness.hold_when_due("till").await;
    let first = &hold.lane.entries[0];
    seen.push((first.attempt, first.failures));
    assert_eq!(seen, [(1, 0), (2, 1), (3, 1), (4, 1), (5, 2)]);
    harness.settle(hold.token, hold.failing(0, Then::Park)).await;
    assert_eq!(harness.retry(&all_dead()).await, 1);
    for hold in harness.hold("till", ALL).await {
        assert!(hold.lane.entries.iter().all(|entry| entry.failures == 0));
    }
}

/// **I3**: an attempt is counted before it begins: while it runs, and where nobody saw its end.
pub async fn i3_an_attempt_is_counted_before_it_begins(harness: Harness) {
    harness.put(&["1", "2"].map(said)).await;
    let held = harness.hold_for("till", Want { events: 1, ..ALL }, SHORT).await;
    assert_eq!(held[0].attempts(), [1]);
    let attempts: Vec<_> = harness
        .all_events()
        .await
        .iter()
        .map(|event| event.progress[0].attempts)
        .collect();
    assert_eq!(attempts, [1, 0]);
    // Its taker dies.
    let hold = harness.hold_when_due("till").await;
    assert_eq!(hold.keys(), ["1", "2"]);
    assert_eq!(hold.attempts(), [2, 1]);
}

/// **I3**: what was begun and is named nowhere in a settlement stays counted, and is due at once.
pub async fn i3_what_a_settlement_leaves_out_stays_counted(harness: Harness) {
    harness.put(&["1", "2", "3"].map(said)).await;
    let hold = harness.hold_one("till").await;
    let mut settlement = hold.done_to(1);
    settlement.untouched.remove(0);
    assert_eq!(harness.settle(hold.token, settlement).await, Settled::Done);
    let next = harness.hold_one("till").await;
    assert_eq!(
        (next.keys(), next.attempts()),
        (vec!["2".to_owned(), "3".to_owned()], vec![2, 1])
    );
}

/// **I3**: what a settlement says of entries that it has not is not listened to.
pub async fn i3_a_settlement_is_of_its_own_entries(harness: Harness) {
    harness
        .put(&[
            said("a1"),
            said("a2"),
            said("b1").in_lane("bob"),
            said("c1").to(&["log"]),
        ])
        .await;
    let first = Want {
        lanes: 1,
        events: 1,
        ..ALL
    };
    let mine = harness.hold("till", first).await.pop().expect("one is due");
    let bob = harness.hold("till", ALL).await.pop().expect("the other is due");
    let log = harness.hold_one("log").await;
    let ids = |hold: &super::Hold| hold.lane.entries.iter().map(|entry| entry.id).collect::<Vec<_>>();
    let settlement = Settlement {
        lane: mine.lane.id,
        done: [
            ids(&mine),
            ids(&bob),
            ids(&log),
            vec![EntryId(i64::MAX), EntryId(-1)],
        ]
        .concat(),
        setback: None,
        untouched: vec![],
    };
    assert_eq!(harness.settle(mine.token, settlement).await, Settled::Done);
    for hold in [bob, log] {
        assert_eq!(
            harness.settle(hold.token, hold.done_to(0)).await,
            Settled::Done,
            "it was not touched"
        );
    }
    let mut left = harness.hand_over("till").await.concat();
    left.extend(harness.hand_over("log").await.concat());
    left.sort();
    assert_eq!(left.len(), 3, "one was done: {left:?}");
}

/// **I3**: a settlement that was done is lost when it is said again, and changes nothing.
pub async fn i3_a_settlement_is_done_once(harness: Harness) {
    harness.put(&["1", "2"].map(said)).await;
    let hold = harness.hold_one("till").await;
    assert_eq!(harness.settle(hold.token, hold.done_to(1)).await, Settled::Done);
    for settlement in [hold.done_to(1), hold.done(), hold.failing(0, Then::Block)] {
        assert_eq!(harness.settle(hold.token, settlement).await, Settled::Lost);
    }
    assert_eq!(harness.renew(hold.lane.id, hold.token, LONG).await, Settled::Lost);
    let rest = harness.hold_one("till").await;
    assert_eq!((rest.keys(), rest.attempts()), (vec!["2".to_owned()], vec![1]));
}
