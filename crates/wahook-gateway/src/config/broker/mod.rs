//! Sinks that are brokers, as the configuration says them.

#[cfg(feature = "kafka")]
mod kafka;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "rabbitmq")]
mod rabbitmq;
mod redis;

#[cfg(any(feature = "kafka", feature = "nats", feature = "rabbitmq"))]
use std::path::PathBuf;
use std::{path::Path, sync::Arc, time::Duration};

use wahook_core::{
    Secret,
    guard::OpenError,
    sink::{MessageForm, MessageFormat, Sink, Topic},
};

use super::{
    Format, SinkConfig, SinkTo, SinkType,
    build::Wrong,
    sinks::{missing, only_http},
};
use crate::{failure::chain, stores::masked};

/// A broker that events are published to. Nothing is connected before the first one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Broker {
    pub(crate) sink: Arc<dyn Sink>,
    /// How long it may take to answer.
    pub(crate) timeout: Duration,
    /// Where it is, without a credential.
    pub(crate) shown: String,
    /// The schemes of addresses by which nobody reads on the way.
    pub(crate) private: &'static [&'static str],
}

/// One row for each broker. A build that leaves one out says so.
pub(super) fn build(sink: &SinkConfig, folder: &Path, mark: &mut Vec<u8>) -> Result<SinkTo, Wrong> {
    match sink.kind {
        #[cfg(feature = "kafka")]
        SinkType::Kafka => kafka::build(sink, folder, mark),
        #[cfg(feature = "nats")]
        SinkType::Nats => nats::build(sink, folder, mark),
        #[cfg(feature = "rabbitmq")]
        SinkType::Rabbitmq => rabbitmq::build(sink, folder, mark),
        SinkType::Redis => redis::build(sink, folder, mark),
        kind => Err(not_built_in(kind)),
    }
}

/// What is configured is fine, and this build has not got it.
fn not_built_in(kind: SinkType) -> Wrong {
    let name = kind.as_str();
    let text = format!(
        "a sink of type `{name}` needs a build that has it, and this one does not: `cargo build --release -p wahook-gateway \
         --features {name}`"
    );
    ("type", text)
}

fn broker<S: Sink>(
    address: &Secret,
    timeout: Duration,
    private: &'static [&'static str],
    made: Result<S, OpenError>,
) -> Result<SinkTo, Wrong> {
    let sink = made.map_err(|error| ("type", chain(&error)))?;
    Ok(SinkTo::Broker(Broker {
        sink: Arc::new(sink),
        timeout,
        shown: masked(address.expose()),
        private,
    }))
}

/// The address, itself or in a file.
fn address(
    sink: &SinkConfig,
    folder: &Path,
    mark: &mut Vec<u8>,
    example: &'static str,
) -> Result<Secret, Wrong> {
    let address = match (&sink.address, &sink.address_file) {
        (Some(_), Some(_)) => {
            let text = "there are both `address` and `address_file`; keep one";
            return Err(("address_file", text.to_owned()));
        }
        (Some(address), None) => Secret::dangerous_published(address.expose().trim())
            .map_err(|error| ("address", chain(&error)))?,
        (None, Some(file)) => read("address_file", file, folder)?,
        (None, None) => return Err(missing("address", example)),
    };
    mark.extend_from_slice(address.expose().as_bytes());
    Ok(address)
}

fn read(key: &'static str, file: &Path, folder: &Path) -> Result<Secret, Wrong> {
    let file = folder.join(file);
    let text = std::fs::read_to_string(&file)
        .map_err(|error| (key, format!("cannot read {}: {error}", file.display())))?;
    Secret::dangerous_published(text.trim()).map_err(|error| (key, format!("{}: {error}", file.display())))
}

/// The file with the authorities to trust. It is there, and another one makes another sink.
#[cfg(any(feature = "kafka", feature = "nats", feature = "rabbitmq"))]
fn ca(sink: &SinkConfig, folder: &Path, mark: &mut Vec<u8>) -> Result<Option<PathBuf>, Wrong> {
    let Some(file) = &sink.ca_file else {
        return Ok(None);
    };
    let file = folder.join(file);
    let file = std::path::absolute(&file).unwrap_or(file);
    let text = std::fs::read(&file)
        .map_err(|error| ("ca_file", format!("cannot read {}: {error}", file.display())))?;
    if !text.windows(BEGIN.len()).any(|part| part == BEGIN) {
        let text = format!("{} holds no certificate (PEM)", file.display());
        return Err(("ca_file", text));
    }
    mark.extend_from_slice(&text);
    Ok(Some(file))
}

#[cfg(any(feature = "kafka", feature = "nats", feature = "rabbitmq"))]
const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

fn topic(key: &'static str, text: &str) -> Result<Topic, Wrong> {
    text.parse().map_err(|error| (key, format!("`{key}` is {error}")))
}

fn timeout(sink: &SinkConfig, usual: Duration) -> Duration {
    sink.timeout.map_or(usual, super::Period::get)
}

fn form(sink: &SinkConfig) -> Result<MessageForm, Wrong> {
    Ok(MessageForm {
        format: message_format(sink.format)?,
        raw: sink.raw,
    })
}

pub(super) fn message_format(format: Format) -> Result<MessageFormat, Wrong> {
    Ok(match format {
        Format::Event => MessageFormat::Event,
        Format::CloudEvents => MessageFormat::CloudEvents,
        Format::CloudEventsBinary => MessageFormat::CloudEventsBinary,
        Format::Meta => return Err(only_http()),
    })
}
