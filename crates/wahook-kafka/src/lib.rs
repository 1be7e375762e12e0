//! wahook on Apache Kafka, and on brokers that speak its protocol.
//!
//! The sink is there with the feature `librdkafka`, which builds that library from source: it needs make, a C++ compiler,
//! pkg-config and OpenSSL's headers (Debian: `apt-get install make g++ pkg-config libssl-dev`).
#![cfg_attr(feature = "librdkafka", doc = "```no_run")]
#![cfg_attr(not(feature = "librdkafka"), doc = "```ignore")]
//! use wahook_core::sink::Sink;
//! use wahook_kafka::{KafkaOptions, KafkaSink};
//!
//! # fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let mut options = KafkaOptions::default();
//! options.topic = "whatsapp.{endpoint}".parse()?;
//! let sink: Box<dyn Sink> = Box::new(KafkaSink::new("kafkas://app:secret@broker-1:9093,broker-2:9093", options)?);
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! An event is done when its delivery report says that all replicas in sync have it (`acks=all`), not before. The key of a
//! message is its lane, by the hash that Java's clients use, so that a conversation stays in one partition; its events are
//! published one after the other, so that the partition has them in order. Conversations go side by side. Who adds
//! partitions to a topic moves conversations, and with them loses the order around that moment.
//!
//! The header `wahook-id` is the event's key, with `#r` and a number behind it for a replay. The producer is idempotent:
//! what *it* sends again within the time of one hand-over is stored once. What the worker hands over again, after a hand-over
//! that was not confirmed in time, is a message of its own: it may be there twice, with the same id, never before an earlier
//! one. After an error from which an idempotent producer cannot recover, another one takes its place; what it had not
//! confirmed is handed over again.
//!
//! *What survives* is the topic's matter: take a replication factor of 3 and `min.insync.replicas=2`. Kafka flushes to disk
//! when the system does, and keeps its word by replicas.
//!
//! # When brokers are away
//!
//! A hand-over that is not confirmed within [`timeout`](KafkaOptions::timeout) fails, nothing of it is sent later, and the
//! worker tries again; librdkafka makes connections anew. A topic is never made: where it is not there, events wait as if
//! the brokers were away.

mod options;

#[cfg(feature = "librdkafka")]
mod address;
#[cfg(feature = "librdkafka")]
mod failed;
#[cfg(feature = "librdkafka")]
mod producer;
#[cfg(feature = "librdkafka")]
mod sink;

pub use self::options::{KafkaOptions, Mechanism};
#[cfg(feature = "librdkafka")]
pub use self::sink::KafkaSink;
