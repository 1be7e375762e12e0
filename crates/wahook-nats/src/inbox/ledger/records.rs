//! What the ledger keeps. Bodies and headers are not in it: it knows in which message they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use wahook_core::{
    DeliveryId, KeySource,
    guard::Token,
    inbox::{EntryState, Summary},
    json::Text,
    model::Kind,
};

/// Microseconds since 1970, on the clock of the server.
pub(crate) type Micros = u64;

pub(crate) const fn micros(time: Duration) -> Micros {
    let all = time.as_micros();
    if all > u64::MAX as u128 {
        u64::MAX
    } else {
        all as u64
    }
}

pub(crate) fn timestamp(at: Micros) -> Timestamp {
    let at = i64::try_from(at).unwrap_or(i64::MAX);
    Timestamp::from_microsecond(at).unwrap_or(Timestamp::MAX)
}

/// 128 bits: a keyed fingerprint of a text, or a token. Two halves, since JSON has no larger numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Print(u64, u64);

impl Print {
    pub(crate) const fn of(bits: u128) -> Self {
        Self((bits >> 64) as u64, bits as u64)
    }
}

impl From<Token> for Print {
    fn from(token: Token) -> Self {
        Self::of(u128::from_be_bytes(*token.as_bytes()))
    }
}

/// A delivery.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) id: DeliveryId,
    pub(crate) endpoint: Text,
    pub(crate) provider: Text,
    /// Its key as text, for those who look.
    pub(crate) key: Arc<str>,
    pub(crate) source: KeySource,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) provider_id: Option<Arc<str>>,
    pub(crate) conflict: bool,
    pub(crate) received_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signed_at: Option<Timestamp>,
    /// The key in its scope.
    pub(crate) print: Print,
    /// Of its body: a fingerprint of the digest.
    pub(crate) digest: Print,
    /// Bytes of the body.
    pub(crate) size: u32,
    /// Where head and body are; nowhere once they are redacted.
    pub(crate) home: Option<Home>,
    pub(crate) reads: Reads,
    /// It was read before, and is to be read again for these sinks; `None` stands for those that want it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) again: Option<BTreeSet<Option<Text>>>,
    pub(crate) remembered_until: Micros,
    pub(crate) read_at: Micros,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) redacted_at: Option<Micros>,
    /// Of its events, in the order in which they were put into lanes.
    pub(crate) entries: Vec<i64>,
    /// Cursors.
    pub(crate) events: Vec<i64>,
    /// So many of its entries wait.
    pub(crate) waiting: u32,
    /// Since when nothing is left to do, dead letters apart.
    pub(crate) ended: Option<Micros>,
}

/// The record that holds a head and a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Home {
    pub(crate) at: u64,
    /// The messages that it is cut into, where it is larger than one may be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) parts: Vec<u64>,
    /// Which of its blobs is the head; the body is the next.
    pub(crate) head: u32,
    /// When it was put there.
    pub(crate) since: Micros,
}

impl Home {
    /// The first message that it needs: parts come before their record.
    pub(crate) fn first(&self) -> u64 {
        self.parts.iter().copied().fold(self.at, u64::min)
    }
}

/// How far the reading of a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Reads {
    Unread,
    Read,
    Unreadable,
}

/// Who said an event first.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) position: i64,
    pub(crate) until: Micros,
}

/// An event.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) position: i64,
    pub(crate) place: usize,
    pub(crate) summary: Words,
    /// The conversation, which nobody can read out of it.
    pub(crate) lane: Print,
    pub(crate) duplicate: bool,
    pub(crate) late: bool,
}

/// [`Summary`], as it is written down.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Words {
    pub(crate) key: String,
    /// A word, so that those of later releases stay what they are.
    pub(crate) kind: Text,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) account: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) chat: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) message_id: Option<Text>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) occurred_at: Option<Timestamp>,
}

impl From<Summary> for Words {
    fn from(summary: Summary) -> Self {
        Self {
            key: summary.key,
            kind: Text::from_static(summary.kind.as_str()),
            name: summary.name,
            account: summary.account,
            chat: summary.chat,
            message_id: summary.message_id,
            occurred_at: summary.occurred_at,
        }
    }
}

impl Words {
    pub(crate) fn kind(&self) -> Kind {
        Kind::from(self.kind.as_str())
    }
}

impl From<Words> for Summary {
    fn from(words: Words) -> Self {
        Self {
            kind: words.kind(),
            key: words.key,
            name: words.name,
            account: words.account,
            chat: words.chat,
            message_id: words.message_id,
            occurred_at: words.occurred_at,
        }
    }
}

/// A lane of a sink.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Lane {
    pub(crate) sink: Text,
    pub(crate) name: Print,
    /// What waits, by its turn; also what is taken.
    pub(crate) waiting: BTreeMap<i64, i64>,
    /// Not before this.
    pub(crate) due: Micros,
    pub(crate) lease: Option<Lease>,
    /// The dead letter for which it stands still.
    pub(crate) blocked_by: Option<i64>,
    /// So many entries are of it, whatever their state.
    pub(crate) entries: u32,
    /// Where it is among those that can be taken.
    #[serde(skip)]
    pub(crate) seat: Option<Micros>,
}

/// Who has a lane.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Lease {
    pub(crate) token: Print,
    pub(crate) until: Micros,
    pub(crate) taken: Vec<i64>,
}

impl Lane {
    /// Whose it is at this moment.
    pub(crate) fn holder(&self, now: Micros) -> Option<&Lease> {
        self.lease.as_ref().filter(|lease| lease.until > now)
    }

    /// When it can be taken, if nothing else happens.
    pub(crate) fn due(&self) -> Option<Micros> {
        let stands = self.waiting.is_empty() || self.blocked_by.is_some();
        let lease = self.lease.as_ref().map_or(0, |lease| lease.until);
        (!stands).then(|| lease.max(self.due))
    }

    /// Lets an entry wait. A lane that waits or is taken stays so.
    pub(crate) fn put(&mut self, turn: i64, entry: i64, now: Micros) {
        if self.waiting.is_empty() {
            self.due = now;
        }
        self.waiting.insert(turn, entry);
    }
}

/// An event in a lane.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) lane: i64,
    pub(crate) sink: Text,
    /// The event.
    pub(crate) cursor: i64,
    /// Its key, where a later reading of the delivery has another one in this place, or none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    pub(crate) position: i64,
    pub(crate) place: usize,
    /// Its place in the lane.
    pub(crate) turn: i64,
    pub(crate) state: EntryState,
    pub(crate) attempts: u32,
    /// Of these, so many failed.
    pub(crate) failures: u32,
    pub(crate) filed_at: Micros,
    /// When it came to its state, or was tried last.
    pub(crate) at: Micros,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) replay_of: Option<DeliveryId>,
}
