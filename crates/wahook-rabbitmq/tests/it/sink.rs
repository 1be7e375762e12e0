//! What is handed over is in the queue, in order, and stays there.

use std::time::Duration;

use futures_util::future::join_all;
use lapin::{
    Connection, ConnectionProperties, ExchangeKind,
    message::BasicGetMessage,
    options::{BasicGetOptions, ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use wahook_core::{
    model::Event,
    sink::{Delivered, MessageFormat, Sink, SinkErrorKind},
};
use wahook_rabbitmq::{RabbitMqOptions, RabbitMqSink, To};
use wahook_services::{RabbitMq, shared_rabbitmq};

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

/// A name that nobody else has on a broker that others use as well.
fn of_this_run(name: &str) -> String {
    format!("{name}-{}", std::process::id())
}

fn to_queue(name: &str) -> RabbitMqOptions {
    let mut options = RabbitMqOptions::default();
    options.to = To::Queue {
        name: name.to_owned(),
        create: true,
    };
    options
}

async fn hand_over(sink: &RabbitMqSink, events: &[Event]) -> Delivered {
    let delivered = sink.deliver(events).await;
    assert!(
        !format!("{:?}", delivered.error).contains("4915112345678"),
        "{:?}",
        delivered.error
    );
    delivered
}

async fn connect(url: &str) -> Connection {
    let options = ConnectionProperties::default();
    Connection::connect(url, options).await.unwrap()
}

/// All that is in a queue, taken out of it.
async fn stored(url: &str, queue: &str) -> Vec<BasicGetMessage> {
    let connection = connect(url).await;
    let channel = connection.create_channel().await.unwrap();
    let options = BasicGetOptions { no_ack: true };
    let mut all = Vec::new();
    while let Some(message) = channel.basic_get(queue.into(), options).await.unwrap() {
        all.push(message);
    }
    all
}

fn id(message: &BasicGetMessage) -> String {
    message.properties.message_id().as_ref().unwrap().to_string()
}

fn header(message: &BasicGetMessage, name: &str) -> String {
    match message.properties.headers().as_ref().unwrap().inner().get(name) {
        Some(AMQPValue::LongString(text)) => text.to_string(),
        other => panic!("{name}: {other:?}"),
    }
}

#[tokio::test]
#[ignore = "needs RabbitMQ: cargo xtask test"]
async fn i3_what_is_confirmed_is_in_the_queue_with_its_key_and_its_lane() {
    let url = shared_rabbitmq();
    let name = of_this_run("stored");
    let mut options = to_queue(&name);
    options.form.format = MessageFormat::CloudEventsBinary;
    let sink = RabbitMqSink::new(&url, options).unwrap();
    let mut replay = event("a", 1);
    replay.replay = Some(7);
    let events = [event("a", 1), event("a", 2), event("b", 1), replay];
    assert_eq!(hand_over(&sink, &events).await.done, 4);
    let stored = stored(&url, &name).await;
    let ids: Vec<_> = stored.iter().map(id).collect();
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
    let first = &stored[0];
    assert_eq!(*first.properties.delivery_mode(), Some(2));
    assert_eq!(
        first.properties.content_type().as_ref().unwrap().as_str(),
        "application/json"
    );
    assert_eq!(header(first, "cloudEvents:type"), "wahook.message.received");
    let lanes: Vec<_> = stored.iter().map(|one| header(one, "wahook-lane")).collect();
    assert!(lanes[0] == lanes[1] && lanes[0] == lanes[3] && lanes[0] != lanes[2]);
    let body: Event = serde_json::from_slice(&first.data).unwrap();
    assert_eq!(&*body.key, key("a", 1));
}

#[tokio::test]
#[ignore = "needs RabbitMQ: cargo xtask test"]
async fn i3_killed_and_started_again_it_has_all_that_it_confirmed_in_order() {
    let server = RabbitMq::start(&[]).unwrap();
    let url = server.url();
    let mut options = to_queue("killed");
    options.timeout = Duration::from_secs(2);
    let sink = RabbitMqSink::new(&url, options).unwrap();
    // As a worker does: the next of a conversation behind the one before, again and again until it is taken.
    let one = async |chat: &str, number: u64| {
        let events = [event(chat, number)];
        while hand_over(&sink, &events).await.done == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let chats = ["a", "b", "c", "d"];
    let lane = async |chat: &str| {
        for number in 0..300 {
            one(chat, number).await;
        }
    };
    let fault = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        server.kill();
        server.restart().unwrap();
    };
    tokio::join!(join_all(chats.map(lane)), fault);

    let stored = stored(&url, "killed").await;
    for chat in chats {
        let prefix = format!("v1:wawp:A1:message:{chat}-");
        let numbers = stored.iter().filter_map(|one| {
            let id = id(one);
            id.strip_prefix(&prefix)
                .map(|number| number.parse::<u64>().unwrap())
        });
        let mut numbers: Vec<_> = numbers.collect();
        // A second one where the first was kept and not confirmed: never before an earlier one.
        assert!(numbers.is_sorted(), "{chat}: {numbers:?}");
        numbers.dedup();
        assert_eq!(numbers, (0..300).collect::<Vec<_>>(), "{chat}");
    }
}

#[tokio::test]
#[ignore = "needs RabbitMQ: cargo xtask test"]
async fn where_no_queue_takes_it_events_wait_until_one_does() {
    let url = shared_rabbitmq();
    let (unbound, bound) = (of_this_run("unbound"), of_this_run("bound"));
    let mut options = RabbitMqOptions::default();
    options.to = To::Exchange {
        name: unbound.clone(),
        routing_key: "{endpoint}.{kind}".parse().unwrap(),
    };
    let sink = RabbitMqSink::new(&url, options).unwrap();
    let error = hand_over(&sink, &[event("a", 1)]).await.error.unwrap();
    assert_eq!(error.kind(), SinkErrorKind::Unavailable { after: None });
    assert!(error.to_string().contains("(404)"), "{error}");

    let connection = connect(&url).await;
    let channel = connection.create_channel().await.unwrap();
    let (exchange, table) = (ExchangeDeclareOptions::default(), FieldTable::default());
    let kind = ExchangeKind::Topic;
    channel
        .exchange_declare(unbound.as_str().into(), kind, exchange, table.clone())
        .await
        .unwrap();
    let error = hand_over(&sink, &[event("a", 1)]).await.error.unwrap();
    assert!(
        error.to_string().contains("no queue takes the message"),
        "{error}"
    );

    let queue = QueueDeclareOptions::durable();
    channel
        .queue_declare(bound.as_str().into(), queue, table.clone())
        .await
        .unwrap();
    let binding = QueueBindOptions::default();
    channel
        .queue_bind(
            bound.as_str().into(),
            unbound.as_str().into(),
            "shop.message.*".into(),
            binding,
            table,
        )
        .await
        .unwrap();
    assert_eq!(hand_over(&sink, &[event("a", 1)]).await.done, 1);
    assert_eq!(stored(&url, &bound).await.len(), 1);
}

#[tokio::test]
#[ignore = "needs RabbitMQ: cargo xtask test"]
async fn a_queue_that_somebody_made_otherwise_is_taken_as_it_is() {
    let url = shared_rabbitmq();
    let name = of_this_run("theirs");
    let connection = connect(&url).await;
    let channel = connection.create_channel().await.unwrap();
    let mut table = FieldTable::default();
    table.insert("x-max-length".into(), AMQPValue::LongInt(1));
    table.insert(
        "x-overflow".into(),
        AMQPValue::LongString("reject-publish".into()),
    );
    let queue = QueueDeclareOptions::durable();
    channel
        .queue_declare(name.as_str().into(), queue, table)
        .await
        .unwrap();
    let sink = RabbitMqSink::new(&url, to_queue(&name)).unwrap();
    let full = hand_over(&sink, &[event("a", 1), event("a", 2)]).await;
    assert_eq!(full.done, 1);
    let error = full.error.unwrap();
    assert!(error.to_string().contains("nack"), "{error}");
    assert_eq!(stored(&url, &name).await.len(), 1);
    assert_eq!(hand_over(&sink, &[event("a", 2)]).await.done, 1);
}

#[tokio::test]
#[ignore = "needs RabbitMQ: cargo xtask test"]
async fn a_wrong_password_is_told_without_a_word_of_it() {
    let url = shared_rabbitmq().replace("guest:guest", "guest:hunter2");
    let sink = RabbitMqSink::new(&url, to_queue("nowhere")).unwrap();
    let error = hand_over(&sink, &[event("a", 1)]).await.error.unwrap();
    assert!(
        !error.to_string().contains("hunter2") && error.to_string().contains("403"),
        "{error}"
    );
    assert!(!format!("{sink:?}").contains("hunter2"), "{sink:?}");
}

#[test]
fn what_cannot_be_an_address_or_a_name_is_refused_without_a_word_of_it() {
    for address in ["", "amqp:hunter2", "http://hunter2", "amqp://u:hunter2@h:bad"] {
        let error = RabbitMqSink::new(address, RabbitMqOptions::default()).unwrap_err();
        assert!(error.to_string().contains("address"), "{address}: {error}");
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
    for name in [String::new(), "x".repeat(256)] {
        let error = RabbitMqSink::new("amqp://localhost", to_queue(&name)).unwrap_err();
        assert!(error.to_string().contains("1 to 255"), "{error}");
    }
}
