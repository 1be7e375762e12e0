//! How often events failed. Their attempts say more than that: those that a sink was away for, and those whose end nobody
//! saw since the process died, are nobody's failures.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use wahook_core::inbox::EntryId;

/// What failed in this process and is neither done nor given up.
#[derive(Debug, Default)]
pub(crate) struct Failures(Mutex<HashMap<EntryId, Seen>>);

#[derive(Debug, Default)]
struct Seen {
    count: u32,
    /// The last attempt that is counted.
    attempt: u32,
}

/// So many are remembered. What another process ended stays, so that there must be a bound.
const MOST: usize = 1 << 16;

impl Failures {
    /// This attempt failed; tells how many did. What there is no room for goes by its attempts, as if all had failed.
    pub(crate) fn count(&self, entry: EntryId, attempt: u32) -> u32 {
        let mut all = self.all();
        if all.len() >= MOST && !all.contains_key(&entry) {
            return attempt;
        }
        let seen = all.entry(entry).or_default();
        if seen.attempt != attempt {
            seen.attempt = attempt;
            seen.count = seen.count.saturating_add(1);
        }
        seen.count
    }

    /// These are done, or given up.
    pub(crate) fn forget(&self, entries: impl IntoIterator<Item = EntryId>) {
        let mut all = self.all();
        if !all.is_empty() {
            for entry in entries {
                all.remove(&entry);
            }
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<EntryId, Seen>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i3_each_attempt_that_failed_counts_once_until_it_is_over() {
        let failures = Failures::default();
        let (one, other) = (EntryId(1), EntryId(2));
        assert_eq!(failures.count(one, 20), 1);
        assert_eq!(failures.count(one, 20), 1);
        assert_eq!(failures.count(one, 21), 2);
        assert_eq!(failures.count(other, 1), 1);
        failures.forget([one]);
        assert_eq!(failures.count(one, 22), 1);
        assert_eq!(failures.count(other, 2), 2);
    }

    #[test]
    fn i3_what_there_is_no_room_for_goes_by_its_attempts() {
        let failures = Failures::default();
        for entry in 0..i64::try_from(MOST).unwrap() {
            failures.count(EntryId(entry), 1);
        }
        assert_eq!(failures.count(EntryId(-1), 7), 7);
        assert_eq!(failures.count(EntryId(0), 7), 2);
        failures.forget([EntryId(0)]);
        assert_eq!(failures.count(EntryId(-1), 8), 1);
    }
}
