//! What the desk tells of events.

use std::collections::BTreeSet;

use jiff::ToSpan;
use wahook_core::{
    inbox::{EventQuery, Order},
    model::Kind,
};

use super::{Harness, all_events, said};

/// Nine events of three deliveries, a minute apart.
async fn nine(harness: &Harness) {
    let now = harness.now();
    for (minute, (key, endpoint)) in (0_i64..).zip([("1", "shop"), ("2", "branch"), ("3", "shop")]) {
        let letter = harness.letter(key).to(endpoint).at(now + minute.minutes());
        harness.accept(letter.incoming()).await;
    }
    let kinds = [Kind::MessageReceived, Kind::MessageStatus, Kind::Call];
    harness
        .read(|unread| {
            let key = String::from_utf8_lossy(&unread.stored.delivery.body).into_owned();
            let says = kinds.iter().zip(["a", "b", "c"]).map(|(kind, name)| {
                let account = format!("account {key}");
                said(&format!("{key}{name}"))
                    .of_kind(*kind)
                    .of(&account, &format!("chat {name}"))
            });
            says.collect()
        })
        .await;
}

async fn keys(harness: &Harness, query: &EventQuery) -> Vec<String> {
    let events = harness.every_event(query.clone()).await;
    events.into_iter().map(|event| event.summary.key).collect()
}

/// Each filter tells what fits it, and several tell what fits all.
pub async fn i3_events_are_found_by_what_is_known_of_them(harness: Harness) {
    nine(&harness).await;
    let all = harness.all_events().await;
    let second = all[3].received_at;
    let text = |text: &str| Some(text.to_owned());
    let q = all_events;
    let queries = [
        (q(), "1a 1b 1c 2a 2b 2c 3a 3b 3c"),
        (
            EventQuery {
                endpoint: text("branch"),
                ..q()
            },
            "2a 2b 2c",
        ),
        (
            EventQuery {
                kinds: vec![Kind::Call],
                ..q()
            },
            "1c 2c 3c",
        ),
        (
            EventQuery {
                kinds: vec![Kind::Call, Kind::MessageStatus],
                ..q()
            },
            "1b 1c 2b 2c 3b 3c",
        ),
        (
            EventQuery {
                account: text("account 3"),
                ..q()
            },
            "3a 3b 3c",
        ),
        (
            EventQuery {
                chat: text("chat b"),
                ..q()
            },
            "1b 2b 3b",
        ),
        (
            EventQuery {
                message_id: text("id of 2b"),
                ..q()
            },
            "2b",
        ),
        (
            EventQuery {
                key: text("3a"),
                ..q()
            },
            "3a",
        ),
        (
            EventQuery {
                delivery: Some(all[0].delivery),
                ..q()
            },
            "1a 1b 1c",
        ),
        (
            EventQuery {
                since: Some(second),
                ..q()
            },
            "2a 2b 2c 3a 3b 3c",
        ),
        (
            EventQuery {
                until: Some(second),
                ..q()
            },
            "1a 1b 1c",
        ),
        (
            EventQuery {
                since: Some(second),
                until: Some(second + 1.second()),
                ..q()
            },
            "2a 2b 2c",
        ),
        (
            EventQuery {
                endpoint: text("shop"),
                kinds: vec![Kind::Call],
                chat: text("chat c"),
                since: Some(second),
                ..q()
            },
            "3c",
        ),
        (
            EventQuery {
                endpoint: text("nowhere"),
                ..q()
            },
            "",
        ),
        (
            EventQuery {
                endpoint: text("%"),
                ..q()
            },
            "",
        ),
        (
            EventQuery {
                chat: text("chat _"),
                ..q()
            },
            "",
        ),
        (
            EventQuery {
                chat: text("CHAT B"),
                ..q()
            },
            "",
        ),
        (
            EventQuery {
                key: text("' or '1'='1"),
                ..q()
            },
            "",
        ),
        (
            EventQuery {
                key: text("3"),
                ..q()
            },
            "",
        ),
        (EventQuery { key: text(""), ..q() }, ""),
        (
            EventQuery {
                since: Some(second),
                until: Some(second),
                ..q()
            },
            "",
        ),
        (
            EventQuery {
                since: Some(jiff::Timestamp::MIN),
                until: Some(jiff::Timestamp::MAX),
                ..q()
            },
            "1a 1b 1c 2a 2b 2c 3a 3b 3c",
        ),
    ];
    for (query, expected) in queries {
        let expected: Vec<_> = expected.split_whitespace().collect();
        assert_eq!(keys(&harness, &query).await, expected, "{query:?}");
        let newest = EventQuery {
            order: Order::Newest,
            ..query
        };
        let mut backwards = keys(&harness, &newest).await;
        backwards.reverse();
        assert_eq!(backwards, expected, "{newest:?}");
    }
}

/// Going on where the last answer ended tells each event once, whatever comes in meanwhile.
pub async fn i3_events_are_told_piece_by_piece_without_gaps(harness: Harness) {
    nine(&harness).await;
    for order in [Order::Oldest, Order::Newest] {
        let mut query = EventQuery {
            order,
            limit: 2,
            ..all_events()
        };
        let (mut cursors, mut told) = (Vec::new(), Vec::new());
        for round in 0..40 {
            let piece = harness.events(&query).await;
            assert!(piece.len() <= 2);
            let Some(last) = piece.last() else {
                break;
            };
            query.after = Some(last.cursor);
            cursors.extend(piece.iter().map(|event| event.cursor));
            told.extend(piece.into_iter().map(|event| event.summary.key));
            if round == 1 {
                harness.put(&[said(&format!("new {order:?}"))]).await;
            }
        }
        let once: BTreeSet<_> = told.iter().collect();
        assert_eq!(once.len(), told.len(), "each once: {told:?}");
        let old = told.iter().filter(|key| !key.starts_with("new"));
        assert_eq!(old.count(), 9, "none is left out: {told:?}");
        let in_order = |a: &i64, b: &i64| if order == Order::Oldest { a < b } else { a > b };
        assert!(cursors.is_sorted_by(in_order), "{cursors:?}");
    }
    let end = EventQuery {
        after: Some(i64::MAX),
        ..all_events()
    };
    assert!(harness.events(&end).await.is_empty());
    let begin = EventQuery {
        after: Some(i64::MIN),
        order: Order::Newest,
        ..all_events()
    };
    assert!(harness.events(&begin).await.is_empty());
    let none = EventQuery {
        limit: 0,
        ..all_events()
    };
    assert!(harness.events(&none).await.is_empty());
    let most = EventQuery {
        limit: u32::MAX,
        ..all_events()
    };
    assert!(!harness.events(&most).await.is_empty());
}

/// A delivery is told with its events, in their order; one that does not exist is none.
pub async fn i3_a_delivery_is_told_with_its_events(harness: Harness) {
    nine(&harness).await;
    let all = harness.all_events().await;
    for events in all.chunks(3) {
        let kept = harness.delivery(events[0].delivery).await.expect("it is kept");
        assert!(kept.read);
        assert_eq!(kept.events, events);
        assert_eq!(kept.stored.delivery.id, events[0].delivery);
        assert_eq!(kept.stored.delivery.endpoint, events[0].endpoint);
    }
    let nobodys = wahook_core::DeliveryId::from_bytes([0xff; 16]);
    assert!(harness.delivery(nobodys).await.is_none());
}
