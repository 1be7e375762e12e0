//! The records of a store in memory: a few bytes each, and the newest of what is done.

use std::time::Duration;

use hashbrown::{HashTable, hash_table::Entry as Found};

use super::Token;

/// A body under a key, both by their fingerprints: whoever sends them cannot make two that meet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Record {
    // Halves, since a whole would be padded.
    key: [u64; 2],
    body: [u64; 2],
}

impl Record {
    pub(super) const fn new(key: u128, body: u128) -> Self {
        Self {
            key: halves(key),
            body: halves(body),
        }
    }

    /// All bodies of a key are found at one place.
    pub(super) const fn place(&self) -> u64 {
        self.key[0]
    }

    pub(super) fn is_other_body_of(&self, other: &Self) -> bool {
        self.key == other.key && self.body != other.body
    }
}

const fn halves(whole: u128) -> [u64; 2] {
    [whole as u64, (whole >> 64) as u64]
}

/// Nanoseconds, enough for 584 years.
pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Who holds a record, or held it, and until when, in nanoseconds.
#[derive(Clone, Copy)]
pub(super) struct Held {
    pub(super) token: Token,
    pub(super) until: u64,
}

/// What is done, in the order in which it was done.
///
/// A list whose links are places in one vector: to forget one from between costs no more than the oldest, and none has an
/// allocation of its own.
pub(super) struct Newest {
    entries: Vec<Entry>,
    places: HashTable<u32>,
    oldest: u32,
    newest: u32,
    /// The first of those that are free; each links to the next.
    free: u32,
}

struct Entry {
    record: Record,
    held: Held,
    older: u32,
    newer: u32,
}

/// No place. So there is one record less than there are numbers.
const NONE: u32 = u32::MAX;

impl Newest {
    pub(super) fn new() -> Self {
        Self {
            entries: Vec::new(),
            places: HashTable::new(),
            oldest: NONE,
            newest: NONE,
            free: NONE,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn get(&self, record: &Record) -> Option<Held> {
        let is_it = |at: &u32| self.entries[*at as usize].record == *record;
        let at = self.places.find(record.place(), is_it)?;
        Some(self.entries[*at as usize].held)
    }

    /// Whether another body of the key lives.
    pub(super) fn has_other_body(&self, record: &Record, now: u64) -> bool {
        let mut entries = self
            .places
            .iter_hash(record.place())
            .map(|at| &self.entries[*at as usize]);
        entries.any(|entry| entry.record.is_other_body_of(record) && entry.held.until > now)
    }

    pub(super) fn oldest(&self) -> Option<(Record, Held)> {
        let entry = self.entries.get(self.oldest as usize)?;
        Some((entry.record, entry.held))
    }

    /// Puts in what is not in it.
    pub(super) fn push(&mut self, record: Record, held: Held) {
        let entry = Entry {
            record,
            held,
            older: self.newest,
            newer: NONE,
        };
        let at = self.free;
        let at = if let Some(free) = self.entries.get_mut(at as usize) {
            self.free = free.newer;
            *free = entry;
            at
        } else {
            // By quarters: twice the room would be twice the memory.
            if self.entries.len() == self.entries.capacity() {
                self.entries.reserve_exact(self.entries.len() / 4 + 16);
            }
            self.entries.push(entry);
            (self.entries.len() - 1) as u32
        };
        match self.entries.get_mut(self.newest as usize) {
            Some(newest) => newest.newer = at,
            None => self.oldest = at,
        }
        self.newest = at;
        let Self { entries, places, .. } = self;
        places.insert_unique(record.place(), at, |at| entries[*at as usize].record.place());
    }

    pub(super) fn remove(&mut self, record: &Record) -> bool {
        let Self { entries, places, .. } = self;
        let is_it = |at: &u32| entries[*at as usize].record == *record;
        let hasher = |at: &u32| entries[*at as usize].record.place();
        let Found::Occupied(found) = places.entry(record.place(), is_it, hasher) else {
            return false;
        };
        let (at, _) = found.remove();
        let Entry { older, newer, .. } = self.entries[at as usize];
        match self.entries.get_mut(older as usize) {
            Some(older) => older.newer = newer,
            None => self.oldest = newer,
        }
        match self.entries.get_mut(newer as usize) {
            Some(newer) => newer.older = older,
            None => self.newest = older,
        }
        self.entries[at as usize].newer = self.free;
        self.free = at;
        true
    }
}
