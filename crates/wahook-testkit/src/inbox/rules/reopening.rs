//! I1, I2, I6: what was answered outlives the process.

use wahook_core::{
    guard::{Key, Settled},
    inbox::{EventQuery, Replay, Then, Want},
};

use super::{
    ALL, DUPLICATE, Harness, LONG, SHORT, STORED, all_dead, all_events, at_once, bodies,
    readers::read_when_free, reading, said, token, unreadable,
};

/// **I1**, **I2**: what was accepted is there after a crash, byte by byte, and is a duplicate if it comes again.
pub async fn i1_what_was_accepted_outlives_the_process(harness: Harness) {
    let accepted = at_once(16, |task| {
        let harness = harness.clone();
        async move {
            let mut ids = Vec::new();
            for number in 0..5 {
                let body = [b"\0\xff".repeat(task), vec![number]].concat();
                let letter = harness.letter(&format!("{task} {number}")).saying(body);
                let incoming = letter.noting(b"a note \xfe").incoming();
                assert_eq!(harness.accept(incoming.clone()).await, STORED);
                ids.push(incoming);
            }
            ids
        }
    });
    let accepted = accepted.await.concat();
    harness.reopen().await;
    assert_eq!(harness.status().await.unread, 80);
    for incoming in &accepted {
        let was = incoming.delivery();
        let kept = harness.delivery(was.id).await.expect("it was answered");
        let stored = &kept.stored.delivery;
        assert!(stored.body == was.body);
        assert_eq!(
            (&stored.headers, stored.received_at),
            (&was.headers, was.received_at)
        );
        assert_eq!(harness.accept(incoming.clone()).await, DUPLICATE);
    }
    assert_eq!(harness.all_unread_when_free().await.len(), 80);
}

/// **I2**, **G9**: the memory of keys goes on over a crash, and ends as if there had been none.
pub async fn i2_the_memory_of_keys_goes_on(harness: Harness) {
    let (short, long) = (
        harness.letter("short").remembered_for(4 * SHORT),
        harness.letter("long"),
    );
    for letter in [&short, &long] {
        assert_eq!(harness.accept(letter.incoming()).await, STORED);
    }
    let other = harness.letter("long").saying("another body");
    harness.reopen().await;
    let keys = ["long", "new"].map(|name| Key::delivery("shop", name));
    assert_eq!(harness.known(&keys).await, [true, false]);
    assert_eq!(harness.accept(long.incoming()).await, DUPLICATE);
    let conflict = harness.accept(other.incoming()).await;
    assert_eq!(conflict, wahook_core::inbox::Accepted::Stored { conflict: true });
    harness.pass(8 * SHORT).await;
    harness.reopen().await;
    assert_eq!(
        harness.accept(short.incoming()).await,
        STORED,
        "its memory is over"
    );
    assert_eq!(harness.accept(long.incoming()).await, DUPLICATE);
}

/// **I3**: what was filed, settled, set back, parked and blocked is after a crash as it was.
pub async fn i3_what_was_done_is_as_it_was(harness: Harness) {
    let sinks = ["done", "half", "waits", "parked", "blocked"];
    harness.put(&[said("1").to(&sinks), said("2").to(&sinks)]).await;
    harness.post(&["copy"]).await;
    assert_eq!(harness.read(|_| vec![said("1")]).await.duplicates, 1);
    harness.hand_over("done").await;
    let half = harness.hold_one("half").await;
    assert_eq!(harness.settle(half.token, half.done_to(1)).await, Settled::Done);
    let waits = harness.hold_one("waits").await;
    let retry = waits.failing(0, Then::Retry { after: LONG });
    assert_eq!(harness.settle(waits.token, retry).await, Settled::Done);
    harness.give_up("parked", Then::Park).await;
    harness.give_up("blocked", Then::Block).await;
    harness.post(&["later"]).await;
    let (events, dead) = (harness.all_events().await, harness.dead(&all_dead()).await);
    let status = harness.status().await;

    for _ in 0..2 {
        harness.reopen().await;
        assert_eq!(harness.all_events().await, events);
        assert_eq!(harness.dead(&all_dead()).await, dead);
        let now = harness.status().await;
        assert_eq!(
            (now.deliveries, now.unread, now.oldest),
            (status.deliveries, 1, status.oldest)
        );
        assert_eq!(now.sinks, status.sinks);
    }
    for sink in ["done", "waits", "blocked"] {
        harness.nothing_is_due(sink).await;
    }
    let half = harness.hold_one("half").await;
    assert_eq!((half.keys(), half.attempts()), (vec!["2".to_owned()], vec![1]));
    assert_eq!(harness.hand_over("parked").await, [["2"]]);
    assert_eq!(harness.retry(&all_dead()).await, 2);
    assert_eq!(harness.hand_over("blocked").await, [["1", "2"]]);
    assert_eq!(harness.hand_over("parked").await, [["1"]]);
    harness.post(&["copy 2"]).await;
    let unread = harness.all_unread_when_free().await;
    assert_eq!(bodies(&unread), ["later", "copy 2"], "in order of acceptance");
    let says = unread
        .iter()
        .map(|unread| reading(unread, vec![said("2").to(&sinks)]));
    let filed = harness
        .file(harness.reader, says.collect())
        .await
        .expect("nobody else reads");
    assert_eq!(filed.duplicates, 2, "events are claimed as before");
}

/// **I3**, **I6**: what a dead process held is free: at once where nobody else can have it, else when its lease ends. The
/// attempt counts.
pub async fn i6_what_a_dead_process_held_is_free(harness: Harness) {
    harness.put(&["1", "2"].map(said)).await;
    harness.post(&["unread"]).await;
    let lease = if harness.frees_at_reopening { LONG } else { SHORT };
    let held = harness
        .hold_for("till", Want { events: 1, ..ALL }, lease)
        .await
        .remove(0);
    harness.reopen().await;
    let hold = if harness.frees_at_reopening {
        harness.hold_one("till").await
    } else {
        harness.hold_when_due("till").await
    };
    assert_eq!(
        (hold.keys(), hold.attempts()),
        (vec!["1".to_owned(), "2".to_owned()], vec![2, 1])
    );
    assert_eq!(
        harness.settle(held.token, held.done()).await,
        Settled::Lost,
        "the dead are late"
    );
    assert_eq!(harness.settle(hold.token, hold.done()).await, Settled::Done);
    if harness.frees_at_reopening {
        assert_eq!(
            bodies(&harness.unread(token(), 10, 1 << 20, LONG).await),
            ["unread"]
        );
    }
}

/// **I5**: what nobody could read is unread again when the inbox is opened anew, in its place, and may be readable by now.
pub async fn i5_what_nobody_could_read_comes_again(harness: Harness) {
    harness.post(&["odd", "fine"]).await;
    let reader = token();
    let unread = harness.unread(reader, 10, 1 << 20, SHORT).await;
    let readings = unread
        .iter()
        .map(|unread| match &unread.stored.delivery.body[..] {
            b"odd" => unreadable(unread),
            _ => reading(unread, vec![said("fine")]),
        });
    harness
        .file(reader, readings.collect())
        .await
        .expect("nobody else reads");
    harness.post(&["new"]).await;
    harness.reopen().await;
    let status = harness.status().await;
    assert_eq!((status.unread, status.unreadable), (2, 0));
    let unread = read_when_free(&harness, harness.reader).await;
    assert_eq!(bodies(&unread), ["odd", "new"]);
    let readings = unread
        .iter()
        .map(|unread| reading(unread, vec![said(&format!("{}", unread.stored.position))]));
    let filed = harness
        .file(harness.reader, readings.collect())
        .await
        .expect("nobody else reads");
    assert_eq!(filed.fresh, 2);
}

/// **I4**: a replay that was ordered goes on after a crash, marked as one.
pub async fn i4_a_replay_goes_on_after_a_crash(harness: Harness) {
    harness.put(&[said("1"), said("2").to(&["log"])]).await;
    harness.hand_over("till").await;
    harness.hand_over("log").await;
    let one = EventQuery {
        key: Some("1".to_owned()),
        ..all_events()
    };
    let two = EventQuery {
        key: Some("2".to_owned()),
        ..all_events()
    };
    harness
        .replay(&Replay {
            query: one,
            ..Replay::default()
        })
        .await;
    let again = Replay {
        query: two,
        to: Some("new".to_owned()),
        reparse: true,
        dry_run: false,
    };
    harness.replay(&again).await;
    harness.reopen().await;
    let hold = harness.hold_one("till").await;
    assert_eq!(hold.keys(), ["1"]);
    assert!(hold.lane.entries[0].replay_of.is_some());
    let unread = harness.all_unread_when_free().await;
    assert!(unread.len() == 1 && unread[0].again);
    harness
        .file(
            harness.reader,
            vec![reading(&unread[0], vec![said("2").to(&["log"])])],
        )
        .await;
    assert_eq!(
        harness.hand_over("new").await,
        [["2"]],
        "to the sink that was named"
    );
    harness.nothing_is_due("log").await;
}
