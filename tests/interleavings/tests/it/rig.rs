//! One key or several, some holders, and a clock that a thread moves.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use futures_util::FutureExt;
use loom::{
    model::Builder,
    sync::atomic::{AtomicU64, Ordering},
    thread::{self, JoinHandle},
};
use wahook_interleavings::{
    Clock,
    guard::{Claim, Digest, GuardStore, Key, MemoryStore, Settled, StoreErrorKind, Token},
};

pub(crate) const LEASE: Duration = Duration::from_secs(30);
pub(crate) const TTL: Duration = Duration::from_secs(3_600);

/// Tries the orders of what `run` spawns.
pub(crate) fn every_order(run: impl Fn() + Sync + Send + 'static) {
    orders(None, run);
}

/// The same where there are more orders than anybody waits for: those with up to so many forced switches.
pub(crate) fn orders(switches: impl Into<Option<usize>>, run: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    let all = std::env::var("WAHOOK_INTERLEAVINGS").is_ok_and(|value| value == "all");
    builder.preemption_bound = if all { switches.into() } else { Some(2) };
    builder.check(run);
}

/// A clock that a thread moves; all threads see the same.
#[derive(Debug, Default)]
pub(crate) struct Seconds(AtomicU64);

impl Seconds {
    pub(crate) fn pass(&self, time: Duration) {
        self.0.fetch_add(time.as_secs(), Ordering::SeqCst);
    }
}

impl Clock for Seconds {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        // A plain load could see an older value, which no clock of a machine shows.
        Duration::from_secs(self.0.fetch_add(0, Ordering::SeqCst))
    }
}

pub(crate) fn memory() -> (Arc<MemoryStore>, Arc<Seconds>) {
    memory_for(8)
}

/// With room for so many keys.
pub(crate) fn memory_for(keys: usize) -> (Arc<MemoryStore>, Arc<Seconds>) {
    let clock = Arc::new(Seconds::default());
    let capacity = NonZeroUsize::new(keys).unwrap();
    let store = MemoryStore::new(Arc::clone(&clock) as Arc<dyn Clock>, capacity, [7; 16]);
    (Arc::new(store), clock)
}

/// Somebody who claims one key, through one store. All want the same one, unless they are told of another.
#[derive(Clone)]
pub(crate) struct Holder {
    store: Arc<dyn GuardStore>,
    key: Key,
    token: Token,
}

impl Holder {
    pub(crate) fn new(store: Arc<dyn GuardStore>, number: u8) -> Self {
        Self {
            store,
            key: Key::delivery("shop", "1"),
            token: Token::new([number; 16]),
        }
    }

    /// The same holder, who wants another key.
    pub(crate) fn of(mut self, id: &str) -> Self {
        self.key = Key::delivery("shop", id);
        self
    }

    pub(crate) fn claim(&self) -> Claim {
        self.try_claim().unwrap()
    }

    /// What the store says, or why it cannot.
    pub(crate) fn try_claim(&self) -> Result<Claim, StoreErrorKind> {
        let claim = self.store.claim(&self.key, digest(), self.token, LEASE);
        claim.now_or_never().unwrap().map_err(|error| error.kind())
    }

    pub(crate) fn is_fresh(&self) -> bool {
        matches!(self.claim(), Claim::Fresh { conflict: false })
    }

    pub(crate) fn complete(&self) -> bool {
        let complete = self.store.complete(&self.key, digest(), self.token, TTL);
        complete.now_or_never().unwrap().unwrap() == Settled::Done
    }

    pub(crate) fn release(&self) -> bool {
        let release = self.store.release(&self.key, digest(), self.token);
        release.now_or_never().unwrap().unwrap() == Settled::Done
    }
}

fn digest() -> Digest {
    Digest::from_bytes([1; 32])
}

/// Each on a thread of its own; what each gave.
pub(crate) fn together<T: 'static>(tasks: Vec<Box<dyn FnOnce() -> T + Send>>) -> Vec<T> {
    let threads: Vec<JoinHandle<T>> = tasks.into_iter().map(thread::spawn).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}
