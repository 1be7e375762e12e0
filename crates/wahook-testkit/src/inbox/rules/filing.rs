//! I3: events are claimed, and put into their lanes, once.

use wahook_core::{
    inbox::{EntryState, Filed},
    model::Kind,
};

use super::{Harness, LONG, SHORT, at_once, reading, reading_for, said};

/// **I3**, **G10**: an event that comes in several deliveries, or at several endpoints of one scope, is in its lanes once;
/// the others are recorded as duplicates.
pub async fn i3_an_event_of_several_deliveries_is_in_its_lanes_once(harness: Harness) {
    for (key, endpoint) in [("one", "shop"), ("two", "shop"), ("three", "branch")] {
        harness.accept(harness.letter(key).to(endpoint).incoming()).await;
    }
    let filed = harness.read(|_| vec![said("e").in_scope("@all")]).await;
    assert_eq!(
        filed,
        Filed {
            fresh: 1,
            duplicates: 2
        }
    );
    assert_eq!(harness.hand_over("till").await, [["e"]]);
    let events = harness.all_events().await;
    let duplicates: Vec<_> = events.iter().map(|event| event.duplicate).collect();
    assert_eq!(duplicates, [false, true, true]);
    let lanes: Vec<_> = events.iter().map(|event| event.progress.len()).collect();
    assert_eq!(lanes, [1, 0, 0], "a duplicate is in no lane");
    assert_eq!(&*events[2].endpoint, "branch");
}

/// **I3**, **G10**: in another scope the same event is another; a delivery's key is no event's.
pub async fn i3_in_another_scope_it_is_another_event(harness: Harness) {
    harness.post(&["e", "f"]).await;
    let filed = harness.read(|unread| {
        let scope = if &unread.stored.delivery.body[..] == b"e" {
            "shop"
        } else {
            "shop2"
        };
        vec![said("e").in_scope(scope)]
    });
    assert_eq!(
        filed.await,
        Filed {
            fresh: 2,
            duplicates: 0
        }
    );
    assert_eq!(harness.hand_over("till").await.concat(), ["e", "e"]);
}

/// **I3**: an event that one delivery says twice is in its lanes once.
pub async fn i3_an_event_said_twice_in_one_delivery_is_in_its_lanes_once(harness: Harness) {
    harness.post(&["d"]).await;
    let filed = harness.read(|_| vec![said("e"), said("f"), said("e")]).await;
    assert_eq!(
        filed,
        Filed {
            fresh: 2,
            duplicates: 1
        }
    );
    assert_eq!(harness.hand_over("till").await, [["e", "f"]]);
}

/// **I3**: an event is in the lane of each sink that wants it, once each, and in no other; one that nobody wants is known
/// all the same.
pub async fn i3_an_event_is_in_the_lane_of_each_sink_that_wants_it(harness: Harness) {
    harness.post(&["d"]).await;
    let says = vec![
        said("both").to(&["till", "log"]),
        said("till only"),
        said("nobody's").to(&[]),
    ];
    assert_eq!(harness.read(|_| says.clone()).await.fresh, 3);
    assert_eq!(harness.hand_over("till").await, [["both", "till only"]]);
    assert_eq!(harness.hand_over("log").await, [["both"]]);
    harness.nothing_is_due("other").await;
    harness.nothing_is_due("tilt").await;
    let events = harness.all_events().await;
    let sinks = events.iter().map(|event| {
        let sinks = event.progress.iter().map(|progress| progress.sink.to_string());
        let mut sinks: Vec<_> = sinks.collect();
        sinks.sort();
        sinks
    });
    assert_eq!(
        sinks.collect::<Vec<_>>(),
        [vec!["log", "till"], vec!["till"], vec![]]
    );
}

/// **I3**: what is read already is left as it is, and so is what does not exist.
pub async fn i3_filing_twice_changes_nothing(harness: Harness) {
    harness.post(&["a", "b"]).await;
    let unread = harness.all_unread().await;
    let readings = |name: &str| -> Vec<_> {
        let readings = unread.iter().map(|unread| {
            let body = String::from_utf8_lossy(&unread.stored.delivery.body).into_owned();
            reading(unread, vec![said(&format!("{name}{body}"))])
        });
        readings.collect()
    };
    let filed = harness
        .file(harness.reader, readings(""))
        .await
        .expect("nobody else reads");
    assert_eq!(filed.fresh, 2);
    // Its answer may have got lost, so it is said again; or the reader is confused.
    for name in ["", "other "] {
        let again = harness.file(harness.reader, readings(name)).await;
        assert_eq!(
            again.unwrap_or_default(),
            Filed::default(),
            "they are read already"
        );
    }
    let mut stranger = readings("stranger ");
    for reading in &mut stranger {
        reading.position += 1_000_000;
    }
    stranger.push(stranger[0].clone());
    let strange = harness.file(harness.reader, stranger).await;
    assert_eq!(
        strange.unwrap_or_default(),
        Filed::default(),
        "there are no such deliveries"
    );
    assert_eq!(harness.hand_over("till").await, [["a", "b"]]);
    assert_eq!(harness.all_events().await.len(), 2);
}

/// **I3**: events that are filed at once in one go are claimed as those that are filed one after the other.
pub async fn i3_what_is_filed_in_one_go_is_claimed_among_itself(harness: Harness) {
    let names: Vec<_> = (0..50).map(|number| format!("{number:02}")).collect();
    harness
        .post(&names.iter().map(String::as_str).collect::<Vec<_>>())
        .await;
    let filed = harness.read(|unread| {
        let number: usize = String::from_utf8_lossy(&unread.stored.delivery.body)
            .parse()
            .unwrap_or(0);
        vec![said(&format!("event {:02}", number / 2))]
    });
    assert_eq!(
        filed.await,
        Filed {
            fresh: 25,
            duplicates: 25
        }
    );
    let handed = harness.hand_over("till").await.concat();
    let expected: Vec<_> = (0..25).map(|number| format!("event {number:02}")).collect();
    assert_eq!(handed, expected);
}

/// **I3**: of many who file the same at once it is filed once.
pub async fn i3_filing_at_once_files_once(harness: Harness) {
    harness.post(&["a", "b"]).await;
    let unread = harness.all_unread().await;
    let filed = at_once(8, |_| {
        let harness = harness.clone();
        let readings: Vec<_> = unread
            .iter()
            .map(|unread| reading(unread, vec![said(&format!("{}", unread.stored.position))]))
            .collect();
        async move {
            harness
                .file(harness.reader, readings)
                .await
                .unwrap_or_default()
                .fresh
        }
    });
    assert_eq!(filed.await.into_iter().sum::<usize>(), 2);
    assert_eq!(harness.hand_over("till").await.concat().len(), 2);
}

/// **I3**, **G9**: when the memory of an event is over, it is fresh again; not before, whatever became of the first.
pub async fn i3_when_the_memory_of_an_event_is_over_it_is_fresh_again(harness: Harness) {
    let file = async |key: &str, memory| {
        harness.post(&[key]).await;
        let unread = harness.all_unread().await;
        let says = || vec![said("short"), said("long")];
        let readings = unread
            .iter()
            .map(|unread| reading_for(unread, says(), memory))
            .collect();
        harness
            .file(harness.reader, readings)
            .await
            .expect("nobody else reads")
    };
    harness.put(&[said("long")]).await;
    assert_eq!(
        file("one", SHORT).await,
        Filed {
            fresh: 1,
            duplicates: 1
        }
    );
    harness.hand_over("till").await;
    harness.pass(3 * SHORT).await;
    assert_eq!(
        file("two", LONG).await,
        Filed {
            fresh: 1,
            duplicates: 1
        }
    );
    assert_eq!(harness.hand_over("till").await, [["short"]]);
    assert_eq!(
        file("three", LONG).await,
        Filed {
            fresh: 0,
            duplicates: 2
        }
    );
}

/// **I3**: what is known of an event is kept as it was said, text by text.
pub async fn i3_what_is_known_of_an_event_is_kept(harness: Harness) {
    let odd = "é \u{0301}\u{200b}'\";--%_\\ \u{10ffff}";
    harness.accept(harness.letter("d").to("branch").incoming()).await;
    let says = vec![
        said("plain").of("account", "chat").of_kind(Kind::Call),
        said(odd).of(odd, odd).in_lane(odd),
        said("bare"),
    ];
    harness.read(|_| says.clone()).await;
    let events = harness.all_events().await;
    assert_eq!(events.len(), 3);
    for (place, (event, said)) in events.iter().zip(&says).enumerate() {
        assert_eq!(event.place, place);
        assert_eq!((&*event.endpoint, &*event.provider), ("branch", "paper"));
        let summary = &event.summary;
        assert_eq!(summary.key, said.name);
        assert_eq!(summary.kind, said.kind);
        assert_eq!(summary.name.as_deref(), Some("said"));
        assert_eq!(summary.account.as_deref(), said.account.as_deref());
        assert_eq!(summary.chat.as_deref(), said.chat.as_deref());
        assert_eq!(
            summary.message_id.as_deref(),
            Some(&*format!("id of {}", said.name))
        );
        assert_eq!(summary.occurred_at, None);
        let [progress] = &event.progress[..] else {
            panic!("one sink wants it: {event:?}")
        };
        assert_eq!(progress.state, EntryState::Waiting);
        assert_eq!((progress.attempts, &progress.error), (0, &None));
        assert_eq!(progress.replay_of, None);
    }
    let kept = harness.delivery(events[0].delivery).await.expect("it is kept");
    assert!(kept.read);
    assert_eq!(kept.events, events);
}
