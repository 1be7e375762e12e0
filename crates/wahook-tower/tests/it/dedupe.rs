//! G: each delivery once.
//!
//! Longer than 400 lines: one service, and all that can happen to a delivery in it.

use std::{
    convert::Infallible,
    future::pending,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use http::{Request, Response, StatusCode, header::RETRY_AFTER};
use tokio::sync::Notify;
use tower::service_fn;
use wahook_core::{OnConflict, OnStoreDown, guard::Fresh};
use wahook_tower::{DedupeLayer, in_memory};

use crate::support::{Notes, Shaky, call, layered, parrot, post, stack, text};

const HELLO: &str = r#"{"id":"d1","said":["hello"]}"#;

/// A handler that counts how often it is called.
fn counting(
    calls: &Arc<AtomicUsize>,
) -> impl Fn(Request<Fresh>) -> std::future::Ready<Result<Response<()>, Infallible>> + Clone + use<> {
    let calls = Arc::clone(calls);
    move |_| {
        calls.fetch_add(1, Ordering::SeqCst);
        std::future::ready(Ok(Response::new(())))
    }
}

#[tokio::test]
async fn g1_g2_a_copy_is_answered_with_the_same_bytes_and_not_handled() {
    let calls = Arc::default();
    let service = layered(&stack(parrot()), service_fn(counting(&calls)));
    let first = text(call(&service, post(HELLO)).await).await;
    let second = text(call(&service, post(HELLO)).await).await;
    assert_eq!(first, (StatusCode::OK, r#"{"received":true}"#.to_owned()));
    assert_eq!(first, second);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_of_many_concurrent_copies_one_is_handled_and_all_are_answered_200() {
    let calls = Arc::new(AtomicUsize::new(0));
    let slow = {
        let calls = Arc::clone(&calls);
        service_fn(move |_: Request<Fresh>| {
            let calls = Arc::clone(&calls);
            async move {
                calls.fetch_add(1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok::<_, Infallible>(Response::new(()))
            }
        })
    };
    let service = layered(&stack(parrot()), slow);
    let copies: Vec<_> = (0..64)
        .map(|_| {
            let service = service.clone();
            tokio::spawn(async move { call(&service, post(HELLO)).await.status() })
        })
        .collect();
    for copy in copies {
        assert_eq!(copy.await.unwrap(), StatusCode::OK);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

/// A future that may panic when it is dropped.
struct Work<F> {
    work: Pin<Box<F>>,
    panics: bool,
}

impl<F: Future> Future for Work<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.work.as_mut().poll(cx)
    }
}

impl<F> Drop for Work<F> {
    fn drop(&mut self) {
        assert!(!self.panics, "as asked");
    }
}

#[tokio::test(start_paused = true)]
async fn g5_status_error_panic_and_deadline_release_the_claim() {
    #[derive(Clone, Copy, Debug)]
    enum How {
        Status,
        Panic,
        PanicAtOnce,
        /// What the work leaves behind is dropped when it is done.
        PanicInTheEnd,
        Deadline,
    }
    for (how, status) in [
        (How::Status, StatusCode::IM_A_TEAPOT),
        (How::Panic, StatusCode::INTERNAL_SERVER_ERROR),
        (How::PanicAtOnce, StatusCode::INTERNAL_SERVER_ERROR),
        (How::PanicInTheEnd, StatusCode::INTERNAL_SERVER_ERROR),
        (How::Deadline, StatusCode::SERVICE_UNAVAILABLE),
    ] {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let service = layered(
            &stack(parrot()),
            service_fn(move |_: Request<Fresh>| {
                let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
                assert!(!(first && matches!(how, How::PanicAtOnce)), "as asked");
                let work = async move {
                    match how {
                        _ if !first => {}
                        How::Status => return Ok(Response::builder().status(status).body(()).unwrap()),
                        How::Panic => panic!("as asked"),
                        How::PanicAtOnce => unreachable!(),
                        How::PanicInTheEnd => {}
                        How::Deadline => pending().await,
                    }
                    Ok::<_, Infallible>(Response::new(()))
                };
                Work {
                    work: Box::pin(work),
                    panics: first && matches!(how, How::PanicInTheEnd),
                }
            }),
        );
        assert_eq!(call(&service, post(HELLO)).await.status(), status, "{how:?}");
        assert_eq!(
            call(&service, post(HELLO)).await.status(),
            StatusCode::OK,
            "{how:?}"
        );
        assert_eq!(
            call(&service, post(HELLO)).await.status(),
            StatusCode::OK,
            "{how:?}"
        );
        assert_eq!(
            calls.load(Ordering::SeqCst),
            2,
            "{how:?}: released once, completed once"
        );
    }
}

#[tokio::test]
async fn g5_an_error_of_the_inner_service_releases_the_claim_and_is_passed_on() {
    use tower::{Layer, ServiceExt};
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let service = stack(parrot()).layer(service_fn(move |_: Request<Fresh>| {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        async move {
            if first {
                Err("broken")
            } else {
                Ok(Response::new(()))
            }
        }
    }));
    assert_eq!(service.clone().oneshot(post(HELLO)).await.unwrap_err(), "broken");
    assert_eq!(
        service.clone().oneshot(post(HELLO)).await.unwrap().status(),
        StatusCode::OK
    );
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

/// A handler that waits for `go` and says when it began and when it was done.
struct Gate {
    began: Notify,
    go: Notify,
    done: AtomicUsize,
}

impl Gate {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            began: Notify::new(),
            go: Notify::new(),
            done: AtomicUsize::new(0),
        })
    }

    async fn pass(self: Arc<Self>) -> Result<Response<()>, Infallible> {
        self.began.notify_one();
        self.go.notified().await;
        self.done.fetch_add(1, Ordering::SeqCst);
        Ok(Response::new(()))
    }
}

#[tokio::test]
async fn g5_work_that_has_begun_is_finished_although_the_provider_hangs_up() {
    let gate = Gate::new();
    let inner = Arc::clone(&gate);
    let service = layered(
        &stack(parrot()),
        service_fn(move |_: Request<Fresh>| Arc::clone(&inner).pass()),
    );
    let request = tokio::spawn({
        let service = service.clone();
        async move { call(&service, post(HELLO)).await }
    });
    gate.began.notified().await;
    request.abort();
    assert!(request.await.unwrap_err().is_cancelled());
    gate.go.notify_one();
    // The copy waits for the first, whose provider is gone, and finds it done.
    assert_eq!(call(&service, post(HELLO)).await.status(), StatusCode::OK);
    assert_eq!(gate.done.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn g5_cancel_on_disconnect_stops_the_handler_and_releases() {
    let gate = Gate::new();
    let inner = Arc::clone(&gate);
    let stack = stack(parrot()).dedupe(DedupeLayer::cancel_on_disconnect);
    let service = layered(
        &stack,
        service_fn(move |_: Request<Fresh>| Arc::clone(&inner).pass()),
    );
    let request = tokio::spawn({
        let service = service.clone();
        async move { call(&service, post(HELLO)).await }
    });
    gate.began.notified().await;
    request.abort();
    let copy = tokio::spawn({
        let service = service.clone();
        async move { call(&service, post(HELLO)).await }
    });
    gate.began.notified().await; // handled anew
    gate.go.notify_one();
    assert_eq!(copy.await.unwrap().status(), StatusCode::OK);
    assert_eq!(gate.done.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn a_copy_waits_for_the_first_and_is_told_to_come_again_when_that_takes_too_long() {
    let gate = Gate::new();
    let inner = Arc::clone(&gate);
    let service = layered(
        &stack(parrot()),
        service_fn(move |_: Request<Fresh>| Arc::clone(&inner).pass()),
    );
    let first = tokio::spawn({
        let service = service.clone();
        async move { call(&service, post(HELLO)).await }
    });
    gate.began.notified().await;
    let copy = call(&service, post(HELLO)).await;
    assert_eq!(copy.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        copy.headers()[RETRY_AFTER]
            .to_str()
            .unwrap()
            .parse::<u64>()
            .unwrap()
            > 0
    );
    gate.go.notify_one();
    assert_eq!(first.await.unwrap().status(), StatusCode::OK);
    assert_eq!(gate.done.load(Ordering::SeqCst), 1);
}

#[test]
fn g5_the_deadline_must_be_shorter_than_the_lease() {
    let layer = || DedupeLayer::new(in_memory());
    assert!(
        layer()
            .timing(Duration::from_secs(2), Duration::from_secs(2))
            .is_err()
    );
    assert!(
        layer()
            .timing(Duration::from_secs(2), Duration::from_secs(3))
            .is_ok()
    );
}

#[tokio::test]
async fn g6_the_same_id_on_two_endpoints_is_two_keys() {
    let calls = Arc::default();
    let store = in_memory();
    for name in ["one", "two"] {
        let endpoint = wahook_core::Endpoint::new(
            name,
            crate::support::Parrot,
            wahook_core::proof::Verifier::dangerous_unverified(),
        );
        let stack = wahook_tower::Stack::with_store(endpoint.unwrap(), store.clone());
        let service = layered(&stack, service_fn(counting(&calls)));
        assert_eq!(call(&service, post(HELLO)).await.status(), StatusCode::OK);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn g7_another_body_under_a_known_key_is_handled_and_flagged_or_dropped_and_flagged() {
    for (choice, handled) in [(OnConflict::Handle, 2), (OnConflict::DropAndFlag, 1)] {
        let calls = Arc::default();
        let notes = Arc::new(Notes::default());
        let stack = stack(parrot().when_conflicting(choice)).observer(notes.clone());
        let service = layered(&stack, service_fn(counting(&calls)));
        let other = r#"{"id":"d1","said":["something else"]}"#;
        for body in [HELLO, other, other, HELLO] {
            assert_eq!(text(call(&service, post(body)).await).await.0, StatusCode::OK);
        }
        assert_eq!(calls.load(Ordering::SeqCst), handled, "{choice:?}");
        assert_eq!(
            notes.count("Conflict { handled: true }"),
            handled - 1,
            "{choice:?}"
        );
        assert!(notes.count("Conflict") >= 1, "{choice:?}");
    }
}

#[tokio::test]
async fn g8_a_store_that_is_down_means_503_or_the_explicit_other_choice() {
    for (choice, status, handled) in [
        (OnStoreDown::Refuse, StatusCode::SERVICE_UNAVAILABLE, 0),
        (OnStoreDown::AcceptWithoutDedupe, StatusCode::OK, 1),
    ] {
        let calls = Arc::default();
        let store = Shaky::new();
        store.claim_fails.store(true, Ordering::SeqCst);
        let stack = wahook_tower::Stack::with_store(parrot().when_store_down(choice), store.clone());
        let service = layered(&stack, service_fn(counting(&calls)));
        let answer = call(&service, post(HELLO)).await;
        assert_eq!(answer.status(), status);
        assert_eq!(
            answer.headers().contains_key(RETRY_AFTER),
            status != StatusCode::OK
        );
        assert_eq!(calls.load(Ordering::SeqCst), handled);
        store.claim_fails.store(false, Ordering::SeqCst);
        assert_eq!(call(&service, post(HELLO)).await.status(), StatusCode::OK);
        assert_eq!(
            calls.load(Ordering::SeqCst),
            handled + 1,
            "a refused delivery is handled when it comes again"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn g5_done_but_unmarked_is_answered_200_and_the_mark_is_tried_again() {
    let calls = Arc::default();
    let store = Shaky::new();
    store.complete_fails.store(3, Ordering::SeqCst);
    let notes = Arc::new(Notes::default());
    let stack = wahook_tower::Stack::with_store(parrot(), store.clone()).observer(notes.clone());
    let service = layered(&stack, service_fn(counting(&calls)));
    assert_eq!(call(&service, post(HELLO)).await.status(), StatusCode::OK);
    assert_eq!(notes.count("Unmarked"), 1);
    while store.completes.load(Ordering::SeqCst) < 4 {
        tokio::time::advance(Duration::from_millis(100)).await;
    }
    assert_eq!(call(&service, post(HELLO)).await.status(), StatusCode::OK);
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn g10_the_same_event_in_two_deliveries_is_handled_once() {
    let seen = Arc::new(std::sync::Mutex::new(Vec::new()));
    let handler = {
        let seen = Arc::clone(&seen);
        service_fn(move |request: Request<Fresh>| {
            let events = request.body().events();
            let typed = request.body().typed::<crate::support::Parrot>().unwrap();
            assert_eq!(events.len(), typed.len());
            seen.lock()
                .unwrap()
                .extend(events.into_iter().map(|event| event.key));
            std::future::ready(Ok::<_, Infallible>(Response::new(())))
        })
    };
    let service = layered(&stack(parrot()).dedupe(DedupeLayer::dedupe_events), handler);
    for body in [
        r#"{"id":"d1","said":["a","b","a"]}"#,
        r#"{"id":"d2","said":["b","c"]}"#,
        r#"{"id":"d3","said":["a","b","c"]}"#,
    ] {
        assert_eq!(call(&service, post(body)).await.status(), StatusCode::OK);
    }
    assert_eq!(
        *seen.lock().unwrap(),
        [
            "v1:parrot::message:a",
            "v1:parrot::message:b",
            "v1:parrot::message:c"
        ]
    );
}

#[tokio::test]
async fn g10_a_failed_handler_gives_the_events_back_too() {
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let handler = service_fn(move |request: Request<Fresh>| {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        assert_eq!(request.body().events().len(), 1);
        let status = if first {
            StatusCode::BAD_GATEWAY
        } else {
            StatusCode::OK
        };
        std::future::ready(Ok::<_, Infallible>(
            Response::builder().status(status).body(()).unwrap(),
        ))
    });
    let service = layered(&stack(parrot()).dedupe(DedupeLayer::dedupe_events), handler);
    assert_eq!(
        call(&service, post(HELLO)).await.status(),
        StatusCode::BAD_GATEWAY
    );
    assert_eq!(
        call(&service, post(r#"{"id":"d2","said":["hello"]}"#))
            .await
            .status(),
        StatusCode::OK
    );
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_handler_may_say_when_to_come_again() {
    let handler = service_fn(|_: Request<Fresh>| {
        let answer = Response::builder()
            .status(503)
            .header(RETRY_AFTER, "7")
            .header("x-own", "1");
        std::future::ready(Ok::<_, Infallible>(answer.body(()).unwrap()))
    });
    let answer = call(&layered(&stack(parrot()), handler), post(HELLO)).await;
    assert_eq!(answer.headers()[RETRY_AFTER], "7");
    assert_eq!(answer.headers().len(), 1, "nothing else is for the provider");
}
