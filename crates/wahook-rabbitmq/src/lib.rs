//! wahook on RabbitMQ, and on brokers that speak AMQP 0.9.1 as it does.
//!
//! ```no_run
//! use wahook_core::sink::Sink;
//! use wahook_rabbitmq::{RabbitMqOptions, RabbitMqSink, To};
//!
//! # fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let mut options = RabbitMqOptions::default();
//! options.to = To::Queue { name: "whatsapp".to_owned(), create: true };
//! let sink: Box<dyn Sink> = Box::new(RabbitMqSink::new("amqp://app:secret@localhost/%2f", options)?);
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! An event is done when the broker has confirmed it (publisher confirms), and did not hand it back because no queue takes it
//! (`mandatory`). Messages are persistent. Events of one conversation are published one after the other, so that a queue has
//! them in order; conversations go side by side. Several consumers of one queue share its messages, and the order with them:
//! take one (`x-single-active-consumer`), or an exchange that keeps each `{lane}` in a queue of its own.
//!
//! `message_id` is the event's key, with `#r` and a number behind it for a replay. What is handed over again is there twice,
//! with the same id: RabbitMQ does not compare them, consumers have to.
//!
//! *What survives* is the queue's matter. A durable queue, as the sink makes it, is on disk before the confirm comes; a quorum
//! queue is on the disks of most of its replicas. What a queue that is not durable holds ends with the broker.
//!
//! # When the broker is away
//!
//! A hand-over fails, and the worker tries again; the next one makes the connection anew. Where no queue takes a message, events
//! wait as if the broker were away.

mod failed;
mod options;
mod pool;
mod sink;

pub use self::{
    options::{RabbitMqOptions, To},
    sink::RabbitMqSink,
};
