//! Many lanes at once: what is told of an event is told of that event and of no other.

use std::{collections::BTreeSet, sync::Arc};

use lapin::{
    ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::FieldTable,
};
use serde_json::json;
use wahook_core::{
    model::Event,
    sink::{Sink, SinkErrorKind},
};
use wahook_rabbitmq::{RabbitMqOptions, RabbitMqSink, To};
use wahook_services::RabbitMq;
use wahook_testkit::sink::event;

use crate::stored::{connect, stored};

const LANES: u64 = 64;
const EACH: u64 = 30;
/// In which messages are larger than the broker takes.
const LARGE: u64 = 7;

/// The event of an endpoint, with so much of the provider's JSON.
fn of(endpoint: &str, lane: u64, number: u64, raw: usize) -> Event {
    let mut form = serde_json::to_value(event(&format!("{endpoint}{lane}"), number)).unwrap();
    form["endpoint"] = json!(endpoint);
    form["raw"] = json!({ "text": "x".repeat(raw) });
    serde_json::from_value(form).unwrap()
}

/// Three endpoints take turns; the queue is bound to `shop` alone.
fn of_lane(lane: u64, number: u64) -> (Event, bool) {
    match number % 3 {
        0 => (of("nobody", lane, number, 10), false),
        _ if lane.is_multiple_of(16) && number == LARGE => (of("shop", lane, number, 200_000), false),
        _ => (of("shop", lane, number, 10), true),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
#[ignore = "needs RabbitMQ: cargo xtask test"]
async fn i3_what_is_said_of_an_event_is_of_that_event_however_many_go_at_once() {
    let server = RabbitMq::start(&["max_message_size = 100000", "channel_max = 40"]).unwrap();
    let url = server.url();
    let connection = connect(&url).await;
    let channel = connection.create_channel().await.unwrap();
    let (exchange, table) = (ExchangeDeclareOptions::default(), FieldTable::default());
    let made = channel.exchange_declare("all".into(), ExchangeKind::Topic, exchange, table.clone());
    made.await.unwrap();
    let queue = QueueDeclareOptions::durable();
    channel
        .queue_declare("shop".into(), queue, table.clone())
        .await
        .unwrap();
    let binding = QueueBindOptions::default();
    let bound = channel.queue_bind("shop".into(), "all".into(), "shop".into(), binding, table);
    bound.await.unwrap();

    let mut options = RabbitMqOptions::default();
    options.to = To::Exchange {
        name: "all".to_owned(),
        routing_key: "{endpoint}".parse().unwrap(),
    };
    let sink = Arc::new(RabbitMqSink::new(&url, options).unwrap());
    let lanes = (0..LANES).map(|lane| {
        let sink = Arc::clone(&sink);
        tokio::spawn(async move {
            let mut said = Vec::new();
            for number in 0..EACH {
                let (event, is_taken) = of_lane(lane, number);
                let delivered = sink.deliver(std::slice::from_ref(&event)).await;
                said.push((event.key.to_string(), is_taken, delivered));
            }
            said
        })
    });
    let lanes: Vec<_> = lanes.collect();
    let (mut done, mut expected) = (BTreeSet::new(), BTreeSet::new());
    let mut wrong = Vec::new();
    for lane in lanes {
        for (key, is_taken, delivered) in lane.await.unwrap() {
            match &delivered.error {
                None => {
                    done.insert(key.clone());
                }
                Some(error) if key.contains("nobody") => {
                    assert_eq!(error.kind(), SinkErrorKind::Unavailable { after: None });
                    if !error.to_string().contains("no queue takes the message") {
                        wrong.push(format!("{key}: {error}"));
                    }
                }
                Some(error) if !is_taken => {
                    if error.kind() != SinkErrorKind::Refused || !error.to_string().contains("raw = false") {
                        wrong.push(format!("{key}: {error}"));
                    }
                }
                Some(error) => wrong.push(format!("{key}: {error}")),
            }
            if is_taken {
                expected.insert(key);
            }
        }
    }
    let stored: BTreeSet<_> = stored(&url, "shop").await.iter().map(id).collect();
    let lost: Vec<_> = done.difference(&stored).collect();
    assert!(lost.is_empty(), "{} are done and nowhere: {lost:?}", lost.len());
    assert!(
        wrong.is_empty(),
        "{} have another's answer: {wrong:?}",
        wrong.len()
    );
    assert_eq!(done, expected);
}

fn id(message: &lapin::message::BasicGetMessage) -> String {
    let id = message.properties.message_id().as_ref();
    id.unwrap().as_str().to_owned()
}
