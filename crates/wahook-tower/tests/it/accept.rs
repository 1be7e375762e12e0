//! I: an answer is given once the delivery is on stable storage.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use http::{Method, Request, StatusCode, header::RETRY_AFTER};
use http_body_util::Full;
use tokio::time::{Instant, sleep};
use tower::ServiceExt;
use wahook_core::{
    Assurance, BoxFuture, Guarantee, OnConflict,
    guard::{Digest, Settled, StoreError, StoreErrorKind, Token},
    inbox::{Accepted, Filed, Inbox, Incoming, LaneId, Reading, Settlement, Taken, Unread, Want},
};
use wahook_tower::{Intake, Room};

use crate::support::{Notes, call, parrot, post, text};

const HELLO: &str = r#"{"id":"d1","said":["hello"]}"#;
const OTHER: &str = r#"{"id":"d1","said":["other"]}"#;
const MALFORMED: &str = r#"{"id":"d1","said":1}"#;

/// What an inbox does with the next delivery.
const STORE: u8 = 0;
const FAIL: u8 = 1;
const FULL: u8 = 2;
const HANG: u8 = 3;
const PANIC: u8 = 4;
/// It is stored, and the answer gets lost.
const LOSE: u8 = 5;

/// An inbox whose accepting can be broken; nothing comes out of it.
#[derive(Debug)]
struct Script {
    assurance: Assurance,
    does: AtomicU8,
    takes: Duration,
    stored: Mutex<HashMap<String, Vec<(Digest, Incoming)>>>,
}

impl Script {
    fn new() -> Arc<Self> {
        Self::slow(Duration::ZERO)
    }

    fn slow(takes: Duration) -> Arc<Self> {
        Arc::new(Self {
            assurance: Assurance::new(Guarantee::None, "a test"),
            does: AtomicU8::new(STORE),
            takes,
            stored: Mutex::default(),
        })
    }

    fn does(&self, what: u8) {
        self.does.store(what, Ordering::SeqCst);
    }

    fn bodies(&self) -> Vec<String> {
        let stored = self.stored.lock().unwrap();
        let bodies = stored.values().flatten();
        let text = |incoming: &Incoming| String::from_utf8(incoming.delivery().body.to_vec()).unwrap();
        bodies.map(|(_, incoming)| text(incoming)).collect()
    }

    fn keep(&self, incoming: Incoming) -> Accepted {
        let mut stored = self.stored.lock().unwrap();
        let under = stored.entry(format!("{:?}", incoming.key())).or_default();
        let digest = incoming.digest();
        if under.iter().any(|(known, _)| *known == digest) {
            return Accepted::Duplicate { conflict: false };
        }
        let conflict = !under.is_empty();
        if conflict && incoming.on_conflict() == OnConflict::DropAndFlag {
            return Accepted::Duplicate { conflict };
        }
        under.push((digest, incoming));
        Accepted::Stored { conflict }
    }
}

impl Inbox for Script {
    fn assurance(&self) -> &Assurance {
        &self.assurance
    }

    fn accept<'a>(&'a self, incoming: Incoming) -> BoxFuture<'a, Result<Accepted, StoreError>> {
        Box::pin(async move {
            sleep(self.takes).await;
            match self.does.load(Ordering::SeqCst) {
                FAIL => Err(StoreError::new(StoreErrorKind::Unavailable)),
                FULL => Err(StoreError::new(StoreErrorKind::Full)),
                HANG => std::future::pending().await,
                PANIC => panic!("a driver with a bug"),
                LOSE => {
                    self.keep(incoming);
                    Err(StoreError::new(StoreErrorKind::Slow))
                }
                _ => Ok(self.keep(incoming)),
            }
        })
    }

    fn unread<'a>(
        &'a self,
        _: Token,
        _: usize,
        _: usize,
        _: Duration,
    ) -> BoxFuture<'a, Result<Vec<Unread>, StoreError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn file<'a>(&'a self, _: Token, _: Vec<Reading>) -> BoxFuture<'a, Result<Option<Filed>, StoreError>> {
        Box::pin(async { Ok(None) })
    }

    fn take<'a>(
        &'a self,
        _: &'a str,
        _: Token,
        _: Want,
        _: Duration,
    ) -> BoxFuture<'a, Result<Taken, StoreError>> {
        Box::pin(async { Ok(Taken::default()) })
    }

    fn renew<'a>(&'a self, _: LaneId, _: Token, _: Duration) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async { Ok(Settled::Lost) })
    }

    fn settle<'a>(&'a self, _: Token, _: Settlement) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(async { Ok(Settled::Lost) })
    }

    fn stirred<'a>(&'a self, seen: u64) -> BoxFuture<'a, u64> {
        Box::pin(async move { seen })
    }
}

fn intake(script: &Arc<Script>) -> Intake {
    Intake::new(parrot(), Arc::clone(script) as _)
}

#[tokio::test]
async fn i1_i2_what_is_stored_and_its_copies_are_answered_with_the_same_bytes() {
    let (script, notes) = (Script::new(), Arc::new(Notes::default()));
    let service = intake(&script).observer(notes.clone());
    let first = text(call(&service, post(HELLO)).await).await;
    let second = text(call(&service, post(HELLO)).await).await;
    assert_eq!(first, (StatusCode::OK, r#"{"received":true}"#.to_owned()));
    assert_eq!(first, second);
    assert_eq!(script.bodies(), [HELLO]);
    assert_eq!(notes.all(), ["Stored", "Duplicate"]);
}

#[tokio::test(start_paused = true)]
async fn i1_nothing_is_answered_before_it_is_stored() {
    let script = Script::slow(Duration::from_secs(1));
    let began = Instant::now();
    let answer = call(&intake(&script), post(HELLO)).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(script.bodies(), [HELLO]);
}

#[tokio::test(start_paused = true)]
async fn i5_what_is_not_stored_is_not_acknowledged_and_may_come_again() {
    for (does, note) in [
        (FAIL, "Unavailable"),
        (FULL, "Full"),
        (HANG, "Slow"),
        (PANIC, "Unavailable"),
    ] {
        let (script, notes) = (Script::new(), Arc::new(Notes::default()));
        script.does(does);
        let service = intake(&script).observer(notes.clone());
        let began = Instant::now();
        let answer = call(&service, post(HELLO)).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE, "{does}");
        assert_eq!(answer.headers()[RETRY_AFTER], "5");
        assert!(began.elapsed() < Duration::from_secs(3), "{does}");
        assert_eq!((notes.count("NotStored"), notes.count(note)), (1, 1), "{does}");
        assert!(script.bodies().is_empty());
        script.does(STORE);
        assert_eq!(call(&service, post(HELLO)).await.status(), StatusCode::OK);
        assert_eq!(script.bodies(), [HELLO]);
    }
}

#[tokio::test]
async fn i5_g8_an_endpoint_that_accepts_without_dedupe_does_not_acknowledge_without_an_inbox() {
    let script = Script::new();
    script.does(FAIL);
    let careless = parrot().when_store_down(wahook_core::OnStoreDown::AcceptWithoutDedupe);
    let service = Intake::new(careless, Arc::clone(&script) as _);
    let answer = call(&service, post(HELLO)).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn i2_a_lost_answer_of_the_inbox_makes_a_duplicate_and_no_second_one() {
    let script = Script::new();
    script.does(LOSE);
    let service = intake(&script);
    let answer = call(&service, post(HELLO)).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    script.does(STORE);
    assert_eq!(call(&service, post(HELLO)).await.status(), StatusCode::OK);
    assert_eq!(script.bodies(), [HELLO]);
}

#[tokio::test(start_paused = true)]
async fn i2_storing_is_finished_although_the_sender_hangs_up() {
    let script = Script::slow(Duration::from_secs(1));
    let answer = intake(&script).oneshot(post(HELLO));
    // Polled once: the body is read, the answer is not there yet.
    assert!(answer.now_or_never().is_none());
    assert!(script.bodies().is_empty());
    sleep(Duration::from_secs(2)).await;
    assert_eq!(script.bodies(), [HELLO]);
}

#[tokio::test]
async fn g7_another_body_under_a_known_key_is_told() {
    let (script, notes) = (Script::new(), Arc::new(Notes::default()));
    let service = intake(&script).observer(notes.clone());
    for body in [HELLO, OTHER, OTHER] {
        assert_eq!(call(&service, post(body)).await.status(), StatusCode::OK);
    }
    assert_eq!(script.bodies(), [HELLO, OTHER]);
    let told = ["Stored", "Conflict { handled: true }", "Stored", "Duplicate"];
    assert_eq!(notes.all(), told);

    let (script, notes) = (Script::new(), Arc::new(Notes::default()));
    let strict = parrot().when_conflicting(OnConflict::DropAndFlag);
    let service = Intake::new(strict, Arc::clone(&script) as _).observer(notes.clone());
    for body in [HELLO, OTHER] {
        assert_eq!(call(&service, post(body)).await.status(), StatusCode::OK);
    }
    assert_eq!(script.bodies(), [HELLO]);
    assert_eq!(
        notes.all(),
        ["Stored", "Conflict { handled: false }", "Duplicate"]
    );
}

#[tokio::test]
async fn n1_what_is_malformed_is_kept_and_answered_as_configured() {
    let script = Script::new();
    let answer = call(&intake(&script), post(MALFORMED)).await;
    assert_eq!(answer.status(), StatusCode::OK);

    let script = Script::new();
    let picky = parrot().answer_malformed(StatusCode::BAD_REQUEST);
    let service = Intake::new(picky, Arc::clone(&script) as _);
    assert_eq!(
        call(&service, post(MALFORMED)).await.status(),
        StatusCode::BAD_REQUEST
    );
    assert_eq!(script.bodies(), [MALFORMED]);
    // A repetition is answered as any other: what was to be said was said.
    assert_eq!(call(&service, post(MALFORMED)).await.status(), StatusCode::OK);
    assert_eq!(
        call(&service, post(r#"{"id":"d2","said":["a"]}"#)).await.status(),
        StatusCode::OK
    );
    // What the provider's own code cannot read is stored nonetheless.
    assert_eq!(
        call(&service, post(r#"{"id":"d3","said":["panic"]}"#))
            .await
            .status(),
        StatusCode::OK
    );
    assert_eq!(script.bodies().len(), 3);
}

#[tokio::test]
async fn v2_limits_and_methods_are_judged_before_the_inbox() {
    let script = Script::new();
    let service = intake(&script).limit(|limit| limit.cap(8));
    assert_eq!(
        call(&service, post(HELLO)).await.status(),
        StatusCode::PAYLOAD_TOO_LARGE
    );
    let get = Request::builder()
        .method(Method::GET)
        .uri("/hooks/parrot")
        .body(Full::<bytes::Bytes>::default())
        .unwrap();
    assert_eq!(call(&service, get).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(script.bodies().is_empty());
}

#[tokio::test(start_paused = true)]
async fn v2_a_body_keeps_its_room_until_it_is_stored() {
    let (script, room) = (Script::slow(Duration::from_secs(1)), Room::of(100));
    let service = intake(&script).limit(|limit| limit.room(room.clone()));
    // The sender hangs up; the bytes are still there.
    assert!(service.clone().oneshot(post(HELLO)).now_or_never().is_none());
    assert_eq!(room.left(), 100 - HELLO.len());
    sleep(Duration::from_secs(2)).await;
    assert_eq!(room.left(), 100);
    script.does(FAIL);
    assert_eq!(
        call(&service, post(OTHER)).await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
    tokio::task::yield_now().await;
    assert_eq!(room.left(), 100);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_of_ones_own() {
    let script = Script::slow(Duration::from_secs(1));
    let service = intake(&script).accept(|accept| accept.deadline(Duration::from_millis(100)));
    let began = Instant::now();
    assert_eq!(
        call(&service, post(HELLO)).await.status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert!(began.elapsed() < Duration::from_millis(200));
}
