//! RabbitMQ.

use std::path::Path;

use wahook_rabbitmq::{RabbitMqOptions, RabbitMqSink, To};

use super::{address, broker, ca, form, timeout, topic};
use crate::config::{SinkConfig, SinkTo, build::Wrong};

pub(super) fn build(sink: &SinkConfig, folder: &Path, mark: &mut Vec<u8>) -> Result<SinkTo, Wrong> {
    let address = address(sink, folder, mark, "amqp://user:password@localhost/%2f")?;
    let mut options = RabbitMqOptions::default();
    options.form = form(sink)?;
    options.timeout = timeout(sink, options.timeout);
    options.ca = ca(sink, folder, mark)?;
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
