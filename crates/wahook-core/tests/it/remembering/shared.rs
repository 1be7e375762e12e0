//! A shared store that can be watched and disturbed.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use wahook_core::{
    BoxFuture,
    guard::{
        Claim, Digest, GuardStore, Key, MemoryStore, RememberingStore, Settled, StoreError, StoreErrorKind,
        Token,
    },
};
use wahook_testkit::ManualClock;

/// A shared store: it counts, and may be down, or lose its answers.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) inner: MemoryStore,
    pub(super) clock: Arc<ManualClock>,
    asked: AtomicUsize,
    down: AtomicBool,
    loses_answers: AtomicBool,
    /// Seconds that a `complete` takes on its way there, and again on its way back.
    pub(super) completing_takes: AtomicUsize,
}

impl Shared {
    pub(super) fn new() -> Arc<Self> {
        let clock = Arc::<ManualClock>::default();
        let capacity = NonZeroUsize::new(10_000).unwrap();
        Arc::new(Self {
            inner: MemoryStore::new(clock.clone(), capacity, [7; 16]),
            clock,
            asked: AtomicUsize::new(0),
            down: AtomicBool::new(false),
            loses_answers: AtomicBool::new(false),
            completing_takes: AtomicUsize::new(0),
        })
    }

    /// One process in front of it.
    pub(super) fn remembered(self: &Arc<Self>, capacity: usize) -> RememberingStore {
        let capacity = NonZeroUsize::new(capacity).unwrap();
        RememberingStore::new(self.clone(), self.clock.clone(), capacity, [9; 16])
    }

    pub(super) fn is_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    pub(super) fn loses_answers(&self, loses: bool) {
        self.loses_answers.store(loses, Ordering::SeqCst);
    }

    /// How often it was asked since the last time.
    pub(super) fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::SeqCst)
    }

    async fn answer<T>(&self, verb: BoxFuture<'_, Result<T, StoreError>>) -> Result<T, StoreError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) {
            return Err(StoreError::new(StoreErrorKind::Unavailable));
        }
        let answer = verb.await?;
        if self.loses_answers.load(Ordering::SeqCst) {
            return Err(StoreError::new(StoreErrorKind::Slow));
        }
        Ok(answer)
    }
}

impl GuardStore for Shared {
    fn claim<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, StoreError>> {
        Box::pin(self.answer(self.inner.claim(key, digest, token, lease)))
    }

    fn complete<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async move {
            let way = Duration::from_secs(self.completing_takes.load(Ordering::SeqCst) as u64);
            self.clock.advance(way);
            let answer = self.answer(self.inner.complete(key, digest, token, ttl)).await;
            self.clock.advance(way);
            answer
        })
    }

    fn release<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(self.answer(self.inner.release(key, digest, token)))
    }
}
