//! The claims of a delivery: its own, and where these are asked for its body's and its events'.

use std::{sync::Arc, time::Duration};

use http::Response;
use tokio::time::{Instant, sleep};
use tracing::Instrument as _;
use wahook_core::{
    BoxFuture, Endpoint, OnStoreDown,
    guard::{Admission, Claim, Digest, Fresh, Key, Prepared, StoreError, StoreErrorKind, Token},
};

use super::{DedupeLayer, events, verbs::Verb};
use crate::{Answer, Signal, clock::later, random::random};

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

impl Held {
    /// The record of the body itself (G7).
    fn of_body(&self, digest: Digest) -> Self {
        Self {
            token: Token::new(random()),
            digest,
            ..self.clone()
        }
    }
}

/// What comes after the claims.
pub(super) enum Next {
    Handle(Fresh, Vec<Held>),
    /// There is nothing to handle.
    Settle(Verb, Vec<Held>, Box<Response<Answer>>),
}

impl Next {
    /// Nothing is held.
    fn answer(answer: Response<Answer>) -> Self {
        Self::Settle(Verb::Release, Vec::new(), Box::new(answer))
    }
}

impl DedupeLayer {
    /// Claims a delivery, and waits for a copy in flight.
    #[expect(clippy::manual_async_fn, reason = "it would hold its arguments twice")]
    pub(super) fn admit(
        self: &Arc<Self>,
        mut prepared: Prepared,
        endpoint: &Endpoint,
    ) -> impl Future<Output = Next> {
        async move {
            let began = Instant::now();
            let mut now = began;
            loop {
                let held = Held {
                    key: prepared.key().clone(),
                    digest: prepared.digest(),
                    token: Token::new(random()),
                    memory: prepared.memory(),
                    lease_ends: later(now, self.lease),
                };
                let claim = self.claim(&held).await;
                let (again, wait) = match self.admitted(prepared, endpoint, held, claim, began) {
                    Step::Next(next) => return next,
                    Step::Ask(asking) => return asking.await,
                    Step::Wait(again, wait) => (again, wait),
                };
                prepared = again;
                // In a place of its own, like all that is rare: the others need not carry it.
                Box::pin(sleep(wait)).await;
                now = Instant::now();
            }
        }
    }

    /// What the store's answer means.
    fn admitted(
        self: &Arc<Self>,
        prepared: Prepared,
        endpoint: &Endpoint,
        held: Held,
        claim: Result<Claim, StoreError>,
        began: Instant,
    ) -> Step {
        let claim = match claim {
            Ok(claim) => claim,
            Err(error) => {
                self.observe(endpoint, &Signal::StoreDown { error: &error });
                if error.kind() != StoreErrorKind::Full
                    && endpoint.on_store_down() == OnStoreDown::AcceptWithoutDedupe
                {
                    self.observe(endpoint, &Signal::AcceptedWithoutDedupe);
                    return Step::Next(Next::Handle(prepared.accept_without_dedupe(), Vec::new()));
                }
                // A slow store may have taken the claim all the same; the next sending would wait for nobody.
                if error.kind() == StoreErrorKind::Slow {
                    let settings = Arc::clone(self);
                    let release = async move { settings.say(Verb::Release, vec![held]).await };
                    tokio::spawn(release.in_current_span());
                }
                return Step::answer(Answer::later(STORE_DOWN));
            }
        };
        let waiting_ends = later(began, self.in_flight_wait);
        let body = prepared.body_digest().map(|digest| held.of_body(digest));
        match prepared.admit(claim) {
            Admission::Fresh(fresh) => {
                if fresh.delivery().conflict {
                    self.observe(endpoint, &Signal::Conflict { handled: true });
                }
                if body.is_none() && !self.dedupe_events {
                    return Step::Next(Next::Handle(fresh, vec![held]));
                }
                Step::Ask(Box::pin(Arc::clone(self).fresh(fresh, held, body, waiting_ends)))
            }
            Admission::Duplicate { conflict } => match body {
                Some(body) => Step::Ask(Box::pin(Arc::clone(self).duplicate(body, endpoint.clone()))),
                None => Step::Next(self.known(endpoint, conflict, Vec::new())),
            },
            Admission::InFlight { left, prepared, .. } => {
                let patience = waiting_ends.saturating_duration_since(Instant::now());
                if !patience.is_zero() {
                    return Step::Wait(prepared, patience.min(POLL));
                }
                self.observe(endpoint, &Signal::StillInFlight);
                // The holder works no longer than its deadline, however long its lease is.
                Step::answer(Answer::later(left.min(self.handler_deadline)))
            }
            _ => Step::answer(Answer::later(STORE_DOWN)),
        }
    }

    /// It was handled before; `body` is the record that tells another body of it from a repetition (G7).
    async fn duplicate(self: Arc<Self>, body: Held, endpoint: Endpoint) -> Next {
        match self.claim(&body).await {
            Ok(Claim::Fresh { .. }) => self.known(&endpoint, true, vec![body]),
            Ok(_) => self.known(&endpoint, false, Vec::new()),
            Err(error) => {
                self.observe(&endpoint, &Signal::StoreDown { error: &error });
                Next::answer(Answer::later(STORE_DOWN)) // never dropped in silence
            }
        }
    }

    fn known(&self, endpoint: &Endpoint, conflict: bool, held: Vec<Held>) -> Next {
        if conflict {
            self.observe(endpoint, &Signal::Conflict { handled: false });
        }
        self.observe(endpoint, &Signal::Duplicate);
        Next::Settle(Verb::Complete, held, Box::new(Answer::received()))
    }

    /// It is ours, and so are its body, where that has a record, and its events, where these are claimed as well.
    async fn fresh(
        self: Arc<Self>,
        fresh: Fresh,
        delivery: Held,
        body: Option<Held>,
        waiting_ends: Instant,
    ) -> Next {
        let lease_ends = delivery.lease_ends;
        let mut deliveries = Vec::with_capacity(2);
        if let Some(body) = body {
            // Without it a repetition would only be called a conflict.
            if let Ok(Claim::Fresh { .. }) = self.claim(&body).await {
                deliveries.push(body);
            }
        }
        deliveries.push(delivery);
        if !self.dedupe_events {
            return Next::Handle(fresh, deliveries);
        }
        match events::claim(&self, &fresh, waiting_ends, lease_ends).await {
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
                    return Next::Settle(Verb::Complete, held, Box::new(Answer::received()));
                }
                Next::Handle(fresh.keeping(events), held)
            }
            Err((answer, mut held)) => {
                held.extend(deliveries);
                Next::Settle(Verb::Release, held, Box::new(answer))
            }
        }
    }

    pub(super) fn observe(&self, endpoint: &Endpoint, signal: &Signal<'_>) {
        self.observer.observe(endpoint.name(), signal);
    }
}

/// What follows an answer of the store.
enum Step {
    Next(Next),
    /// There is more to ask.
    Ask(BoxFuture<'static, Next>),
    /// A copy is in flight: again, after this time.
    Wait(Prepared, Duration),
}

impl Step {
    fn answer(answer: Response<Answer>) -> Self {
        Self::Next(Next::answer(answer))
    }
}

pub(super) const POLL: Duration = Duration::from_millis(20);
pub(super) const STORE_DOWN: Duration = Duration::from_secs(5);
