//! V2: what is read, and for how long.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Request, Response, StatusCode, header::CONTENT_LENGTH};
use http_body_util::{BodyExt, Full, StreamBody};
use tower::service_fn;
use wahook_core::guard::Fresh;
use wahook_tower::Room;

use crate::support::{Stalling, call, layered, parrot, post, stack};

macro_rules! service {
    ($cap:expr) => {
        layered(
            &stack(parrot()).limit(|limit| limit.cap($cap)),
            service_fn(|request: Request<Fresh>| async move {
                assert!(request.body().delivery().body.len() <= $cap);
                Ok::<_, Infallible>(Response::new(()))
            }),
        )
    };
}

#[tokio::test]
async fn v2_the_cap_is_inclusive() {
    let service = service!(16);
    assert_eq!(
        call(&service, post(vec![b' '; 16])).await.status(),
        StatusCode::OK
    );
    assert_eq!(
        call(&service, post(vec![b' '; 17])).await.status(),
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

#[tokio::test]
async fn v2_a_large_content_length_is_refused_without_reading() {
    let service = service!(16);
    let request = Request::post("/")
        .header(CONTENT_LENGTH, 1_u64 << 40)
        .body(Stalling(Vec::new()))
        .unwrap();
    assert_eq!(
        call(&service, request).await.status(),
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

#[tokio::test(start_paused = true)]
async fn v2_of_a_refused_body_no_more_is_thrown_away_than_can_bring_it_to_its_end() {
    const CAP: usize = 1 << 20;
    const MORE: usize = 1 << 20;
    const ALL: usize = (CAP + MORE) / 1024;
    let service = service!(CAP);
    for (declared, read) in [
        (None, ALL + 2), // the first beyond the cap, and the first beyond all
        (Some(CAP + MORE), ALL + 1),
        (Some(CAP + MORE + 1), 0),
        (Some(100 << 20), 0),
    ] {
        let pieces = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&pieces);
        let endless = futures_util::stream::repeat_with(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<_, Infallible>(http_body::Frame::data(Bytes::from_static(&[b' '; 1024])))
        });
        let mut request = Request::post("/").body(StreamBody::new(endless)).unwrap();
        if let Some(declared) = declared {
            request.headers_mut().insert(CONTENT_LENGTH, declared.into());
        }
        assert_eq!(
            call(&service, request).await.status(),
            StatusCode::PAYLOAD_TOO_LARGE
        );
        tokio::time::sleep(Duration::from_millis(999)).await;
        let holders = if read == 0 { 2 } else { 1 };
        assert_eq!(Arc::strong_count(&pieces), holders, "{declared:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
        assert_eq!(Arc::strong_count(&pieces), 1, "{declared:?}: not held for longer");
        assert_eq!(pieces.load(Ordering::SeqCst), read, "{declared:?}");
    }
}

#[tokio::test]
async fn v2_a_body_without_a_length_is_read_to_the_cap_and_no_further() {
    let service = service!(16);
    let endless = StreamBody::new(futures_util::stream::repeat_with(|| {
        Ok::<_, Infallible>(http_body::Frame::data(Bytes::from_static(b"0123456789")))
    }));
    let request = Request::post("/").body(endless.boxed_unsync()).unwrap();
    assert_eq!(
        call(&service, request).await.status(),
        StatusCode::PAYLOAD_TOO_LARGE
    );
}

#[tokio::test(start_paused = true)]
async fn v2_a_stalled_body_is_answered_408_at_the_idle_deadline() {
    let service = service!(1 << 20);
    let began = tokio::time::Instant::now();
    let request = Request::post("/")
        .body(Stalling(vec![Bytes::from_static(b"{")]))
        .unwrap();
    assert_eq!(
        call(&service, request).await.status(),
        StatusCode::REQUEST_TIMEOUT
    );
    assert_eq!(began.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn v2_a_trickling_body_is_answered_408_at_the_total_deadline() {
    let service = service!(1 << 20);
    let began = tokio::time::Instant::now();
    let trickle = StreamBody::new(Box::pin(futures_util::stream::unfold((), |()| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((
            Ok::<_, Infallible>(http_body::Frame::data(Bytes::from_static(b" "))),
            (),
        ))
    })));
    let request = Request::post("/").body(trickle).unwrap();
    assert_eq!(
        call(&service, request).await.status(),
        StatusCode::REQUEST_TIMEOUT
    );
    assert_eq!(began.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn v1_the_bytes_handed_on_are_the_bytes_that_arrived_in_however_many_frames() {
    let body: &[u8] = b"\xff\xfe\x00 not JSON, not UTF-8";
    let service = layered(
        &stack(parrot()),
        service_fn(move |request: Request<Fresh>| async move {
            assert_eq!(request.body().delivery().body, body);
            Ok::<_, Infallible>(Response::new(()))
        }),
    );
    assert_eq!(call(&service, post(body)).await.status(), StatusCode::OK);
    let frames = body
        .chunks(3)
        .map(|chunk| Ok::<_, Infallible>(http_body::Frame::data(Bytes::from_static(chunk))));
    let frames = StreamBody::new(futures_util::stream::iter(frames.collect::<Vec<_>>()));
    assert_eq!(
        call(&service, Request::post("/").body(frames).unwrap())
            .await
            .status(),
        StatusCode::OK
    );
    let _: Full<Bytes> = Full::default();
}

#[tokio::test]
async fn v2_a_body_in_tiny_frames_takes_no_more_memory_than_its_bytes() {
    /// A frame that is counted while it is kept.
    struct Kept(&'static AtomicUsize);
    impl AsRef<[u8]> for Kept {
        fn as_ref(&self) -> &[u8] {
            b" "
        }
    }
    impl Drop for Kept {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }
    static KEPT: AtomicUsize = AtomicUsize::new(0);
    static MOST: AtomicUsize = AtomicUsize::new(0);
    let frames = futures_util::stream::iter(0..1_000).map(|_| {
        MOST.fetch_max(KEPT.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        Ok::<_, Infallible>(http_body::Frame::data(Bytes::from_owner(Kept(&KEPT))))
    });
    let service = service!(1_000);
    let request = Request::post("/").body(StreamBody::new(frames)).unwrap();
    assert_eq!(call(&service, request).await.status(), StatusCode::OK);
    assert!(
        MOST.load(Ordering::SeqCst) <= 3,
        "{} frames at once",
        MOST.load(Ordering::SeqCst)
    );
}

#[tokio::test]
async fn v2_bodies_that_do_not_fit_into_memory_together_are_asked_to_come_again() {
    let room = Room::of(30);
    let stack = stack(parrot()).limit(|limit| limit.room(room.clone()));
    let go = Arc::new(tokio::sync::Notify::new());
    let handler = {
        let go = Arc::clone(&go);
        service_fn(move |request: Request<Fresh>| {
            let go = Arc::clone(&go);
            async move {
                let _at_work_on = request;
                go.notified().await;
                Ok::<_, Infallible>(Response::new(()))
            }
        })
    };
    let service = layered(&stack, handler);
    let first = tokio::spawn({
        let service = service.clone();
        async move { call(&service, post(r#"{"id":"d1","said":["a"]}"#)).await.status() }
    });
    while room.left() == 30 {
        tokio::task::yield_now().await;
    }
    assert_eq!(room.left(), 6);
    // It is refused as it comes, and what was read of it takes no room any more.
    let second = call(&service, post(r#"{"id":"d2","said":["b"]}"#)).await;
    assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(second.headers()[http::header::RETRY_AFTER], "1");
    assert_eq!(room.left(), 6);
    go.notify_one();
    assert_eq!(first.await.unwrap(), StatusCode::OK);
    while room.left() < 30 {
        tokio::task::yield_now().await;
    }
    go.notify_one();
    assert_eq!(
        call(&service, post(r#"{"id":"d2","said":["b"]}"#)).await.status(),
        StatusCode::OK
    );
}
