//! The store of one process: bounded, exact, gone at restart.

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    num::NonZeroUsize,
    time::Duration,
};

use lru::LruCache;

use super::{
    Claim, Digest, GuardStore, Key, Settled, StoreError, StoreErrorKind, Token,
    fingerprint::Fingerprints,
    sync::{Arc, AtomicU64, Mutex, MutexGuard, Ordering, PoisonError},
};
use crate::{BoxFuture, Clock};

/// A guard store in memory.
///
/// It remembers exactly the newest `capacity` completed keys, as keyed 128-bit fingerprints (G9). Claims in flight live
/// beside them and are never pushed out; with `capacity` claims in flight a further one is refused with
/// [`StoreErrorKind::Full`]. What had to be forgotten before its time is counted in
/// [`forgotten_early`](Self::forgotten_early).
///
/// Two processes do not share it, and a restart empties it: what a provider repeats after that is handled again.
pub struct MemoryStore {
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    fingerprints: Fingerprints,
    capacity: NonZeroUsize,
    forgotten_early: AtomicU64,
}

/// A record: fingerprint of the key, digest of the body.
type Record = (u128, Digest);

struct State {
    /// What is being worked on.
    in_flight: HashMap<Record, InFlight>,
    /// What is done, the longest ago first.
    done: LruCache<Record, Done>,
    /// The digests of each key, in flight or done; nearly always one, which needs no allocation of its own.
    digests: HashMap<u128, Digests>,
    /// No lease ends before this: until then a search for stranded claims is in vain.
    next_end: Duration,
}

struct Digests {
    first: Digest,
    others: Vec<Digest>,
}

#[derive(Clone, Copy)]
struct Done {
    /// Whose claim it was: the same holder may say twice that it is done.
    token: Token,
    until: Duration,
}

#[derive(Clone, Copy)]
struct InFlight {
    token: Token,
    until: Duration,
}

impl MemoryStore {
    /// A store for at most `capacity` keys. `hash_key` must be random and of this installation only.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, capacity: NonZeroUsize, hash_key: [u8; 16]) -> Self {
        let state = State {
            in_flight: HashMap::new(),
            done: LruCache::unbounded(),
            digests: HashMap::new(),
            next_end: Duration::MAX,
        };
        Self {
            state: Mutex::new(state),
            clock,
            fingerprints: Fingerprints::new(hash_key),
            capacity,
            forgotten_early: AtomicU64::new(0),
        }
    }

    /// How many keys had to be forgotten before their time to live was over: if it is not 0, raise the capacity.
    pub fn forgotten_early(&self) -> u64 {
        self.forgotten_early.load(Ordering::Relaxed)
    }

    fn record(&self, key: &Key, digest: Digest) -> Record {
        (self.fingerprints.of(key), digest)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that runs under the lock can leave it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn claim_now(
        &self,
        key: &Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> Result<Claim, StoreError> {
        let record = self.record(key, digest);
        let now = self.clock.elapsed();
        let mut state = self.lock();
        state.forget_expired(now);
        if state.done.peek(&record).is_some_and(|done| done.until > now) {
            return Ok(Claim::Duplicate {
                conflict: state.is_conflict(record, now),
            });
        }
        state.remove_done(record);
        match state.in_flight.get(&record) {
            // To its holder it is fresh again: the first answer may have got lost.
            Some(claim) if claim.until > now && claim.token != token => {
                let left = claim.until.saturating_sub(now);
                return Ok(Claim::InFlight {
                    left,
                    conflict: state.is_conflict(record, now),
                });
            }
            Some(_) => {}
            None if state.in_flight.len() >= self.capacity.get() => {
                state.forget_stranded(now);
                if state.in_flight.len() >= self.capacity.get() {
                    return Err(StoreError::new(StoreErrorKind::Full));
                }
                state.enlist(record);
            }
            None => state.enlist(record),
        }
        let until = now.saturating_add(lease);
        state.next_end = state.next_end.min(until);
        state.in_flight.insert(record, InFlight { token, until });
        Ok(Claim::Fresh {
            conflict: state.is_conflict(record, now),
        })
    }

    fn complete_now(&self, key: &Key, digest: Digest, token: Token, ttl: Duration) -> Settled {
        let record = self.record(key, digest);
        let now = self.clock.elapsed();
        let mut state = self.lock();
        if !state.take(record, token, now) {
            let said_before = state
                .done
                .peek(&record)
                .is_some_and(|done| done.token == token && done.until > now);
            return if said_before { Settled::Done } else { Settled::Lost };
        }
        state.done.put(
            record,
            Done {
                token,
                until: now.saturating_add(ttl),
            },
        );
        while state.done.len() > self.capacity.get() {
            if let Some((record, done)) = state.done.pop_lru() {
                state.strike(record);
                self.forgotten_early
                    .fetch_add(u64::from(done.until > now), Ordering::Relaxed);
            }
        }
        Settled::Done
    }

    fn release_now(&self, key: &Key, digest: Digest, token: Token) -> Settled {
        let record = self.record(key, digest);
        let now = self.clock.elapsed();
        let mut state = self.lock();
        if !state.take(record, token, now) {
            return Settled::Lost;
        }
        state.strike(record);
        Settled::Done
    }
}

impl State {
    /// Takes a claim out, if it is this holder's and its lease still runs.
    fn take(&mut self, record: Record, token: Token, now: Duration) -> bool {
        let ours = self
            .in_flight
            .get(&record)
            .is_some_and(|claim| claim.token == token && claim.until > now);
        ours && self.in_flight.remove(&record).is_some()
    }

    fn remove_done(&mut self, record: Record) {
        if self.done.pop(&record).is_some() {
            self.strike(record);
        }
    }

    /// Drops what is over from the old end, a few at a time, so that no call has to do it all.
    fn forget_expired(&mut self, now: Duration) {
        for _ in 0..SWEEP {
            match self.done.peek_lru() {
                Some((record, done)) if done.until <= now => {
                    let record = *record;
                    self.remove_done(record);
                }
                _ => break,
            }
        }
    }

    /// Drops claims whose holder is gone; only when there is no room otherwise, and only if there may be some.
    fn forget_stranded(&mut self, now: Duration) {
        if now < self.next_end {
            return;
        }
        let Self {
            in_flight,
            digests,
            next_end,
            ..
        } = self;
        *next_end = Duration::MAX;
        in_flight.retain(|record, claim| {
            let live = claim.until > now;
            if live {
                *next_end = claim.until.min(*next_end);
            } else {
                strike(digests, *record);
            }
            live
        });
    }

    fn enlist(&mut self, (key, digest): Record) {
        match self.digests.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(Digests {
                    first: digest,
                    others: Vec::new(),
                });
            }
            Entry::Occupied(mut entry) => entry.get_mut().others.push(digest),
        }
    }

    fn strike(&mut self, record: Record) {
        strike(&mut self.digests, record);
    }

    /// Whether another record of the key lives.
    fn is_conflict(&self, (key, digest): Record, now: Duration) -> bool {
        self.digests.get(&key).is_some_and(|digests| {
            std::iter::once(&digests.first)
                .chain(&digests.others)
                .any(|other| *other != digest && self.lives((key, *other), now))
        })
    }

    fn lives(&self, record: Record, now: Duration) -> bool {
        let claim = self.in_flight.get(&record).map(|claim| claim.until);
        let done = || self.done.peek(&record).map(|done| done.until);
        claim.or_else(done).is_some_and(|until| until > now)
    }
}

fn strike(digests: &mut HashMap<u128, Digests>, (key, digest): Record) {
    let Entry::Occupied(mut entry) = digests.entry(key) else {
        return;
    };
    let Digests { first, others } = entry.get_mut();
    if *first != digest {
        others.retain(|other| *other != digest);
    } else if let Some(next) = others.pop() {
        *first = next;
    } else {
        entry.remove();
    }
}

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
        let state = store.lock();
        assert!(state.done.len() <= 4 && state.in_flight.len() <= 4);
        assert_eq!(state.digests.len(), state.done.len() + state.in_flight.len());
    }
}
