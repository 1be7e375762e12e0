//! From lanes to sinks.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Stored;
use crate::delivery::DeliveryId;

/// How much to take at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "three limits")]
pub struct Want {
    /// So many lanes at most.
    pub lanes: usize,
    /// So many events of one lane at most.
    pub events: usize,
    /// So many bytes of bodies at most, but one event at least.
    pub bytes: usize,
}

/// What was taken.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct Taken {
    /// Lanes that are ours now, each for the lease.
    pub lanes: Vec<Lane>,
    /// When the next lane of this sink is due, if one waits and nothing else happens; zero if one is due now.
    pub next: Option<Duration>,
}

/// Names a lane of a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(clippy::exhaustive_structs, reason = "a number that stores give")]
pub struct LaneId(pub i64);

/// Names an event in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
#[expect(clippy::exhaustive_structs, reason = "a number that stores give")]
pub struct EntryId(pub i64);

/// The next events of one conversation for one sink, in order.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct Lane {
    /// Which lane.
    pub id: LaneId,
    /// Its next events; never empty.
    pub entries: Vec<Entry>,
}

/// An event in a lane.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct Entry {
    /// Which entry.
    pub id: EntryId,
    /// [`Event::key`](crate::model::Event::key).
    pub key: String,
    /// Its place in its delivery.
    pub place: usize,
    /// The delivery that said it.
    pub stored: Arc<Stored>,
    /// Which attempt this is, from 1; counted before it begins, so an attempt whose end nobody saw counts as well.
    pub attempt: u32,
    /// How many attempts before this one failed by its own fault: see [`Setback::failed`].
    pub failures: u32,
    /// When it was put in the lane: how long it has been tried.
    pub filed_at: Timestamp,
    /// The delivery that it replays.
    pub replay_of: Option<DeliveryId>,
    /// Whether it is late: see [`EventRow::late`](super::EventRow::late).
    pub late: bool,
}

/// How the hand-over of a lane ended.
///
/// What was taken and is in none of the three was begun, and nobody saw its end (a hand-over was cut off half-way): its
/// attempt stays counted, and it is due as what is untouched.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "written by workers")]
pub struct Settlement {
    /// Which lane.
    pub lane: LaneId,
    /// The entries that the sink confirmed: the first ones that were taken.
    pub done: Vec<EntryId>,
    /// The next one, if it failed.
    pub setback: Option<Setback>,
    /// The rest, which was not begun: its attempt is not counted, and it is due at once unless the lane waits.
    pub untouched: Vec<EntryId>,
}

/// An attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "written by workers")]
pub struct Setback {
    /// Which entry.
    pub entry: EntryId,
    /// Why, in a line without contents, phone numbers or credentials.
    pub error: String,
    /// Whether this counts as a failure of the event: not if the sink was away, or did not answer in time. Attempts say
    /// more than that, and those whose end nobody saw are nobody's failures.
    pub failed: bool,
    /// What to do next.
    pub then: Then,
}

/// What to do after an attempt that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Then {
    /// Try again after this time; the lane waits so long.
    Retry {
        /// How long.
        after: Duration,
    },
    /// Give up on it: a dead letter, out of the order. The lane goes on.
    Park,
    /// Give up on it and keep the order: the lane stands still until somebody retries or drops the dead letter.
    Block,
}

/// How far a sink is with an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum EntryState {
    /// In its lane.
    Waiting,
    /// The sink confirmed it.
    Done,
    /// A dead letter: given up on.
    Dead,
    /// A dead letter that was dropped by hand.
    Dropped,
}

impl EntryState {
    /// The word in the JSON form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Dropped => "dropped",
        }
    }
}
