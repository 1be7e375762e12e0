//! I4: a replay may read its deliveries again.

use wahook_core::{
    guard::Settled,
    inbox::{EventQuery, Filed, Replay},
    model::Kind,
};

use super::{
    DUPLICATE, Harness, all_events, bodies, reading,
    replays::{replay, replayed},
    said, unreadable,
};

/// **I4**: a replay that reads again gives what its deliveries say by now, around the claims, to those that want it now or
/// to the sink that is named.
pub async fn i4_a_replay_may_read_again(harness: Harness) {
    harness.post(&["d"]).await;
    harness.read(|_| vec![said("old").of_kind(Kind::Unknown)]).await;
    harness.hand_over("till").await;
    let was = harness.all_events().await;
    let again = Replay {
        reparse: true,
        ..replay(all_events())
    };
    assert_eq!(harness.replay(&again).await, replayed(1, 1));
    harness.nothing_is_due("till").await;
    let unread = harness.all_unread().await;
    assert_eq!(unread.len(), 1);
    assert!(unread[0].again);
    assert_eq!(&unread[0].stored.delivery.body[..], b"d");
    assert_eq!(harness.accept(harness.letter("d").incoming()).await, DUPLICATE);

    let says = || vec![said("old").of_kind(Kind::Call), said("new").to(&["till", "log"])];
    let filed = harness
        .file(harness.reader, vec![reading(&unread[0], says())])
        .await;
    assert_eq!(
        filed,
        Some(Filed {
            fresh: 2,
            duplicates: 0
        }),
        "around the claims"
    );
    for (sink, keys) in [("till", vec!["old", "new"]), ("log", vec!["new"])] {
        let hold = harness.hold_one(sink).await;
        assert_eq!(hold.keys(), keys);
        let marks = hold.lane.entries.iter().map(|entry| entry.replay_of);
        assert!(marks.eq(keys.iter().map(|_| Some(was[0].delivery))), "it says so");
        assert_eq!(harness.settle(hold.token, hold.done()).await, Settled::Done);
    }
    let events = harness.all_events().await;
    let known: Vec<_> = events
        .iter()
        .map(|event| (&*event.summary.key, event.summary.kind))
        .collect();
    assert_eq!(
        known,
        [("old", Kind::Call), ("new", Kind::MessageReceived)],
        "what it says by now"
    );
    assert_eq!(events[0].cursor, was[0].cursor, "it keeps its place");

    let named = Replay {
        to: Some("one".to_owned()),
        ..again
    };
    assert_eq!(harness.replay(&named).await.deliveries, 1);
    harness.read(|_| says()).await;
    harness.nothing_is_due("till").await;
    assert_eq!(harness.hand_over("one").await, [["old", "new"]]);
    // What is new by now is claimed.
    harness.post(&["e"]).await;
    assert_eq!(
        harness.read(|_| vec![said("new")]).await,
        Filed {
            fresh: 0,
            duplicates: 1
        }
    );
}

/// **I4**: what was a duplicate is one when its delivery is read again: its original is elsewhere.
pub async fn i4_a_duplicate_that_is_read_again_is_still_one(harness: Harness) {
    harness.put(&[said("first")]).await;
    harness.post(&["d"]).await;
    let says = || vec![said("first"), said("own"), said("own")];
    assert_eq!(
        harness.read(|_| says()).await,
        Filed {
            fresh: 1,
            duplicates: 2
        }
    );
    harness.hand_over("till").await;
    let query = EventQuery {
        key: Some("own".to_owned()),
        ..all_events()
    };
    let again = Replay {
        reparse: true,
        ..replay(query)
    };
    assert_eq!(harness.replay(&again).await, replayed(1, 1));
    assert_eq!(
        harness.read(|_| says()).await,
        Filed {
            fresh: 1,
            duplicates: 2
        }
    );
    assert_eq!(harness.hand_over("till").await, [["own"]]);
}

/// **I5**: what nobody could read is unread again when somebody asks for it, in its place and once; what was read stays
/// read.
pub async fn i5_what_nobody_could_read_is_read_again_when_asked(harness: Harness) {
    assert_eq!(harness.reread().await, 0);
    harness.post(&["odd", "fine", "strange"]).await;
    let unread = harness.all_unread().await;
    let readings = unread
        .iter()
        .map(|unread| match &unread.stored.delivery.body[..] {
            b"fine" => reading(unread, vec![said("fine")]),
            _ => unreadable(unread),
        });
    harness
        .file(harness.reader, readings.collect())
        .await
        .expect("nobody else reads");
    harness.post(&["new"]).await;
    assert_eq!(harness.status().await.unreadable, 2);
    assert_eq!(bodies(&harness.all_unread().await), ["new"]);

    assert_eq!(harness.reread().await, 2);
    let status = harness.status().await;
    assert_eq!((status.unread, status.unreadable), (3, 0));
    assert_eq!(bodies(&harness.all_unread().await), ["odd", "strange", "new"]);
    assert_eq!(harness.reread().await, 0, "it is unread already");
    let filed = harness
        .read(|unread| vec![said(&format!("{}", unread.stored.position))])
        .await;
    assert_eq!(
        filed,
        Filed {
            fresh: 3,
            duplicates: 0
        }
    );
    assert_eq!(harness.reread().await, 0, "it is read");
    assert_eq!(harness.accept(harness.letter("odd").incoming()).await, DUPLICATE);
}
