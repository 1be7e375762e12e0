//! The producer: how it is set up, and another one where it cannot go on.

use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::{
    ClientConfig, ClientContext,
    config::RDKafkaLogLevel,
    error::{KafkaError, KafkaResult},
    producer::{FutureProducer, Producer as _},
    types::RDKafkaErrorCode as Code,
};

use crate::{KafkaOptions, address::Address};

pub(crate) type Producer = FutureProducer<Heard>;

/// What librdkafka tells beside delivery reports.
#[derive(Clone, Debug, Default)]
pub(crate) struct Heard(Arc<Mutex<Option<Code>>>);

impl Heard {
    /// What was last wrong with a connection, since a message was confirmed.
    pub(crate) fn cause(&self) -> Option<Code> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, code: Option<Code>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = code;
    }

    pub(crate) fn all_is_well(&self) {
        self.note(None);
    }
}

impl ClientContext for Heard {
    /// Nothing: its lines name users, hosts and topics.
    fn log(&self, _: RDKafkaLogLevel, _: &str, _: &str) {}

    fn error(&self, error: KafkaError, _: &str) {
        let code = error.rdkafka_error_code();
        // That they are all down follows from what was said of each.
        if code != Some(Code::AllBrokersDown) || self.cause().is_none() {
            self.note(code);
        }
    }
}

/// One that is not connected yet.
pub(crate) fn make(address: &Address, options: &KafkaOptions, heard: &Heard) -> KafkaResult<Producer> {
    config(address, options).create_with_context(heard.clone())
}

fn config(address: &Address, options: &KafkaOptions) -> ClientConfig {
    let timeout = options.timeout.as_millis().clamp(1000, 300_000);
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", &address.brokers)
        .set("client.id", "wahook")
        // What is sent again is stored once, and in order.
        .set("enable.idempotence", "true")
        .set("acks", "all")
        // All that librdkafka tries again happens within this, and nothing behind it.
        .set("message.timeout.ms", timeout.to_string())
        .set("topic.metadata.propagation.max.ms", (timeout / 2).to_string())
        .set("allow.auto.create.topics", "false")
        // Many lanes share a request, and a lone one does not wait for others.
        .set("linger.ms", "1")
        .set("queue.buffering.max.messages", "10000")
        .set("queue.buffering.max.kbytes", "65536")
        .set("reconnect.backoff.max.ms", "1000")
        // As Java's clients choose a partition: who joins a topic with theirs finds the same key in the same place.
        .set("partitioner", "murmur2_random");
    let protocol = match (address.is_tls, &address.user) {
        (false, None) => "plaintext",
        (true, None) => "ssl",
        (false, Some(_)) => "sasl_plaintext",
        (true, Some(_)) => "sasl_ssl",
    };
    config.set("security.protocol", protocol);
    if let Some((user, password)) = &address.user {
        config
            .set("sasl.mechanism", options.mechanism.as_str())
            .set("sasl.username", user.expose())
            .set("sasl.password", password.expose());
    }
    if let (true, Some(ca)) = (address.is_tls, &options.ca) {
        config.set("ssl.ca.location", ca.to_string_lossy());
    }
    config
}

/// Whether it met an error behind which an idempotent producer sends nothing more.
pub(crate) fn cannot_go_on(producer: &Producer) -> bool {
    producer.client().fatal_error().is_some()
}

/// Whether the two are handles of one.
pub(crate) fn is_same(one: &Producer, other: &Producer) -> bool {
    one.client().native_ptr() == other.client().native_ptr()
}
