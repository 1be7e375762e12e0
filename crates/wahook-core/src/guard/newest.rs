//! The records of a store in memory: a few bytes each, and the newest of what is done.

use std::time::Duration;

use hashbrown::HashTable;

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

    /// Which of so many parts of a store has the key.
    pub(super) const fn part(&self, parts: usize) -> usize {
        (self.key[1] % parts as u64) as usize
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
        let Ok(found) = places.find_entry(record.place(), is_it) else {
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What it has to be: a list that is searched from one end to the other.
    #[derive(Default)]
    struct Plain(Vec<(Record, u64)>);

    #[test]
    fn g9_whatever_is_pushed_and_removed_the_order_stays_and_places_are_used_again() {
        // Few keys, so that bodies meet under one; chance that is the same each time.
        let (mut newest, mut plain, mut chance) = (Newest::new(), Plain::default(), 7_u64);
        let mut most = 0;
        for now in 0..20_000_u64 {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let (key, body) = (u128::from(chance >> 60), u128::from((chance >> 50) % 5));
            let record = Record::new(key, body);
            let place = plain.0.iter().position(|(other, _)| *other == record);
            assert_eq!(
                newest.get(&record).map(|held| held.until),
                place.map(|at| plain.0[at].1)
            );
            let others = |(other, until): &(Record, u64)| other.is_other_body_of(&record) && *until > now;
            assert_eq!(newest.has_other_body(&record, now), plain.0.iter().any(others));
            if let Some(at) = place {
                assert!(newest.remove(&record));
                plain.0.remove(at);
            } else {
                assert!(!newest.remove(&record));
                let until = now + (chance >> 40) % 40;
                let token = Token::new([1; 16]);
                newest.push(record, Held { token, until });
                plain.0.push((record, until));
            }
            if plain.0.len() > 30 {
                let (oldest, _) = newest.oldest().expect("there are some");
                assert!(newest.remove(&oldest));
                assert!(oldest == plain.0.remove(0).0);
            }
            assert_eq!(newest.len(), plain.0.len());
            most = most.max(plain.0.len());
        }
        assert!(
            newest.entries.len() <= most + 1,
            "{} places for {most}",
            newest.entries.len()
        );
        while let Some((oldest, held)) = newest.oldest() {
            assert!((oldest, held.until) == plain.0.remove(0));
            assert!(newest.remove(&oldest));
        }
        assert!(plain.0.is_empty());
    }
}
