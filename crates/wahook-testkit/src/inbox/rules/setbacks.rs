//! I3: what fails is tried again, parked, or stops its lane, as the worker says.

use std::time::Duration;

use wahook_core::{
    guard::Settled,
    inbox::{EntryState, Then},
};

use super::{Harness, LONG, SHORT, all_dead, said};

/// **I3**: what is to be tried again holds its lane for so long, and no other.
pub async fn i3_a_retry_holds_its_lane_alone(harness: Harness) {
    harness.put(&[said("a1"), said("a2")]).await;
    let hold = harness.hold_one("till").await;
    let retry = hold.failing(0, Then::Retry { after: LONG });
    assert_eq!(harness.settle(hold.token, retry).await, Settled::Done);
    harness.put(&[said("b1").in_lane("bob"), said("a3")]).await;
    assert_eq!(
        harness.hand_over("till").await,
        [["b1"]],
        "the other lane goes on"
    );
    harness.pass(3 * SHORT).await;
    harness.nothing_is_due("till").await;
}

/// **I3**: when its wait is over, a lane goes on where it stood.
pub async fn i3_when_its_wait_is_over_a_lane_goes_on(harness: Harness) {
    harness.put(&["1", "2", "3"].map(said)).await;
    let hold = harness.hold_one("till").await;
    let retry = hold.failing(1, Then::Retry { after: 3 * SHORT });
    assert_eq!(harness.settle(hold.token, retry).await, Settled::Done);
    let hold = harness.hold_when_due("till").await;
    assert_eq!(
        (hold.keys(), hold.attempts()),
        (vec!["2".to_owned(), "3".to_owned()], vec![2, 1])
    );
    let now = hold.failing(
        0,
        Then::Retry {
            after: Duration::ZERO,
        },
    );
    assert_eq!(harness.settle(hold.token, now).await, Settled::Done);
    assert_eq!(harness.hand_over("till").await, [["2", "3"]], "no wait is none");
}

/// **I3**: what is parked is a dead letter; its lane goes on without it.
pub async fn i3_what_is_parked_lets_its_lane_go_on(harness: Harness) {
    let before = harness.now();
    harness.put(&["1", "2", "3"].map(said)).await;
    let hold = harness.hold_one("till").await;
    assert_eq!(
        harness.settle(hold.token, hold.failing(1, Then::Park)).await,
        Settled::Done
    );
    assert_eq!(harness.hand_over("till").await, [["3"]]);
    let dead = harness.dead(&all_dead()).await;
    let [letter] = &dead[..] else {
        panic!("one is dead: {dead:?}")
    };
    assert_eq!(letter.event.summary.key, "2");
    assert_eq!(&*letter.sink, "till");
    assert_eq!((letter.attempts, letter.blocks), (1, false));
    assert_eq!(letter.error, "the test wants it to fail");
    assert!(
        letter.died_at.duration_since(before).as_secs_f64().abs() < 60.0,
        "just now"
    );
    let states = harness
        .all_events()
        .await
        .into_iter()
        .map(|event| event.progress[0].state);
    assert_eq!(
        states.collect::<Vec<_>>(),
        [EntryState::Done, EntryState::Dead, EntryState::Done]
    );
}

/// **I3**: what blocks is a dead letter for which its lane stands still, and no other, until somebody retries it: then it
/// goes on with it, in the order of acceptance.
pub async fn i3_what_blocks_stops_its_lane_until_it_is_retried(harness: Harness) {
    harness
        .put(&[said("1"), said("2"), said("3"), said("b").in_lane("bob")])
        .await;
    let held = harness.hold("till", super::ALL).await;
    for hold in &held {
        let settlement = if hold.keys().len() == 3 {
            hold.failing(1, Then::Block)
        } else {
            hold.done()
        };
        assert_eq!(harness.settle(hold.token, settlement).await, Settled::Done);
    }
    harness.put(&[said("4"), said("b2").in_lane("bob")]).await;
    assert_eq!(harness.hand_over("till").await, [["b2"]]);
    harness.pass(3 * SHORT).await;
    harness.nothing_is_due("till").await;
    let dead = harness.dead(&all_dead()).await;
    assert_eq!(dead.len(), 1);
    assert!(dead[0].blocks);
    assert_eq!(dead[0].event.summary.key, "2");
    assert_eq!(harness.status().await.sinks[0].blocked, 1);

    assert_eq!(harness.retry(&all_dead()).await, 1);
    let hold = harness.hold_one("till").await;
    assert_eq!(hold.keys(), ["2", "3", "4"]);
    assert_eq!(hold.attempts(), [1, 1, 1], "its attempts are counted anew");
    // It may block once more.
    assert_eq!(
        harness.settle(hold.token, hold.failing(0, Then::Block)).await,
        Settled::Done
    );
    harness.nothing_is_due("till").await;
    assert_eq!(harness.retry(&all_dead()).await, 1);
    assert_eq!(harness.hand_over("till").await, [["2", "3", "4"]]);
    assert_eq!(harness.status().await.sinks[0].blocked, 0);
}

/// **I3**: a lane that stands still goes on without the dead letter when that is dropped.
pub async fn i3_what_blocks_stops_its_lane_until_it_is_dropped(harness: Harness) {
    harness.put(&["1", "2"].map(said)).await;
    harness.give_up("till", Then::Block).await;
    harness.nothing_is_due("till").await;
    assert_eq!(harness.drop_dead(&all_dead()).await, 1);
    assert_eq!(harness.hand_over("till").await, [["2"]]);
    assert!(harness.dead(&all_dead()).await.is_empty());
    let states = harness
        .all_events()
        .await
        .into_iter()
        .map(|event| event.progress[0].state);
    assert_eq!(
        states.collect::<Vec<_>>(),
        [EntryState::Dropped, EntryState::Done]
    );
}

/// **I3**: where what blocks was all there was, the lane stands still for what comes later.
pub async fn i3_a_lane_stands_still_for_what_comes_later(harness: Harness) {
    harness.put(&[said("1")]).await;
    harness.give_up("till", Then::Block).await;
    harness.put(&[said("2")]).await;
    harness.nothing_is_due("till").await;
    assert_eq!(harness.retry(&all_dead()).await, 1);
    assert_eq!(harness.hand_over("till").await, [["1", "2"]]);
}
