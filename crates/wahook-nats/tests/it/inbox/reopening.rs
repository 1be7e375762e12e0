//! A new process knows what the stream says: from its beginning, and from where the state was written down.

use bytes::Bytes;
use wahook_core::guard::OpenErrorKind;
use wahook_nats::NatsInbox;
use wahook_services::shared_nats;

use super::kit::{
    DUPLICATE, NOW, READER, STORED, hand_over, open, options, read, shop, state, stream, until,
};
use crate::stored::stored;

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i1_what_was_written_down_and_what_came_after_it_is_known_again() {
    let (url, mut options) = (shared_nats(), options());
    options.snapshot_bytes = 4_000;
    let inbox = open(&url, options.clone()).await;
    let mut shop = shop();
    let mut sent = Vec::new();
    for number in 0..60 {
        let incoming = shop.body(
            &format!("evt_{number}"),
            format!("chat{} {number:03}", number % 3),
        );
        assert_eq!(inbox.accept(incoming.clone()).await.unwrap(), STORED);
        sent.push(incoming);
        if number == 30 {
            read(&*inbox, READER).await.unwrap().unwrap();
            assert_eq!(hand_over(&*inbox).await.len(), 31);
        }
    }
    let subject = format!("wahook-inbox.{}.snapshot", options.stream);
    until("it is written down", async || {
        let (_, stream) = stream(&url, &options.stream).await;
        stream.get_last_raw_message_by_subject(&subject).await.is_ok()
    })
    .await;
    let before = (inbox.status().await.unwrap(), inbox.events(&all()).await.unwrap());
    drop(inbox);

    // Somebody who died while it wrote the state down: pieces, and nothing that says where they are.
    let (context, _) = stream(&url, &options.stream).await;
    let parts = format!("wahook-inbox.{}.part", options.stream);
    for _ in 0..3 {
        let stored = context
            .publish(parts.clone(), Bytes::from(vec![b'{'; 5_000]))
            .await
            .unwrap();
        stored.await.unwrap();
    }

    let inbox = open(&url, options.clone()).await;
    let after = inbox.status().await.unwrap();
    assert_eq!((after.deliveries, after.unread), (60, 29));
    assert_eq!((&after.sinks, &after.oldest), (&before.0.sinks, &before.0.oldest));
    assert_eq!(inbox.events(&all()).await.unwrap(), before.1);
    for incoming in sent {
        assert_eq!(inbox.accept(incoming).await.unwrap(), DUPLICATE);
    }
    read(&*inbox, READER).await.unwrap().unwrap();
    let mut bodies = hand_over(&*inbox).await;
    bodies.sort_by_key(|body| body[6..].to_owned());
    let expected: Vec<_> = (31..60)
        .map(|number| format!("chat{} {number:03}", number % 3))
        .collect();
    assert_eq!(bodies, expected);
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i1_where_what_was_written_down_last_is_damaged_the_one_before_is_taken() {
    let (url, mut options) = (shared_nats(), options());
    options.snapshot_bytes = 4_000;
    let inbox = open(&url, options.clone()).await;
    let mut shop = shop();
    let subject = format!("wahook-inbox.{}.snapshot", options.stream);
    let newest = async || {
        let (_, stream) = stream(&url, &options.stream).await;
        stream.get_last_raw_message_by_subject(&subject).await.ok()
    };
    let mut number = 0;
    until("it is written down", async || {
        number += 1;
        inbox
            .accept(shop.body(&format!("evt_{number}"), format!("chat {number}")))
            .await
            .unwrap();
        newest().await.is_some()
    })
    .await;
    let last = shop.body("evt_last", "chat last");
    inbox.accept(last.clone()).await.unwrap();
    drop(inbox);

    let mut message = newest().await.unwrap().payload.to_vec();
    let mut note: serde_json::Value = serde_json::from_slice(&message[8..]).unwrap();
    let mut damaged = note["places"][0].clone();
    damaged["digest"][0] = (255 - damaged["digest"][0].as_u64().unwrap()).into();
    damaged["at"] = state(&url, &options.stream).await.last_sequence.into();
    note["places"].as_array_mut().unwrap().insert(0, damaged);
    message.truncate(8);
    message.extend(serde_json::to_vec(&note).unwrap());
    let (context, _) = stream(&url, &options.stream).await;
    context
        .publish(subject.clone(), message.into())
        .await
        .unwrap()
        .await
        .unwrap();

    let inbox = open(&url, options.clone()).await;
    assert_eq!(inbox.status().await.unwrap().deliveries, number + 1);
    assert_eq!(inbox.accept(last).await.unwrap(), DUPLICATE);
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_a_stream_from_which_somebody_removed_messages_is_not_taken_for_whole() {
    let (url, options) = (shared_nats(), options());
    let inbox = open(&url, options.clone()).await;
    let mut shop = shop();
    for number in 0..5 {
        inbox
            .accept(shop.body(&format!("evt_{number}"), format!("chat {number}")))
            .await
            .unwrap();
    }
    drop(inbox);
    let (_, stream) = stream(&url, &options.stream).await;
    stream.delete_message(3).await.unwrap();
    let error = NatsInbox::connect(&url, options.clone()).await.unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Schema);
    assert!(
        error.to_string().contains("messages of the stream are missing"),
        "{error}"
    );
    stream.purge().await.unwrap();
    let error = NatsInbox::connect(&url, options).await.unwrap_err();
    assert!(error.to_string().contains("begins with message"), "{error}");
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i1_a_note_that_comes_late_and_names_what_is_gone_stops_nobody() {
    let (url, mut options) = (shared_nats(), options());
    options.snapshot_bytes = 4_000;
    let inbox = open(&url, options.clone()).await;
    let mut shop = shop();
    let subject = format!("wahook-inbox.{}.snapshot", options.stream);
    let (context, stream) = stream(&url, &options.stream).await;
    let (mut early, mut number) = (None, 0);
    let mut more = async || {
        for _ in 0..10 {
            number += 1;
            let incoming = shop.body(&format!("evt_{number}"), format!("chat {number}"));
            assert_eq!(inbox.accept(incoming).await.unwrap(), STORED);
        }
        read(&*inbox, READER).await.unwrap().unwrap();
        hand_over(&*inbox).await;
        for _ in 0..2 {
            inbox.sweep(NOW).await.unwrap();
        }
        number
    };
    until("the first note is old", async || {
        more().await;
        if early.is_none() {
            early = stream.get_last_raw_message_by_subject(&subject).await.ok();
        }
        let first = state(&url, &options.stream).await.first_sequence;
        early.as_ref().is_some_and(|note| note.sequence < first)
    })
    .await;
    let early = early.unwrap();
    let before = state(&url, &options.stream).await.first_sequence;

    let late = context.publish(subject.clone(), early.payload).await.unwrap();
    late.await.unwrap();
    let known = inbox.status().await.unwrap().deliveries;
    let other = open(&url, options.clone()).await;
    assert_eq!(other.status().await.unwrap().deliveries, known);
    // And it is written down again, and cleaned.
    until("it goes on", async || {
        more().await;
        state(&url, &options.stream).await.first_sequence > before
    })
    .await;
    let known = inbox.status().await.unwrap().deliveries;
    assert_eq!(
        open(&url, options).await.status().await.unwrap().deliveries,
        known
    );
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn of_several_gateways_one_writes_the_state_down() {
    let (url, mut options) = (shared_nats(), options());
    options.snapshot_bytes = 20_000;
    let inboxes = [
        open(&url, options.clone()).await,
        open(&url, options.clone()).await,
        open(&url, options.clone()).await,
    ];
    let mut shop = shop();
    for number in 0..120 {
        let incoming = shop.body(
            &format!("evt_{number}"),
            format!("chat {number} {}", "x".repeat(500)),
        );
        assert_eq!(inboxes[number % 3].accept(incoming).await.unwrap(), STORED);
    }
    let messages = async |word: &str| {
        let subject = format!("wahook-inbox.{}.{word}", options.stream);
        let all = stored(&url, &options.stream).await;
        all.into_iter().filter(move |message| *message.subject == subject)
    };
    until("it is written down", async || messages("state").await.count() > 0).await;
    let notes = async || {
        let notes = messages("snapshot").await;
        notes
            .filter(|message| String::from_utf8_lossy(&message.payload).contains("\"begins\":false"))
            .count()
    };
    until("what was begun is written", async || {
        notes().await == messages("state").await.count()
    })
    .await;
    assert!(notes().await <= 5, "{}", notes().await);
}

fn all() -> wahook_core::inbox::EventQuery {
    wahook_core::inbox::EventQuery {
        limit: 1_000,
        ..Default::default()
    }
}
