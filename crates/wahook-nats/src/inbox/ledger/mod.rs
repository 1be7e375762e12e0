//! The state that all gateways have in common: a pure function of the records in the stream, in their order.
//!
//! No I/O and no clock: the time of a record is the server's, which stamped it. What a verb gives is computed when its
//! record is applied, everywhere the same, so a record needs no knowledge of the state when it is written, and of two that
//! want the same thing the earlier has it.
//!
//! So what a record of a version does is settled for ever: a release that wants it to do something else writes a later
//! version, which earlier releases refuse, and still does what the earlier version did with its records.
//!
//! The reference that the contract's tests use (`wahook_testkit::inbox::MemoryInbox`) is the same machine in its plainest
//! form; this one has an index for each question, keeps no bodies, and can be written down.

mod accept;
#[cfg(test)]
mod alone;
mod change;
mod desk;
mod form;
#[cfg(test)]
mod golden;
mod lanes;
pub(crate) mod op;
mod reading;
pub(crate) mod records;
mod replay;
mod status;
mod sweep;
mod time;

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use jiff::Timestamp;
use wahook_core::{
    guard::Fingerprints,
    inbox::{EntryState, Stored},
    json::Text,
};

pub(crate) use self::form::VERSION;
use self::{
    op::{Answer, Op},
    records::{Entry, Event, Kept, Lane, Micros, Print, Reads, Said},
};

/// All that is known.
#[derive(Clone, Debug)]
pub(crate) struct Ledger {
    /// The last message of the stream that is in it.
    pub(crate) applied: u64,
    /// Pieces up to this message may be gone: what was cut into them and comes so late is void.
    pub(crate) floor: u64,
    /// The time of the latest record.
    pub(crate) now: Micros,
    /// Of the installation; from the first record.
    hash_key: Option<[u8; 16]>,
    /// Numbers everything, in order.
    last: i64,
    /// Who reads, and until when.
    reader: Option<(Print, Micros)>,
    /// By position.
    deliveries: BTreeMap<i64, Kept>,
    /// By cursor.
    events: BTreeMap<i64, Event>,
    /// By key.
    said: BTreeMap<Print, Said>,
    /// When it was looked for what of that is over.
    pruned_at: Micros,
    /// The latest state of the sessions of a conversation.
    sessions: BTreeMap<Print, Timestamp>,
    lanes: BTreeMap<i64, Lane>,
    entries: BTreeMap<i64, Entry>,
    /// Each that ever had an event.
    sinks: BTreeSet<Text>,

    // What follows from that, for questions.
    seen: BTreeSet<(Print, i64)>,
    unread: BTreeSet<i64>,
    unreadable: BTreeSet<i64>,
    /// Deliveries that are not finished.
    open: BTreeSet<i64>,
    /// Entries that wait.
    waiting: u64,
    dead: BTreeSet<i64>,
    lane_ids: BTreeMap<(Text, Print), i64>,
    /// Lanes that can be taken, by when.
    due: BTreeSet<(Text, Micros, i64)>,
    /// Finished deliveries: first those that have their bodies, by when they were finished.
    ended: BTreeSet<(bool, Micros, i64)>,
    /// The first message that a delivery needs, and how many need it.
    homes: BTreeMap<u64, u32>,
    /// The sizes of bodies that are kept, and how many have each.
    sizes: BTreeMap<u32, u64>,
    /// Of all bodies that are kept.
    pub(crate) bytes_kept: u64,
    /// Of those that nobody has read.
    pub(crate) bytes_not_read: u64,
}

/// A record that cannot be applied, though its form is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Damaged;

/// What is applied.
pub(crate) struct Applying<'a> {
    /// Its place in the stream.
    pub(crate) sequence: u64,
    /// The server's time of it.
    pub(crate) at: Micros,
    pub(crate) ops: Vec<Op>,
    pub(crate) blobs: &'a [Bytes],
    /// The messages that it was cut into, if it was.
    pub(crate) parts: &'a [u64],
    /// What came in with its body, for whoever wants it soon.
    pub(crate) fresh: Vec<Stored>,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        form::empty()
    }

    /// Applies a record; answers in the order of its verbs.
    pub(crate) fn apply(&mut self, applying: &mut Applying<'_>) -> Result<Vec<Answer>, Damaged> {
        self.tell_time(applying.at);
        let ops = std::mem::take(&mut applying.ops);
        let answers = ops.into_iter().map(|op| self.apply_one(op, applying));
        let answers = answers.collect();
        self.applied = applying.sequence;
        answers
    }

    fn apply_one(&mut self, op: Op, applying: &mut Applying<'_>) -> Result<Answer, Damaged> {
        Ok(match op {
            Op::Open { hash_key } => {
                self.hash_key.get_or_insert(hash_key);
                self.reread();
                Answer::Nothing
            }
            Op::Accept(accept) => self.accept(accept, applying)?,
            Op::Unread {
                token,
                count,
                bytes,
                lease,
            } => Answer::Unread(self.unread(token, count, bytes, lease)),
            Op::File { token, readings } => Answer::Filed(self.file(token, readings)),
            Op::Take {
                sink,
                token,
                lanes,
                events,
                bytes,
                lease,
            } => Answer::Taken(self.take(&sink, token, [lanes, events, bytes], lease)),
            Op::Renew { lane, token, lease } => Answer::Settled(self.renew(lane, token, lease)),
            Op::Settle { token, settlement } => Answer::Settled(self.settle(token, &settlement)),
            Op::Bury {
                lane,
                token,
                entries,
                error,
            } => Answer::Settled(self.bury(lane, token, &entries, &error)),
            Op::Retry(query) => Answer::Count(self.retry(&query)),
            Op::DropDead(query) => Answer::Count(self.drop_dead(&query)),
            Op::DropWaiting { sink, limit } => Answer::Count(self.drop_waiting(&sink, limit)),
            Op::Replay(replay) => Answer::Replayed(self.replay(&replay)),
            Op::Reread => Answer::Count(self.reread()),
            Op::Sweep {
                rows,
                bodies,
                dead,
                count,
            } => Answer::Swept(self.sweep([rows, bodies, dead], count)),
            Op::Carry(carried) => {
                self.carry(carried, applying);
                Answer::Nothing
            }
        })
    }

    /// Whether somebody opened the inbox before.
    pub(crate) const fn has_key(&self) -> bool {
        self.hash_key.is_some()
    }

    const fn next(&mut self) -> i64 {
        self.last += 1;
        self.last
    }

    fn print(&self, bytes: &[u8]) -> Print {
        Print::of(Fingerprints::new(self.hash_key.unwrap_or_default()).of_bytes(bytes))
    }

    /// Says how far a delivery is, after something changed for it.
    fn touch(&mut self, position: i64) {
        let Some(kept) = self.deliveries.get_mut(&position) else {
            return;
        };
        let entries = kept
            .entries
            .iter()
            .filter_map(|id| Some((*id, self.entries.get(id)?)));
        let (mut waiting, mut blocked, mut since) = (0, false, kept.read_at);
        for (id, entry) in entries {
            match entry.state {
                EntryState::Waiting => waiting += 1,
                // A lane that stands still does so until somebody says what is to be done.
                EntryState::Dead => {
                    blocked |= self
                        .lanes
                        .get(&entry.lane)
                        .is_some_and(|lane| lane.blocked_by == Some(id));
                }
                _ => {}
            }
            since = since.max(entry.at);
        }
        self.waiting = self.waiting + u64::from(waiting) - u64::from(kept.waiting);
        kept.waiting = waiting;
        let change = |set: &mut BTreeSet<i64>, is_in: bool| {
            if is_in {
                set.insert(position);
            } else {
                set.remove(&position);
            }
        };
        let was_read = !self.unread.contains(&position) && !self.unreadable.contains(&position);
        let is_read = kept.reads == Reads::Read;
        match (was_read, is_read) {
            (true, false) => self.bytes_not_read += u64::from(kept.size),
            (false, true) => self.bytes_not_read -= u64::from(kept.size),
            _ => {}
        }
        change(&mut self.unread, kept.reads == Reads::Unread);
        change(&mut self.unreadable, kept.reads == Reads::Unreadable);
        change(&mut self.open, kept.reads != Reads::Read || waiting > 0);
        let is_redacted = kept.redacted_at.is_some();
        if let Some(ended) = kept.ended.take() {
            self.ended.remove(&(is_redacted, ended, position));
        }
        if kept.reads == Reads::Read && waiting == 0 && !blocked {
            kept.ended = Some(since);
            self.ended.insert((is_redacted, since, position));
        }
    }

    /// Says when a lane can be taken, after something changed in it.
    fn reseat(&mut self, id: i64) {
        let Some(lane) = self.lanes.get_mut(&id) else {
            return;
        };
        if let Some(seat) = lane.seat.take() {
            self.due.remove(&(lane.sink.clone(), seat, id));
        }
        if let Some(due) = lane.due() {
            lane.seat = Some(due);
            self.due.insert((lane.sink.clone(), due, id));
        }
    }

    /// Settles in a message what a delivery needs of it.
    fn move_in(&mut self, position: i64, home: Option<records::Home>) {
        let Some(kept) = self.deliveries.get_mut(&position) else {
            return;
        };
        let size = kept.size;
        if let Some(home) = &home {
            *self.homes.entry(home.first()).or_default() += 1;
            *self.sizes.entry(size).or_default() += 1;
            self.bytes_kept += u64::from(size);
        }
        let Some(left) = std::mem::replace(&mut kept.home, home) else {
            return;
        };
        self.bytes_kept -= u64::from(size);
        if let Some(count) = self.sizes.get_mut(&size) {
            *count -= 1;
            if *count == 0 {
                self.sizes.remove(&size);
            }
        }
        if let Some(count) = self.homes.get_mut(&left.first()) {
            *count -= 1;
            if *count == 0 {
                self.homes.remove(&left.first());
            }
        }
    }
}
