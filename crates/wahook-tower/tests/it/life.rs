//! G: what becomes of claims when stores are slow, deliveries share events, and time runs out.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use http::{Request, Response, StatusCode, header::RETRY_AFTER};
use tokio::time::{Instant, sleep};
use tower::service_fn;
use wahook_core::{OnConflict, OnStoreDown, guard::Fresh};
use wahook_tower::{DedupeLayer, Stack};

use crate::{
    remote::{Remote, handler, many, remote, said},
    support::{Notes, call, layered, parrot, post},
};

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
    let handler = service_fn(|_: Request<Fresh>| std::future::pending::<Result<Response<()>, Infallible>>());
    let service = layered(&remote(&Remote::new(0)), handler);
    let mut answer = Box::pin(async move { call(&service, said("d1", &["a"])).await });
    let dying = runtime();
    dying.block_on(async { assert!((&mut answer).now_or_never().is_none()) });
    drop(dying);
    let answer = runtime().block_on(answer);
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key(RETRY_AFTER));
}

#[tokio::test(start_paused = true)]
async fn g10_events_are_completed_before_the_delivery_that_brought_them() {
    // A crash in between repeats the delivery, and its events are then known.
    let store = Remote::new(1);
    let service = layered(&remote(&store).dedupe(DedupeLayer::dedupe_events), handler!(200));
    assert_eq!(
        call(&service, said("d1", &["a", "b"])).await.status(),
        StatusCode::OK
    );
    let completed = store.completed.lock().unwrap().clone();
    let spaces: Vec<_> = completed.iter().map(|key| &key[..2]).collect();
    assert_eq!(spaces, ["e:", "e:", "d:"]);
}

#[tokio::test(start_paused = true)]
async fn g9_full_of_claims_is_503_whatever_was_chosen_for_a_store_that_is_down() {
    let stack = || {
        let endpoint = parrot().when_store_down(OnStoreDown::AcceptWithoutDedupe);
        Stack::with_store(endpoint, Remote::with_capacity(1, 0))
    };
    let events = layered(&stack().dedupe(DedupeLayer::dedupe_events), handler!(200));
    assert_eq!(
        call(&events, said("d1", &["a"])).await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );

    let slow = service_fn(|_: Request<Fresh>| async {
        sleep(Duration::from_secs(1)).await;
        Ok::<_, Infallible>(Response::new(()))
    });
    let deliveries = layered(&stack(), slow);
    let other = async {
        sleep(Duration::from_millis(500)).await;
        call(&deliveries, said("d2", &["a"])).await.status()
    };
    let (one, other) = tokio::join!(call(&deliveries, said("d1", &["a"])), other);
    assert_eq!(
        (one.status(), other),
        (StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE)
    );
}

#[tokio::test(start_paused = true)]
async fn a_copy_is_told_to_come_again_when_the_first_must_be_done_however_long_its_lease_is() {
    let hour = Duration::from_secs(3_600);
    let stack = remote(&Remote::new(0)).dedupe(|dedupe| dedupe.timing(Duration::from_secs(5), hour).unwrap());
    let slow = service_fn(|_: Request<Fresh>| async {
        sleep(Duration::from_secs(3)).await;
        Ok::<_, Infallible>(Response::new(()))
    });
    let service = layered(&stack, slow);
    let copy = async {
        sleep(Duration::from_millis(100)).await;
        call(&service, said("d1", &["a"])).await
    };
    let (_, copy) = tokio::join!(call(&service, said("d1", &["a"])), copy);
    assert_eq!(
        (copy.status(), copy.headers()[RETRY_AFTER].as_bytes()),
        (StatusCode::SERVICE_UNAVAILABLE, &b"5"[..])
    );
}

#[tokio::test(start_paused = true)]
async fn g10_a_delivery_that_has_to_come_again_gives_back_the_events_it_had() {
    let slow = service_fn(|request: Request<Fresh>| async move {
        if request
            .body()
            .events()
            .iter()
            .any(|event| event.key.ends_with(":b"))
        {
            sleep(Duration::from_secs(2)).await;
        }
        Ok::<_, Infallible>(Response::new(()))
    });
    let service = layered(&remote(&Remote::new(1)).dedupe(DedupeLayer::dedupe_events), slow);
    let others = async {
        sleep(Duration::from_millis(100)).await;
        let waits_for_b = call(&service, said("d2", &["a", "b"])).await.status();
        (waits_for_b, call(&service, said("d3", &["a"])).await.status())
    };
    let (first, others) = tokio::join!(call(&service, said("d1", &["b"])), others);
    assert_eq!(first.status(), StatusCode::OK);
    assert_eq!(others, (StatusCode::SERVICE_UNAVAILABLE, StatusCode::OK));
}

#[tokio::test(start_paused = true)]
async fn g8_a_store_that_panics_is_a_store_that_is_down() {
    let store = Remote::new(1);
    store.claims_panic.store(true, Ordering::SeqCst);
    let notes = Arc::new(Notes::default());
    let service = layered(&remote(&store).observer(notes.clone()), handler!(200));
    assert_eq!(
        call(&service, said("d1", &["a"])).await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(notes.count("StoreDown"), 1);
}

#[tokio::test(start_paused = true)]
async fn g6_a_key_that_is_only_a_digest_is_remembered_for_the_retry_window_only() {
    for (body, handled) in [(r#"{"said":[]}"#, 2), (r#"{"id":"d1","said":[]}"#, 1)] {
        let calls = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&calls);
        let handler = service_fn(move |_: Request<Fresh>| {
            counted.fetch_add(1, Ordering::SeqCst);
            std::future::ready(Ok::<_, Infallible>(Response::new(())))
        });
        let service = layered(&remote(&Remote::new(1)), handler);
        for pause in [1, 58, 2] {
            assert_eq!(call(&service, post(body)).await.status(), StatusCode::OK);
            sleep(Duration::from_secs(pause)).await;
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        assert_eq!(call(&service, post(body)).await.status(), StatusCode::OK);
        assert_eq!(calls.load(Ordering::SeqCst), handled, "{body}");
    }
}
