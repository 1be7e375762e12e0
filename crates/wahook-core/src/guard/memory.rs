//! The store of one process: bounded, gone at restart.

use std::{fmt, num::NonZeroUsize, time::Duration};

use hashbrown::HashTable;

use super::{
    Claim, Digest, GuardStore, Key, Settled, StoreError, StoreErrorKind, Token,
    fingerprint::Fingerprints,
    newest::{Held, Newest, Record, nanoseconds},
    sync::{Arc, AtomicU64, Mutex, MutexGuard, Ordering, PoisonError},
};
use crate::{BoxFuture, Clock};

/// A guard store in memory.
///
/// It remembers the newest `capacity` completed keys, as keyed 128-bit fingerprints (G9). Claims in flight live beside
/// them and are never pushed out; with `capacity` claims in flight a further one is refused with
/// [`StoreErrorKind::Full`]. What had to be forgotten before its time is counted in
/// [`forgotten_early`](Self::forgotten_early).
///
/// A store for 8,192 keys and more is made of up to 64 parts, so that threads do not wait for each other. Each part has its
/// share of the capacity, for what is done and for what is in flight, and all bodies of a key are in one. Parts are not
/// filled quite evenly: where the capacity is all in use, the newest nine tenths of it are certain. A smaller store is
/// exact.
///
/// Two processes do not share it, and a restart empties it: what a provider repeats after that is handled again.
pub struct MemoryStore {
    /// Which one has a key is told by the key alone.
    parts: Box<[Mutex<Part>]>,
    clock: Arc<dyn Clock>,
    fingerprints: Fingerprints,
    capacity: NonZeroUsize,
    /// Of one part.
    room: usize,
    forgotten_early: AtomicU64,
}

struct Part {
    /// What is being worked on.
    in_flight: HashTable<(Record, Held)>,
    done: Newest,
    /// No lease ends before this: until then a search for stranded claims is in vain.
    next_end: u64,
}

impl MemoryStore {
    /// A store for at most `capacity` keys. `hash_key` must be random and of this installation only.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, capacity: NonZeroUsize, hash_key: [u8; 16]) -> Self {
        let parts = (capacity.get() / SMALLEST).clamp(1, PARTS);
        let part = || Part {
            in_flight: HashTable::new(),
            done: Newest::new(),
            next_end: u64::MAX,
        };
        Self {
            parts: (0..parts).map(|_| Mutex::new(part())).collect(),
            clock,
            fingerprints: Fingerprints::new(hash_key),
            capacity,
            // As many as there are numbers for: some 300 GB.
            room: capacity.get().div_ceil(parts).min(u32::MAX as usize),
            forgotten_early: AtomicU64::new(0),
        }
    }

    /// How many keys had to be forgotten before their time to live was over: if it is not 0, raise the capacity.
    pub fn forgotten_early(&self) -> u64 {
        self.forgotten_early.load(Ordering::Relaxed)
    }

    fn record(&self, key: &Key, digest: Digest) -> Record {
        Record::new(
            self.fingerprints.of(key),
            self.fingerprints.of_bytes(digest.as_bytes()),
        )
    }

    /// Nanoseconds.
    fn now(&self) -> u64 {
        nanoseconds(self.clock.elapsed())
    }

    fn lock(&self, record: &Record) -> MutexGuard<'_, Part> {
        let part = &self.parts[record.part(self.parts.len())];
        // No code that runs under the lock can leave it half changed.
        part.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claim_now(
        &self,
        key: &Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> Result<Claim, StoreError> {
        let (record, now) = (self.record(key, digest), self.now());
        let mut part = self.lock(&record);
        part.forget_expired(now);
        let conflict = part.has_other_body(&record, now);
        match part.done.get(&record) {
            Some(done) if done.until > now => return Ok(Claim::Duplicate { conflict }),
            Some(_) => _ = part.done.remove(&record),
            None => {}
        }
        let held = Held {
            token,
            until: now.saturating_add(nanoseconds(lease)),
        };
        if let Some(claim) = part.claim(&record) {
            // To its holder it is fresh again: the first answer may have got lost.
            if claim.until > now && claim.token != token {
                let left = Duration::from_nanos(claim.until - now);
                return Ok(Claim::InFlight { left, conflict });
            }
            *claim = held;
        } else {
            if part.in_flight.len() >= self.room {
                part.forget_stranded(now);
                if part.in_flight.len() >= self.room {
                    return Err(StoreError::new(StoreErrorKind::Full));
                }
            }
            let place = |(record, _): &(Record, Held)| record.place();
            part.in_flight
                .insert_unique(record.place(), (record, held), place);
        }
        part.next_end = part.next_end.min(held.until);
        Ok(Claim::Fresh { conflict })
    }

    fn complete_now(&self, key: &Key, digest: Digest, token: Token, ttl: Duration) -> Settled {
        let (record, now) = (self.record(key, digest), self.now());
        let mut part = self.lock(&record);
        if !part.take(&record, token, now) {
            let done = part.done.get(&record);
            let said_before = done.is_some_and(|done| done.token == token && done.until > now);
            return if said_before { Settled::Done } else { Settled::Lost };
        }
        let until = now.saturating_add(nanoseconds(ttl));
        // It is not there: whoever claims what is over takes it out.
        part.done.push(record, Held { token, until });
        while part.done.len() > self.room {
            let Some((oldest, done)) = part.done.oldest() else {
                break;
            };
            part.done.remove(&oldest);
            self.forgotten_early
                .fetch_add(u64::from(done.until > now), Ordering::Relaxed);
        }
        Settled::Done
    }

    fn release_now(&self, key: &Key, digest: Digest, token: Token) -> Settled {
        let (record, now) = (self.record(key, digest), self.now());
        if self.lock(&record).take(&record, token, now) {
            Settled::Done
        } else {
            Settled::Lost
        }
    }
}

impl Part {
    fn claim(&mut self, record: &Record) -> Option<&mut Held> {
        let is_it = |(other, _): &(Record, Held)| other == record;
        self.in_flight
            .find_mut(record.place(), is_it)
            .map(|(_, held)| held)
    }

    /// Takes a claim out, if it is this holder's and its lease still runs.
    fn take(&mut self, record: &Record, token: Token, now: u64) -> bool {
        let is_it = |(other, _): &(Record, Held)| other == record;
        match self.in_flight.find_entry(record.place(), is_it) {
            Ok(entry) if entry.get().1.token == token && entry.get().1.until > now => {
                entry.remove();
                true
            }
            _ => false,
        }
    }

    /// Drops what is over from the old end, a few at a time, so that no call has to do it all.
    fn forget_expired(&mut self, now: u64) {
        for _ in 0..SWEEP {
            match self.done.oldest() {
                Some((record, done)) if done.until <= now => _ = self.done.remove(&record),
                _ => break,
            }
        }
    }

    /// Drops claims whose holder is gone; only when there is no room otherwise, and only if there may be some.
    fn forget_stranded(&mut self, now: u64) {
        if now < self.next_end {
            return;
        }
        self.in_flight.retain(|(_, claim)| claim.until > now);
        let ends = self.in_flight.iter().map(|(_, claim)| claim.until);
        self.next_end = ends.min().unwrap_or(u64::MAX);
    }

    /// Whether another body of the key lives, in flight or done.
    fn has_other_body(&self, record: &Record, now: u64) -> bool {
        let mut claims = self.in_flight.iter_hash(record.place());
        claims.any(|(other, claim)| other.is_other_body_of(record) && claim.until > now)
            || self.done.has_other_body(record, now)
    }
}

/// Threads of more processors than that would begin to wait for each other.
const PARTS: usize = 64;

/// The room of the smallest part: the smaller, the less even.
const SMALLEST: usize = 4096;

/// How many entries one call looks at to drop what is over.
const SWEEP: usize = 4;

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore")
            .field("capacity", &self.capacity)
            .finish_non_exhaustive()
    }
}

impl GuardStore for MemoryStore {
    fn claim<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, StoreError>> {
        Box::pin(async move { self.claim_now(key, digest, token, lease) })
    }

    fn complete<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async move { Ok(self.complete_now(key, digest, token, ttl)) })
    }

    fn release<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async move { Ok(self.release_now(key, digest, token)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds that a test sets.
    #[derive(Debug, Default)]
    struct Seconds(AtomicU64);

    impl Clock for Seconds {
        fn now(&self) -> jiff::Timestamp {
            jiff::Timestamp::UNIX_EPOCH
        }

        fn elapsed(&self) -> Duration {
            Duration::from_secs(self.0.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn g9_nothing_is_kept_of_what_was_released_stranded_or_forgotten() {
        let clock = Arc::new(Seconds::default());
        let capacity = NonZeroUsize::new(4).expect("not zero");
        let store = MemoryStore::new(Arc::clone(&clock) as Arc<dyn Clock>, capacity, [7; 16]);
        let (token, digest, second) = (Token::new([1; 16]), Digest::of(b"body"), Duration::from_secs(1));
        let key = |name: &str, number: u32| Key::delivery("shop", &format!("{name}{number}"));
        for number in 0..100 {
            let released = key("released", number);
            store.claim_now(&released, digest, token, second).expect("room");
            store.release_now(&released, digest, token);
            let done = key("done", number);
            store.claim_now(&done, digest, token, second).expect("room");
            store.complete_now(&done, digest, token, Duration::from_secs(9));
            let stranded = key("stranded", number);
            store.claim_now(&stranded, digest, token, second).expect("room");
            clock.0.fetch_add(1, Ordering::Relaxed);
        }
        let part = store.lock(&store.record(&key("any", 0), digest));
        assert!(part.done.len() <= 4 && part.in_flight.len() <= 4);
    }
}
