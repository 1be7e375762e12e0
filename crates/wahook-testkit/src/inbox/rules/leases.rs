//! I6: what somebody took who is gone is taken over, and nobody is harmed by the late.

use wahook_core::{
    guard::Settled,
    inbox::{EntryState, LaneId, Then, Want},
};

use super::{ALL, Harness, LONG, SHORT, all_dead, at_once, said, token};

/// **I6**: what a taker held who is gone is taken over when the lease ends, all of it, in order.
pub async fn i6_what_a_taker_held_who_is_gone_is_taken_over(harness: Harness) {
    harness
        .put(&[said("a1"), said("a2"), said("b1").in_lane("bob")])
        .await;
    let gone = harness.hold_for("till", ALL, SHORT).await;
    assert_eq!(gone.len(), 2);
    let mut taken = vec![
        harness.hold_when_due("till").await,
        harness.hold_when_due("till").await,
    ];
    taken.sort_by_key(super::Hold::keys);
    assert_eq!(taken[0].keys(), ["a1", "a2"]);
    assert_eq!(taken[1].keys(), ["b1"]);
    for hold in taken {
        assert_eq!(harness.settle(hold.token, hold.done()).await, Settled::Done);
    }
    harness.nothing_is_due("till").await;
}

/// **I6**: a late settlement is lost, and changes nothing for who has the lane now.
pub async fn i6_a_late_settlement_is_lost(harness: Harness) {
    harness.put(&["1", "2"].map(said)).await;
    let late = harness
        .hold_for("till", ALL, SHORT)
        .await
        .pop()
        .expect("it is due");
    let next = harness.hold_when_due("till").await;
    for settlement in [
        late.done(),
        late.done_to(0),
        late.failing(0, Then::Park),
        late.failing(1, Then::Retry { after: LONG }),
    ] {
        assert_eq!(harness.settle(late.token, settlement).await, Settled::Lost);
    }
    assert_eq!(harness.renew(late.lane.id, late.token, LONG).await, Settled::Lost);
    harness.nothing_is_due("till").await;
    assert!(harness.dead(&all_dead()).await.is_empty());
    let states = harness
        .all_events()
        .await
        .into_iter()
        .map(|event| event.progress[0].state);
    assert_eq!(states.collect::<Vec<_>>(), [EntryState::Waiting; 2]);
    assert_eq!(next.attempts(), [2, 2]);
    assert_eq!(harness.settle(next.token, next.done()).await, Settled::Done);
    assert_eq!(harness.settle(late.token, late.done()).await, Settled::Lost);
}

/// **I6**: who is late is late even if nobody else came.
pub async fn i6_who_is_late_is_late_even_if_nobody_else_came(harness: Harness) {
    harness.put(&[said("1")]).await;
    let late = harness
        .hold_for("till", ALL, SHORT)
        .await
        .pop()
        .expect("it is due");
    harness.pass(3 * SHORT).await;
    assert_eq!(harness.renew(late.lane.id, late.token, LONG).await, Settled::Lost);
    assert_eq!(harness.settle(late.token, late.done()).await, Settled::Lost);
    let next = harness.hold_one("till").await;
    assert_eq!((next.keys(), next.attempts()), (vec!["1".to_owned()], vec![2]));
}

/// **I6**: only who has the lane settles or prolongs it.
pub async fn i6_only_the_holder_settles(harness: Harness) {
    harness.put(&[said("a"), said("b").in_lane("bob")]).await;
    let hold = harness
        .hold("till", Want { lanes: 1, ..ALL })
        .await
        .pop()
        .expect("it is due");
    let other = harness.hold_one("till").await;
    for stranger in [token(), other.token] {
        assert_eq!(harness.settle(stranger, hold.done()).await, Settled::Lost);
        assert_eq!(
            harness.settle(stranger, hold.failing(0, Then::Park)).await,
            Settled::Lost
        );
        assert_eq!(harness.renew(hold.lane.id, stranger, LONG).await, Settled::Lost);
    }
    let mut nowhere = hold.done();
    nowhere.lane = LaneId(i64::MAX);
    assert_eq!(
        harness.settle(hold.token, nowhere).await,
        Settled::Lost,
        "there is no such lane"
    );
    assert_eq!(
        harness.renew(LaneId(i64::MAX), hold.token, LONG).await,
        Settled::Lost
    );
    assert_eq!(harness.settle(hold.token, hold.done()).await, Settled::Done);
    assert_eq!(harness.settle(other.token, other.done()).await, Settled::Done);
    harness.nothing_is_due("till").await;
}

/// **I3**: a lease that is prolonged runs from then on, be it longer or shorter.
pub async fn i3_a_lease_that_is_prolonged_runs_from_then_on(harness: Harness) {
    harness.put(&[said("a"), said("b").in_lane("bob")]).await;
    let one = Want { lanes: 1, ..ALL };
    let longer = harness
        .hold_for("till", one, 4 * SHORT)
        .await
        .pop()
        .expect("it is due");
    let shorter = harness.hold("till", one).await.pop().expect("it is due");
    assert_eq!(
        harness.renew(longer.lane.id, longer.token, LONG).await,
        Settled::Done
    );
    assert_eq!(
        harness.renew(shorter.lane.id, shorter.token, SHORT).await,
        Settled::Done
    );
    harness.pass(8 * SHORT).await;
    let next = harness.hold_one("till").await;
    assert_eq!(next.lane.id, shorter.lane.id);
    assert_eq!(harness.settle(shorter.token, shorter.done()).await, Settled::Lost);
    assert_eq!(
        harness.renew(longer.lane.id, longer.token, LONG).await,
        Settled::Done
    );
    assert_eq!(harness.settle(longer.token, longer.done()).await, Settled::Done);
}

/// **I6**: at the end of a lease the lane is one's: the old holder's or the next one's.
pub async fn i6_at_the_end_of_a_lease_one_of_two_has_it(harness: Harness) {
    for round in 0..20_u32 {
        harness.put(&[said(&format!("{round}"))]).await;
        let old = harness
            .hold_for("till", ALL, SHORT)
            .await
            .pop()
            .expect("it is due");
        harness.pass(SHORT * (15 + round % 10) / 20).await;
        let (settling, taking) = (harness.clone(), harness.clone());
        let (token, settlement) = (old.token, old.done());
        let settled = tokio::spawn(async move { settling.settle(token, settlement).await });
        let taken = tokio::spawn(async move { taking.hold("till", ALL).await });
        let settled = settled.await.expect("it is answered");
        let taken = taken.await.expect("it is answered").pop();
        let next = match taken {
            Some(next) => Some(next),
            None if settled == Settled::Lost => Some(harness.hold_when_due("till").await),
            None => None,
        };
        assert_eq!(next.is_some(), settled == Settled::Lost, "one of the two has it");
        if let Some(next) = next {
            assert_eq!(harness.settle(next.token, next.done()).await, Settled::Done);
        }
        harness.nothing_is_due("till").await;
    }
}

/// **I3**: of a settlement that is said many times at once one is done.
pub async fn i3_of_settlements_at_once_one_is_done(harness: Harness) {
    for round in 0..5 {
        harness
            .put(&[said(&format!("{round} 1")), said(&format!("{round} 2"))])
            .await;
        let hold = harness.hold_one("till").await;
        let settled = at_once(8, |task| {
            let (harness, token) = (harness.clone(), hold.token);
            let settlement = if task % 2 == 0 {
                hold.done()
            } else {
                hold.failing(0, Then::Park)
            };
            async move { harness.settle(token, settlement).await }
        });
        let done = settled
            .await
            .into_iter()
            .filter(|settled| *settled == Settled::Done);
        assert_eq!(done.count(), 1);
        let dead = harness.dead(&all_dead()).await.len();
        let left = harness.hand_over("till").await.concat().len();
        assert_eq!(
            dead, left,
            "all is done, or the first is parked and the second waits"
        );
        assert_eq!(harness.drop_dead(&all_dead()).await, dead as u64);
    }
}
