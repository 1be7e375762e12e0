//! I1 and I2: what is acknowledged is there, once.

use std::{future::poll_fn, pin::pin, task::Poll};

use wahook_core::{KeySource, inbox::Accepted};

use super::{DUPLICATE, Harness, NOTE, SHORT, STORED, at_once, bodies, said};

/// **I1**: what was accepted is unread at once, in the order of acceptance, byte by byte as it came.
pub async fn i1_what_was_accepted_is_there_as_it_came(harness: Harness) {
    let odd: &[u8] = b"\0\xff{\"a\":\"\xed\xa0\x80\"}\r\n\xc3\x28";
    let big: Vec<u8> = (0..300_000_u32).map(|number| (number % 251) as u8).collect();
    let letters = [
        harness.letter("plain"),
        harness.letter("empty").saying(""),
        harness.letter("odd").saying(odd).noting(b"not UTF-8: \xff\xfe"),
        harness.letter("big").saying(big),
        harness.letter("k\u{e9}y % ' \" \\ $1").to("other.endpoint_1"),
    ];
    let mut sent = Vec::new();
    for letter in &letters {
        let incoming = letter.incoming();
        assert_eq!(harness.accept(incoming.clone()).await, STORED);
        sent.push(incoming);
    }
    let unread = harness.all_unread().await;
    assert_eq!(unread.len(), sent.len(), "all are unread");
    for (unread, incoming) in unread.iter().zip(&sent) {
        let (stored, was) = (&unread.stored.delivery, incoming.delivery());
        assert!(!unread.again);
        assert_eq!(&*unread.stored.provider, incoming.provider());
        assert_eq!(unread.stored.redacted_at, None);
        assert_eq!(stored.id, was.id);
        assert_eq!(stored.endpoint, was.endpoint);
        assert_eq!(
            (&stored.key.text, stored.key.source),
            (&was.key.text, KeySource::Header)
        );
        assert_eq!(stored.provider_id, was.provider_id);
        assert!(!stored.conflict);
        assert_eq!(
            (stored.received_at, stored.signed_at),
            (was.received_at, was.signed_at)
        );
        assert_eq!(stored.headers.get(NOTE), was.headers.get(NOTE));
        assert!(stored.body == was.body, "the bytes of {:?}", stored.key.text);
        let kept = harness.delivery(was.id).await.expect("the desk knows it too");
        assert!(!kept.read && kept.events.is_empty());
        assert!(kept.stored.delivery.body == was.body);
    }
    let positions: Vec<_> = unread.iter().map(|unread| unread.stored.position).collect();
    assert!(
        positions.is_sorted_by(|a, b| a < b),
        "the order of acceptance: {positions:?}"
    );
}

/// **I1**: each of many at once is there once it is answered.
pub async fn i1_what_many_accept_at_once_is_all_there(harness: Harness) {
    const TASKS: usize = 32;
    const EACH: usize = 10;
    let tasks = at_once(TASKS, |task| {
        let harness = harness.clone();
        async move {
            for number in 0..EACH {
                let incoming = harness.letter(&format!("{task:02} {number:02}")).incoming();
                let id = incoming.delivery().id;
                assert_eq!(harness.accept(incoming).await, STORED);
                assert!(
                    harness.delivery(id).await.is_some(),
                    "it was answered, so it is there"
                );
            }
        }
    });
    tasks.await;
    let unread = bodies(&harness.all_unread().await);
    for task in 0..TASKS {
        let prefix = format!("{task:02} ");
        let of_task: Vec<_> = unread.iter().filter(|body| body.starts_with(&prefix)).collect();
        assert_eq!(of_task.len(), EACH, "each is there once");
        assert!(
            of_task.is_sorted(),
            "answered before the next was sent: {of_task:?}"
        );
    }
}

/// **I2**: what comes again is a duplicate, whether the first was read or not, and nothing else is stored.
pub async fn i2_what_comes_again_is_a_duplicate(harness: Harness) {
    let letter = harness.letter("again");
    assert_eq!(harness.accept(letter.incoming()).await, STORED);
    assert_eq!(harness.accept(letter.incoming()).await, DUPLICATE);
    assert_eq!(bodies(&harness.all_unread().await), ["again"]);
    harness.read(|_| vec![said("again")]).await;
    assert_eq!(harness.accept(letter.incoming()).await, DUPLICATE);
    harness.hand_over("till").await;
    assert_eq!(harness.accept(letter.incoming()).await, DUPLICATE);
    assert!(harness.all_unread().await.is_empty());
    assert_eq!(harness.status().await.deliveries, 1);
}

/// **I2**: of many copies at once exactly one is stored.
pub async fn i2_of_copies_at_once_exactly_one_is_stored(harness: Harness) {
    for round in 0..10 {
        let key = format!("round {round}");
        let answers = at_once(32, |_| {
            let (harness, incoming) = (harness.clone(), harness.letter(&key).incoming());
            async move { harness.accept(incoming).await }
        });
        let answers = answers.await;
        let stored = answers.iter().filter(|answer| **answer == STORED).count();
        assert_eq!(stored, 1, "{answers:?}");
        assert!(
            answers
                .iter()
                .all(|answer| matches!(answer, &STORED | &DUPLICATE))
        );
        let unread = bodies(&harness.all_unread().await);
        assert_eq!(
            unread.iter().filter(|body| **body == key).count(),
            1,
            "one is there"
        );
    }
}

/// **I2**, **G6**: a key is of its endpoint, and is exactly its text.
pub async fn i2_a_key_is_of_its_endpoint_and_exactly_its_text(harness: Harness) {
    let long = "x".repeat(600);
    let keys = [
        "a", "A", "a ", "aa", "", "a:b", "a#b", "%", "_", "'; --", "\\'", "é", "e\u{301}", &long,
    ];
    for key in keys {
        for endpoint in ["shop", "shop2", "a"] {
            let letter = harness.letter(key).to(endpoint).saying("one body for all");
            assert_eq!(
                harness.accept(letter.incoming()).await,
                STORED,
                "{endpoint} {key}"
            );
            assert_eq!(
                harness.accept(letter.incoming()).await,
                DUPLICATE,
                "{endpoint} {key}"
            );
        }
    }
}

/// **I2**, **G7**: another body under a key is stored as well and flagged, and is a duplicate of itself alone.
pub async fn i2_another_body_under_a_key_is_stored_and_flagged(harness: Harness) {
    let (first, second) = (
        harness.letter("key").saying("one"),
        harness.letter("key").saying("two"),
    );
    assert_eq!(harness.accept(first.incoming()).await, STORED);
    let conflict = harness.accept(second.incoming()).await;
    assert_eq!(conflict, Accepted::Stored { conflict: true });
    for letter in [&first, &second] {
        assert_eq!(
            harness.accept(letter.incoming()).await,
            DUPLICATE,
            "it was stored"
        );
    }
    let unread = harness.all_unread().await;
    assert_eq!(bodies(&unread), ["one", "two"]);
    let flags = unread.iter().map(|unread| unread.stored.delivery.conflict);
    assert_eq!(flags.collect::<Vec<_>>(), [false, true]);
}

/// **I2**, **G7**: of many bodies under one key at once each is stored once.
pub async fn i2_of_many_bodies_at_once_each_is_stored_once(harness: Harness) {
    let answers = at_once(32, |task| {
        let body = format!("body {}", task % 4);
        let (harness, incoming) = (harness.clone(), harness.letter("key").saying(body).incoming());
        async move { harness.accept(incoming).await }
    });
    let stored = answers
        .await
        .into_iter()
        .filter(|answer| matches!(answer, Accepted::Stored { .. }));
    assert_eq!(stored.count(), 4);
    let mut unread = bodies(&harness.all_unread().await);
    unread.sort();
    assert_eq!(unread, ["body 0", "body 1", "body 2", "body 3"]);
}

/// **I2**, **G7**: where conflicts are dropped, another body under a key is not stored, and that is told.
pub async fn i2_where_conflicts_are_dropped_one_body_is_stored(harness: Harness) {
    let letter = |body: &'static str| harness.letter("key").saying(body).dropping_conflicts();
    assert_eq!(harness.accept(letter("one").incoming()).await, STORED);
    let dropped = harness.accept(letter("two").incoming()).await;
    assert_eq!(dropped, Accepted::Duplicate { conflict: true });
    assert_eq!(harness.accept(letter("one").incoming()).await, DUPLICATE);
    assert_eq!(bodies(&harness.all_unread().await), ["one"]);
    let answers = at_once(16, |task| {
        let body = format!("body {task}");
        let letter = harness.letter("crowd").saying(body).dropping_conflicts();
        let (harness, incoming) = (harness.clone(), letter.incoming());
        async move { harness.accept(incoming).await }
    });
    let stored = answers.await.into_iter().filter(|answer| *answer == STORED);
    assert_eq!(stored.count(), 1, "of many bodies at once one is stored");
    assert_eq!(harness.all_unread().await.len(), 2);
}

/// **I2**, **G9**: when its memory is over a key is nobody's, and what comes under it is stored once more; a conflict
/// lasts no longer.
pub async fn i2_when_its_memory_is_over_it_is_stored_again(harness: Harness) {
    let short = harness.letter("short").remembered_for(SHORT);
    let other = harness.letter("short").saying("another body");
    let long = harness.letter("long");
    assert_eq!(harness.accept(short.incoming()).await, STORED);
    assert_eq!(harness.accept(long.incoming()).await, STORED);
    harness.pass(3 * SHORT).await;
    assert_eq!(
        harness.accept(short.incoming()).await,
        STORED,
        "its memory is over"
    );
    assert_eq!(
        harness.accept(long.incoming()).await,
        DUPLICATE,
        "its memory is not"
    );
    harness.pass(3 * SHORT).await;
    assert_eq!(
        harness.accept(other.incoming()).await,
        STORED,
        "nothing is left to conflict with"
    );
    let unread = bodies(&harness.all_unread().await);
    assert_eq!(unread, ["short", "long", "short", "another body"]);
}

/// **I2**, **I5**: an `accept` that is dropped half-way stored all of it or nothing, and can be said again.
pub async fn i2_an_accept_dropped_half_way_is_all_or_nothing(harness: Harness) {
    let polls = [0, 1, 2, 3, 4, 6, 8, 12, 16, 32, 64, 128, 256, 512, 1_024];
    for polls in polls {
        let letter = harness.letter(&format!("{polls} polls"));
        {
            let inbox = harness.inbox();
            let mut accept = pin!(inbox.accept(letter.incoming()));
            for _ in 0..polls {
                if poll_fn(|context| Poll::Ready(accept.as_mut().poll(context).is_ready())).await {
                    break;
                }
                tokio::task::yield_now().await;
            }
        }
        // Most are sent again, as a provider does.
        if polls % 3 != 0 {
            let answer = harness.accept(letter.incoming()).await;
            assert!(matches!(answer, STORED | DUPLICATE), "{answer:?}");
        }
    }
    harness.post(&["the last"]).await;
    let unread = bodies(&harness.all_unread().await);
    for polls in polls {
        let count = unread
            .iter()
            .filter(|body| **body == format!("{polls} polls"))
            .count();
        let sent_again = polls % 3 != 0;
        assert!(
            count == 1 || (count == 0 && !sent_again),
            "{polls} polls: {count}"
        );
        if count == 0 {
            let late = harness
                .accept(harness.letter(&format!("{polls} polls")).incoming())
                .await;
            assert!(matches!(late, STORED | DUPLICATE));
        }
    }
    harness
        .read(|unread| vec![said(&format!("{:?}", unread.stored.delivery.body))])
        .await;
    let events = harness.all_events().await;
    assert_eq!(events.len(), polls.len() + 1, "each is there once, at last");
}
