//! The store of several processes, with a memory of this one in front.

use std::{fmt, num::NonZeroUsize, time::Duration};

use lru::LruCache;

use super::{
    Claim, Digest, GuardStore, Key, Settled, StoreError, Token,
    fingerprint::Fingerprints,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use crate::{BoxFuture, Clock};

/// A guard store in front of a shared one, which need not be asked about what this process completed itself.
///
/// ```
/// use std::{num::NonZeroUsize, sync::Arc, time::Duration};
///
/// use wahook_core::guard::{Claim, Digest, GuardStore, Key, RememberingStore, Token};
/// # use wahook_core::guard::{MemoryStore, StoreError};
/// # use wahook_testkit::ManualClock;
///
/// # let clock = Arc::new(ManualClock::default());
/// # let shared = Arc::new(MemoryStore::new(clock.clone(), NonZeroUsize::MIN, [8; 16]));
/// # let random = [7; 16];
/// # let example = async {
/// let capacity = NonZeroUsize::new(100_000).unwrap();
/// let store = RememberingStore::new(shared, clock, capacity, random);
///
/// let (key, digest, token) = (Key::delivery("shop", "1"), Digest::of_signed(b"body"), Token::new(random));
/// store.claim(&key, digest, token, Duration::from_secs(30)).await?;
/// store.complete(&key, digest, token, Duration::from_secs(3_600)).await?;
///
/// // The shared store is not asked.
/// let again = store.claim(&key, digest, Token::new([9; 16]), Duration::from_secs(30)).await?;
/// assert_eq!(again, Claim::Duplicate { conflict: false });
/// # Ok::<(), StoreError>(())
/// # };
/// # futures_util::FutureExt::now_or_never(example).unwrap()?;
/// # Ok::<(), StoreError>(())
/// ```
///
/// From memory it only ever says [`Claim::Duplicate`], of records that were claimed and completed here, after the shared
/// store had confirmed that, and for no longer than they live there: the time is counted from before the first
/// `complete` was sent. Everything else is asked of the shared store. While that is down, its error is the answer, but
/// for the duplicates that are known here. What it promises for a crash is what the shared store promises.
///
/// The newest `capacity` keys are kept, as keyed 128-bit fingerprints. What is forgotten is asked of the shared store.
///
/// A duplicate from memory says that there is no conflict, which is so as far as this process knows: once it meets a
/// second body under a key, all about that key is asked of the shared store. A body that only another process met was
/// told there as a conflict when it was claimed; a repetition here of the body that was completed here does not tell it
/// again. Where conflicts are dropped ([`OnConflict::DropAndFlag`](crate::OnConflict::DropAndFlag)) that makes no
/// difference: there the record of the body itself decides, and one that was not completed here is asked for.
pub struct RememberingStore {
    shared: Arc<dyn GuardStore>,
    clock: Arc<dyn Clock>,
    fingerprints: Fingerprints,
    memory: Mutex<Memory>,
}

/// What happened here, of the newest keys.
struct Memory {
    keys: LruCache<u128, Seen>,
    capacity: NonZeroUsize,
}

/// A record that was claimed here. As long as this is kept, nothing else that happens to its key here is missed.
struct Seen {
    digest: Digest,
    /// Whoever asked for it first, then whoever got it.
    holder: Token,
    /// No other body was met under the key.
    alone: bool,
    step: Step,
}

#[derive(Clone, Copy)]
enum Step {
    /// Nothing is known.
    Asked,
    Claimed,
    /// `complete` was sent, the first time at `since`, and the shortest `ttl`; each may have been the one that was done.
    Completing {
        since: Duration,
        ttl: Duration,
    },
    Done {
        since: Duration,
        until: Duration,
    },
}

impl RememberingStore {
    /// Remembers at most `capacity` keys of this store. `hash_key` must be random and of this installation only.
    #[must_use]
    pub fn new(
        shared: Arc<dyn GuardStore>,
        clock: Arc<dyn Clock>,
        capacity: NonZeroUsize,
        hash_key: [u8; 16],
    ) -> Self {
        let memory = Memory {
            keys: LruCache::unbounded(),
            capacity,
        };
        Self {
            shared,
            clock,
            fingerprints: Fingerprints::new(hash_key),
            memory: Mutex::new(memory),
        }
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // No code that runs under the lock can leave it half changed.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    /// Whether it is known to be done. If not, it is noted that somebody asks for it.
    fn knows(&mut self, key: u128, digest: Digest, token: Token, now: Duration) -> bool {
        match self.keys.peek_mut(&key) {
            Some(seen) if seen.digest != digest => seen.alone = false,
            Some(seen) => match seen.step {
                Step::Done { until, .. } if until > now => return seen.alone,
                Step::Done { .. } => (seen.holder, seen.step) = (token, Step::Asked),
                _ => {}
            },
            None => {
                let seen = Seen {
                    digest,
                    holder: token,
                    alone: true,
                    step: Step::Asked,
                };
                self.keys.put(key, seen);
                if self.keys.len() > self.capacity.get() {
                    self.keys.pop_lru();
                }
            }
        }
        false
    }

    /// What the shared store said of a claim.
    fn claimed(&mut self, key: u128, digest: Digest, token: Token, claim: Claim) {
        let Some(seen) = self.keys.peek_mut(&key) else {
            return;
        };
        let (Claim::Fresh { conflict } | Claim::InFlight { conflict, .. } | Claim::Duplicate { conflict }) =
            claim;
        seen.alone &= seen.digest == digest && !conflict;
        if seen.digest != digest {
            return;
        }
        match (claim, seen.step) {
            // A holder that says its claim again may have said `complete` before.
            (Claim::Fresh { .. }, Step::Claimed | Step::Completing { .. }) if seen.holder == token => {}
            (Claim::Fresh { .. }, _) => (seen.holder, seen.step) = (token, Step::Claimed),
            // It was noted for this claim alone, which came to nothing.
            (_, Step::Asked) if seen.holder == token && seen.alone => {
                self.keys.pop(&key);
            }
            _ => {}
        }
    }

    /// The record, if this is its holder here.
    fn held(&mut self, key: u128, digest: Digest, token: Token) -> Option<&mut Seen> {
        let seen = self.keys.peek_mut(&key)?;
        (seen.digest == digest && seen.holder == token).then_some(seen)
    }

    fn completing(&mut self, key: u128, digest: Digest, token: Token, ttl: Duration, now: Duration) {
        let Some(seen) = self.held(key, digest, token) else {
            return;
        };
        match &mut seen.step {
            Step::Asked => {}
            Step::Claimed => seen.step = Step::Completing { since: now, ttl },
            Step::Completing { ttl: shortest, .. } => *shortest = ttl.min(*shortest),
            Step::Done { since, until } => *until = since.saturating_add(ttl).min(*until),
        }
    }

    /// What the shared store said of a `complete`.
    fn completed(&mut self, key: u128, digest: Digest, token: Token, settled: Settled) {
        let Some(seen) = self.held(key, digest, token) else {
            return;
        };
        match (settled, seen.step) {
            (Settled::Lost, _) => {
                self.keys.pop(&key);
            }
            (Settled::Done, Step::Completing { since, ttl }) => {
                let until = since.saturating_add(ttl);
                seen.step = Step::Done { since, until };
                self.keys.promote(&key);
            }
            (Settled::Done, _) => {}
        }
    }

    /// What the shared store said of a `release`.
    fn released(&mut self, key: u128, digest: Digest, token: Token, settled: Settled) {
        let Some(seen) = self.keys.peek_mut(&key) else {
            return;
        };
        let over = match settled {
            Settled::Done => seen.digest == digest,
            Settled::Lost => {
                seen.digest == digest && seen.holder == token && !matches!(seen.step, Step::Done { .. })
            }
        };
        if over {
            self.keys.pop(&key);
        }
    }
}

impl fmt::Debug for RememberingStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RememberingStore")
            .field("shared", &self.shared)
            .finish_non_exhaustive()
    }
}

impl GuardStore for RememberingStore {
    fn claim<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, StoreError>> {
        Box::pin(async move {
            let name = self.fingerprints.of(key);
            let now = self.clock.elapsed();
            if self.memory().knows(name, digest, token, now) {
                return Ok(Claim::Duplicate { conflict: false });
            }
            let claim = self.shared.claim(key, digest, token, lease).await?;
            self.memory().claimed(name, digest, token, claim);
            Ok(claim)
        })
    }

    fn complete<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async move {
            let name = self.fingerprints.of(key);
            let now = self.clock.elapsed();
            self.memory().completing(name, digest, token, ttl, now);
            let settled = self.shared.complete(key, digest, token, ttl).await?;
            self.memory().completed(name, digest, token, settled);
            Ok(settled)
        })
    }

    fn release<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async move {
            let settled = self.shared.release(key, digest, token).await?;
            let name = self.fingerprints.of(key);
            self.memory().released(name, digest, token, settled);
            Ok(settled)
        })
    }
}
