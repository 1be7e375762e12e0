//! I4: a replay is no duplicate, and says what it is.

use wahook_core::{
    guard::Settled,
    inbox::{EntryState, EventQuery, Filed, Order, Replay, Replayed, Retention, Then},
    model::Kind,
};

use super::{Harness, LONG, SHORT, STORED, all_dead, all_events, said};

pub(super) fn replay(query: EventQuery) -> Replay {
    Replay {
        query,
        ..Replay::default()
    }
}

pub(super) fn replayed(events: u64, deliveries: u64) -> Replayed {
    Replayed {
        events,
        deliveries,
        ..Replayed::default()
    }
}

/// **I4**: what is replayed is handed over once more to those that had it, marked as a replay, at the end of its lane.
pub async fn i4_a_replay_is_handed_over_once_more_and_says_so(harness: Harness) {
    let sinks = ["till", "log"];
    harness
        .put(&[said("1").to(&sinks), said("2").to(&sinks), said("3").to(&["log"])])
        .await;
    harness.hand_over("till").await;
    harness.put(&[said("4").to(&sinks)]).await;
    let query = EventQuery {
        key: Some("1".to_owned()),
        ..all_events()
    };
    assert_eq!(harness.replay(&replay(query)).await, replayed(1, 1));

    let hold = harness.hold_one("till").await;
    assert_eq!(hold.keys(), ["4", "1"], "at the end");
    assert_eq!(hold.attempts(), [1, 1]);
    let events = harness.all_events().await;
    let [fresh, again] = &hold.lane.entries[..] else {
        panic!("there are two")
    };
    assert_eq!(fresh.replay_of, None);
    assert_eq!(again.replay_of, Some(events[0].delivery));
    assert_eq!(&again.stored.delivery.body[..], b"1");
    assert_eq!(harness.settle(hold.token, hold.done()).await, Settled::Done);
    assert_eq!(harness.hand_over("log").await, [["1", "2", "3", "4", "1"]]);

    let events = harness.all_events().await;
    assert_eq!(events.len(), 4, "no event is new");
    assert!(events.iter().all(|event| !event.duplicate));
    let first = &events[0];
    let marks = first.progress.iter().map(|progress| progress.replay_of);
    let marks: Vec<_> = marks.collect();
    assert_eq!(marks.iter().flatten().count(), 2, "one for each sink: {first:?}");
    assert_eq!(marks.len(), 4);
    assert!(
        first
            .progress
            .iter()
            .all(|progress| progress.state == EntryState::Done)
    );
}

/// **I4**: a replay to one sink goes there alone, whether that had the event or not.
pub async fn i4_a_replay_to_one_sink_goes_there_alone(harness: Harness) {
    harness
        .put(&[said("1"), said("2").to(&[]), said("3").in_lane("bob")])
        .await;
    harness.hand_over("till").await;
    let mut to_new = replay(all_events());
    to_new.to = Some("new".to_owned());
    assert_eq!(harness.replay(&to_new).await, replayed(3, 3));
    harness.nothing_is_due("till").await;
    let mut lanes = harness.hand_over("new").await;
    lanes.sort();
    assert_eq!(lanes, [vec!["1", "2"], vec!["3"]], "in lanes as they were");
    // Of those that nobody had, nobody has them once more.
    let nobodys = EventQuery {
        key: Some("2".to_owned()),
        ..all_events()
    };
    harness.replay(&replay(nobodys)).await;
    harness.nothing_is_due("till").await;
    assert_eq!(harness.hand_over("new").await, [["2"]], "it has had it by now");
}

/// **I4**: replays keep the order of acceptance, in whatever order they are asked for.
pub async fn i4_replays_keep_the_order_of_acceptance(harness: Harness) {
    let names = ["1", "2", "3", "4", "5"];
    harness.put(&names.map(said)).await;
    harness.hand_over("till").await;
    for order in [Order::Newest, Order::Oldest] {
        assert_eq!(
            harness
                .replay(&replay(EventQuery {
                    order,
                    ..all_events()
                }))
                .await,
            replayed(5, 5)
        );
        assert_eq!(harness.hand_over("till").await, [names]);
    }
}

/// **I4**: a dry run tells the same, and changes nothing.
pub async fn i4_a_dry_run_changes_nothing(harness: Harness) {
    harness.put(&["1", "2"].map(said)).await;
    harness.hand_over("till").await;
    let (before, status) = (harness.all_events().await, harness.status().await);
    for (to, reparse) in [(None, false), (None, true), (Some("new".to_owned()), false)] {
        let dry = Replay {
            query: all_events(),
            to,
            reparse,
            dry_run: true,
        };
        assert_eq!(harness.replay(&dry).await, replayed(2, 2));
    }
    assert_eq!(harness.all_events().await, before);
    assert_eq!(harness.status().await.unread, status.unread);
    harness.nothing_is_due("till").await;
    harness.nothing_is_due("new").await;
    assert!(harness.all_unread().await.is_empty());
}

/// **I4**: a replay goes piece by piece through all that is asked for.
pub async fn i4_a_replay_goes_on_where_it_stopped(harness: Harness) {
    let names = ["1", "2", "3", "4", "5", "6", "7"];
    harness.put(&names.map(said)).await;
    harness.hand_over("till").await;
    for reparse in [false, true] {
        let mut query = EventQuery {
            limit: 3,
            ..all_events()
        };
        let mut events = 0;
        for _ in 0..names.len() + 2 {
            let piece = harness
                .replay(&Replay {
                    reparse,
                    ..replay(query.clone())
                })
                .await;
            assert!(piece.events <= 3, "as many as are wanted: {piece:?}");
            events += piece.events;
            // What is read again in between is not met a second time.
            harness
                .read(|unread| vec![said(&String::from_utf8_lossy(&unread.stored.delivery.body))])
                .await;
            query.after = piece.next;
            if piece.next.is_none() {
                break;
            }
        }
        assert_eq!((query.after, events), (None, 7), "it comes to an end");
        assert_eq!(harness.hand_over("till").await, [names]);
    }
    let none = EventQuery {
        limit: 0,
        ..all_events()
    };
    assert_eq!(harness.replay(&replay(none)).await.events, 0);
    harness.nothing_is_due("till").await;
}

/// **I4**: only what is asked for is replayed, and of an event that came several times the first.
pub async fn i4_only_what_is_asked_for_is_replayed(harness: Harness) {
    for (key, endpoint) in [("1", "shop"), ("2", "branch"), ("3", "branch")] {
        harness.accept(harness.letter(key).to(endpoint).incoming()).await;
    }
    let filed = harness.read(|unread| match &unread.stored.delivery.body[..] {
        b"1" => vec![said("call").of_kind(Kind::Call), said("x").of("acc", "ana")],
        b"2" => vec![said("call").of_kind(Kind::Call), said("y").of("acc", "bob")],
        _ => vec![said("y")],
    });
    assert_eq!(
        filed.await,
        Filed {
            fresh: 3,
            duplicates: 2
        }
    );
    harness.hand_over("till").await;
    let queries = [
        (
            EventQuery {
                endpoint: Some("branch".to_owned()),
                ..all_events()
            },
            vec!["y"],
        ),
        (
            EventQuery {
                kinds: vec![Kind::Call],
                ..all_events()
            },
            vec!["call"],
        ),
        (
            EventQuery {
                account: Some("acc".to_owned()),
                ..all_events()
            },
            vec!["x", "y"],
        ),
        (
            EventQuery {
                chat: Some("ana".to_owned()),
                ..all_events()
            },
            vec!["x"],
        ),
        (all_events(), vec!["call", "x", "y"]),
    ];
    for (query, expected) in queries {
        let answer = harness.replay(&replay(query.clone())).await;
        assert_eq!(answer.events, expected.len() as u64, "{query:?}");
        assert_eq!(harness.hand_over("till").await.concat(), expected, "{query:?}");
    }
    let none = EventQuery {
        key: Some("z".to_owned()),
        ..all_events()
    };
    assert_eq!(harness.replay(&replay(none)).await, Replayed::default());
}

/// **I4**: while something is replayed, a delivery that comes again is a duplicate, and so is an event that is said again.
pub async fn i4_a_duplicate_during_a_replay_is_still_one(harness: Harness) {
    harness.put(&[said("e")]).await;
    harness.hand_over("till").await;
    harness.replay(&replay(all_events())).await;
    assert_eq!(
        harness.accept(harness.letter("e").incoming()).await,
        super::DUPLICATE
    );
    assert_eq!(harness.accept(harness.letter("other").incoming()).await, STORED);
    let filed = harness.read(|_| vec![said("e")]).await;
    assert_eq!((filed.fresh, filed.duplicates), (0, 1));
    let again = Replay {
        reparse: true,
        ..replay(all_events())
    };
    harness.replay(&again).await;
    assert_eq!(
        harness.accept(harness.letter("e").incoming()).await,
        super::DUPLICATE
    );
    assert_eq!(harness.accept(harness.letter("third").incoming()).await, STORED);
    let filed = harness.read(|_| vec![said("e")]).await;
    assert_eq!(
        (filed.fresh, filed.duplicates),
        (1, 1),
        "the replay, and the third delivery"
    );
    assert_eq!(harness.hand_over("till").await, [["e", "e"]], "two replays");
}

/// **I4**: replaying a dead letter, or what still waits, hands it over beside the first.
pub async fn i4_what_waits_or_is_dead_can_be_replayed(harness: Harness) {
    harness.put(&["1", "2"].map(said)).await;
    harness.give_up("till", Then::Park).await;
    assert_eq!(harness.replay(&replay(all_events())).await, replayed(2, 2));
    assert_eq!(harness.hand_over("till").await, [["2", "1", "2"]]);
    assert_eq!(harness.dead(&all_dead()).await.len(), 1, "it is still dead");
    // A replay is no way around a lane that stands still.
    harness.retry(&all_dead()).await;
    harness.give_up("till", Then::Block).await;
    harness.replay(&replay(all_events())).await;
    harness.nothing_is_due("till").await;
}

/// **I4**, **I5**: what was redacted cannot be replayed, and that is told.
pub async fn i4_what_was_redacted_cannot_be_replayed(harness: Harness) {
    harness.put(&["1", "2"].map(said)).await;
    harness.hand_over("till").await;
    harness.pass(SHORT).await;
    let retention = Retention {
        rows: LONG,
        bodies: SHORT / 10,
        dead: LONG,
        count: 1_000,
    };
    assert_eq!(harness.sweep(retention).await.bodies, 2);
    harness.put(&[said("3")]).await;
    harness.hand_over("till").await;
    for reparse in [false, true] {
        let answer = harness
            .replay(&Replay {
                reparse,
                ..replay(all_events())
            })
            .await;
        assert_eq!((answer.events, answer.redacted, answer.deliveries), (1, 2, 1));
    }
    harness.read(|_| vec![said("3")]).await;
    assert_eq!(harness.hand_over("till").await, [["3", "3"]]);
}
