//! What should not be in the stream, and streams that are not as they should be.

use std::time::Duration;

use async_nats::jetstream::stream::{Config, StorageType};
use bytes::Bytes;
use wahook_core::{
    Guarantee,
    guard::{OpenErrorKind, StoreErrorKind},
};
use wahook_nats::NatsInbox;
use wahook_services::{Nats, shared_nats};

use super::kit::{
    ALL, DUPLICATE, LEASE, READER, STORED, hand_over, open, options, read, shop, stream, token,
};

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i2_what_is_larger_than_a_message_may_be_is_stored_whole() {
    let (url, mut options) = (shared_nats(), options());
    options.cache_bytes = 0;
    let (one, two) = (
        open(&url, options.clone()).await,
        open(&url, options.clone()).await,
    );
    let mut shop = shop();
    let body: Vec<u8> = (0..4 << 20)
        .map(|place: u32| (place.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect();
    let incoming = shop.body("evt_large", body.clone());
    assert_eq!(one.accept(incoming.clone()).await.unwrap(), STORED);
    assert_eq!(two.accept(incoming.clone()).await.unwrap(), DUPLICATE);
    let unread = two.unread(token(), 10, 1, LEASE).await.unwrap();
    assert!(unread[0].stored.delivery.body == body, "byte by byte");
    drop((one, two));
    let inbox = open(&url, options).await;
    let kept = inbox.delivery(incoming.delivery().id).await.unwrap().unwrap();
    assert!(kept.stored.delivery.body == body);
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn what_others_publish_there_is_left_out_by_everybody() {
    let (url, options) = (shared_nats(), options());
    let inbox = open(&url, options.clone()).await;
    let mut shop = shop();
    assert_eq!(inbox.accept(shop.body("evt_1", "chat 1")).await.unwrap(), STORED);
    let (context, _) = stream(&url, &options.stream).await;
    for (subject, text) in [
        ("log", "hello"),
        ("log", ""),
        ("elsewhere", "wahook"),
        ("snapshot", "{}"),
    ] {
        let subject = format!("wahook-inbox.{}.{subject}", options.stream);
        context
            .publish(subject, text.into())
            .await
            .unwrap()
            .await
            .unwrap();
    }
    assert_eq!(inbox.accept(shop.body("evt_2", "chat 2")).await.unwrap(), STORED);
    read(&*inbox, READER).await.unwrap().unwrap();
    assert_eq!(hand_over(&*inbox).await, ["chat 1", "chat 2"]);
    drop(inbox);
    // Also by whoever looks for where the state is written.
    let inbox = open(&url, options).await;
    assert_eq!(
        inbox.accept(shop.body("evt_2", "chat 2")).await.unwrap(),
        DUPLICATE
    );
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn what_a_later_release_wrote_is_not_guessed_at() {
    let (url, options) = (shared_nats(), options());
    let inbox = open(&url, options.clone()).await;
    let mut shop = shop();
    assert_eq!(inbox.accept(shop.body("evt_1", "chat 1")).await.unwrap(), STORED);
    let (context, _) = stream(&url, &options.stream).await;
    let subject = format!("wahook-inbox.{}.log", options.stream);
    let later = Bytes::from_static(b"wahook\x63\x00whatever");
    context.publish(subject, later).await.unwrap().await.unwrap();

    let error = inbox.accept(shop.body("evt_2", "chat 2")).await.unwrap_err();
    let mut said = format!("{error}");
    for _ in 0..100 {
        let error = inbox.take("till", token(), ALL, LEASE).await.unwrap_err();
        said = std::error::Error::source(&error)
            .map(ToString::to_string)
            .unwrap_or_default();
        if said.contains("later release") {
            assert_eq!(error.kind(), StoreErrorKind::Unavailable);
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(
        said.contains("later release (version 99): bring this one up to date"),
        "{said}"
    );
    let error = NatsInbox::connect(&url, options).await.unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Schema);
    assert!(
        error.to_string().contains("later release (version 99)"),
        "{error}"
    );
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i1_a_stream_that_loses_what_it_acknowledged_is_refused() {
    let (url, options) = (shared_nats(), options());
    let (context, _) = {
        let inbox = open(&url, options.clone()).await;
        assert_eq!(inbox.assurance().guarantee, Guarantee::ProcessCrashOnly);
        stream(&url, &options.stream).await
    };
    let mut other = options.clone();
    other.stream = format!("{}_MEMORY", options.stream);
    let config = Config {
        name: other.stream.clone(),
        subjects: vec![format!("wahook-inbox.{}.>", other.stream)],
        storage: StorageType::Memory,
        ..Config::default()
    };
    context.create_stream(config).await.unwrap();
    let error = NatsInbox::connect(&url, other).await.unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Refused);
    assert!(error.to_string().contains("storage file"), "{error}");
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn v4_what_cannot_be_opened_is_told_without_a_credential() {
    let server = Nats::start(&["authorization { user: app, password: \"hunter3@home\" }"]).unwrap();
    let good = server.url().replace("//", "//app:hunter3%40home@");
    drop(open(&good, options()).await);
    let refused = NatsInbox::connect(&server.url().replace("//", "//app:hunter2@"), options()).await;
    let error = refused.unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Refused, "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter"), "{error:?}");
    server.kill();
    let away = NatsInbox::connect(&server.url().replace("//", "//app:hunter2@"), options()).await;
    let error = away.unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Unreachable, "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter"), "{error:?}");
    let nonsense = NatsInbox::connect("hunter2", options()).await.unwrap_err();
    assert_eq!(nonsense.kind(), OpenErrorKind::Address);
}
