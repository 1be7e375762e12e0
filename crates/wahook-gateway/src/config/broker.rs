//! Sinks that are brokers, as the configuration says them.

use std::{path::Path, sync::Arc, time::Duration};

use wahook_core::{
    Secret,
    guard::OpenError,
    sink::{MessageForm, MessageFormat, Sink, Topic},
};
use wahook_nats::{NatsOptions, NatsSink};
use wahook_rabbitmq::{RabbitMqOptions, RabbitMqSink, To};
use wahook_redis::{RedisStreamOptions, RedisStreamSink};

use super::{
    Format, SinkConfig, SinkTo,
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

pub(super) fn nats(sink: &SinkConfig, folder: &Path, mark: &mut Vec<u8>) -> Result<SinkTo, Wrong> {
    let address = address(sink, folder, mark, "nats://localhost:4222")?;
    let mut options = NatsOptions::default();
    options.form = form(sink)?;
    options.timeout = timeout(sink, options.timeout);
    if let Some(subject) = &sink.subject {
        options.subject = topic("subject", subject)?;
    }
    if let Some(stream) = &sink.stream {
        options.stream = Some(stream.clone());
    }
    options.create = sink.create.unwrap_or(options.create);
    if let Some(file) = &sink.credentials_file {
        let credentials = read("credentials_file", file, folder)?;
        mark.extend_from_slice(credentials.expose().as_bytes());
        options.credentials = Some(credentials);
    }
    let timeout = options.timeout;
    let made = NatsSink::new(address.expose(), options);
    broker(&address, timeout, &["tls"], made)
}

pub(super) fn rabbitmq(sink: &SinkConfig, folder: &Path, mark: &mut Vec<u8>) -> Result<SinkTo, Wrong> {
    let address = address(sink, folder, mark, "amqp://user:password@localhost/%2f")?;
    let mut options = RabbitMqOptions::default();
    options.form = form(sink)?;
    options.timeout = timeout(sink, options.timeout);
    match (&sink.queue, &sink.exchange, &sink.routing_key) {
        (None, Some(name), routing_key) => {
            if sink.create.is_some() {
                return Err((
                    "create",
                    "`create` is about a queue: an exchange is yours to make, with the queues that are bound to it".to_owned(),
                ));
            }
            let routing_key = routing_key.as_deref().map(|key| topic("routing_key", key));
            options.to = To::Exchange {
                name: name.clone(),
                routing_key: routing_key.transpose()?.unwrap_or_default(),
            };
        }
        (_, Some(_), _) => {
            return Err((
                "exchange",
                "there are both `queue` and `exchange`; keep one".to_owned(),
            ));
        }
        (_, None, Some(_)) => {
            return Err((
                "routing_key",
                "`routing_key` is for an exchange; add `exchange = \"…\"`".to_owned(),
            ));
        }
        (queue, None, None) => {
            options.to = To::Queue {
                name: queue.clone().unwrap_or_else(|| "wahook".to_owned()),
                create: sink.create.unwrap_or(true),
            };
        }
    }
    let timeout = options.timeout;
    let made = RabbitMqSink::new(address.expose(), options);
    broker(&address, timeout, &["amqps"], made)
}

pub(super) fn redis(sink: &SinkConfig, folder: &Path, mark: &mut Vec<u8>) -> Result<SinkTo, Wrong> {
    let address = address(sink, folder, mark, "redis://localhost/0")?;
    let mut options = RedisStreamOptions::default();
    options.form = form(sink)?;
    options.timeout = timeout(sink, options.timeout);
    if let Some(stream) = &sink.stream {
        options.stream = topic("stream", stream)?;
    }
    options.max_len = sink.max_len.unwrap_or(options.max_len);
    let timeout = options.timeout;
    let made = RedisStreamSink::new(address.expose(), options);
    broker(
        &address,
        timeout,
        &["rediss", "valkeys", "redis+unix", "valkey+unix", "unix"],
        made,
    )
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
