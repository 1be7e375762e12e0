//! A new process knows what the stream says: from its beginning, and from where the state was written down.

use bytes::Bytes;
use wahook_core::guard::OpenErrorKind;
use wahook_nats::NatsInbox;
use wahook_services::shared_nats;

use super::kit::{DUPLICATE, READER, STORED, hand_over, open, options, read, shop, state, stream, until};

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
    let mut places: Vec<serde_json::Value> = serde_json::from_slice(&message[8..]).unwrap();
    let mut damaged = places[0].clone();
    damaged["digest"][0] = (255 - damaged["digest"][0].as_u64().unwrap()).into();
    damaged["at"] = state(&url, &options.stream).await.last_sequence.into();
    places.insert(0, damaged);
    message.truncate(8);
    message.extend(serde_json::to_vec(&places).unwrap());
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

fn all() -> wahook_core::inbox::EventQuery {
    wahook_core::inbox::EventQuery {
        limit: 1_000,
        ..Default::default()
    }
}
