//! What a record asks for, and what is answered.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use wahook_core::{
    DeliveryId,
    guard::Settled,
    inbox::{
        Accepted, DeadQuery, Filed, FiledEvent, Reading, Replay, Replayed, Retention, Setback, Settlement,
        Swept, Then, Want,
    },
    json::Text,
};

use super::records::{Micros, Print, Words, micros};

/// One verb. What it gives follows from the ledger and the time of its record alone.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Op {
    /// A process opened the inbox: what nobody could read is unread again. The first one's key is kept.
    Open {
        hash_key: [u8; 16],
    },
    Accept(Accept),
    Unread {
        token: Print,
        count: usize,
        bytes: usize,
        lease: Micros,
    },
    File {
        token: Print,
        readings: Vec<Read>,
    },
    Take {
        sink: Text,
        token: Print,
        lanes: usize,
        events: usize,
        bytes: usize,
        lease: Micros,
    },
    Renew {
        lane: i64,
        token: Print,
        lease: Micros,
    },
    Settle {
        token: Print,
        settlement: Settle,
    },
    /// Of a lane that is held, entries whose deliveries are gone: dead letters, which block nothing.
    Bury {
        lane: i64,
        token: Print,
        entries: Vec<i64>,
        error: String,
    },
    Retry(DeadQuery),
    DropDead(DeadQuery),
    DropWaiting {
        sink: Text,
        limit: u32,
    },
    Replay(Replay),
    Reread,
    Sweep {
        rows: Micros,
        bodies: Micros,
        dead: Micros,
        count: usize,
    },
    /// Heads and bodies that stood at the beginning of the stream are in this record now.
    Carry(Vec<Carried>),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Accept {
    pub(crate) provider: Text,
    /// The key in its scope.
    pub(crate) key: String,
    pub(crate) digest: [u8; 32],
    /// A conflict is flagged and not stored.
    pub(crate) drops_conflicts: bool,
    pub(crate) memory: Micros,
    /// So much may wait.
    pub(crate) most: u64,
    /// Which blob of the record is the head; the body is the next.
    pub(crate) head: u32,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Carried {
    pub(crate) position: i64,
    /// Whose it is: another one may have the place of a delivery that a server lost.
    pub(crate) id: DeliveryId,
    /// Where it was: what somebody else carried meanwhile is not there any more, and stays where it is now.
    pub(crate) from: u64,
    /// `None` for one that is gone: so it is from then on, and holds up nothing.
    pub(crate) head: Option<u32>,
}

/// [`Reading`], as it is written down.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Read {
    pub(crate) position: i64,
    /// Whose it is: another one may have the place of a delivery that a server lost.
    pub(crate) id: DeliveryId,
    pub(crate) events: Option<Vec<ReadEvent>>,
    pub(crate) memory: Micros,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ReadEvent {
    pub(crate) claim: String,
    pub(crate) summary: Words,
    pub(crate) lane: String,
    pub(crate) sinks: Vec<Text>,
}

impl Read {
    pub(crate) fn of(id: DeliveryId, reading: Reading) -> Self {
        let event = |event: FiledEvent| ReadEvent {
            claim: event.claim.as_str().to_owned(),
            summary: event.summary.into(),
            lane: event.lane,
            sinks: event.sinks,
        };
        Self {
            position: reading.position,
            id,
            events: reading
                .events
                .map(|events| events.into_iter().map(event).collect()),
            memory: micros(reading.memory),
        }
    }
}

/// [`Settlement`], as it is written down.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Settle {
    pub(crate) lane: i64,
    pub(crate) done: Vec<i64>,
    pub(crate) setback: Option<Failed>,
    pub(crate) untouched: Vec<i64>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Failed {
    pub(crate) entry: i64,
    pub(crate) error: String,
    pub(crate) failed: bool,
    pub(crate) then: Next,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Next {
    Retry(Micros),
    Park,
    Block,
}

impl From<Settlement> for Settle {
    fn from(settlement: Settlement) -> Self {
        let failed = |setback: Setback| Failed {
            entry: setback.entry.0,
            error: setback.error,
            failed: setback.failed,
            then: match setback.then {
                Then::Retry { after } => Next::Retry(micros(after)),
                Then::Block => Next::Block,
                // `Park`, and what a later release may know.
                _ => Next::Park,
            },
        };
        let ids = |ids: Vec<wahook_core::inbox::EntryId>| ids.into_iter().map(|id| id.0).collect();
        Self {
            lane: settlement.lane.0,
            done: ids(settlement.done),
            setback: settlement.setback.map(failed),
            untouched: ids(settlement.untouched),
        }
    }
}

impl Op {
    pub(crate) fn take(sink: &str, token: Print, want: Want, lease: Micros) -> Self {
        Self::Take {
            sink: Text::from(sink),
            token,
            lanes: want.lanes,
            events: want.events,
            bytes: want.bytes,
            lease,
        }
    }

    pub(crate) fn sweep(retention: Retention) -> Self {
        Self::Sweep {
            rows: micros(retention.rows),
            bodies: micros(retention.bodies),
            dead: micros(retention.dead),
            count: retention.count,
        }
    }

    /// Whether it may leave something to be read or handed over.
    pub(crate) const fn brings_something_in(&self) -> bool {
        matches!(
            self,
            Self::Open { .. }
                | Self::Accept(_)
                | Self::File { .. }
                | Self::Settle { .. }
                | Self::Bury { .. }
                | Self::Retry(_)
                | Self::DropDead(_)
                | Self::Replay(_)
                | Self::Reread
        )
    }
}

/// What became of an [`Op`].
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Nothing,
    Accepted(Accepted),
    Full,
    /// Positions, and whether each is read again.
    Unread(Vec<(i64, bool)>),
    Filed(Option<Filed>),
    Taken(Taken),
    Settled(Settled),
    Count(u64),
    Replayed(Replayed),
    Swept(Swept),
}

/// What was taken, without the deliveries.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken {
    pub(crate) lanes: Vec<(i64, Vec<TakenEntry>)>,
    /// When the next lane is due.
    pub(crate) next: Option<Micros>,
}

#[derive(Clone, Debug)]
pub(crate) struct TakenEntry {
    pub(crate) id: i64,
    pub(crate) key: String,
    pub(crate) place: usize,
    pub(crate) position: i64,
    pub(crate) attempt: u32,
    pub(crate) failures: u32,
    pub(crate) filed_at: Timestamp,
    pub(crate) replay_of: Option<DeliveryId>,
    pub(crate) late: bool,
}

impl Op {
    /// Its bytes come behind those of others.
    pub(crate) fn shift(&mut self, by: u32) {
        match self {
            Self::Accept(accept) => accept.head += by,
            Self::Carry(carried) => carried.iter_mut().for_each(|carried| {
                carried.head = carried.head.map(|head| head + by);
            }),
            _ => {}
        }
    }

    /// How many bytes it is as JSON, about.
    pub(crate) fn weight(&self) -> usize {
        let read = |read: &Read| {
            read.events
                .iter()
                .flatten()
                .map(|event| 500 + 2 * event.lane.len())
                .sum::<usize>()
        };
        match self {
            Self::File { readings, .. } => readings.iter().map(read).sum(),
            Self::Settle { settlement, .. } => 20 * settlement.done.len(),
            _ => 0,
        }
    }
}
