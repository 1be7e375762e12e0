//! A store that says when it is back.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use wahook_core::{
    BoxFuture,
    guard::{Claim, Digest, GuardStore, Key, Settled, StoreError, StoreErrorKind, Token},
};

use super::StoreLog;

/// A store whose recovery is logged: whoever was told that it is down wants to know that it is not any more.
#[derive(Debug)]
pub(super) struct Watched {
    store: Arc<dyn GuardStore>,
    log: Arc<StoreLog>,
    down: AtomicBool,
}

impl Watched {
    pub(super) fn new(store: Arc<dyn GuardStore>, log: Arc<StoreLog>) -> Self {
        Self {
            store,
            log,
            down: AtomicBool::new(false),
        }
    }
}

/// A claim that was not waited for to its end.
struct GivenUp<'a>(&'a AtomicBool);

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl GuardStore for Watched {
    fn claim<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, StoreError>> {
        Box::pin(async move {
            // The guard waits no longer than its own deadline, and then drops this.
            let given_up = GivenUp(&self.down);
            let claim = self.store.claim(key, digest, token, lease).await;
            std::mem::forget(given_up);
            match &claim {
                Ok(_) => {
                    if self.down.load(Ordering::Relaxed) && self.down.swap(false, Ordering::Relaxed) {
                        self.log.back();
                    }
                }
                // A store without room answers.
                Err(error) if error.kind() == StoreErrorKind::Full => {}
                Err(_) => self.down.store(true, Ordering::Relaxed),
            }
            claim
        })
    }

    fn complete<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        self.store.complete(key, digest, token, ttl)
    }

    fn release<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        self.store.release(key, digest, token)
    }
}
