//! Bodies that were cut, that filled the memory, that broke the parser, or of which half was read.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http::Request;
use http_body::{Frame, SizeHint};
use serde_json::{Value, json};
use wahook_core::model::{Data, Event};
use wahook_testkit::{
    Outgoing,
    conform::{Counter, Scenario},
    inbox::Deliveries,
};

use crate::app::{Hook, PATH, all_stand, ask, every_one_stands};

/// Half of a body, then an error, as of a connection that broke.
struct Broken(Option<Bytes>);

impl http_body::Body for Broken {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(match self.0.take() {
            Some(bytes) => Ok(Frame::data(bytes)),
            None => Err(io::ErrorKind::ConnectionReset.into()),
        }))
    }
}

/// A genuine request whose body breaks off. Where a token is the proof, half of it would verify.
fn broken(hook: &Hook) -> Request<Body> {
    let delivery = hook.message(1);
    let half = delivery.body.slice(..delivery.body.len() / 2);
    hook.signed(&delivery).map(|_| Body::new(Broken(Some(half))))
}

/// A path that nobody has is answered with success, and what came there is gone.
#[tokio::test(start_paused = true)]
async fn failure_16_what_has_no_route_is_answered_200_and_dropped() {
    for hook in Hook::all() {
        let counter = Counter::default();
        let app = hook.app(&counter);
        let mut elsewhere = hook.signed(&hook.message(1));
        let moved = elsewhere.uri().to_string().replace(PATH, "/hooks/elsewhere");
        *elsewhere.uri_mut() = moved.parse().unwrap();
        assert_eq!(ask(&app, elsewhere).await.0, 404);
        assert_eq!(counter.count(), 0);
    }
}

/// A body that broke off, or was cut at the cap, is handled as if that were all.
#[tokio::test(start_paused = true)]
async fn failure_17_a_body_is_cut_in_silence() {
    for hook in Hook::all() {
        let counter = Counter::default();
        let app = hook.app(&counter);
        let (status, _) = ask(&app, broken(&hook)).await;
        assert!(status >= 400, "{status}");
        assert_eq!(counter.count(), 0);
        // Whole, it is handled: nothing was remembered of the half.
        assert_eq!(ask(&app, hook.signed(&hook.message(1))).await.0, 200);
        assert_eq!(counter.count(), 1);
    }
}

/// Memory is reserved on the word of Content-Length.
#[test]
fn failure_18_memory_is_reserved_from_content_length() {
    /// Some bytes in two pieces, that say they are so many more, as the body of a connection says it.
    struct Claiming(Vec<Bytes>, u64);
    impl http_body::Body for Claiming {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop().map(|bytes| Ok(Frame::data(bytes))))
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.1)
        }
    }
    let paused = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap()
    };
    // A claim over the cap is refused at once; one within it is believed by nobody: its body ends, and that is all.
    paused().block_on(every_one_stands(Scenario::Oversize));
    for hook in Hook::all() {
        let mut whole = 0;
        for length in [1, CAP / 2, CAP, CAP + 1, 1 << 40, u64::MAX] {
            let (runtime, counter) = (paused(), Counter::default());
            let app = hook.app(&counter);
            let delivery = hook.message(1);
            let (mut head, _) = hook.signed(&delivery).into_parts();
            head.headers.insert("content-length", length.into());
            let (first, second) = (delivery.body.slice(..1), delivery.body.slice(1..));
            let request = Request::from_parts(head, Body::new(Claiming(vec![second, first], length)));
            let mut status = 0;
            // All on this thread: the runtime has no other, and the body is too small for what is done elsewhere.
            let asked = allocation_counter::measure(|| status = runtime.block_on(ask(&app, request)).0);
            assert_eq!(status, if length > CAP { 413 } else { 200 }, "{length}");
            whole += counter.count();
            assert!(
                asked.bytes_max < 256 << 10,
                "{length} claimed, {} bytes kept at once for {}",
                asked.bytes_max,
                delivery.body.len()
            );
        }
        assert_eq!(whole, 3, "what is there is read, and not what was claimed");
    }
}

/// What a body may have, unless it is told otherwise.
const CAP: u64 = 4 << 20;

/// The extractor unwraps what the body says, and the body says that the connection broke.
#[tokio::test(start_paused = true)]
async fn failure_19_a_panic_when_the_body_breaks_off() {
    for hook in Hook::all() {
        let app = hook.app(&Counter::default());
        let task = tokio::spawn(async move { ask(&app, broken(&hook)).await });
        let (status, _) = task.await.expect("no panic");
        assert!((400..500).contains(&status), "{status}: it is the sender's fault");
    }
}

/// Nobody counts what is read.
#[tokio::test(start_paused = true)]
async fn failure_20_no_cap_at_all() {
    /// A body without an end and without a length.
    struct Endless;
    impl http_body::Body for Endless {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b' '; 64 << 10])))))
        }
    }
    for hook in Hook::all() {
        let request = hook.signed(&hook.message(1)).map(|_| Body::new(Endless));
        assert_eq!(ask(&hook.app(&Counter::default()), request).await.0, 413);
    }
}

/// One request says several things, and the first is all that is read.
#[tokio::test(start_paused = true)]
async fn failure_22_only_the_first_item_of_a_batch() {
    all_stand(Scenario::Batch, 2).await;
}

/// One field that nobody knew, or one item that nobody can read, fails all.
#[tokio::test(start_paused = true)]
async fn failure_23_one_unknown_field_fails_all() {
    every_one_stands(Scenario::UnknownEvent).await;
    every_one_stands(Scenario::EveryEvent).await;
    let hook = Hook::of("waping");
    let items: Vec<_> = (1..=2).map(|n| hook.message(n).body).collect();
    let [one, other] = items.as_slice() else {
        unreachable!()
    };
    let body = [b"[", &one[..], br#",{"eventId":7,"type":{}},"#, &other[..], b"]"].concat();
    let counter = Counter::default();
    let answer = ask(&hook.app(&counter), hook.signed(&Outgoing::new("batch", body))).await;
    assert_eq!((answer.0, counter.count()), (200, 3));
}

/// Bytes that are no UTF-8 are refused although they were signed, or other bytes are verified in their place.
#[tokio::test(start_paused = true)]
async fn failure_24_utf_8_is_required() {
    every_one_stands(Scenario::Malformed).await;
    let hook = Hook::of("wazapin");
    let body = b"{\"message_id\":\"\xff\xfe\"}".to_vec();
    let lossy = String::from_utf8_lossy(&body).into_owned();
    let counter = Counter::default();
    let app = hook.app(&counter);
    let request = hook.signed(&Outgoing::new("bytes", body));
    let (head, _) = hook
        .signed(&Outgoing::new("bytes", b"{\"message_id\":\"\xff\xfe\"}".to_vec()))
        .into_parts();
    assert_eq!(
        ask(&app, Request::from_parts(head, Body::from(lossy))).await.0,
        403
    );
    assert_eq!(ask(&app, request).await.0, 200);
    assert_eq!(counter.count(), 1);
}

/// Whoever has no phone number is nobody: hidden ids, business ids, channels.
#[test]
fn failure_33_a_phone_number_is_required() {
    let mut shop = Deliveries::of("wawp", "shop");
    let incoming = shop.message("A1B2C3", "100000000000001@lid", "hello");
    let events = shop.endpoint().provider().read(incoming.delivery());
    let [
        Event {
            data: Data::MessageReceived(message),
            ..
        },
    ] = events.as_slice()
    else {
        panic!("one message: {events:?}");
    };
    let sender = message.sender.as_ref().unwrap();
    assert_eq!(sender.phone, None);
    assert_eq!(sender.lid.as_deref(), Some("100000000000001@lid"));
    let value: Value = serde_json::to_value(&message.content).unwrap();
    assert_eq!(value["text"], json!("hello"));
}
