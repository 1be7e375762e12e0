//! The whole contract of sinks, against the mock cluster.

use std::{sync::Arc, time::Duration};

use rdkafka::types::RDKafkaRespErr;
use tokio::task::spawn_blocking;
use wahook_core::sink::{MessageForm, Topic};
use wahook_kafka::{KafkaOptions, KafkaSink};
use wahook_testkit::sink::{Harness, of_this_run};

use crate::{cluster::Cluster, consumer::stored};

pub(crate) fn sink(url: &str, topic: &str, form: MessageForm) -> Arc<KafkaSink> {
    let mut options = KafkaOptions::default();
    options.topic = Topic::fixed(topic);
    options.timeout = Duration::from_secs(2);
    options.form = form;
    Arc::new(KafkaSink::new(url, options).unwrap())
}

pub(crate) fn harness(brokers: &str, topic: &str) -> Harness {
    let (url, to) = (format!("kafka://{brokers}"), topic.to_owned());
    let (brokers, of) = (brokers.to_owned(), topic.to_owned());
    Harness::new(
        move |form| sink(&url, &to, form),
        move || {
            let (brokers, of) = (brokers.clone(), of.clone());
            Box::pin(async move { spawn_blocking(move || stored(&brokers, &of)).await.unwrap() })
        },
    )
}

/// With a topic of four partitions.
fn of(cluster: &Cluster) -> Harness {
    let topic = of_this_run("contract");
    cluster.make(&topic);
    harness(cluster.brokers(), &topic)
}

async fn mock() -> Harness {
    let cluster = Cluster::start();
    let (down, up) = (cluster.clone(), cluster.clone());
    of(&cluster).with_outage(move || down.go_down(), move || up.come_up())
}

wahook_testkit::sink_contract!(mock);
wahook_testkit::sink_outage_contract!(mock);

/// A topic that is not there, and one to which the user may not write.
async fn refusing() -> Harness {
    let cluster = Cluster::start();
    let refuse = |topic: &'static str, error| {
        cluster.make(topic);
        cluster.with(move |mock| mock.topic_error(topic, error).unwrap());
        sink(&cluster.url(), topic, MessageForm::default())
    };
    let absent = refuse("absent", RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    let barred = refuse(
        "barred",
        RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
    );
    let keep = cluster.clone();
    of(&cluster)
        .that_takes(0, absent)
        .that_takes(0, barred)
        // It lives as long as the harness.
        .with_outage(move || keep.go_down(), || ())
}

wahook_testkit::sink_refusal_contract!(refusing);
