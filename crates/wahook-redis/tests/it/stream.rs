//! Events as entries of a stream, on a real server.

use std::{num::NonZeroU64, time::Duration};

use redis::streams::{StreamId, StreamRangeReply};
use wahook_core::{
    model::Event,
    sink::{Delivered, MessageFormat, Sink, SinkErrorKind, Topic},
};
use wahook_redis::{RedisStreamOptions, RedisStreamSink};
use wahook_services::{Redis, shared_redis};

fn event(chat: &str, number: u64) -> Event {
    let form = serde_json::json!({
        "schema": "wahook.event/1", "key": format!("v1:wawp:A1:message:{chat}-{number}"), "provider": "wawp",
        "endpoint": "shop", "account": "A1", "kind": "message.received", "time_source": "none",
        "received_at": "2026-10-03T10:00:01Z",
        "delivery": {"id": "0199c0de-7c00-7000-8000-000000000000", "key": "d1", "key_source": "body", "conflict": false},
        "data": {"message_id": format!("{chat}-{number}"), "direction": "inbound", "origin": "contact",
            "chat": {"type": "user", "id": chat}, "content": {"type": "text", "text": "the moon is blue"}},
        "raw": {"from": "4915112345678"}
    });
    serde_json::from_value(form).unwrap()
}

fn options(stream: &str) -> RedisStreamOptions {
    let mut options = RedisStreamOptions::default();
    options.stream = Topic::fixed(stream);
    options
}

async fn hand_over(sink: &RedisStreamSink, events: &[Event]) -> Delivered {
    let delivered = sink.deliver(events).await;
    let said = format!("{:?}", delivered.error);
    assert!(!said.contains("4915112345678"), "{said}");
    delivered
}

async fn stored(url: &str, stream: &str) -> Vec<StreamId> {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let range: StreamRangeReply = redis::cmd("XRANGE")
        .arg(&[stream, "-", "+"])
        .query_async(&mut connection)
        .await
        .unwrap();
    range.ids
}

fn field(entry: &StreamId, name: &str) -> String {
    entry.get(name).unwrap_or_else(|| panic!("no {name}"))
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn i3_what_is_answered_is_in_the_stream_with_its_key_and_its_lane() {
    let url = shared_redis();
    let name = format!("stream-{}", std::process::id());
    let mut options = options(&name);
    options.form.format = MessageFormat::CloudEventsBinary;
    let sink = RedisStreamSink::new(&url, options).unwrap();
    let mut replay = event("a", 1);
    replay.replay = Some(7);
    let events = [event("a", 1), event("a", 2), event("b", 1), replay];
    assert_eq!(hand_over(&sink, &events).await.done, 4);
    let stored = stored(&url, &name).await;
    let ids: Vec<_> = stored.iter().map(|one| field(one, "id")).collect();
    let key = |chat: &str, number: u64| format!("v1:wawp:A1:message:{chat}-{number}");
    assert_eq!(
        ids,
        [
            key("a", 1),
            key("a", 2),
            key("b", 1),
            format!("{}#r7", key("a", 1))
        ]
    );
    let lanes: Vec<_> = stored.iter().map(|one| field(one, "lane")).collect();
    assert!(lanes[0] == lanes[1] && lanes[0] == lanes[3] && lanes[0] != lanes[2]);
    assert_eq!(field(&stored[0], "ce_type"), "wahook.message.received");
    assert_eq!(field(&stored[0], "content_type"), "application/json");
    let body: Event = serde_json::from_str(&field(&stored[0], "event")).unwrap();
    assert_eq!(&*body.key, key("a", 1));
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn i3_killed_and_started_again_it_has_all_that_it_answered_in_order() {
    let server = Redis::start(&["appendonly yes", "appendfsync always"]).unwrap();
    let url = server.url();
    let mut options = options("killed");
    options.timeout = Duration::from_millis(500);
    let sink = RedisStreamSink::new(&url, options).unwrap();
    // As a worker does: the next of a conversation behind the one before, again and again until it is taken.
    let lane = async |chat: &str| {
        for number in 0..500 {
            let events = [event(chat, number)];
            while hand_over(&sink, &events).await.done == 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    };
    let faults = async {
        for _ in 0..3 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            server.kill();
            tokio::time::sleep(Duration::from_millis(50)).await;
            server.restart().unwrap();
        }
    };
    tokio::join!(lane("a"), lane("b"), lane("c"), faults);
    let stored = stored(&url, "killed").await;
    for chat in ["a", "b", "c"] {
        let prefix = format!("v1:wawp:A1:message:{chat}-");
        let numbers = stored.iter().filter_map(|one| {
            let id = field(one, "id");
            id.strip_prefix(&prefix)
                .map(|number| number.parse::<u64>().unwrap())
        });
        let mut numbers: Vec<_> = numbers.collect();
        // A second one where the first was kept and not answered: never before an earlier one.
        assert!(numbers.is_sorted(), "{chat}: {numbers:?}");
        numbers.dedup();
        assert_eq!(numbers, (0..500).collect::<Vec<_>>(), "{chat}");
    }
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
