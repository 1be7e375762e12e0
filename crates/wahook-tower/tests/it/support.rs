//! A provider of our own, a store that can be broken, an observer that remembers.

use std::{
    convert::Infallible,
    future::ready,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use tower::{Layer, Service, ServiceExt};
use wahook_core::{
    BoxFuture, Delivery, DeliveryKey, Endpoint, Habits, Keyed, Malformed, Parsed, Provider, Unknown,
    guard::{Claim, Digest, GuardStore, Key, Settled, StoreError, StoreErrorKind, Token},
    json::{Raw, Scanned, Text, read, scan},
    model::{Content, Data, Draft, EventKey, Message},
    proof::{Proof, Verifier},
};
use wahook_tower::{Answer, Observer, Signal, Stack, in_memory};

/// A delivery is `{"id": …, "said": [text, …]}`; each text is an event, and its own identity.
#[derive(Debug)]
pub(crate) struct Parrot;

impl Provider for Parrot {
    type Event = Text;
    const ID: &'static str = "parrot";

    fn habits(&self) -> Habits {
        Habits::new(
            Duration::from_secs(3600),
            Duration::from_secs(60),
            Duration::from_secs(3),
        )
    }

    fn key(&self, _: &Proof, _: &HeaderMap, body: &Bytes) -> Keyed {
        match scan(body, ["id"]) {
            Scanned::Object([Some(id)]) => Keyed::by_id(DeliveryKey::body(id.as_str())),
            _ => Keyed::new(DeliveryKey::digest(body), None),
        }
    }

    fn parse(&self, delivery: &Delivery) -> Vec<Parsed<Text>> {
        #[derive(serde::Deserialize)]
        struct Said {
            said: Vec<Text>,
        }
        let raw = Raw::new(delivery.body.clone());
        match read::<Said>(&delivery.body) {
            Ok(body) => body
                .said
                .into_iter()
                .map(|event| Parsed::Known {
                    event,
                    raw: raw.clone(),
                })
                .collect(),
            Err(error) => vec![Parsed::Malformed(Malformed::new(
                None,
                error,
                Default::default(),
                raw,
            ))],
        }
    }

    fn normalise(&self, item: Parsed<Text>, _: &Delivery) -> Draft {
        match item {
            Parsed::Known { event, raw } => {
                assert_ne!(event, "panic", "as asked");
                let key = EventKey::new("message").part(&event);
                let message = Message {
                    content: Content::text(event),
                    ..Message::default()
                };
                let mut draft = Draft::unknown(Unknown::new(None, Default::default(), raw));
                draft.data = Data::MessageReceived(Box::new(message));
                draft.key = key;
                draft
            }
            Parsed::Unknown(unknown) => Draft::unknown(unknown),
            Parsed::Malformed(malformed) => Draft::malformed(malformed),
        }
    }
}

pub(crate) fn parrot() -> Endpoint {
    Endpoint::new("parrot", Parrot, Verifier::dangerous_unverified()).unwrap()
}

pub(crate) fn post(body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post("/hooks/parrot")
        .body(Full::new(body.into()))
        .unwrap()
}

pub(crate) fn stack(endpoint: Endpoint) -> Stack {
    Stack::with_store(endpoint, in_memory())
}

/// Calls a service that is built from a stack and a handler.
pub(crate) async fn call<S, B>(service: &S, request: Request<B>) -> Response<Answer>
where
    S: Service<Request<B>, Response = Response<Answer>, Error = Infallible> + Clone,
{
    service.clone().oneshot(request).await.unwrap()
}

pub(crate) async fn text(answer: Response<Answer>) -> (StatusCode, String) {
    let status = answer.status();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

/// Remembers the names of signals.
#[derive(Debug, Default)]
pub(crate) struct Notes(Mutex<Vec<String>>);

impl Notes {
    pub(crate) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn count(&self, word: &str) -> usize {
        self.all().iter().filter(|note| note.contains(word)).count()
    }
}

impl Observer for Notes {
    fn observe(&self, _: &str, signal: &Signal<'_>) {
        self.0.lock().unwrap().push(format!("{signal:?}"));
    }
}

/// A store in memory whose verbs fail while they are told to.
#[derive(Debug)]
pub(crate) struct Shaky {
    inner: Arc<dyn GuardStore>,
    pub(crate) claim_fails: AtomicBool,
    pub(crate) complete_fails: AtomicUsize,
    pub(crate) completes: AtomicUsize,
}

impl Shaky {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            inner: in_memory(),
            claim_fails: AtomicBool::new(false),
            complete_fails: AtomicUsize::new(0),
            completes: AtomicUsize::new(0),
        })
    }
}

impl GuardStore for Shaky {
    fn claim<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, StoreError>> {
        if self.claim_fails.load(Ordering::SeqCst) {
            return Box::pin(ready(Err(StoreError::new(StoreErrorKind::Unavailable))));
        }
        self.inner.claim(key, digest, token, lease)
    }

    fn complete<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        self.completes.fetch_add(1, Ordering::SeqCst);
        let fails = self
            .complete_fails
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        if fails.is_ok() {
            return Box::pin(ready(Err(StoreError::new(StoreErrorKind::Unavailable))));
        }
        self.inner.complete(key, digest, token, ttl)
    }

    fn release<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        self.inner.release(key, digest, token)
    }
}

/// A body that sends its pieces and then says nothing more.
pub(crate) struct Stalling(pub(crate) Vec<Bytes>);

impl Body for Stalling {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.0.is_empty() {
            Poll::Pending
        } else {
            Poll::Ready(Some(Ok(Frame::data(self.0.remove(0)))))
        }
    }
}

pub(crate) fn layered<S>(stack: &Stack, inner: S) -> <Stack as Layer<S>>::Service {
    stack.layer(inner)
}
