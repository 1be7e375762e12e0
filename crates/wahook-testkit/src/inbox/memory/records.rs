//! What the inbox in memory keeps.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use wahook_core::{
    DeliveryId,
    guard::{Digest, Token},
    inbox::{EntryId, EntryState, LaneId, Stored, Summary},
    json::Text,
};

/// A delivery.
pub(super) struct Kept {
    pub(super) stored: Arc<Stored>,
    pub(super) progress: Reads,
    /// It was read before, and is to be read again for these sinks; `None` stands for those that want it.
    pub(super) again: Option<BTreeSet<Option<Text>>>,
    /// Until when its key is remembered.
    pub(super) remembered_until: Duration,
    /// When it was read.
    pub(super) read_at: Duration,
}

/// How far the reading of a delivery is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    Unread,
    Read,
    Unreadable,
}

/// A body that came under a key.
pub(super) struct Seen {
    pub(super) digest: Digest,
    pub(super) until: Duration,
}

/// Who said an event first.
pub(super) struct Said {
    pub(super) position: i64,
    pub(super) until: Duration,
}

/// An event.
#[derive(Clone)]
pub(super) struct Event {
    pub(super) position: i64,
    pub(super) place: usize,
    pub(super) summary: Summary,
    pub(super) lane: String,
    pub(super) duplicate: bool,
}

/// A lane of a sink.
pub(super) struct Lane {
    pub(super) sink: Text,
    /// What waits, by its turn; also what is taken.
    pub(super) waiting: BTreeMap<i64, EntryId>,
    /// Not before this.
    pub(super) due: Duration,
    pub(super) lease: Option<Lease>,
    /// The dead letter for which it stands still.
    pub(super) blocked_by: Option<EntryId>,
}

/// Who has a lane.
pub(super) struct Lease {
    pub(super) token: Token,
    pub(super) until: Duration,
    pub(super) taken: Vec<EntryId>,
}

impl Lane {
    /// Whose it is at this moment.
    pub(super) fn holder(&self, elapsed: Duration) -> Option<&Lease> {
        self.lease.as_ref().filter(|lease| lease.until > elapsed)
    }

    /// When it can be taken, if nothing else happens.
    pub(super) fn due(&self) -> Option<Duration> {
        let stands = self.waiting.is_empty() || self.blocked_by.is_some();
        let lease = self.lease.as_ref().map(|lease| lease.until);
        (!stands).then(|| lease.map_or(self.due, |until| until.max(self.due)))
    }
}

/// An event in a lane.
pub(super) struct Entry {
    pub(super) lane: LaneId,
    pub(super) sink: Text,
    pub(super) key: String,
    pub(super) position: i64,
    pub(super) place: usize,
    /// Its place in the lane.
    pub(super) turn: i64,
    pub(super) state: EntryState,
    pub(super) attempts: u32,
    /// Of these, so many failed.
    pub(super) failures: u32,
    pub(super) filed_at: Timestamp,
    /// When it came to its state, or was tried last.
    pub(super) at: Timestamp,
    /// The same on the other reading.
    pub(super) at_elapsed: Duration,
    pub(super) error: Option<String>,
    pub(super) replay_of: Option<DeliveryId>,
}
