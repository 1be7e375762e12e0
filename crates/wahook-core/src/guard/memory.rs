//! The store of one process: bounded, exact, gone at restart.

use std::{
    collections::HashMap,
    fmt,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use lru::LruCache;
use siphasher::sip128::{Hasher128, SipHasher13};

use super::{Claim, Digest, GuardStore, Key, Settled, StoreError, StoreErrorKind, Token};
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
    hash_key: [u8; 16],
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
    /// How many records of each key exist, in flight or done, where there is more than one.
    digests: HashMap<u128, usize>,
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
        };
        Self {
            state: Mutex::new(state),
            clock,
            hash_key,
            capacity,
            forgotten_early: AtomicU64::new(0),
        }
    }

    /// How many keys had to be forgotten before their time to live was over: if it is not 0, raise the capacity.
    pub fn forgotten_early(&self) -> u64 {
        self.forgotten_early.load(Ordering::Relaxed)
    }

    fn record(&self, key: &Key, digest: Digest) -> Record {
        let mut hasher = SipHasher13::new_with_key(&self.hash_key);
        std::hash::Hasher::write(&mut hasher, key.as_str().as_bytes());
        (hasher.finish128().as_u128(), digest)
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
                conflict: state.is_conflict(record),
            });
        }
        state.remove_done(record);
        match state.in_flight.get(&record) {
            Some(claim) if claim.until > now => {
                let left = claim.until.saturating_sub(now);
                return Ok(Claim::InFlight {
                    left,
                    conflict: state.is_conflict(record),
                });
            }
            Some(_) => {}
            None if state.in_flight.len() >= self.capacity.get() => {
                state.forget_stranded(now);
                if state.in_flight.len() >= self.capacity.get() {
                    return Err(StoreError::new(StoreErrorKind::Full));
                }
                state.count(record.0);
            }
            None => state.count(record.0),
        }
        state.in_flight.insert(
            record,
            InFlight {
                token,
                until: now.saturating_add(lease),
            },
        );
        Ok(Claim::Fresh {
            conflict: state.is_conflict(record),
        })
    }

    fn complete_now(&self, key: &Key, digest: Digest, token: Token, ttl: Duration) -> Settled {
        let record = self.record(key, digest);
        let now = self.clock.elapsed();
        let mut state = self.lock();
        if !state.take(record, token, now) {
            let said_before = state.done.peek(&record).is_some_and(|done| done.token == token);
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
                state.uncount(record.0);
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
        state.uncount(record.0);
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
            self.uncount(record.0);
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

    /// Drops claims whose holder is gone; only when there is no room otherwise.
    fn forget_stranded(&mut self, now: Duration) {
        let Self {
            in_flight, digests, ..
        } = self;
        in_flight.retain(|record, claim| {
            let live = claim.until > now;
            if !live {
                uncount(digests, record.0);
            }
            live
        });
    }

    fn count(&mut self, key: u128) {
        *self.digests.entry(key).or_default() += 1;
    }

    fn uncount(&mut self, key: u128) {
        uncount(&mut self.digests, key);
    }

    fn is_conflict(&self, record: Record) -> bool {
        self.digests.get(&record.0).is_some_and(|count| *count > 1)
    }
}

fn uncount(digests: &mut HashMap<u128, usize>, key: u128) {
    if let Some(count) = digests.get_mut(&key) {
        *count -= 1;
        if *count == 0 {
            digests.remove(&key);
        }
    }
}

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
