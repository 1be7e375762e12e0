//! Dead letters, and what is done with them.

use wahook_core::{
    guard::Settled,
    inbox::{DeadQuery, EntryId, EntryState, Status, Then},
    model::Kind,
};

use super::{Harness, SHORT, all_dead, said};

/// Six dead letters in lanes of their own, three of each sink.
async fn six(harness: &Harness) {
    for (number, endpoint) in ["shop", "branch", "shop"].into_iter().enumerate() {
        let key = format!("{}", number + 1);
        harness.accept(harness.letter(&key).to(endpoint).incoming()).await;
        let kind = if number == 0 { Kind::Call } else { Kind::Presence };
        harness
            .read(|_| vec![said(&key).in_lane(&key).of_kind(kind).to(&["till", "log"])])
            .await;
        for sink in ["till", "log"] {
            harness.give_up(sink, Then::Park).await;
        }
        harness.pass(SHORT / 5).await;
    }
}

async fn keys(harness: &Harness, query: &DeadQuery) -> Vec<String> {
    let dead = harness.dead(query).await;
    dead.iter()
        .map(|letter| format!("{} {}", letter.sink, letter.event.summary.key))
        .collect()
}

/// Dead letters are told the newest first, by what is known of them, without gaps.
pub async fn i3_dead_letters_are_found_by_what_is_known_of_them(harness: Harness) {
    six(&harness).await;
    let all = harness.dead(&all_dead()).await;
    let newest: Vec<_> = all
        .iter()
        .map(|letter| letter.event.summary.key.clone())
        .collect();
    assert_eq!(newest, ["3", "3", "2", "2", "1", "1"], "the newest first");
    let text = |text: &str| Some(text.to_owned());
    let q = all_dead;
    let times: Vec<_> = all.iter().map(|letter| letter.died_at).collect();
    let queries = [
        (
            DeadQuery {
                sink: text("till"),
                ..q()
            },
            "till 3, till 2, till 1",
        ),
        (
            DeadQuery {
                sink: text("log"),
                endpoint: text("branch"),
                ..q()
            },
            "log 2",
        ),
        (
            DeadQuery {
                sink: text("log"),
                kinds: vec![Kind::Call],
                ..q()
            },
            "log 1",
        ),
        (
            DeadQuery {
                sink: text("log"),
                since: Some(times[3]),
                ..q()
            },
            "log 3, log 2",
        ),
        (
            DeadQuery {
                sink: text("log"),
                until: Some(times[3]),
                ..q()
            },
            "log 1",
        ),
        (
            DeadQuery {
                sink: text("none"),
                ..q()
            },
            "",
        ),
        (
            DeadQuery {
                endpoint: text("%"),
                ..q()
            },
            "",
        ),
        (
            DeadQuery {
                ids: vec![EntryId(i64::MAX), EntryId(-1)],
                ..q()
            },
            "",
        ),
        (DeadQuery { limit: 0, ..q() }, ""),
    ];
    for (query, expected) in queries {
        assert_eq!(keys(&harness, &query).await.join(", "), expected, "{query:?}");
    }
    for letter in &all {
        let one = DeadQuery {
            ids: vec![letter.id],
            ..q()
        };
        assert_eq!(harness.dead(&one).await, std::slice::from_ref(letter));
    }
    let mut paged = Vec::new();
    let mut query = DeadQuery { limit: 4, ..q() };
    loop {
        let piece = harness.dead(&query).await;
        let Some(last) = piece.last() else {
            break;
        };
        assert!(piece.len() <= 4 && paged.len() <= all.len(), "it comes to an end");
        query.before = Some(last.id);
        paged.extend(piece);
    }
    assert_eq!(paged, all, "piece by piece");
}

/// **I3**: what is retried comes at the end of its lane, its attempts counted anew and its time too; nothing else is
/// retried.
pub async fn i3_what_is_retried_comes_at_the_end(harness: Harness) {
    harness.put(&["1", "2", "3"].map(said)).await;
    let first = harness.hold_one("till").await;
    let filed_at = first.lane.entries[0].filed_at;
    assert_eq!(
        harness.settle(first.token, first.failing(0, Then::Park)).await,
        Settled::Done
    );
    let parked = harness.dead(&all_dead()).await.remove(0).id;
    let second = harness.give_up("till", Then::Park).await;
    assert_ne!(parked, second);
    harness.pass(SHORT).await;
    let query = DeadQuery {
        ids: vec![parked],
        ..all_dead()
    };
    assert_eq!(harness.retry(&query).await, 1);
    assert_eq!(harness.retry(&query).await, 0, "it waits by now");
    assert_eq!(harness.drop_dead(&query).await, 0);
    let hold = harness.hold_one("till").await;
    assert_eq!(
        (hold.keys(), hold.attempts()),
        (vec!["3".to_owned(), "1".to_owned()], vec![1, 1])
    );
    assert!(
        hold.lane.entries[1].filed_at > filed_at,
        "the time that it is tried begins anew"
    );
    assert_eq!(harness.settle(hold.token, hold.done()).await, Settled::Done);
    assert_eq!(keys(&harness, &all_dead()).await, ["till 2"]);
    assert_eq!(harness.retry(&all_dead()).await, 1);
    assert_eq!(harness.hand_over("till").await, [["2"]]);
}

/// **I3**: several that are retried at once keep their order.
pub async fn i3_what_is_retried_at_once_keeps_its_order(harness: Harness) {
    harness.put(&["1", "2", "3", "4"].map(said)).await;
    for _ in 0..3 {
        harness.give_up("till", Then::Park).await;
    }
    assert_eq!(
        harness
            .retry(&DeadQuery {
                limit: 0,
                ..all_dead()
            })
            .await,
        0
    );
    assert_eq!(harness.retry(&all_dead()).await, 3);
    assert_eq!(harness.hand_over("till").await, [["4", "1", "2", "3"]]);
}

/// **I3**: what is dropped is gone for good, and so it says; nothing else is dropped.
pub async fn i3_what_is_dropped_is_gone_for_good(harness: Harness) {
    six(&harness).await;
    let one = DeadQuery {
        sink: Some("till".to_owned()),
        kinds: vec![Kind::Call],
        ..all_dead()
    };
    assert_eq!(harness.drop_dead(&one).await, 1);
    assert_eq!(harness.drop_dead(&one).await, 0);
    assert_eq!(harness.retry(&one).await, 0, "it is no dead letter any more");
    assert_eq!(harness.dead(&all_dead()).await.len(), 5);
    let limited = DeadQuery {
        limit: 2,
        ..all_dead()
    };
    assert_eq!(harness.drop_dead(&limited).await, 2, "as many as are wanted");
    assert_eq!(harness.dead(&all_dead()).await.len(), 3);
    assert_eq!(harness.drop_dead(&all_dead()).await, 3);
    harness.nothing_is_due("till").await;
    harness.nothing_is_due("log").await;
    let events = harness.all_events().await;
    let states = events
        .iter()
        .flat_map(|event| &event.progress)
        .map(|progress| progress.state);
    assert!(states.eq([EntryState::Dropped; 6]));
}

/// **I3**: what waits for a sink that is gone can be dropped, and nothing else is; who has it in hand settles in vain.
pub async fn i3_what_waits_for_a_sink_is_dropped_when_told(harness: Harness) {
    let both = |name: &'static str| said(name).to(&["till", "log"]);
    harness.put(&["1", "2", "3", "4", "5"].map(both)).await;
    let dead = harness.hold_one("till").await;
    let park = dead.failing(0, Then::Park);
    assert_eq!(harness.settle(dead.token, park).await, Settled::Done);
    let hold = harness.hold_one("till").await;
    assert_eq!(harness.drop_waiting("nobody", 10).await, 0);
    assert_eq!(harness.drop_waiting("till", 1).await, 1, "as many as are wanted");
    let sinks = |status: Status| {
        let told = status.sinks.into_iter();
        told.map(|sink| (sink.name.to_string(), sink.waiting, sink.lanes, sink.dead))
            .collect::<Vec<_>>()
    };
    let log = ("log".to_owned(), 5, 1, 0);
    assert_eq!(
        sinks(harness.status().await),
        [log.clone(), ("till".to_owned(), 3, 1, 1)]
    );
    assert_eq!(harness.drop_waiting("till", 10).await, 3);
    assert_eq!(harness.drop_waiting("till", 10).await, 0);
    // Whatever is said to who has it, nothing of it comes back.
    let retry = hold.failing(0, Then::Retry { after: SHORT });
    harness.settle(hold.token, retry).await;
    assert_eq!(sinks(harness.status().await), [log, ("till".to_owned(), 0, 0, 1)]);
    harness.pass(2 * SHORT).await;
    harness.nothing_is_due("till").await;
    assert_eq!(harness.hand_over("log").await.concat().len(), 5);
    // What comes afterwards is as ever, behind what was given up.
    harness.put(&[said("6")]).await;
    assert_eq!(harness.retry(&all_dead()).await, 1);
    assert_eq!(harness.hand_over("till").await, [["6", "1"]]);
}

/// **I3**: retrying puts events into a lane that is taken or waits without harm to either.
pub async fn i3_a_retry_into_a_lane_that_is_taken_waits(harness: Harness) {
    harness.put(&["1", "2"].map(said)).await;
    harness.give_up("till", Then::Park).await;
    let hold = harness.hold_one("till").await;
    assert_eq!(harness.retry(&all_dead()).await, 1);
    harness.nothing_is_due("till").await;
    let retry = hold.failing(0, Then::Retry { after: super::LONG });
    assert_eq!(harness.settle(hold.token, retry).await, Settled::Done);
    harness.nothing_is_due("till").await;
    let events = harness.all_events().await;
    let states = events
        .iter()
        .flat_map(|event| &event.progress)
        .map(|progress| progress.state);
    assert!(states.eq([EntryState::Waiting; 2]));
}
