//! I5: what is finished and old is removed, and nothing else.

use std::time::Duration;

use wahook_core::{
    guard::Settled,
    inbox::{Retention, Swept, Then},
};

use super::{DUPLICATE, Harness, LONG, NOTE, SHORT, STORED, Said, all_dead, reading_for, said, unreadable};

/// Everything that is finished, at once.
pub(super) const NOW: Retention = Retention {
    rows: Duration::ZERO,
    bodies: Duration::ZERO,
    dead: LONG,
    count: 1_000,
};

/// Sweeps until there is nothing left to sweep.
pub(super) async fn sweep_all(harness: &Harness, retention: Retention) -> Swept {
    harness.pass(SHORT).await;
    let mut all = Swept::default();
    for _ in 0..1_000 {
        let swept = harness.sweep(retention).await;
        if swept == Swept::default() {
            return all;
        }
        assert!(swept.deliveries as usize <= retention.count && swept.bodies as usize <= retention.count);
        all.deliveries += swept.deliveries;
        all.bodies += swept.bodies;
    }
    panic!("sweeping does not come to an end");
}

/// Files a delivery that is remembered for a short time, with its event.
async fn put_short(harness: &Harness, name: &str) {
    put_short_saying(harness, name, vec![said(name)]).await;
}

async fn put_short_saying(harness: &Harness, key: &str, says: Vec<Said>) {
    harness
        .accept(harness.letter(key).remembered_for(SHORT).incoming())
        .await;
    // Others may come in between.
    for _ in 0..5 {
        tokio::task::yield_now().await;
    }
    let unread = harness.all_unread().await;
    let readings = unread
        .iter()
        .map(|unread| reading_for(unread, says.clone(), SHORT));
    harness
        .file(harness.reader, readings.collect())
        .await
        .expect("nobody else reads");
}

/// **I5**: what is not finished is never removed: what is unread, what waits, is taken, or is to be tried again.
pub async fn i5_what_is_not_finished_is_never_removed(harness: Harness) {
    for (name, sink) in [("waits", "a"), ("is taken", "b"), ("fails", "c"), ("blocks", "d")] {
        harness
            .accept(harness.letter(name).remembered_for(SHORT).incoming())
            .await;
        harness.read(|_| vec![said(name).to(&[sink])]).await;
    }
    let taken = harness.hold_one("b").await;
    let fails = harness.hold_one("c").await;
    let retry = fails.failing(0, Then::Retry { after: 12 * SHORT });
    assert_eq!(harness.settle(fails.token, retry).await, Settled::Done);
    harness.give_up("d", Then::Block).await;
    harness
        .accept(harness.letter("is unread").remembered_for(SHORT).incoming())
        .await;
    harness.pass(3 * SHORT).await;
    assert_eq!(sweep_all(&harness, NOW).await, Swept::default());
    assert_eq!(harness.status().await.deliveries, 5);
    assert_eq!(harness.hand_over("a").await, [["waits"]]);
    assert_eq!(harness.settle(taken.token, taken.done()).await, Settled::Done);
    assert_eq!(
        harness.hold_when_due("c").await.lane.entries[0]
            .stored
            .delivery
            .body,
        "fails"
    );
    assert_eq!(harness.dead(&all_dead()).await.len(), 1);
    assert_eq!(harness.all_unread().await.len(), 1);
}

/// **I5**: what one sink has and another not is not finished.
pub async fn i5_what_one_sink_waits_for_is_not_finished(harness: Harness) {
    put_short(&harness, "lone").await;
    put_short_saying(&harness, "d", vec![said("1").to(&["till", "log"]), said("2")]).await;
    harness.hand_over("till").await;
    harness.pass(3 * SHORT).await;
    assert_eq!(sweep_all(&harness, NOW).await.deliveries, 1, "the lone one");
    assert_eq!(harness.hand_over("log").await, [["1"]]);
    assert_eq!(sweep_all(&harness, NOW).await.deliveries, 1);
    assert_eq!(harness.status().await.deliveries, 0);
}

/// **I5**, **G9**: what is finished is removed when its time is over and its key may be forgotten, in pieces of the wanted
/// size; nothing is left of it.
pub async fn i5_what_is_finished_is_removed_in_its_time(harness: Harness) {
    for number in 0..7 {
        put_short(&harness, &format!("{number}")).await;
    }
    harness.hand_over("till").await;
    harness.pass(3 * SHORT).await;
    let later = Retention {
        rows: LONG,
        bodies: LONG,
        ..NOW
    };
    assert_eq!(
        sweep_all(&harness, later).await,
        Swept::default(),
        "its time is not over"
    );
    let swept = sweep_all(&harness, Retention { count: 3, ..NOW }).await;
    assert_eq!(swept.deliveries, 7);
    assert!(harness.all_events().await.is_empty());
    let status = harness.status().await;
    assert_eq!((status.deliveries, status.oldest), (0, None));
    assert_eq!(harness.accept(harness.letter("0").incoming()).await, STORED);
    assert_eq!(
        harness.read(|_| vec![said("0")]).await.fresh,
        1,
        "its event is forgotten as well"
    );
    assert_eq!(harness.hand_over("till").await, [["0"]]);
}

/// **I5**, **G9**: as long as a key is remembered, what is finished is kept as a tombstone: a duplicate is a duplicate.
pub async fn i5_a_duplicate_is_one_as_long_as_it_is_remembered(harness: Harness) {
    harness.put(&[said("e")]).await;
    harness.hand_over("till").await;
    let swept = sweep_all(&harness, NOW).await;
    assert_eq!(
        (swept.deliveries, swept.bodies),
        (0, 1),
        "the body goes, the tombstone stays"
    );
    assert_eq!(harness.accept(harness.letter("e").incoming()).await, DUPLICATE);
    harness.post(&["other"]).await;
    assert_eq!(harness.read(|_| vec![said("e")]).await.duplicates, 1);
}

/// **I5**, **G9**: an event is remembered for its own time, also when its delivery is gone.
pub async fn i5_an_event_is_remembered_after_its_delivery(harness: Harness) {
    harness
        .accept(harness.letter("d").remembered_for(SHORT).incoming())
        .await;
    harness.read(|_| vec![said("e")]).await;
    harness.hand_over("till").await;
    harness.pass(3 * SHORT).await;
    sweep_all(&harness, NOW).await;
    assert_eq!(harness.accept(harness.letter("d").incoming()).await, STORED);
    assert_eq!(harness.read(|_| vec![said("e")]).await.duplicates, 1);
}

/// **I5**, **P**: redaction removes bodies, headers and what tells persons, and leaves the rest.
pub async fn i5_redaction_removes_what_tells_persons(harness: Harness) {
    let letter = harness.letter("d").saying("secret words").noting(b"secret note");
    let incoming = letter.incoming();
    let id = incoming.delivery().id;
    harness.accept(incoming).await;
    harness
        .read(|_| {
            vec![
                said("e")
                    .of("account", "15550000002@c.us")
                    .in_lane("15550000002@c.us"),
            ]
        })
        .await;
    let early = sweep_all(&harness, NOW).await;
    assert_eq!(early, Swept::default(), "it is not finished");
    harness.hand_over("till").await;
    assert_eq!(
        sweep_all(&harness, Retention { bodies: LONG, ..NOW })
            .await
            .bodies,
        0,
        "not yet"
    );
    assert_eq!(sweep_all(&harness, NOW).await.bodies, 1);
    let kept = harness.delivery(id).await.expect("the tombstone is there");
    assert!(kept.stored.redacted_at.is_some() && kept.read);
    assert!(kept.stored.delivery.body.is_empty());
    assert!(kept.stored.delivery.headers.get(NOTE).is_none());
    let [event] = &kept.events[..] else {
        panic!("the event is there: {kept:?}")
    };
    assert_eq!(event.summary.key, "e");
    assert_eq!(event.summary.chat, None);
    let all = format!("{kept:?} {:?}", harness.status().await);
    assert!(!all.contains("15550000002"), "{all}");
}

/// **I5**: dead letters are kept until their time is over; then they are finished.
pub async fn i5_dead_letters_are_kept_until_their_time_is_over(harness: Harness) {
    put_short(&harness, "1").await;
    harness.give_up("till", Then::Park).await;
    harness.pass(3 * SHORT).await;
    assert_eq!(sweep_all(&harness, NOW).await, Swept::default());
    let dead = harness.dead(&all_dead()).await;
    assert_eq!(dead.len(), 1);
    assert_eq!(
        harness.retry(&all_dead()).await,
        1,
        "it can be retried: all of it is there"
    );
    let hold = harness.hold_one("till").await;
    assert_eq!(hold.lane.entries[0].stored.delivery.body, "1");
    assert_eq!(
        harness.settle(hold.token, hold.failing(0, Then::Park)).await,
        Settled::Done
    );
    harness.pass(3 * SHORT).await;
    let swept = sweep_all(&harness, Retention { dead: SHORT, ..NOW }).await;
    assert_eq!(swept.deliveries, 1);
    assert!(harness.dead(&all_dead()).await.is_empty());
    assert_eq!(harness.status().await.deliveries, 0);
}

/// **I3**, **I5**: a lane never stands still for a dead letter that is gone: that is there to be retried or dropped, or
/// the lane goes on.
pub async fn i5_no_lane_stands_still_for_what_is_gone(harness: Harness) {
    put_short(&harness, "1").await;
    harness.give_up("till", Then::Block).await;
    harness.put(&[said("2")]).await;
    harness.pass(3 * SHORT).await;
    sweep_all(&harness, Retention { dead: SHORT, ..NOW }).await;
    let dead = harness.dead(&all_dead()).await;
    if !dead.is_empty() {
        assert!(dead[0].blocks);
        assert_eq!(harness.drop_dead(&all_dead()).await, 1);
    }
    assert_eq!(harness.hand_over("till").await, [["2"]]);
}

/// **I5**: what was dropped is finished, what nobody can read is not.
pub async fn i5_what_was_dropped_is_finished(harness: Harness) {
    put_short(&harness, "1").await;
    harness.give_up("till", Then::Park).await;
    assert_eq!(harness.drop_dead(&all_dead()).await, 1);
    harness
        .accept(harness.letter("odd").remembered_for(SHORT).incoming())
        .await;
    let unread = harness.all_unread().await;
    let odd = unread.iter().map(unreadable).collect();
    harness
        .file(harness.reader, odd)
        .await
        .expect("nobody else reads");
    harness.pass(3 * SHORT).await;
    assert_eq!(sweep_all(&harness, NOW).await.deliveries, 1);
    assert_eq!(harness.status().await.unreadable, 1);
    let kept = harness
        .delivery(unread[0].stored.delivery.id)
        .await
        .expect("it is kept");
    assert_eq!(kept.stored.delivery.body, "odd");
}

/// **I3**, **I5**: lanes whose events are all gone begin anew, and what is filed while others sweep is not lost.
pub async fn i5_sweeping_disturbs_nobody(harness: Harness) {
    let sweeper = {
        let harness = harness.clone();
        tokio::spawn(async move {
            for _ in 0..60 {
                harness.sweep(NOW).await;
                harness.pass(SHORT / 10).await;
            }
        })
    };
    let mut handed = Vec::new();
    let names: Vec<_> = (0..60).map(|number| format!("{number:02}")).collect();
    for name in &names {
        put_short(&harness, name).await;
        handed.extend(harness.hand_over("till").await.concat());
    }
    sweeper.await.expect("it sweeps");
    assert_eq!(handed, names, "each once, in order");
}
