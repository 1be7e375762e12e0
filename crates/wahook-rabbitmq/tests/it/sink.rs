//! What is this sink's own, beside the contract.

use lapin::{
    ExchangeKind,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions, QueueDeleteOptions},
    types::{AMQPValue, FieldTable},
};
use wahook_core::{
    model::Event,
    sink::{Delivered, Sink, SinkErrorKind},
};
use wahook_rabbitmq::{RabbitMqOptions, RabbitMqSink, To};
use wahook_services::shared_rabbitmq;
use wahook_testkit::sink::{PHONE, event, of_this_run};

use crate::stored::{connect, stored};

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
        !format!("{:?}", delivered.error).contains(PHONE),
        "{:?}",
        delivered.error
    );
    delivered
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
async fn a_queue_that_is_gone_is_made_again_where_the_sink_makes_it() {
    let url = shared_rabbitmq();
    let name = of_this_run("gone");
    let sink = RabbitMqSink::new(&url, to_queue(&name)).unwrap();
    assert_eq!(hand_over(&sink, &[event("a", 1)]).await.done, 1);
    let channel = connect(&url).await.create_channel().await.unwrap();
    let gone = channel.queue_delete(name.as_str().into(), QueueDeleteOptions::default());
    gone.await.unwrap();
    let error = hand_over(&sink, &[event("a", 2)]).await.error.unwrap();
    assert!(error.to_string().contains("no queue takes"), "{error}");
    assert_eq!(hand_over(&sink, &[event("a", 2)]).await.done, 1);
    assert_eq!(stored(&url, &name).await.len(), 1);
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

/// One lane connects for all that wait: where nobody answers, all are told at the same time.
#[tokio::test(start_paused = true)]
async fn lanes_share_one_attempt_at_a_server_that_never_answers() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("amqp://{}", silent.local_addr().unwrap());
    let sink = std::sync::Arc::new(RabbitMqSink::new(&url, to_queue("silent")).unwrap());
    let begun = tokio::time::Instant::now();
    let lanes = (0..64).map(|lane: u64| {
        let sink = std::sync::Arc::clone(&sink);
        tokio::spawn(async move { sink.deliver(&[event(&lane.to_string(), 1)]).await })
    });
    let lanes: Vec<_> = lanes.collect();
    for lane in lanes {
        let error = lane.await.unwrap().error.expect("nobody was there");
        assert_eq!(error.kind(), SinkErrorKind::Unavailable { after: None });
    }
    assert!(begun.elapsed().as_secs() <= 15, "{:?}", begun.elapsed());
}
