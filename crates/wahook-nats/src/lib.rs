//! wahook on NATS JetStream.
//!
//! ```no_run
//! use wahook_core::sink::Sink;
//! use wahook_nats::{NatsOptions, NatsSink};
//!
//! # fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let mut options = NatsOptions::default();
//! options.subject = "wahook.{endpoint}.{kind}".parse()?;
//! let sink: Box<dyn Sink> = Box::new(NatsSink::new("nats://app:secret@localhost", options)?);
//! # Ok(())
//! # }
//! ```
//!
//! # What it promises
//!
//! An event is done when the stream has acknowledged it (`PubAck`), not before. Events of one conversation are published one
//! after the other, so that a stream has them in order; conversations go side by side.
//!
//! Each message carries `Nats-Msg-Id`, which is the event's key, with `#r` and a number behind it for a replay: what is
//! handed over again within the stream's duplicate window (2 minutes unless it was made with another) is stored once. Later
//! it is stored twice, with the same id.
//!
//! *What survives* is the stream's matter. A server writes at once and flushes to disk every `sync_interval`, 2 minutes by
//! default: what it acknowledged since then is lost where the machine loses power and no replica has it. For a guarantee
//! set `jetstream { sync_interval: always }`, or three replicas on machines that do not fail together.
//!
//! # When the server is away
//!
//! Nothing is buffered: a hand-over fails at once while there is no connection, and the worker tries again. The client makes
//! the connection anew by itself. Where no stream takes a subject, events wait as if the server were away.

mod connection;
mod inbox;
mod options;
mod sink;

pub use self::{
    inbox::{NatsInbox, NatsInboxOptions},
    options::NatsOptions,
    sink::NatsSink,
};
