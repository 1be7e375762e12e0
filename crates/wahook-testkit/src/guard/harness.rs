//! What a store has to bring to be tested.

use std::{fmt, sync::Arc, time::Duration};

use wahook_core::{
    BoxFuture,
    guard::{Claim, Digest, GuardStore, Key, Settled, Token},
};

use crate::ManualClock;

/// How time passes for a store: a clock moved by hand, or the real one.
pub trait TimePasses: fmt::Debug + Send + Sync + 'static {
    /// Returns when this much time has passed for the store.
    fn pass(&self, time: Duration) -> BoxFuture<'_, ()>;
}

impl TimePasses for ManualClock {
    fn pass(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.advance(time);
        Box::pin(std::future::ready(()))
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
/// Each has a scope of its own for its keys, so tests may share a server.
#[derive(Clone, Debug)]
pub struct Harness {
    pub(super) store: Arc<dyn GuardStore>,
    time: Arc<dyn TimePasses>,
    scope: String,
}

impl Harness {
    /// A store under test.
    #[must_use]
    pub fn new(store: Arc<dyn GuardStore>, time: Arc<dyn TimePasses>) -> Self {
        let scope = u128::from_le_bytes(random());
        Self {
            store,
            time,
            scope: format!("contract-{scope:032x}"),
        }
    }

    pub(super) fn key(&self, name: &str) -> Key {
        Key::delivery(&self.scope, name)
    }

    pub(super) async fn pass(&self, time: Duration) {
        self.time.pass(time).await;
    }

    pub(super) async fn claim(&self, key: &Key, digest: Digest, token: Token, lease: Duration) -> Claim {
        let claim = self.store.claim(key, digest, token, lease).await;
        claim.expect("the store answers")
    }

    pub(super) async fn complete(&self, key: &Key, digest: Digest, token: Token, ttl: Duration) -> Settled {
        let settled = self.store.complete(key, digest, token, ttl).await;
        settled.expect("the store answers")
    }

    pub(super) async fn release(&self, key: &Key, digest: Digest, token: Token) -> Settled {
        let settled = self.store.release(key, digest, token).await;
        settled.expect("the store answers")
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
}

/// A lease or life whose end a test waits for.
pub(super) const SHORT: Duration = Duration::from_millis(50);

/// A lease or life that does not end during a test.
pub(super) const LONG: Duration = Duration::from_secs(60);

/// Steps of a fifth of [`SHORT`]: five seconds on a real clock.
const POLLS: usize = 500;

pub(super) fn token() -> Token {
    Token::new(random())
}

pub(super) fn random() -> [u8; 16] {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the system gives random bytes");
    bytes
}

/// Runs one rule on a runtime of its own with several threads. What [`guard_store_contract!`](crate::guard_store_contract)
/// expands to.
pub fn run<Made, Ran>(make: impl FnOnce() -> Made, rule: impl FnOnce(Harness) -> Ran)
where
    Made: Future<Output = Harness>,
    Ran: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime starts");
    runtime.block_on(async { rule(make().await).await });
}
