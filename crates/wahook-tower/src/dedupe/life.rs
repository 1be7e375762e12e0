//! The life of a claim: its verbs follow each other, so they never overtake each other.

use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{Either, select},
};
use http::{HeaderValue, Request, Response, StatusCode, header::RETRY_AFTER, request::Parts};
use tokio::{
    sync::oneshot,
    time::{Instant, sleep, timeout, timeout_at},
};
use tower_service::Service;
use wahook_core::{
    Endpoint, OnStoreDown,
    guard::{Admission, Claim, Digest, Fresh, Key, Prepared, StoreError, StoreErrorKind, Token},
};

use super::{DedupeLayer, events};
use crate::{Answer, Kept, Signal, clock::after, random::random};

pub(super) struct Life<S: Service<Request<Fresh>>> {
    pub(super) settings: Arc<DedupeLayer>,
    pub(super) inner: S,
    pub(super) head: Parts,
    /// Ends when nobody waits any more, where that is to end the work.
    pub(super) hung_up: Option<oneshot::Receiver<Infallible>>,
}

/// A claim that is ours.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) key: Key,
    pub(super) digest: Digest,
    pub(super) token: Token,
    /// For how long its record is to live once it is done.
    pub(super) memory: Duration,
    /// When its lease ends at the earliest: counted from before it was asked for.
    pub(super) lease_ends: Instant,
}

impl<S, B> Life<S>
where
    S: Service<Request<Fresh>, Response = Response<B>>,
{
    /// From the first claim to the last verb, and its answer: once the outcome is known to the store, or the store is known
    /// not to answer. What the store is still to be told then is told in a task of its own.
    ///
    /// One step after the other, and none inside another: a future is as large as its steps are deep, and it is moved.
    pub(super) async fn live(mut self, prepared: Prepared) -> Result<Response<Answer>, S::Error> {
        let endpoint = prepared.endpoint().clone();
        let (outcome, held) = match self.claim(prepared, &endpoint).await {
            Next::Handle(fresh, held) => (self.handle(fresh, &held, endpoint.name()).await, held),
            Next::Settle(outcome, held) => (outcome, held),
            Next::Answer(answer) => return Ok(answer),
        };
        self.settle(outcome, held, endpoint.name()).await
    }

    async fn claim(&mut self, mut prepared: Prepared, endpoint: &Endpoint) -> Next<S::Error> {
        let waiting_ends = after(self.settings.in_flight_wait);
        loop {
            let held = held(&prepared, prepared.digest(), after(self.settings.lease));
            let body = prepared.body_digest().map(|digest| Held {
                token: Token::new(random()),
                digest,
                ..held.clone()
            });
            let claim = match self.settings.claim(&held).await {
                Ok(claim) => claim,
                Err(error) => {
                    self.observe(endpoint, &Signal::StoreDown { error: &error });
                    if error.kind() == StoreErrorKind::Full || endpoint.on_store_down() == OnStoreDown::Refuse
                    {
                        // A slow store may have taken the claim all the same; the next sending would wait for nobody.
                        if error.kind() == StoreErrorKind::Slow {
                            let settings = Arc::clone(&self.settings);
                            tokio::spawn(async move { settings.say(Verb::Release, vec![held]).await });
                        }
                        return Next::Answer(Answer::later(STORE_DOWN));
                    }
                    self.observe(endpoint, &Signal::AcceptedWithoutDedupe);
                    return Next::Handle(prepared.accept_without_dedupe(), Vec::new());
                }
            };
            match prepared.admit(claim) {
                Admission::Fresh(fresh) => return self.fresh(fresh, held, body, waiting_ends).await,
                Admission::Duplicate { conflict } => return self.duplicate(conflict, body, endpoint).await,
                Admission::InFlight {
                    left,
                    prepared: again,
                    ..
                } => {
                    let patience = waiting_ends.saturating_duration_since(Instant::now());
                    if patience.is_zero() {
                        self.observe(endpoint, &Signal::StillInFlight);
                        // The holder works no longer than its deadline, however long its lease is.
                        return Next::Answer(Answer::later(left.min(self.settings.handler_deadline)));
                    }
                    sleep(patience.min(POLL)).await;
                    prepared = again;
                }
                _ => return Next::Answer(Answer::later(STORE_DOWN)),
            }
        }
    }

    /// It was handled before; `body` is the record that tells another body of it from a repetition (G7).
    async fn duplicate(
        &mut self,
        mut conflict: bool,
        body: Option<Held>,
        endpoint: &Endpoint,
    ) -> Next<S::Error> {
        let mut held = Vec::new();
        if let Some(body) = body {
            match self.settings.claim(&body).await {
                Ok(claim) => {
                    conflict = matches!(claim, Claim::Fresh { .. });
                    held.extend(conflict.then_some(body));
                }
                Err(error) => {
                    self.observe(endpoint, &Signal::StoreDown { error: &error });
                    return Next::Answer(Answer::later(STORE_DOWN)); // never dropped in silence
                }
            }
        }
        if conflict {
            self.observe(endpoint, &Signal::Conflict { handled: false });
        }
        self.observe(endpoint, &Signal::Duplicate);
        Next::Settle(Ok(Answer::received()), held)
    }

    async fn fresh(
        &mut self,
        fresh: Fresh,
        delivery: Held,
        body: Option<Held>,
        waiting_ends: Instant,
    ) -> Next<S::Error> {
        let lease_ends = delivery.lease_ends;
        let mut deliveries = Vec::with_capacity(2);
        if let Some(body) = body {
            // Without it a repetition would only be called a conflict.
            if let Ok(Claim::Fresh { .. }) = self.settings.claim(&body).await {
                deliveries.push(body);
            }
        }
        deliveries.push(delivery);
        if fresh.delivery().conflict {
            self.observe(fresh.endpoint(), &Signal::Conflict { handled: true });
        }
        if !self.settings.dedupe_events {
            return Next::Handle(fresh, deliveries);
        }
        // In a place of its own: those who do not ask for it need not carry it.
        match Box::pin(events::claim(&self.settings, &fresh, waiting_ends, lease_ends)).await {
            Ok(events::Claimed {
                fresh: events,
                mut held,
                duplicates,
            }) => {
                if duplicates > 0 {
                    self.observe(fresh.endpoint(), &Signal::DuplicateEvents { count: duplicates });
                }
                // The delivery last: a crash in between repeats it, and its events are then known.
                held.extend(deliveries);
                if events.is_empty() && duplicates > 0 {
                    return Next::Settle(Ok(Answer::received()), held);
                }
                Next::Handle(fresh.keeping(events), held)
            }
            Err((answer, mut held)) => {
                held.extend(deliveries);
                Next::Settle(Err(Ok(answer)), held)
            }
        }
    }

    async fn handle(&mut self, fresh: Fresh, held: &[Held], endpoint: &str) -> Outcome<S::Error> {
        // Claiming took some of the lease: who works longer than it lasts is not alone.
        let deadline = after(self.settings.handler_deadline);
        let deadline = held
            .iter()
            .map(|held| held.lease_ends)
            .fold(deadline, Instant::min);
        let outcome = match self.call(fresh) {
            Ok(work) => {
                #[expect(
                    clippy::redundant_async_block,
                    reason = "what the work leaves behind is dropped in there, and may panic as well"
                )]
                let work = AssertUnwindSafe(async move { work.await }).catch_unwind();
                let work = timeout_at(deadline, work);
                match &mut self.hung_up {
                    Some(hung_up) => match select(pin!(work), hung_up).await {
                        Either::Left((outcome, _)) => Some(outcome),
                        Either::Right(_) => None,
                    },
                    None => Some(work.await),
                }
            }
            Err(panic) => Some(Ok(Err(panic))),
        };
        let observe = |signal| self.settings.observer.observe(endpoint, &signal);
        let failed = |how| observe(Signal::HandlerFailed { how });
        match outcome {
            Some(Ok(Ok(Ok(response)))) if response.status().is_success() => {
                observe(Signal::Handled);
                Ok(Answer::received())
            }
            Some(Ok(Ok(Ok(response)))) if response.extensions().get::<Kept>().is_some() => {
                observe(Signal::Handled);
                Ok(pass_on(&response))
            }
            Some(Ok(Ok(Ok(response)))) => {
                failed("status");
                Err(Ok(pass_on(&response)))
            }
            Some(Ok(Ok(Err(error)))) => {
                failed("error");
                Err(Err(error))
            }
            Some(Ok(Err(_panic))) => {
                failed("panic");
                Err(Ok(Answer::status(StatusCode::INTERNAL_SERVER_ERROR)))
            }
            Some(Err(_elapsed)) => {
                failed("deadline");
                Err(Ok(Answer::later(AGAIN)))
            }
            None => {
                failed("disconnect");
                Err(Ok(Answer::later(AGAIN)))
            }
        }
    }

    /// The call itself may panic as well as its future.
    fn call(&mut self, fresh: Fresh) -> std::thread::Result<S::Future> {
        let head = std::mem::replace(&mut self.head, Request::new(()).into_parts().0);
        let request = Request::from_parts(head, fresh);
        let inner = &mut self.inner;
        catch_unwind(AssertUnwindSafe(|| inner.call(request)))
    }

    /// Completes or releases what is held, for the answer.
    async fn settle(
        &mut self,
        outcome: Outcome<S::Error>,
        held: Vec<Held>,
        endpoint: &str,
    ) -> Result<Response<Answer>, S::Error> {
        let (verb, answer) = match outcome {
            Ok(answer) => (Verb::Complete, Ok(answer)),
            Err(answer) => (Verb::Release, answer),
        };
        let left = self.settings.say(verb, held).await;
        if !left.is_empty() {
            // The work is done: saying otherwise would have it done twice.
            if verb == Verb::Complete {
                self.settings.observer.observe(endpoint, &Signal::Unmarked);
            }
            tokio::spawn(Arc::clone(&self.settings).say_later(verb, left));
        }
        answer
    }

    fn observe(&self, endpoint: &Endpoint, signal: &Signal<'_>) {
        self.settings.observer.observe(endpoint.name(), signal);
    }
}

/// What comes after the claims.
enum Next<E> {
    Handle(Fresh, Vec<Held>),
    Settle(Outcome<E>, Vec<Held>),
    /// Nothing is held.
    Answer(Response<Answer>),
}

/// What the work came to: an answer that completes what is held, or an answer or error that releases it.
type Outcome<E> = Result<Response<Answer>, Result<Response<Answer>, E>>;

impl DedupeLayer {
    /// An answer of the store, or the news that there is none.
    async fn in_time<T>(&self, verb: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        match timeout(self.store_deadline, AssertUnwindSafe(verb).catch_unwind()).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panic)) => Err(StoreError::new(StoreErrorKind::Unavailable)),
            Err(_elapsed) => Err(StoreError::new(StoreErrorKind::Slow)),
        }
    }

    pub(super) async fn claim(&self, held: &Held) -> Result<Claim, StoreError> {
        self.in_time(self.store.claim(&held.key, held.digest, held.token, self.lease))
            .await
    }

    /// Says it of one claim after the other, and stops where the store does not answer: the provider waits for that
    /// once, not once for each claim. Gives back those of which the store does not know. A claim that is lost is
    /// somebody else's now, and nothing is left to say.
    async fn say(&self, verb: Verb, held: Vec<Held>) -> Vec<Held> {
        let mut rest = held.into_iter();
        while let Some(held) = rest.next() {
            let Held {
                key,
                digest,
                token,
                memory,
                ..
            } = &held;
            let answer = match verb {
                Verb::Complete => {
                    self.in_time(self.store.complete(key, *digest, *token, *memory))
                        .await
                }
                Verb::Release => self.in_time(self.store.release(key, *digest, *token)).await,
            };
            if answer.is_err() {
                return std::iter::once(held).chain(rest).collect();
            }
        }
        Vec::new()
    }

    /// Says it again and again, until the store knows or the leases are over.
    async fn say_later(self: Arc<Self>, verb: Verb, mut left: Vec<Held>) {
        while !left.is_empty() {
            sleep(AGAIN).await;
            left.retain(|held| held.lease_ends > Instant::now());
            left = self.say(verb, left).await;
        }
    }
}

/// How a claim ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    Complete,
    Release,
}

fn held(prepared: &Prepared, digest: Digest, lease_ends: Instant) -> Held {
    Held {
        key: prepared.key().clone(),
        digest,
        token: Token::new(random()),
        memory: prepared.memory(),
        lease_ends,
    }
}

/// The handler's status, and when to come again; its body is not for the provider.
fn pass_on<B>(response: &Response<B>) -> Response<Answer> {
    let mut answer = Answer::status(response.status());
    let retry_after: Option<HeaderValue> = response.headers().get(RETRY_AFTER).cloned();
    if let Some(value) = retry_after {
        answer.headers_mut().insert(RETRY_AFTER, value);
    }
    answer
}

pub(super) const POLL: Duration = Duration::from_millis(20);
pub(super) const AGAIN: Duration = Duration::from_secs(1);
pub(super) const STORE_DOWN: Duration = Duration::from_secs(5);
