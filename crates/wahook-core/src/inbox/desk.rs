//! What operators ask of an inbox, and do to it.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{EntryId, EntryState, Inbox, Stored, Summary};
use crate::{
    BoxFuture,
    delivery::DeliveryId,
    guard::{Key, StoreError},
    json::Text,
    model::Kind,
};

/// An inbox that can be looked into. What it shows is the operator's: whoever prints it masks it.
///
/// Questions do not hold up what goes in and out.
pub trait Desk: Inbox {
    /// Events, as asked for.
    fn events<'a>(&'a self, query: &'a EventQuery) -> BoxFuture<'a, Result<Vec<EventRow>, StoreError>>;

    /// A delivery with its bytes and all its events.
    fn delivery<'a>(&'a self, id: DeliveryId) -> BoxFuture<'a, Result<Option<Kept>, StoreError>>;

    /// Dead letters, the newest first.
    fn dead<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<Vec<DeadLetter>, StoreError>>;

    /// Puts dead letters back into their lanes, at the end (a lane that stood still goes on with them); tells how many.
    /// Their attempts are counted anew.
    fn retry<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<u64, StoreError>>;

    /// Drops dead letters for good, and lets lanes go on that stood still; tells how many.
    fn drop_dead<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<u64, StoreError>>;

    /// Drops events that wait for a sink, for good, and tells how many: at most so many, in no order that is promised. For
    /// what is left of a sink that is gone; whoever has it in hand settles in vain. Its dead letters stay.
    fn drop_waiting<'a>(&'a self, sink: &'a str, limit: u32) -> BoxFuture<'a, Result<u64, StoreError>>;

    /// Puts events into their lanes once more, marked as replays (I4).
    fn replay<'a>(&'a self, replay: &'a Replay) -> BoxFuture<'a, Result<Replayed, StoreError>>;

    /// Deliveries that nobody could read are unread again, in their places: there is a reader now that may. Tells how many.
    fn reread<'a>(&'a self) -> BoxFuture<'a, Result<u64, StoreError>>;

    /// Which of these delivery keys it knows, in the order of the question: a thousand at most. For whoever has a provider
    /// send again what is missing, and only that.
    ///
    /// A key is known as long as it is remembered (G9), whatever body came under it. A store may know it for longer, as long
    /// as it keeps the delivery. To ask claims, marks and prolongs nothing.
    fn known<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<bool>, StoreError>>;

    /// How the inbox is.
    fn status<'a>(&'a self) -> BoxFuture<'a, Result<Status, StoreError>>;

    /// Removes what is finished and old enough, a bounded number at a time.
    fn sweep<'a>(&'a self, retention: Retention) -> BoxFuture<'a, Result<Swept, StoreError>>;
}

/// Which events; what is left out does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "written by those who ask")]
pub struct EventQuery {
    /// One of these kinds; any if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// Received by this endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Of this account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Of this conversation, as the provider writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chat: Option<String>,
    /// Of or about this message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// With this key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// In this delivery.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery: Option<DeliveryId>,
    /// Received at this moment or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Received before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Beyond this [`EventRow::cursor`], in the order that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<i64>,
    /// In which order.
    pub order: Order,
    /// So many at most; a store may give fewer than there are in one answer, but not none.
    pub limit: u32,
}

/// In which order events are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Order {
    /// The newest first.
    #[default]
    Newest,
    /// The oldest first: the order of acceptance.
    Oldest,
}

/// An event that the inbox knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct EventRow {
    /// Its place in the order of filing.
    pub cursor: i64,
    /// The delivery that said it.
    pub delivery: DeliveryId,
    /// Its place in that delivery.
    pub place: usize,
    /// The endpoint that received it.
    pub endpoint: Text,
    /// The provider's id.
    pub provider: Text,
    /// When it was received.
    pub received_at: Timestamp,
    /// What it says, in short.
    pub summary: Summary,
    /// It was said before, in another delivery: it is in no lane (G10).
    pub duplicate: bool,
    /// A `session.status` after which, in its lane, one was filed that happened later: filed before it, happened after it.
    /// Decided in the order of filing, so every hand-over of it says the same.
    pub late: bool,
    /// How far each sink is with it.
    pub progress: Vec<Progress>,
}

/// How far a sink is with an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct Progress {
    /// The entry.
    pub id: EntryId,
    /// The sink.
    pub sink: Text,
    /// How far.
    pub state: EntryState,
    /// Attempts that began.
    pub attempts: u32,
    /// When it came to this state, or was tried last.
    pub at: Timestamp,
    /// Why the last attempt failed, if one did.
    pub error: Option<String>,
    /// The delivery that it replays.
    pub replay_of: Option<DeliveryId>,
}

/// A delivery and its events.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct Kept {
    /// The delivery.
    pub stored: Stored,
    /// Whether it was read.
    pub read: bool,
    /// Its events, in their order.
    pub events: Vec<EventRow>,
}

/// Which dead letters; what is left out does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "written by those who ask")]
pub struct DeadQuery {
    /// One of these; any if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ids: Vec<EntryId>,
    /// Of this sink.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sink: Option<String>,
    /// Received by this endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// One of these kinds; any if empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<Kind>,
    /// Given up at this moment or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// Given up before this moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// Older than this one: its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<EntryId>,
    /// So many at most.
    pub limit: u32,
}

/// An event that a sink gave up on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct DeadLetter {
    /// The entry; what `retry` and `drop` name it by.
    pub id: EntryId,
    /// The sink.
    pub sink: Text,
    /// The event, with how far this sink is.
    pub event: EventRow,
    /// Attempts that began.
    pub attempts: u32,
    /// When it was given up.
    pub died_at: Timestamp,
    /// Why the last attempt failed.
    pub error: String,
    /// Whether its lane stands still for it.
    pub blocks: bool,
}

/// What to replay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::exhaustive_structs, reason = "written by those who ask")]
pub struct Replay {
    /// Which events; duplicates are left out, since their originals are there.
    pub query: EventQuery,
    /// To this sink alone, whether it had them or not; to those that had them in their lanes if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Read their deliveries again, with this release and this configuration, instead of handing over what was read then.
    pub reparse: bool,
    /// Only tell what would be replayed.
    pub dry_run: bool,
}

/// What was replayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct Replayed {
    /// Events that matched, and were put into lanes or whose deliveries will be read again.
    pub events: u64,
    /// Deliveries that they are of.
    pub deliveries: u64,
    /// Events that matched and cannot be replayed, since their bytes were removed.
    pub redacted: u64,
    /// Where to go on, if the limit was reached: [`EventQuery::after`].
    pub next: Option<i64>,
}

/// How the inbox is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct Status {
    /// Deliveries that it keeps.
    pub deliveries: u64,
    /// Deliveries that nobody has read yet.
    pub unread: u64,
    /// Deliveries that nobody here can read.
    pub unreadable: u64,
    /// When the oldest delivery was received that is not finished.
    pub oldest: Option<Timestamp>,
    /// Bytes on disk.
    pub bytes: u64,
    /// Each sink that ever had an event, by name.
    pub sinks: Vec<SinkStatus>,
    /// Each endpoint whose deliveries are not finished, by name.
    #[serde(default)]
    pub endpoints: Vec<EndpointStatus>,
    /// More waits than was looked at: the numbers of `endpoints` are of a part of it.
    #[serde(default)]
    pub endpoints_cut: bool,
    /// How full it is, for each limit that it has.
    #[serde(default)]
    pub room: Vec<Room>,
}

/// How much waits of an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct EndpointStatus {
    /// Its name.
    pub name: Text,
    /// Deliveries that nobody has read yet, or can.
    pub unread: u64,
    /// Events of it that wait for sinks; one that waits for two counts twice.
    pub waiting: u64,
    /// When the oldest of these deliveries was received.
    pub oldest: Option<Timestamp>,
}

/// How much of a limit is used; beyond it nothing is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct Room {
    /// Which limit.
    pub limit: Limit,
    /// So much is used.
    pub used: u64,
    /// So much there is.
    pub most: u64,
}

/// What an inbox has a limit for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Limit {
    /// What is not finished: deliveries that nobody read, and events in lanes.
    Waiting,
    /// Bytes.
    Bytes,
}

impl Limit {
    /// The word in the JSON form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Bytes => "bytes",
        }
    }
}

/// How a sink is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct SinkStatus {
    /// Its name.
    pub name: Text,
    /// Events in its lanes.
    pub waiting: u64,
    /// Lanes with events.
    pub lanes: u64,
    /// Lanes that stand still for a dead letter.
    pub blocked: u64,
    /// Dead letters.
    pub dead: u64,
    /// When the oldest event was received that waits.
    pub oldest: Option<Timestamp>,
}

/// How long finished work is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "written by workers")]
pub struct Retention {
    /// Finished deliveries are removed after this time, or when their keys may be forgotten, whichever is later (G9).
    pub rows: Duration,
    /// Bodies, headers and what of events tells persons are removed after this time, once the delivery is finished.
    pub bodies: Duration,
    /// Dead letters count as finished after this time.
    pub dead: Duration,
    /// So many rows at most in one go.
    pub count: usize,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct Swept {
    /// Deliveries removed.
    pub deliveries: u64,
    /// Deliveries whose bodies were removed.
    pub bodies: u64,
}
