//! The keys that are remembered, in memory: an index on random values in the file would cost two thirds of what can be
//! accepted in a second, since each row dirties another page.
//!
//! It says where a key may be; the row in the file says whether it is.

use hashbrown::{HashTable, hash_table::Entry};

/// Keys of one sort, each with the newest row that has it. 12 bytes for each key, and a byte of the table's own.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    table: HashTable<Slot>,
    /// What happened since the last commit, to be undone in reverse.
    changes: Vec<Change>,
}

/// 32 bits of a fingerprint and the number of a row: two keys in some billions look alike, which costs one look at the
/// file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    tag: u32,
    /// Halves, so that the slot has no gap.
    row: [u32; 2],
}

#[derive(Clone, Copy, Debug)]
enum Change {
    Added(Slot),
    Removed(Slot),
}

/// What more changes than these took is given back after a commit.
const MOST_CHANGES: usize = 4_096;

impl Slot {
    fn new(fingerprint: u128, row: i64) -> Self {
        let row = row.cast_unsigned();
        let [low, high] = [row, row >> 32].map(|half| {
            let [a, b, c, d, ..] = half.to_le_bytes();
            u32::from_le_bytes([a, b, c, d])
        });
        Self {
            tag: tag(fingerprint),
            row: [low, high],
        }
    }

    fn row(self) -> i64 {
        let [low, high] = self.row.map(u64::from);
        (low | high << 32).cast_signed()
    }
}

fn tag(fingerprint: u128) -> u32 {
    let [a, b, c, d, ..] = fingerprint.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// The table takes its place from the low bits of a hash and its marks from the high ones: both must differ.
fn hash(tag: u32) -> u64 {
    u64::from(tag).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

impl Keys {
    /// The rows that may have this key.
    pub(crate) fn rows(&self, fingerprint: u128) -> impl Iterator<Item = i64> {
        let tag = tag(fingerprint);
        self.table
            .iter_hash(hash(tag))
            .filter(move |slot| slot.tag == tag)
            .map(|slot| slot.row())
    }

    /// Notes that a row has this key.
    pub(crate) fn add(&mut self, fingerprint: u128, row: i64) {
        let slot = Slot::new(fingerprint, row);
        self.insert(slot);
        self.changes.push(Change::Added(slot));
    }

    /// Forgets that a row has this key; whether it was known.
    pub(crate) fn remove(&mut self, fingerprint: u128, row: i64) -> bool {
        let slot = Slot::new(fingerprint, row);
        let taken = self.take(slot);
        if taken {
            self.changes.push(Change::Removed(slot));
        }
        taken
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    pub(crate) fn keep(&mut self) {
        self.changes.clear();
        // All keys of a file were changes when it was opened.
        self.changes.shrink_to(MOST_CHANGES);
    }

    pub(crate) fn undo(&mut self) {
        while let Some(change) = self.changes.pop() {
            match change {
                Change::Added(slot) => {
                    self.take(slot);
                }
                Change::Removed(slot) => self.insert(slot),
            }
        }
    }

    fn insert(&mut self, slot: Slot) {
        self.table
            .insert_unique(hash(slot.tag), slot, |slot| hash(slot.tag));
    }

    fn take(&mut self, slot: Slot) -> bool {
        match self
            .table
            .entry(hash(slot.tag), |other| *other == slot, |slot| hash(slot.tag))
        {
            Entry::Occupied(found) => {
                found.remove();
                true
            }
            Entry::Vacant(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(keys: &Keys, fingerprint: u128) -> Vec<i64> {
        let mut rows: Vec<_> = keys.rows(fingerprint).collect();
        rows.sort_unstable();
        rows
    }

    #[test]
    fn i5_what_was_rolled_back_is_neither_remembered_nor_forgotten() {
        let mut keys = Keys::default();
        keys.add(1, 10);
        keys.keep();
        keys.remove(1, 10);
        keys.add(1, 11);
        keys.add(2, i64::MAX);
        assert_eq!(rows(&keys, 1), [11]);
        assert_eq!(rows(&keys, 2), [i64::MAX]);
        keys.undo();
        assert_eq!(rows(&keys, 1), [10]);
        assert_eq!(rows(&keys, 2), [0_i64; 0]);
        keys.undo();
        assert_eq!(keys.len(), 1);
    }

    #[test]
    fn g9_fingerprints_that_look_alike_are_both_told() {
        let mut keys = Keys::default();
        let other = 7 | 1 << 100;
        keys.add(7, 1);
        keys.add(other, -1);
        keys.keep();
        assert_eq!(rows(&keys, other), [-1, 1]);
        keys.remove(7, 1);
        assert_eq!(rows(&keys, 7), [-1]);
    }

    #[test]
    fn g9_a_key_costs_twelve_bytes() {
        assert_eq!(size_of::<Slot>(), 12);
    }
}
