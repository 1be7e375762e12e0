//! What a store has to bring to be tested.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use wahook_core::{
    BoxFuture,
    guard::{Claim, Digest, GuardStore, Key, Settled, StoreError, Token},
};

use crate::{
    ManualClock,
    contract::{LONG, Outage, POLLS, SHORT, random, token},
};

/// How time passes for a store: a clock moved by hand, or the real one.
pub trait TimePasses: fmt::Debug + Send + Sync + 'static {
    /// Returns when this much time has passed for the store.
    fn pass(&self, time: Duration) -> BoxFuture<'_, ()>;
}

impl TimePasses for ManualClock {
    fn pass(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.advance(time);
        // Others run as well while time passes.
        Box::pin(tokio::task::yield_now())
    }
}

/// Real time, for stores whose leases run on a server's clock.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct RealTime;

impl TimePasses for RealTime {
    fn pass(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }
}

/// A store under test, and how time passes for it. Cheap to clone.
///
/// Each has a scope of its own for its keys, so tests may share a server. The store needs room for 5,000 records.
#[derive(Clone, Debug)]
pub struct Harness {
    stores: Vec<Arc<dyn GuardStore>>,
    turn: Arc<AtomicUsize>,
    time: Arc<dyn TimePasses>,
    scope: String,
    answers_within: Duration,
    outage: Option<Outage>,
}

impl Harness {
    /// A store under test.
    #[must_use]
    pub fn new(store: Arc<dyn GuardStore>, time: Arc<dyn TimePasses>) -> Self {
        let scope = u128::from_le_bytes(random());
        Self {
            stores: vec![store],
            turn: Arc::default(),
            time,
            scope: format!("contract-{scope:032x}"),
            answers_within: Duration::from_secs(5),
            outage: None,
        }
    }

    /// Another handle of the same store, as another process has one: verbs go through all handles in turn.
    #[must_use]
    pub fn also_through(mut self, store: Arc<dyn GuardStore>) -> Self {
        self.stores.push(store);
        self
    }

    /// How long one answer may take before a test fails, instead of 5 s; longer than the store's own deadline.
    #[must_use]
    pub fn answers_within(mut self, answers_within: Duration) -> Self {
        self.answers_within = answers_within;
        self
    }

    /// How to put the store out of reach, and back with all that it had acknowledged. Both may block. What
    /// [`guard_store_outage_contract!`](crate::guard_store_outage_contract) needs.
    #[must_use]
    pub fn with_outage(
        mut self,
        begin: impl Fn() + Send + Sync + 'static,
        end: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        self.outage = Some(Outage::new(begin, end));
        self
    }

    pub(super) fn key(&self, name: &str) -> Key {
        Key::delivery(&self.scope, name)
    }

    pub(super) fn scope(&self) -> &str {
        &self.scope
    }

    /// The handle whose turn it is.
    pub(super) fn store(&self) -> &dyn GuardStore {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.stores.len();
        &**self.stores.get(turn).expect("there is a store")
    }

    pub(super) async fn pass(&self, time: Duration) {
        self.time.pass(time).await;
    }

    pub(super) async fn try_claim(
        &self,
        key: &Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> Result<Claim, StoreError> {
        self.in_time(self.store().claim(key, digest, token, lease)).await
    }

    pub(super) async fn try_complete(
        &self,
        key: &Key,
        digest: Digest,
        token: Token,
        ttl: Duration,
    ) -> Result<Settled, StoreError> {
        self.in_time(self.store().complete(key, digest, token, ttl)).await
    }

    pub(super) async fn try_release(
        &self,
        key: &Key,
        digest: Digest,
        token: Token,
    ) -> Result<Settled, StoreError> {
        self.in_time(self.store().release(key, digest, token)).await
    }

    async fn in_time<T>(&self, verb: impl Future<Output = T>) -> T {
        let answer = tokio::time::timeout(self.answers_within, verb).await;
        answer.expect("the store answers in time, or says that it cannot")
    }

    pub(super) async fn claim(&self, key: &Key, digest: Digest, token: Token, lease: Duration) -> Claim {
        let claim = self.try_claim(key, digest, token, lease).await;
        claim.expect("the store answers")
    }

    pub(super) async fn complete(&self, key: &Key, digest: Digest, token: Token, ttl: Duration) -> Settled {
        let settled = self.try_complete(key, digest, token, ttl).await;
        settled.expect("the store answers")
    }

    pub(super) async fn release(&self, key: &Key, digest: Digest, token: Token) -> Settled {
        let settled = self.try_release(key, digest, token).await;
        settled.expect("the store answers")
    }

    /// Claims what must be fresh.
    pub(super) async fn hold(&self, key: &Key, digest: Digest, lease: Duration) -> Token {
        let token = token();
        let claim = self.claim(key, digest, token, lease).await;
        assert!(matches!(claim, Claim::Fresh { .. }), "nobody has it: {claim:?}");
        token
    }

    /// Claims what must be fresh, and completes it.
    pub(super) async fn finish(&self, key: &Key, digest: Digest, ttl: Duration) -> Token {
        let token = self.hold(key, digest, LONG).await;
        assert_eq!(self.complete(key, digest, token, ttl).await, Settled::Done);
        token
    }

    /// Claims until the store says `fresh`, while time passes in small steps.
    pub(super) async fn claim_when_free(&self, key: &Key, digest: Digest, token: Token) -> Claim {
        for _ in 0..POLLS {
            match self.claim(key, digest, token, LONG).await {
                Claim::Fresh { conflict } => return Claim::Fresh { conflict },
                _ => self.pass(SHORT / 5).await,
            }
        }
        panic!("the record did not become free although its time was over long ago");
    }

    fn outage(&self) -> &Outage {
        self.outage.as_ref().expect("the harness has an outage")
    }

    pub(super) async fn begin_outage(&self) {
        self.outage().begin().await;
    }

    pub(super) async fn end_outage(&self) {
        self.outage().end().await;
    }
}
