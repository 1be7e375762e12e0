//! The whole contract of sinks, on a broker that others use as well, and on one that is killed.

use std::{sync::Arc, time::Duration};

use lapin::{
    message::BasicGetMessage,
    options::QueueDeclareOptions,
    types::{AMQPValue, FieldTable},
};
use wahook_core::sink::MessageForm;
use wahook_rabbitmq::{RabbitMqOptions, RabbitMqSink, To};
use wahook_services::{RabbitMq, shared_rabbitmq};
use wahook_testkit::sink::{Harness, Received, of_this_run};

use crate::stored::{connect, headers, stored};

fn sink(url: &str, queue: &str, create: bool, form: MessageForm) -> Arc<RabbitMqSink> {
    let mut options = RabbitMqOptions::default();
    options.to = To::Queue {
        name: queue.to_owned(),
        create,
    };
    options.timeout = Duration::from_secs(2);
    options.form = form;
    Arc::new(RabbitMqSink::new(url, options).unwrap())
}

fn received(message: &BasicGetMessage) -> Received {
    let properties = &message.properties;
    assert_eq!(*properties.delivery_mode(), Some(2), "it survives the broker");
    let id = properties.message_id().as_ref().unwrap().as_str();
    let content_type = properties.content_type().as_ref().unwrap().as_str();
    let received = Received::new(id, "", content_type, message.data.clone());
    headers(message).fold(received, |mut received, (name, value)| {
        if name == "wahook-lane" {
            received.lane = value;
            return received;
        }
        let attribute = name.strip_prefix("cloudEvents:").expect("no other headers");
        received.attribute(attribute, value)
    })
}

fn harness(url: String) -> Harness {
    let queue = of_this_run("contract");
    let (to, of) = (url.clone(), queue.clone());
    Harness::new(
        move |form| sink(&to, &of, true, form),
        move || {
            let (url, queue) = (url.clone(), queue.clone());
            Box::pin(async move { stored(&url, &queue).await.iter().map(received).collect() })
        },
    )
}

async fn shared() -> Harness {
    harness(shared_rabbitmq())
}

wahook_testkit::sink_contract!(
    #[ignore = "needs RabbitMQ: cargo xtask test"]
    shared
);

/// One that is absent, and one that is full behind its first message.
async fn refusing() -> Harness {
    let url = shared_rabbitmq();
    let (absent, full) = (of_this_run("absent"), of_this_run("full"));
    let connection = connect(&url).await;
    let channel = connection.create_channel().await.unwrap();
    let mut table = FieldTable::default();
    table.insert("x-max-length".into(), AMQPValue::LongInt(1));
    let overflow = AMQPValue::LongString("reject-publish".into());
    table.insert("x-overflow".into(), overflow);
    let declared = channel.queue_declare(full.as_str().into(), QueueDeclareOptions::durable(), table);
    declared.await.unwrap();
    let form = MessageForm::default();
    harness(url.clone())
        .that_takes(0, sink(&url, &absent, false, form))
        .that_takes(1, sink(&url, &full, false, form))
}

wahook_testkit::sink_refusal_contract!(
    #[ignore = "needs RabbitMQ: cargo xtask test"]
    refusing
);

async fn killed() -> Harness {
    let server = Arc::new(RabbitMq::start(&[]).unwrap());
    let back = Arc::clone(&server);
    harness(server.url()).with_outage(move || server.kill(), move || back.restart().unwrap())
}

wahook_testkit::sink_outage_contract!(
    #[ignore = "needs RabbitMQ: cargo xtask test"]
    killed
);
