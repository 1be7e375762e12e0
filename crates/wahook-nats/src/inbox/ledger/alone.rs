//! The ledger without a stream, on a clock that is moved by hand: it keeps the contract by itself.
//!
//! Each verb goes through the form of a record, and the ledger is written down and read again all the time, so that what a
//! snapshot leaves out is missed at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use bytes::Bytes;
use tokio::sync::watch;
use wahook_core::{
    Assurance, BoxFuture, Clock as _, DeliveryId, Guarantee, OnConflict,
    guard::{Key, Settled, StoreError, StoreErrorKind, Token},
    inbox::{
        Accepted, DeadLetter, DeadQuery, Desk, Entry, EntryId, EventQuery, EventRow, Filed, Inbox, Incoming,
        Kept, Lane, LaneId, Limit, Reading, Replay, Replayed, Retention, Room, Settlement, Status, Stored,
        Swept, Taken, Unread, Want,
    },
    json::Text,
};
use wahook_testkit::{ManualClock, inbox::Harness};

use super::{
    Applying, Ledger,
    op::{Accept, Answer, Op, Read},
    records::{Print, Reads, micros},
};
use crate::inbox::{
    fetch::{redacted, stored},
    record::{self, Message, Record},
};

#[derive(Debug)]
pub(super) struct Alone {
    state: Mutex<State>,
    clock: Arc<ManualClock>,
    assurance: Assurance,
    stir: watch::Sender<u64>,
    most: u64,
}

#[derive(Debug)]
struct State {
    ledger: Ledger,
    /// By their sequences, as a stream has them.
    records: HashMap<u64, Record>,
}

type Answered<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

impl Alone {
    pub(super) fn new(clock: Arc<ManualClock>, most: u64) -> Self {
        let alone = Self {
            state: Mutex::new(State {
                ledger: Ledger::new(),
                records: HashMap::new(),
            }),
            clock,
            assurance: Assurance::new(Guarantee::None, "it is kept in memory"),
            stir: watch::Sender::new(0),
            most,
        };
        alone.say(Op::Open { hash_key: [7; 16] }, Vec::new());
        alone
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn say(&self, op: Op, blobs: Vec<Bytes>) -> Answer {
        let stirs = op.brings_something_in();
        let record = Record {
            id: Print::of(1),
            ops: vec![op],
            blobs,
        };
        let Message::Whole(record) = record::read(record.to_bytes().unwrap()).unwrap() else {
            panic!("it is whole")
        };
        let mut state = self.lock();
        let sequence = state.ledger.applied + 1;
        let mut applying = Applying {
            sequence,
            at: u64::try_from(self.clock.now().as_microsecond()).unwrap(),
            ops: record.ops.clone(),
            blobs: &record.blobs,
            parts: &[],
            fresh: Vec::new(),
        };
        let answer = state.ledger.apply(&mut applying).unwrap().remove(0);
        state.records.insert(sequence, record);
        // Each time while it is small: the larger it is the longer that takes.
        if sequence < 40 || sequence.is_multiple_of(16) {
            state.ledger = Ledger::from_bytes(&state.ledger.clone().into_bytes().unwrap()).unwrap();
        }
        drop(state);
        if stirs {
            self.stir.send_modify(|mark| *mark += 1);
        }
        answer
    }

    fn stored(&self, position: i64) -> Stored {
        let state = self.lock();
        let kept = state.ledger.kept(position).unwrap();
        match &kept.home {
            Some(home) => stored(&state.records[&home.at], position, kept).unwrap(),
            None => redacted(position, kept),
        }
    }

    fn read<T>(&self, ask: impl FnOnce(&Ledger) -> T) -> T {
        ask(&self.lock().ledger)
    }
}

/// An answer that there is at once.
fn now<'a, T: Send + 'a>(answer: Result<T, StoreError>) -> Answered<'a, T> {
    Box::pin(async move { answer })
}

macro_rules! answer {
    ($answer:expr, $sort:ident) => {
        match $answer {
            Answer::$sort(answer) => answer,
            other => panic!("another answer: {other:?}"),
        }
    };
}

impl Inbox for Alone {
    fn assurance(&self) -> &Assurance {
        &self.assurance
    }

    fn accept<'a>(&'a self, incoming: Incoming) -> Answered<'a, Accepted> {
        let accept = Accept {
            provider: Text::from(incoming.provider()),
            key: incoming.key().as_str().to_owned(),
            digest: *incoming.digest().as_bytes(),
            drops_conflicts: incoming.on_conflict() == OnConflict::DropAndFlag,
            memory: micros(incoming.memory()),
            most: self.most,
            head: 0,
        };
        let delivery = incoming.delivery();
        let blobs = vec![delivery.to_head().into(), delivery.body.clone()];
        now(match self.say(Op::Accept(accept), blobs) {
            Answer::Accepted(accepted) => Ok(accepted),
            _ => Err(StoreError::new(StoreErrorKind::Full)),
        })
    }

    fn unread<'a>(
        &'a self,
        token: Token,
        count: usize,
        bytes: usize,
        lease: Duration,
    ) -> Answered<'a, Vec<Unread>> {
        let (token, lease) = (token.into(), micros(lease));
        let found = answer!(
            self.say(
                Op::Unread {
                    token,
                    count,
                    bytes,
                    lease
                },
                Vec::new()
            ),
            Unread
        );
        let unread = found.into_iter().map(|(position, again)| Unread {
            stored: self.stored(position),
            again,
        });
        now(Ok(unread.collect()))
    }

    fn file<'a>(&'a self, token: Token, readings: Vec<Reading>) -> Answered<'a, Option<Filed>> {
        let id = |position| self.lock().ledger.kept(position).map(|kept| kept.id);
        let readings = readings
            .into_iter()
            .filter_map(|reading| Some(Read::of(id(reading.position)?, reading)))
            .collect();
        let op = Op::File {
            token: token.into(),
            readings,
        };
        now(Ok(answer!(self.say(op, Vec::new()), Filed)))
    }

    fn take<'a>(&'a self, sink: &'a str, token: Token, want: Want, lease: Duration) -> Answered<'a, Taken> {
        let taken = answer!(
            self.say(Op::take(sink, token.into(), want, micros(lease)), Vec::new()),
            Taken
        );
        let lanes = taken.lanes.into_iter().map(|(id, entries)| Lane {
            id: LaneId(id),
            entries: entries
                .into_iter()
                .map(|entry| Entry {
                    id: EntryId(entry.id),
                    key: entry.key,
                    place: entry.place,
                    stored: Arc::new(self.stored(entry.position)),
                    attempt: entry.attempt,
                    failures: entry.failures,
                    filed_at: entry.filed_at,
                    replay_of: entry.replay_of,
                    late: entry.late,
                })
                .collect(),
        });
        now(Ok(Taken {
            lanes: lanes.collect(),
            next: taken.next.map(Duration::from_micros),
        }))
    }

    fn renew<'a>(&'a self, lane: LaneId, token: Token, lease: Duration) -> Answered<'a, Settled> {
        let op = Op::Renew {
            lane: lane.0,
            token: token.into(),
            lease: micros(lease),
        };
        now(Ok(answer!(self.say(op, Vec::new()), Settled)))
    }

    fn settle<'a>(&'a self, token: Token, settlement: Settlement) -> Answered<'a, Settled> {
        let op = Op::Settle {
            token: token.into(),
            settlement: settlement.into(),
        };
        now(Ok(answer!(self.say(op, Vec::new()), Settled)))
    }

    fn stirred<'a>(&'a self, seen: u64) -> BoxFuture<'a, u64> {
        let mut marks = self.stir.subscribe();
        Box::pin(async move { *marks.wait_for(|mark| *mark != seen).await.unwrap() })
    }
}

impl Desk for Alone {
    fn events<'a>(&'a self, query: &'a EventQuery) -> Answered<'a, Vec<EventRow>> {
        now(Ok(self.read(|ledger| ledger.events(query))))
    }

    fn delivery<'a>(&'a self, id: DeliveryId) -> Answered<'a, Option<Kept>> {
        let found = self.read(|ledger| {
            let (position, kept) = ledger.find(id)?;
            let read = kept.reads == Reads::Read || kept.again.is_some();
            Some((position, read, ledger.events_of(kept)))
        });
        now(Ok(found.map(|(position, read, events)| Kept {
            stored: self.stored(position),
            read,
            events,
        })))
    }

    fn dead<'a>(&'a self, query: &'a DeadQuery) -> Answered<'a, Vec<DeadLetter>> {
        now(Ok(self.read(|ledger| ledger.dead(query))))
    }

    fn retry<'a>(&'a self, query: &'a DeadQuery) -> Answered<'a, u64> {
        now(Ok(answer!(self.say(Op::Retry(query.clone()), Vec::new()), Count)))
    }

    fn drop_dead<'a>(&'a self, query: &'a DeadQuery) -> Answered<'a, u64> {
        now(Ok(answer!(
            self.say(Op::DropDead(query.clone()), Vec::new()),
            Count
        )))
    }

    fn drop_waiting<'a>(&'a self, sink: &'a str, limit: u32) -> Answered<'a, u64> {
        let sink = Text::from(sink);
        now(Ok(answer!(
            self.say(Op::DropWaiting { sink, limit }, Vec::new()),
            Count
        )))
    }

    fn replay<'a>(&'a self, replay: &'a Replay) -> Answered<'a, Replayed> {
        now(Ok(answer!(
            self.say(Op::Replay(replay.clone()), Vec::new()),
            Replayed
        )))
    }

    fn reread<'a>(&'a self) -> Answered<'a, u64> {
        now(Ok(answer!(self.say(Op::Reread, Vec::new()), Count)))
    }

    fn known<'a>(&'a self, keys: &'a [Key]) -> Answered<'a, Vec<bool>> {
        now(Ok(self.read(|ledger| ledger.known(keys))))
    }

    fn status<'a>(&'a self) -> Answered<'a, Status> {
        let mut status = self.read(Ledger::status);
        status.room.push(Room {
            limit: Limit::Waiting,
            used: self.read(Ledger::unfinished),
            most: self.most,
        });
        now(Ok(status))
    }

    fn sweep<'a>(&'a self, retention: Retention) -> Answered<'a, Swept> {
        now(Ok(answer!(self.say(Op::sweep(retention), Vec::new()), Swept)))
    }
}

async fn ledger() -> Harness {
    let clock = Arc::new(ManualClock::default());
    Harness::by_hand(Arc::new(Alone::new(clock.clone(), 1_000_000)), clock)
}

wahook_testkit::inbox_contract!(ledger);

mod full {
    use super::*;

    async fn ledger() -> Harness {
        let clock = Arc::new(ManualClock::default());
        Harness::by_hand(Arc::new(Alone::new(clock.clone(), 10)), clock).with_room_for(10)
    }

    wahook_testkit::inbox_full_contract!(ledger);
}

/// `WAHOOK_SCHEDULES=100000` takes more.
#[tokio::test]
async fn i2_to_i6_hold_in_whatever_order_things_happen() {
    use std::hash::{BuildHasher as _, RandomState};

    let count = std::env::var("WAHOOK_SCHEDULES")
        .ok()
        .and_then(|count| count.parse::<u64>().ok());
    let first = RandomState::new().hash_one("a seed");
    for number in 0..count.map_or(40, |count| count / 100) {
        let seed = first.wrapping_add(number);
        println!("the schedule of seed {seed}"); // shown where it fails
        wahook_testkit::inbox::i2_to_i6_hold_in_whatever_order_things_happen(ledger().await, seed).await;
    }
}
