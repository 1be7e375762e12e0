//! A store behind a network, in paused time; deliveries and handlers for it.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use tokio::time::{Instant, sleep};
use wahook_core::{
    BoxFuture, Clock,
    guard::{Claim, Digest, GuardStore, Key, MemoryStore, Settled, StoreError, StoreErrorKind, Token},
};
use wahook_tower::Stack;

use crate::support::{parrot, post};

/// The paused time of a test.
#[derive(Debug)]
pub(crate) struct PausedClock(pub(crate) Instant);

impl Clock for PausedClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A store behind a network: each verb takes a while, and may be lost on the way or back.
#[derive(Debug)]
pub(crate) struct Remote {
    inner: MemoryStore,
    takes: Duration,
    /// Claims are taken, but nobody hears of it in time.
    pub(crate) claims_lost: AtomicBool,
    /// A driver with a bug.
    pub(crate) claims_panic: AtomicBool,
    /// `complete` and `release` are never answered.
    pub(crate) settling_hangs: AtomicBool,
    /// So many `release` fail.
    pub(crate) releases_fail: AtomicUsize,
    /// The keys that were completed, in order.
    pub(crate) completed: Mutex<Vec<String>>,
}

impl Remote {
    pub(crate) fn new(takes_millis: u64) -> Arc<Self> {
        Self::with_capacity(10_000, takes_millis)
    }

    pub(crate) fn with_capacity(capacity: usize, takes_millis: u64) -> Arc<Self> {
        let capacity = NonZeroUsize::new(capacity).unwrap();
        Arc::new(Self {
            inner: MemoryStore::new(Arc::new(PausedClock(Instant::now())), capacity, [7; 16]),
            takes: Duration::from_millis(takes_millis),
            claims_lost: AtomicBool::new(false),
            claims_panic: AtomicBool::new(false),
            settling_hangs: AtomicBool::new(false),
            releases_fail: AtomicUsize::new(0),
            completed: Mutex::default(),
        })
    }

    async fn settling(&self) {
        if self.settling_hangs.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        sleep(self.takes).await;
    }
}

impl GuardStore for Remote {
    fn claim<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, StoreError>> {
        Box::pin(async move {
            sleep(self.takes).await;
            assert!(!self.claims_panic.load(Ordering::SeqCst), "as asked");
            let claim = self.inner.claim(key, digest, token, lease).await;
            if self.claims_lost.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
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
        Box::pin(async move {
            self.settling().await;
            self.completed.lock().unwrap().push(key.as_str().to_owned());
            self.inner.complete(key, digest, token, ttl).await
        })
    }

    fn release<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async move {
            self.settling().await;
            let fails = self
                .releases_fail
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            if fails.is_ok() {
                return Err(StoreError::new(StoreErrorKind::Unavailable));
            }
            self.inner.release(key, digest, token).await
        })
    }
}

/// A delivery with these events.
pub(crate) fn said(id: &str, events: &[&str]) -> Request<Full<Bytes>> {
    let events: Vec<_> = events.iter().map(|event| format!("\"{event}\"")).collect();
    post(format!("{{\"id\":\"{id}\",\"said\":[{}]}}", events.join(",")))
}

/// A delivery with many events.
pub(crate) fn many(id: &str, count: usize) -> Request<Full<Bytes>> {
    let events: Vec<_> = (0..count).map(|event| event.to_string()).collect();
    said(id, &events.iter().map(String::as_str).collect::<Vec<_>>())
}

pub(crate) fn remote(store: &Arc<Remote>) -> Stack {
    Stack::with_store(parrot(), store.clone())
}

macro_rules! handler {
    ($status:expr) => {
        service_fn(move |_: Request<Fresh>| {
            let answer = Response::builder().status($status).body(()).unwrap();
            std::future::ready(Ok::<_, Infallible>(answer))
        })
    };
}
pub(crate) use handler;
