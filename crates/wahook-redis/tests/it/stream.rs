//! Events as entries of a stream: what is this sink's own, beside the contract.

use std::num::NonZeroU64;

use wahook_core::{
    model::Event,
    sink::{Delivered, Sink, SinkErrorKind, Topic},
};
use wahook_redis::{RedisStreamOptions, RedisStreamSink};
use wahook_services::Redis;
use wahook_testkit::sink::{PHONE, event};

use crate::stream_contract::{field, stored};

fn options(stream: &str) -> RedisStreamOptions {
    let mut options = RedisStreamOptions::default();
    options.stream = Topic::fixed(stream);
    options
}

async fn hand_over(sink: &RedisStreamSink, events: &[Event]) -> Delivered {
    let delivered = sink.deliver(events).await;
    let said = format!("{:?}", delivered.error);
    assert!(!said.contains(PHONE), "{said}");
    delivered
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn a_stream_is_bounded_and_what_is_no_stream_is_told() {
    let server = Redis::start(&[]).unwrap();
    let url = server.url();
    let mut few = options("few");
    few.max_len = NonZeroU64::new(100).unwrap();
    let sink = RedisStreamSink::new(&url, few).unwrap();
    let events: Vec<_> = (0..1000).map(|number| event("a", number)).collect();
    assert_eq!(hand_over(&sink, &events).await.done, 1000);
    let left = stored(&url, "few").await;
    // Redis drops whole nodes of 100 entries.
    assert!((100..=200).contains(&left.len()), "{}", left.len());
    assert_eq!(field(&left[left.len() - 1], "id"), "v1:wawp:A1:message:a-999");

    let client = redis::Client::open(url.as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let () = redis::cmd("SET")
        .arg(&["taken", "x"])
        .query_async(&mut connection)
        .await
        .unwrap();
    let sink = RedisStreamSink::new(&url, options("taken")).unwrap();
    let error = hand_over(&sink, &[event("a", 1)]).await.error.unwrap();
    assert!(error.to_string().contains("something else"), "{error}");

    server.kill();
    let error = hand_over(&sink, &[event("a", 1)]).await.error.unwrap();
    assert_eq!(
        error.kind(),
        SinkErrorKind::Unavailable { after: None },
        "{error}"
    );
}

#[test]
fn what_is_no_address_is_refused_without_a_word_of_it() {
    for url in ["", "hunter2", "http://hunter2", "redis://:hunter2@h/#x"] {
        let error = RedisStreamSink::new(url, RedisStreamOptions::default()).unwrap_err();
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

/// One lane connects for all that wait: where nobody answers, all are told at the same time.
#[tokio::test(start_paused = true)]
async fn lanes_share_one_attempt_at_a_server_that_never_answers() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    let sink = RedisStreamSink::new(&url, RedisStreamOptions::default()).unwrap();
    let sink = std::sync::Arc::new(sink);
    let begun = tokio::time::Instant::now();
    let lanes = (0..64).map(|lane: u64| {
        let sink = std::sync::Arc::clone(&sink);
        tokio::spawn(async move { sink.deliver(&[event(&lane.to_string(), 1)]).await })
    });
    let lanes: Vec<_> = lanes.collect();
    for lane in lanes {
        assert!(lane.await.unwrap().error.is_some(), "nobody was there");
    }
    assert!(begun.elapsed().as_secs() <= 15, "{:?}", begun.elapsed());
}
