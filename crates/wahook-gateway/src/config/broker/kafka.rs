//! Apache Kafka.

use std::path::Path;

use wahook_kafka::{KafkaOptions, KafkaSink, Mechanism};

use super::{address, broker, ca, form, timeout, topic};
use crate::config::{SinkConfig, SinkTo, build::Wrong};

pub(super) fn build(sink: &SinkConfig, folder: &Path, mark: &mut Vec<u8>) -> Result<SinkTo, Wrong> {
    let address = address(sink, folder, mark, "kafka://localhost:9092")?;
    let mut options = KafkaOptions::default();
    options.form = form(sink)?;
    options.timeout = timeout(sink, options.timeout);
    options.ca = ca(sink, folder, mark)?;
    if let Some(name) = &sink.topic {
        options.topic = topic("topic", name)?;
    }
    if let Some(name) = &sink.mechanism {
        options.mechanism = mechanism(name)?;
    }
    let timeout = options.timeout;
    let made = KafkaSink::new(address.expose(), options);
    broker(&address, timeout, &["kafkas"], made)
}

fn mechanism(name: &str) -> Result<Mechanism, Wrong> {
    let known = Mechanism::ALL
        .into_iter()
        .find(|known| known.as_str().eq_ignore_ascii_case(name));
    known.ok_or_else(|| {
        let names = Mechanism::ALL.map(|known| format!("`{}`", known.as_str()));
        ("mechanism", format!("`mechanism` is one of {}", names.join(", ")))
    })
}
