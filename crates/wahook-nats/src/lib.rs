//! wahook on NATS JetStream: a sink that publishes events, and an inbox that several gateways share.
//!
//! # The sink
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
//! set `jetstream { sync_interval: always }`.
//!
//! # When the server is away
//!
//! Nothing is buffered: a hand-over fails at once while there is no connection, and the worker tries again. The client makes
//! the connection anew by itself. Where no stream takes a subject, events wait as if the server were away.

//!
//! # The inbox
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use wahook_core::inbox::Desk;
//! use wahook_nats::{NatsInbox, NatsInboxOptions};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let options = NatsInboxOptions::default();
//! let inbox: Arc<dyn Desk> = Arc::new(NatsInbox::connect("nats://app:secret@localhost", options).await?);
//! println!("{}: {}", inbox.assurance().guarantee, inbox.assurance().because);
//! # Ok(())
//! # }
//! ```
//!
//! The stream is a log of all that happened. What a record does follows from the records before it and from the time at which
//! the server stored it, so each process that follows the stream comes to the same state, and the answer to a verb is what its
//! record did. Records need no locks and are never refused for having come second: of two that take one lane, the later finds
//! it taken. Verbs that wait at the same time share a record.
//!
//! A record whose acknowledgement got lost is not guessed about: whoever wrote it follows the stream and comes by it, or says
//! [`Slow`](wahook_core::guard::StoreErrorKind::Slow).
//!
//! The state is kept in memory, without bodies, about 2 kB for each delivery, and twice that for a while; now and then it is
//! written down in the stream, and what is before that and nobody needs is removed.
//!
//! *What survives* is as for the sink, and [`assurance`](wahook_core::inbox::Inbox::assurance) says it: `process crash only`
//! unless whoever opens it vouches that its servers flush at once.

mod connection;
mod inbox;
mod options;
mod sink;

pub use self::{
    inbox::{NatsInbox, NatsInboxOptions},
    options::NatsOptions,
    sink::NatsSink,
};
