//! The messages of the stream: storing them, fetching them, and following them.

use std::{sync::atomic::Ordering, time::Duration};

use async_nats::{
    connection::State,
    jetstream::{
        Context,
        consumer::{AckPolicy, DeliverPolicy, push},
        context::{PublishAckFuture, PublishErrorKind},
        message::PublishMessage,
        response::Response,
        stream::{Info, LastRawMessageErrorKind, Stream},
    },
};
use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use tokio::{sync::watch, time::timeout};

use super::{fault::Fault, record, stream::prefix};

/// So many messages are fetched or stored at once where one asks for several.
const AT_ONCE: usize = 8;
/// What a message has beside its content, and then some.
const FRAME: usize = 16 << 10;
/// So often says a server that nothing is new. Twice that without a word, and it is asked anew.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// A piece of the state may take so long: a large one on a slow wire is written in the end.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug)]
pub(super) struct Log {
    context: Context,
    /// The same, for what nobody waits for.
    patient: Context,
    stream: Stream,
    pub(super) subjects: Subjects,
    connected: watch::Receiver<u64>,
}

/// Where what is published.
#[derive(Debug)]
pub(super) struct Subjects {
    stream: String,
    pub(super) records: String,
    /// Pieces of what is larger than a message may be.
    pub(super) parts: String,
    /// Pieces of the state.
    pub(super) state: String,
    /// Notes of where that is.
    pub(super) snapshots: String,
}

impl Subjects {
    fn of(stream: &str) -> Self {
        let subject = |word: &str| format!("{}.{word}", prefix(stream));
        Self {
            stream: stream.to_owned(),
            records: subject("log"),
            parts: subject("part"),
            state: subject("state"),
            snapshots: subject("snapshot"),
        }
    }
}

impl Log {
    pub(super) fn new(context: Context, stream: Stream, connected: watch::Receiver<u64>) -> Self {
        Self {
            subjects: Subjects::of(&stream.cached_info().config.name),
            patient: {
                let mut patient = context.clone();
                patient.set_timeout(PATIENCE);
                patient
            },
            context,
            stream,
            connected,
        }
    }

    /// The most bytes of a message's content.
    pub(super) fn most(&self) -> usize {
        let server = self.context.client().max_payload();
        let stream = self.stream.cached_info().config.max_message_size;
        let most = usize::try_from(stream)
            .ok()
            .filter(|most| *most > 0)
            .map_or(server, |most| most.min(server));
        most.saturating_sub(FRAME.min(most / 2)).max(1)
    }

    /// Whether there is a connection: what was published without one would wait in the client.
    pub(super) fn is_connected(&self) -> Result<(), Fault> {
        let state = self.context.client().connection_state();
        let is_there = state == State::Connected;
        is_there
            .then_some(())
            .ok_or_else(|| Fault::away("there is no connection to the server"))
    }

    /// Which connection this is. Not what [`connected`](Self::connected) tells, which comes after the connection is used.
    pub(super) fn connection(&self) -> u64 {
        self.context
            .client()
            .statistics()
            .connects
            .load(Ordering::Relaxed)
    }

    /// How often a connection was made; changes with every new one.
    pub(super) fn connected(&self) -> watch::Receiver<u64> {
        self.connected.clone()
    }

    /// Hands a message to the server. What is handed over later is stored later.
    pub(super) async fn send(&self, subject: &str, payload: Bytes) -> Result<PublishAckFuture, Fault> {
        self.is_connected()?;
        let message = self.message(payload);
        let sent = self.context.send_publish(subject.to_owned(), message).await;
        sent.map_err(|error| Fault::of_publish(&error))
    }

    /// Stores a message; tells its sequence.
    pub(super) async fn publish(&self, subject: &str, payload: Bytes) -> Result<u64, Fault> {
        let acknowledged = self.send(subject, payload).await?.await;
        acknowledged
            .map(|done| done.sequence)
            .map_err(|error| Fault::of_publish(&error))
    }

    fn message(&self, payload: Bytes) -> PublishMessage {
        PublishMessage::build()
            .payload(payload)
            .expected_stream(&self.subjects.stream)
    }

    /// Stores something in as many messages as it needs; tells their sequences.
    pub(super) async fn publish_parts(&self, whole: Bytes) -> Result<Vec<u64>, Fault> {
        let stored = self
            .pieces(whole)
            .map(|piece| self.publish(&self.subjects.parts, piece));
        stream::iter(stored).buffered(AT_ONCE).try_collect().await
    }

    /// The same with the state, however long each of its pieces takes.
    pub(super) async fn publish_state(&self, whole: Bytes) -> Result<Vec<u64>, Fault> {
        let stored = self.pieces(whole).map(|piece| async {
            self.is_connected()?;
            let message = self.message(piece);
            let subject = self.subjects.state.clone();
            let sent = self.patient.send_publish(subject, message).await;
            let stored = match sent {
                Ok(sent) => sent.await,
                Err(error) => Err(error),
            };
            stored
                .map(|done| done.sequence)
                .map_err(|error| Fault::of_publish(&error))
        });
        stream::iter(stored).buffered(AT_ONCE).try_collect().await
    }

    fn pieces(&self, whole: Bytes) -> impl Iterator<Item = Bytes> + use<> {
        let most = self.most();
        let pieces = whole.len().div_ceil(most);
        (0..pieces).map(move |piece| whole.slice(piece * most..whole.len().min((piece + 1) * most)))
    }

    /// Stores a note, if none came after this one; tells its sequence.
    pub(super) async fn publish_note(&self, payload: Bytes, newest: u64) -> Result<Option<u64>, Fault> {
        self.is_connected()?;
        let message = self.message(payload).expected_last_subject_sequence(newest);
        let subject = self.subjects.snapshots.clone();
        let stored = match self.context.send_publish(subject, message).await {
            Ok(sent) => sent.await,
            Err(error) => Err(error),
        };
        match stored {
            Ok(done) => Ok(Some(done.sequence)),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(None),
            Err(error) => Err(Fault::of_publish(&error)),
        }
    }

    /// The content of a message; `None` if it is not there.
    async fn fetch(&self, sequence: u64) -> Result<Option<Bytes>, Fault> {
        self.is_connected()?;
        if self.stream.cached_info().config.allow_direct {
            // A replica may not have it yet, or nobody answers so any more: the leader is asked.
            if let Ok(message) = self.stream.direct_get(sequence).await {
                return Ok(Some(message.payload));
            }
        }
        if let Some(message) = self.fetch_from_leader(sequence).await? {
            return Ok(Some(message));
        }
        // Whoever leads now may have yet to apply what the one before had told.
        if self.info().await?.state.last_sequence < sequence {
            return Err(Fault::away("the stream is behind"));
        }
        self.fetch_from_leader(sequence).await
    }

    async fn fetch_from_leader(&self, sequence: u64) -> Result<Option<Bytes>, Fault> {
        match self.stream.get_raw_message(sequence).await {
            Ok(message) => Ok(Some(message.payload)),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(Fault::of_api("a message cannot be fetched", &error)),
        }
    }

    /// What was stored in several messages; `None` if one of them is not there.
    pub(super) async fn fetch_parts(&self, parts: &[u64]) -> Result<Option<Bytes>, Fault> {
        let pieces = stream::iter(parts.to_vec()).map(|sequence| self.fetch(sequence));
        let pieces: Vec<Option<Bytes>> = pieces.buffered(AT_ONCE).try_collect().await?;
        let pieces: Option<Vec<Bytes>> = pieces.into_iter().collect();
        Ok(pieces.map(|pieces| pieces.concat().into()))
    }

    /// A record by its sequence; `None` if it is not there, or damaged by now.
    pub(super) async fn fetch_record(&self, sequence: u64) -> Result<Option<record::Record>, Fault> {
        let Some(message) = self.fetch(sequence).await? else {
            return Ok(None);
        };
        match self.whole(sequence, message).await {
            Ok(found) => Ok(found.map(|(record, _)| record)),
            Err(Fault::Broken(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// A record, put together if it was cut, and the messages that it was cut into. `None` for what is none of ours, or of
    /// which a piece is not there.
    pub(super) async fn whole(
        &self,
        sequence: u64,
        message: Bytes,
    ) -> Result<Option<(record::Record, Vec<u64>)>, Fault> {
        let unreadable = |error| match error {
            record::Unreadable::Later(version) => Fault::Later(format!(
                "message {sequence} of the stream was written by a later release (version {version}): bring this one up to date"
            )),
            _ => Fault::Broken(format!("message {sequence} of the stream is damaged")),
        };
        match record::read(message) {
            Ok(record::Message::Whole(record)) => Ok(Some((record, Vec::new()))),
            Err(record::Unreadable::Foreign) => Ok(None),
            Err(error) => Err(unreadable(error)),
            Ok(record::Message::Cut(parts)) => {
                let Some(whole) = self.fetch_parts(&parts).await? else {
                    return Err(Fault::Broken(format!(
                        "a piece of message {sequence} of the stream is missing"
                    )));
                };
                match record::read(whole).map_err(unreadable)? {
                    record::Message::Whole(record) => Ok(Some((record, parts))),
                    record::Message::Cut(_) => Err(unreadable(record::Unreadable::Damaged)),
                }
            }
        }
    }

    /// The newest message of a subject, and its sequence.
    pub(super) async fn newest(&self, subject: &str) -> Result<Option<(u64, Bytes)>, Fault> {
        match self.stream.get_last_raw_message_by_subject(subject).await {
            Ok(message) => Ok(Some((message.sequence, message.payload))),
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => Ok(None),
            Err(error) => Err(Fault::of_api("the stream cannot be asked", &error)),
        }
    }

    /// All messages of a subject, the oldest first.
    pub(super) async fn all(&self, subject: &str) -> Result<Vec<(u64, Bytes)>, Fault> {
        let cannot = |error: &dyn std::fmt::Display| Fault::of_api("the stream cannot be read", error);
        let config = push::Config {
            deliver_subject: self.context.client().new_inbox(),
            filter_subject: subject.to_owned(),
            ack_policy: AckPolicy::None,
            memory_storage: true,
            num_replicas: 1,
            inactive_threshold: Duration::from_secs(10),
            ..push::Config::default()
        };
        let consumer = self.stream.create_consumer(config).await;
        let consumer = consumer.map_err(|error| cannot(&error))?;
        let pending = consumer.cached_info().num_pending;
        // Delivered since it was made, or yet to be.
        let count = pending + consumer.cached_info().delivered.consumer_sequence;
        let messages = consumer.messages().await.map_err(|error| cannot(&error))?;
        let mut found = Vec::new();
        let mut messages = messages.take(usize::try_from(count).unwrap_or(usize::MAX));
        while let Ok(next) = timeout(PATIENCE, messages.next()).await {
            let Some(message) = next else {
                return Ok(found);
            };
            let message = message.map_err(|error| cannot(&error))?;
            let sequence = message.info().map_err(|error| cannot(&error))?.stream_sequence;
            found.push((sequence, message.payload.clone()));
        }
        Err(Fault::Slow)
    }

    pub(super) async fn info(&self) -> Result<Info, Fault> {
        self.is_connected()?;
        let info = self.stream.get_info().await;
        info.map_err(|error| Fault::of_api("the stream cannot be asked", &error))
    }

    /// So much more the account lets the stream have, where its limit is known.
    pub(super) async fn left_in_account(&self) -> Option<u64> {
        let config = &self.stream.cached_info().config;
        // Not by the client's own form of the answer: servers before 2.10 leave out what that wants.
        let answer = self.context.request("INFO", b"").await;
        let Ok(Response::Ok(account)) = answer else {
            return None;
        };
        let account: serde_json::Value = account;
        let most = account
            .pointer("/limits/max_storage")?
            .as_u64()
            .filter(|most| *most > 0)?;
        let used = account.pointer("/storage")?.as_u64()?;
        let replicas = u64::try_from(config.num_replicas.max(1)).unwrap_or(1);
        Some(most.saturating_sub(used) / replicas)
    }

    /// Removes all messages before this one.
    pub(super) async fn remove_before(&self, sequence: u64) -> Result<(), Fault> {
        let purged = self.stream.purge().sequence(sequence).await;
        purged
            .map(drop)
            .map_err(|error| Fault::of_api("the stream cannot be cleaned", &error))
    }

    /// All messages from this one on, as they come.
    pub(super) async fn follow(&self, from: u64) -> Result<push::Messages, Fault> {
        let config = push::Config {
            deliver_subject: self.context.client().new_inbox(),
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: from.max(1),
            },
            ack_policy: AckPolicy::None,
            flow_control: true,
            idle_heartbeat: HEARTBEAT,
            memory_storage: true,
            num_replicas: 1,
            inactive_threshold: Duration::from_secs(10),
            ..push::Config::default()
        };
        let cannot = |error: &dyn std::fmt::Display| Fault::of_api("the stream cannot be followed", error);
        let consumer = self
            .stream
            .create_consumer(config)
            .await
            .map_err(|error| cannot(&error))?;
        consumer.messages().await.map_err(|error| cannot(&error))
    }
}
