//! G: what becomes of claims when stores are slow, deliveries share events, and time runs out.

use std::{
    convert::Infallible,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Request, Response, StatusCode, header::RETRY_AFTER};
use http_body_util::Full;
use tokio::time::{Instant, sleep};
use tower::service_fn;
use wahook_core::{
    BoxFuture, Clock, OnConflict, OnStoreDown,
    guard::{Claim, Digest, Fresh, GuardStore, Key, MemoryStore, Settled, StoreError, StoreErrorKind, Token},
};
use wahook_tower::{DedupeLayer, Stack};

use crate::support::{Notes, call, layered, parrot, post};

/// The paused time of a test.
#[derive(Debug)]
struct PausedClock(Instant);

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
struct Remote {
    inner: MemoryStore,
    takes: Duration,
    /// Claims are taken, but nobody hears of it in time.
    claims_lost: AtomicBool,
    /// `complete` and `release` are never answered.
    settling_hangs: AtomicBool,
    /// So many `release` fail.
    releases_fail: AtomicUsize,
}

impl Remote {
    fn new(takes_millis: u64) -> Arc<Self> {
        let capacity = NonZeroUsize::new(10_000).unwrap();
        Arc::new(Self {
            inner: MemoryStore::new(Arc::new(PausedClock(Instant::now())), capacity, [7; 16]),
            takes: Duration::from_millis(takes_millis),
            claims_lost: AtomicBool::new(false),
            settling_hangs: AtomicBool::new(false),
            releases_fail: AtomicUsize::new(0),
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
fn said(id: &str, events: &[&str]) -> Request<Full<Bytes>> {
    let events: Vec<_> = events.iter().map(|event| format!("\"{event}\"")).collect();
    post(format!("{{\"id\":\"{id}\",\"said\":[{}]}}", events.join(",")))
}

/// A delivery with many events.
fn many(id: &str, count: usize) -> Request<Full<Bytes>> {
    let events: Vec<_> = (0..count).map(|event| event.to_string()).collect();
    said(id, &events.iter().map(String::as_str).collect::<Vec<_>>())
}

fn remote(store: &Arc<Remote>) -> Stack {
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

#[tokio::test(start_paused = true)]
async fn g10_deliveries_that_share_events_in_another_order_do_not_wait_for_each_other() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let handler = {
        let seen = Arc::clone(&seen);
        service_fn(move |request: Request<Fresh>| {
            let keys = request.body().events().into_iter().map(|event| event.key);
            seen.lock().unwrap().extend(keys);
            std::future::ready(Ok::<_, Infallible>(Response::new(())))
        })
    };
    let service = layered(
        &remote(&Remote::new(5)).dedupe(DedupeLayer::dedupe_events),
        handler,
    );
    let (one, other) = tokio::join!(
        call(&service, said("d1", &["a", "b"])),
        call(&service, said("d2", &["b", "a"]))
    );
    assert_eq!((one.status(), other.status()), (StatusCode::OK, StatusCode::OK));
    let mut seen = seen.lock().unwrap().clone();
    seen.sort();
    assert_eq!(seen, ["v1:parrot::message:a", "v1:parrot::message:b"]);
}

#[tokio::test]
async fn g10_the_events_that_are_left_keep_their_order() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let handler = {
        let seen = Arc::clone(&seen);
        service_fn(move |request: Request<Fresh>| {
            let typed = request.body().typed::<crate::support::Parrot>().unwrap();
            let typed = typed.iter().map(|item| item.known().unwrap().to_string());
            seen.lock().unwrap().push(typed.collect::<Vec<_>>());
            std::future::ready(Ok::<_, Infallible>(Response::new(())))
        })
    };
    let service = layered(
        &remote(&Remote::new(0)).dedupe(DedupeLayer::dedupe_events),
        handler,
    );
    for request in [said("d1", &["m"]), said("d2", &["z", "m", "a", "z", "q"])] {
        assert_eq!(call(&service, request).await.status(), StatusCode::OK);
    }
    assert_eq!(*seen.lock().unwrap(), [vec!["m"], vec!["z", "a", "q"]]);
}

#[tokio::test(start_paused = true)]
async fn g5_a_handler_is_stopped_before_its_claim_ends_however_long_claiming_took() {
    struct Stopped(Arc<Mutex<Option<Instant>>>);
    impl Drop for Stopped {
        fn drop(&mut self) {
            *self.0.lock().unwrap() = Some(Instant::now());
        }
    }
    let stopped = Arc::new(Mutex::new(None));
    let handler = {
        let stopped = Arc::clone(&stopped);
        service_fn(move |_: Request<Fresh>| {
            let stopped = Stopped(Arc::clone(&stopped));
            async move {
                let _stopped = stopped;
                std::future::pending::<Result<Response<()>, Infallible>>().await
            }
        })
    };
    let (deadline, lease) = (Duration::from_millis(2_500), Duration::from_secs(3));
    let stack =
        remote(&Remote::new(100)).dedupe(|dedupe| dedupe.dedupe_events().timing(deadline, lease).unwrap());
    let began = Instant::now();
    let answer = call(&layered(&stack, handler), many("d1", 10)).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    let ran = stopped.lock().unwrap().unwrap() - began;
    assert!(ran <= lease, "{ran:?}");
}

#[tokio::test(start_paused = true)]
async fn g5_claiming_ends_with_the_lease() {
    let lease = Duration::from_secs(3);
    let stack = remote(&Remote::new(100)).dedupe(|dedupe| {
        dedupe
            .dedupe_events()
            .timing(Duration::from_millis(2_500), lease)
            .unwrap()
    });
    let began = Instant::now();
    let answer = call(&layered(&stack, handler!(200)), many("d1", 100)).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(began.elapsed() < lease * 3, "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn g5_the_provider_does_not_wait_for_a_store_that_hangs_once_for_each_event() {
    for status in [StatusCode::OK, StatusCode::BAD_GATEWAY] {
        let store = Remote::new(1);
        store.settling_hangs.store(true, Ordering::SeqCst);
        let service = layered(
            &remote(&store).dedupe(DedupeLayer::dedupe_events),
            handler!(status),
        );
        let began = Instant::now();
        assert_eq!(call(&service, many("d1", 20)).await.status(), status);
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "{status} after {:?}",
            began.elapsed()
        );
    }
}

#[tokio::test(start_paused = true)]
async fn g8_accepting_without_dedupe_waits_for_the_store_only_once() {
    let store = Remote::new(1);
    let stack = Stack::with_store(
        parrot().when_store_down(OnStoreDown::AcceptWithoutDedupe),
        store.clone(),
    )
    .dedupe(DedupeLayer::dedupe_events);
    let service = layered(
        &stack,
        service_fn(move |request: Request<Fresh>| {
            assert_eq!(request.body().events().len(), 20);
            std::future::ready(Ok::<_, Infallible>(Response::new(())))
        }),
    );
    let request = tokio::spawn(async move {
        let began = Instant::now();
        (call(&service, many("d1", 20)).await.status(), began.elapsed())
    });
    // The delivery is claimed, its events are not.
    sleep(Duration::from_micros(1_500)).await;
    store.claims_lost.store(true, Ordering::SeqCst);
    let (status, took) = request.await.unwrap();
    assert_eq!(status, StatusCode::OK);
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test(start_paused = true)]
async fn g5_a_release_that_fails_is_said_again() {
    let store = Remote::new(1);
    store.releases_fail.store(2, Ordering::SeqCst);
    let failing = layered(&remote(&store), handler!(502));
    assert_eq!(
        call(&failing, said("d1", &["a"])).await.status(),
        StatusCode::BAD_GATEWAY
    );
    sleep(Duration::from_secs(3)).await;
    let service = layered(&remote(&store), handler!(200));
    assert_eq!(
        call(&service, said("d1", &["a"])).await.status(),
        StatusCode::OK,
        "long before the lease ends"
    );
}

#[tokio::test(start_paused = true)]
async fn g8_a_claim_that_was_taken_too_late_to_be_heard_of_is_given_back() {
    let store = Remote::new(1);
    store.claims_lost.store(true, Ordering::SeqCst);
    let service = layered(&remote(&store), handler!(200));
    assert_eq!(
        call(&service, said("d1", &["a"])).await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
    store.claims_lost.store(false, Ordering::SeqCst);
    assert_eq!(call(&service, said("d1", &["a"])).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn g5_endless_times_do_not_overflow() {
    let stack = remote(&Remote::new(0))
        .limit(|limit| limit.idle(Duration::MAX).total(Duration::MAX))
        .dedupe(|dedupe| {
            let dedupe = dedupe.in_flight_wait(Duration::MAX).store_deadline(Duration::MAX);
            dedupe
                .timing(Duration::from_secs(u64::MAX), Duration::MAX)
                .unwrap()
        });
    let service = layered(&stack, handler!(200));
    for _ in 0..2 {
        assert_eq!(call(&service, said("d1", &["a"])).await.status(), StatusCode::OK);
    }
}

#[tokio::test(start_paused = true)]
async fn g7_what_is_dropped_for_a_conflict_was_handled_before() {
    let store = Remote::new(1);
    let notes = Arc::new(Notes::default());
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    // The first fails, after a while.
    let handler = service_fn(move |_: Request<Fresh>| {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first {
                sleep(Duration::from_millis(500)).await;
            }
            let status = if first { 502 } else { 200 };
            Ok::<_, Infallible>(Response::builder().status(status).body(()).unwrap())
        }
    });
    let stack = Stack::with_store(parrot().when_conflicting(OnConflict::DropAndFlag), store);
    let service = layered(&stack.observer(notes.clone()), handler);
    let other = async {
        sleep(Duration::from_millis(100)).await;
        call(&service, said("d1", &["another body"])).await.status()
    };
    let (first, other) = tokio::join!(call(&service, said("d1", &["a"])), other);
    assert_eq!((first.status(), other), (StatusCode::BAD_GATEWAY, StatusCode::OK));
    assert_eq!(
        calls.load(Ordering::SeqCst),
        2,
        "what was answered 200 was handled"
    );

    assert_eq!(call(&service, said("d1", &["a"])).await.status(), StatusCode::OK);
    assert_eq!(calls.load(Ordering::SeqCst), 2, "dropped");
    assert_eq!(notes.count("Conflict"), 1, "and flagged");
}

#[tokio::test(start_paused = true)]
async fn g5_a_delivery_whose_reading_panics_does_not_stay_claimed() {
    let service = layered(
        &remote(&Remote::new(1)).dedupe(DedupeLayer::dedupe_events),
        handler!(200),
    );
    // The second sending would else wait, and be told to come again.
    for _ in 0..2 {
        let answer = call(&service, said("d1", &["panic"])).await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}

#[test]
fn g5_a_shutdown_in_the_middle_of_the_work_asks_for_another_sending() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
    };
    let dying = runtime();
    let answer = dying.block_on(async {
        let handler =
            service_fn(|_: Request<Fresh>| std::future::pending::<Result<Response<()>, Infallible>>());
        let service = layered(&remote(&Remote::new(0)), handler);
        let mut answer = Box::pin(async move { call(&service, said("d1", &["a"])).await });
        assert!((&mut answer).now_or_never().is_none());
        answer
    });
    drop(dying);
    let answer = runtime().block_on(answer);
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key(RETRY_AFTER));
}
