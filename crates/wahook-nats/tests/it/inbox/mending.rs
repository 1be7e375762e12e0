//! What somebody did to the stream: it is told, and once it is put right the inbox goes on by itself.

use std::{error::Error as _, fs, time::Duration};

use wahook_core::guard::{OpenErrorKind, StoreError, StoreErrorKind};
use wahook_nats::NatsInbox;
use wahook_services::{Nats, shared_nats};

use super::{
    kit::{DUPLICATE, READER, STORED, hand_over, open, options, read, shop, stream, until},
    loss::copy,
};

fn reason(error: &StoreError) -> String {
    error.source().map(ToString::to_string).unwrap_or_default()
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_a_stream_that_comes_back_from_a_backup_is_gone_on_with() {
    let server = Nats::start(&[]).unwrap();
    let (url, options) = (server.url(), options());
    let inbox = open(&url, options.clone()).await;
    let mut shop = shop();
    let first = shop.body("evt_1", "chat 1");
    assert_eq!(inbox.accept(first.clone()).await.unwrap(), STORED);
    let (store, kept) = (
        server.data_dir().join("jetstream"),
        server.data_dir().join("kept"),
    );
    server.kill();
    copy(&store, &kept);
    server.restart().unwrap();
    let (_, stream) = stream(&url, &options.stream).await;
    stream.purge().await.unwrap();
    server.kill();
    server.restart().unwrap();
    until("it says what is wrong", async || {
        let error = inbox.accept(first.clone()).await;
        error.is_err_and(|error| {
            error.kind() == StoreErrorKind::Unavailable
                && reason(&error).contains("delete the stream to begin anew")
        })
    })
    .await;
    server.kill();
    fs::remove_dir_all(&store).unwrap();
    copy(&kept, &store);
    server.restart().unwrap();
    until("it goes on", async || inbox.accept(first.clone()).await.is_ok()).await;
    assert_eq!(inbox.accept(first).await.unwrap(), DUPLICATE);
    read(&*inbox, READER).await.unwrap().unwrap();
    assert_eq!(hand_over(&*inbox).await, ["chat 1"]);
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i1_a_stream_that_was_changed_so_that_it_loses_something_is_not_used() {
    let (url, options) = (shared_nats(), options());
    let inbox = open(&url, options.clone()).await;
    let mut shop = shop();
    let (context, stream) = stream(&url, &options.stream).await;
    let good = stream.cached_info().config.clone();
    let mut bad = good.clone();
    bad.max_age = Duration::from_secs(3_600);
    context.update_stream(bad).await.unwrap();
    let mut number = 0;
    until("it says so", async || {
        number += 1;
        let incoming = shop.body(&format!("evt_{number}"), format!("chat {number}"));
        let refused = inbox.accept(incoming).await;
        refused.is_err_and(|error| reason(&error).contains("set its max_age to 0"))
    })
    .await;
    context.update_stream(good).await.unwrap();
    until("it goes on", async || {
        number += 1;
        let incoming = shop.body(&format!("evt_{number}"), format!("chat {number}"));
        inbox.accept(incoming).await.is_ok()
    })
    .await;
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i5_a_stream_that_cannot_be_cleaned_is_refused() {
    let (url, options) = (shared_nats(), options());
    drop(open(&url, options.clone()).await);
    let (context, stream) = stream(&url, &options.stream).await;
    let mut config = stream.cached_info().config.clone();
    config.deny_purge = true;
    context.update_stream(config).await.unwrap();
    let error = NatsInbox::connect(&url, options).await.unwrap_err();
    assert_eq!(error.kind(), OpenErrorKind::Refused);
    assert!(error.to_string().contains("deny_purge"), "{error}");
}

#[tokio::test]
#[ignore = "needs NATS: cargo xtask test"]
async fn i2_a_stream_that_was_made_anew_under_a_gateway_is_begun_anew() {
    let (url, options) = (shared_nats(), options());
    let one = open(&url, options.clone()).await;
    let mut shop = shop();
    let again = shop.body("evt_1", "chat 1");
    for number in 2..9 {
        let incoming = shop.body(&format!("evt_{number}"), format!("chat {number}"));
        assert_eq!(one.accept(incoming).await.unwrap(), STORED);
    }
    assert_eq!(one.accept(again.clone()).await.unwrap(), STORED);
    let (context, made) = stream(&url, &options.stream).await;
    context.delete_stream(&options.stream).await.unwrap();
    context
        .create_stream(made.cached_info().config.clone())
        .await
        .unwrap();
    let mut answer = None;
    until("it begins anew", async || {
        answer = one.accept(again.clone()).await.ok();
        answer.is_some()
    })
    .await;
    assert_eq!(answer, Some(STORED));
    // With one key for all: both know the same.
    let two = open(&url, options).await;
    assert_eq!(two.accept(again.clone()).await.unwrap(), DUPLICATE);
    let other = shop.body("evt_10", "chat 10");
    assert_eq!(two.accept(other.clone()).await.unwrap(), STORED);
    assert_eq!(one.accept(other).await.unwrap(), DUPLICATE);
    assert_eq!(one.status().await.unwrap().deliveries, 2);
}
