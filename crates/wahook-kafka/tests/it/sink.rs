//! What is this sink's own, beside the contract.

use std::{path::PathBuf, time::Duration};

use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use wahook_core::sink::{MessageForm, Sink as _, SinkErrorKind, Topic};
use wahook_kafka::{KafkaOptions, KafkaSink, Mechanism};
use wahook_testkit::sink::{PHONE, event};

use crate::{cluster::Cluster, consumer::stored, contract::sink};

fn ids(cluster: &Cluster, topic: &str) -> Vec<String> {
    let stored = stored(cluster.brokers(), topic);
    stored.into_iter().map(|one| one.id).collect()
}

fn key(number: u64) -> String {
    format!("v1:wawp:A1:message:a-{number}")
}

/// What the next requests to publish are answered.
fn answer(cluster: &Cluster, errors: &'static [RDKafkaRespErr]) {
    cluster.with(|mock| mock.request_errors(RDKafkaApiKey::Produce, errors));
}

#[tokio::test(flavor = "multi_thread")]
async fn i3_what_the_client_sends_again_by_itself_is_there_once() {
    let cluster = Cluster::start();
    cluster.make("again");
    let sink = sink(&cluster.url(), "again", MessageForm::default());
    answer(
        &cluster,
        &[
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            RDKafkaRespErr::RD_KAFKA_RESP_ERR__TRANSPORT,
            RDKafkaRespErr::RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        ],
    );
    let events = [event("a", 1), event("a", 2)];
    let delivered = sink.deliver(&events).await;
    assert!(delivered.error.is_none(), "{delivered:?}");
    assert_eq!(ids(&cluster, "again"), [key(1), key(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn i3_a_producer_that_cannot_go_on_is_followed_by_another() {
    let cluster = Cluster::start();
    cluster.make("fatal");
    let sink = sink(&cluster.url(), "fatal", MessageForm::default());
    assert_eq!(sink.deliver(&[event("a", 1)]).await.done, 1);
    // Of these an idempotent producer does not recover.
    answer(
        &cluster,
        &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER],
    );
    let refused = sink.deliver(&[event("a", 2)]).await;
    assert_eq!(refused.done, 0, "{refused:?}");
    let error = refused.error.unwrap();
    assert_eq!(error.kind(), SinkErrorKind::Unavailable { after: None });
    let again = sink.deliver(&[event("a", 2), event("a", 3)]).await;
    assert_eq!(again.done, 2, "{again:?}");
    assert_eq!(ids(&cluster, "fatal"), [1, 2, 3].map(key));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_too_large_is_refused_and_a_topic_that_is_not_there_is_not() {
    let cluster = Cluster::start();
    cluster.make("large");
    let sink = sink(&cluster.url(), "large", MessageForm::default());
    let large = event(&"x".repeat(600_000), 1);
    let error = sink.deliver(&[large]).await.error.unwrap();
    assert_eq!(error.kind(), SinkErrorKind::Refused, "{error}");
    assert!(error.to_string().contains("raw = false"), "{error}");

    cluster.make("absent");
    let absent = RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    cluster.with(move |mock| mock.topic_error("absent", absent).unwrap());
    let sink = crate::contract::sink(&cluster.url(), "absent", MessageForm::default());
    let error = sink.deliver(&[event("a", 1)]).await.error.unwrap();
    assert!(error.to_string().contains("there is no such topic"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_topic_has_in_its_name_is_written_otherwise() {
    let cluster = Cluster::start();
    cluster.make("to._2b49.wawp");
    let mut options = KafkaOptions::default();
    options.topic = "to.{account}.{provider}".parse().unwrap();
    let sink = KafkaSink::new(&cluster.url(), options).unwrap();
    let mut event = event("a", 1);
    event.account = Some("+49".into());
    let delivered = sink.deliver(&[event]).await;
    assert!(delivered.error.is_none(), "{delivered:?}");
    assert_eq!(ids(&cluster, "to._2b49.wawp"), [key(1)]);
}

/// What a hand-over says, in which no secret and no number is.
async fn said(address: &str, change: impl FnOnce(&mut KafkaOptions)) -> String {
    let mut options = KafkaOptions::default();
    options.timeout = Duration::from_secs(2);
    change(&mut options);
    let sink = KafkaSink::new(address, options).unwrap();
    let error = sink.deliver(&[event("a", 1)]).await.error.unwrap();
    let all = format!("{error} {error:?} {sink:?}");
    assert!(!all.contains("hunter2") && !all.contains(PHONE), "{all}");
    assert_eq!(error.kind(), SinkErrorKind::Unavailable { after: None });
    error.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn v4_who_is_not_let_in_hears_why_without_a_word_of_the_password() {
    let cluster = Cluster::start();
    let brokers = cluster.brokers().to_owned();
    // The mock speaks neither TLS nor SASL.
    let error = said(&format!("kafkas://{brokers}"), |_| ()).await;
    assert!(error.contains("did not confirm in time"), "{error}");
    for mechanism in Mechanism::ALL {
        let with = |options: &mut KafkaOptions| options.mechanism = mechanism;
        let error = said(&format!("kafka://app:hunter2@{brokers}"), with).await;
        assert!(
            error.contains("did not confirm in time: "),
            "{mechanism:?}: {error}"
        );
    }
    let nowhere = |options: &mut KafkaOptions| options.ca = Some(PathBuf::from("nowhere.pem"));
    let error = said(&format!("kafkas://app:hunter2@{brokers}"), nowhere).await;
    assert!(error.contains("`ca`"), "{error}");
}

#[test]
fn what_cannot_be_a_topic_is_refused() {
    for topic in ["a/b", "a=b", "ä", ".."] {
        let mut options = KafkaOptions::default();
        options.topic = Topic::fixed(topic);
        let error = KafkaSink::new("kafka://h", options).unwrap_err();
        assert!(error.to_string().contains("topic"), "{topic}: {error}");
    }
}
