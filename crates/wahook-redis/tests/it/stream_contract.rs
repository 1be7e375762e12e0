//! The contract of sinks, for streams: on a server that others use as well, and on one that is killed.

use std::{sync::Arc, time::Duration};

use redis::streams::{StreamId, StreamRangeReply};
use wahook_core::sink::{MessageForm, Topic};
use wahook_redis::{RedisStreamOptions, RedisStreamSink};
use wahook_services::{Redis, shared_redis};
use wahook_testkit::sink::{Harness, Received, of_this_run};

/// All that is in a stream.
pub(crate) async fn stored(url: &str, stream: &str) -> Vec<StreamId> {
    let client = redis::Client::open(url).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let range: StreamRangeReply = redis::cmd("XRANGE")
        .arg(&[stream, "-", "+"])
        .query_async(&mut connection)
        .await
        .unwrap();
    range.ids
}

pub(crate) fn field(entry: &StreamId, name: &str) -> String {
    entry.get(name).unwrap_or_else(|| panic!("no {name}"))
}

fn sink(url: &str, stream: &str, form: MessageForm) -> Arc<RedisStreamSink> {
    let mut options = RedisStreamOptions::default();
    options.stream = Topic::fixed(stream);
    options.timeout = Duration::from_millis(500);
    options.form = form;
    Arc::new(RedisStreamSink::new(url, options).unwrap())
}

fn received(entry: &StreamId) -> Received {
    let field = |name: &str| field(entry, name);
    let received = Received::new(field("id"), field("lane"), field("content_type"), field("event"));
    let attributes = entry.map.keys().filter_map(|name| name.strip_prefix("ce_"));
    attributes.fold(received, |received, name| {
        received.attribute(name, field(&format!("ce_{name}")))
    })
}

fn harness(url: String) -> Harness {
    let stream = of_this_run("contract");
    let (to, of) = (url.clone(), stream.clone());
    Harness::new(
        move |form| sink(&to, &of, form),
        move || {
            let (url, stream) = (url.clone(), stream.clone());
            Box::pin(async move { stored(&url, &stream).await.iter().map(received).collect() })
        },
    )
}

async fn shared() -> Harness {
    harness(shared_redis())
}

wahook_testkit::sink_contract!(
    #[ignore = "needs Redis: cargo xtask test"]
    shared
);

/// A name that is something else, and a server without room.
async fn refusing() -> Harness {
    let url = shared_redis();
    let taken = of_this_run("taken");
    let client = redis::Client::open(url.as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let set = redis::cmd("SET").arg(&[&taken, "x"]).to_owned();
    let () = set.query_async(&mut connection).await.unwrap();
    let full = Redis::start(&["maxmemory 1"]).unwrap();
    let form = MessageForm::default();
    let to_full = sink(&full.url(), "full", form);
    harness(url.clone())
        .that_takes(0, sink(&url, &taken, form))
        .that_takes(0, to_full)
        // It lives as long as the harness.
        .with_outage(move || full.kill(), || ())
}

wahook_testkit::sink_refusal_contract!(
    #[ignore = "needs Redis: cargo xtask test"]
    refusing
);

async fn killed() -> Harness {
    let server = Arc::new(Redis::start(&["appendonly yes", "appendfsync always"]).unwrap());
    let back = Arc::clone(&server);
    harness(server.url()).with_outage(move || server.kill(), move || back.restart().unwrap())
}

wahook_testkit::sink_outage_contract!(
    #[ignore = "needs Redis: cargo xtask test"]
    killed
);
