//! What the operator is told: exact reasons, never secrets or contents (V4, P).

use std::{error::Error, fmt};

use bytes::Bytes;
use http::{Extensions, HeaderValue, request::Parts};
use wahook_core::{
    Endpoint,
    guard::{StoreError, StoreErrorKind},
    proof::{Hint, Refusal},
};

/// Something that an operator may want to count, log or show.
#[derive(Debug)]
#[non_exhaustive]
pub enum Signal<'a> {
    /// A delivery was accepted although the store did not answer: it may be a repetition (G8).
    AcceptedWithoutDedupe,
    /// A challenge was answered.
    ChallengeAnswered,
    /// Another body came under a known key (G7).
    Conflict {
        /// Whether it was handed on.
        handled: bool,
    },
    /// A delivery was handled before.
    Duplicate,
    /// Events in a fresh delivery were handled before, in another delivery (G10).
    DuplicateEvents {
        /// How many.
        count: usize,
    },
    /// The handler did not want it, failed, panicked or was too slow: the provider will send it again (G5).
    HandlerFailed {
        /// `status`, `error`, `panic`, `deadline` or `disconnect`.
        how: &'static str,
    },
    /// A delivery was handled.
    Handled,
    /// A hint on a refused request, worked out off the answer path.
    Hint {
        /// The hint.
        hint: &'a Hint,
        /// What it is about.
        request: RefusedRequest<'a>,
    },
    /// A delivery could not be stored; the provider was asked to send it again (I5). Its kind tells a full inbox
    /// ([`Full`](wahook_core::guard::StoreErrorKind::Full)) from one that does not answer.
    NotStored {
        /// Why.
        error: &'a StoreError,
    },
    /// A copy is being handled for longer than was waited.
    StillInFlight,
    /// A delivery is in the inbox (I1).
    Stored,
    /// The store did not answer; the provider was asked to send again (G8).
    StoreDown {
        /// Why.
        error: &'a StoreError,
    },
    /// A request was refused.
    Refused {
        /// Why.
        refusal: &'a Refusal,
        /// What was refused; none where nothing of it was looked at, as beyond a rate.
        request: Option<RefusedRequest<'a>>,
    },
    /// The work is done and acknowledged, and the store could not be told: it tries again until the lease ends (G5).
    Unmarked,
}

/// A request that was refused, for those who show it to an operator. Whoever sent it was not verified: nothing in it can be
/// trusted, and its contents may be somebody's.
#[derive(Clone, Copy)]
pub struct RefusedRequest<'a> {
    endpoint: &'a Endpoint,
    head: &'a Parts,
    body: &'a Bytes,
}

impl<'a> RefusedRequest<'a> {
    pub(crate) const fn new(endpoint: &'a Endpoint, head: &'a Parts, body: &'a Bytes) -> Self {
        Self { endpoint, head, body }
    }

    /// The endpoint that it came to.
    #[must_use]
    pub const fn endpoint(&self) -> &'a Endpoint {
        self.endpoint
    }

    /// Its head, without the tokens that the endpoint's scheme takes, and without what holds a secret of the endpoint's in
    /// another place (V4). Other headers may hold secrets of others.
    #[must_use]
    pub fn head(&self) -> Parts {
        let mut head = self.head.clone();
        let verifier = self.endpoint.verifier();
        verifier.redact(&mut head);
        for value in head.headers.values_mut() {
            if verifier.is_told_by(value.as_bytes()) {
                *value = HeaderValue::from_static("(a secret of this endpoint)");
            }
        }
        if head
            .uri
            .query()
            .is_some_and(|query| verifier.is_told_by(query.as_bytes()))
        {
            let path = head.uri.path().parse();
            head.uri = path.unwrap_or_default();
        }
        head
    }

    /// What layers outside put into it.
    #[must_use]
    pub const fn extensions(&self) -> &'a Extensions {
        &self.head.extensions
    }

    /// As much of its body as is known: nothing, where the head was enough to refuse it, or where it did not come whole.
    #[must_use]
    pub const fn body(&self) -> &'a Bytes {
        self.body
    }
}

impl fmt::Debug for RefusedRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefusedRequest")
            .field("endpoint", &self.endpoint.name())
            .finish_non_exhaustive()
    }
}

/// Receives signals. Must be quick: it runs on the answer path.
pub trait Observer: fmt::Debug + Send + Sync + 'static {
    /// Something happened at this endpoint.
    fn observe(&self, endpoint: &str, signal: &Signal<'_>);
}

/// Tells `tracing`, target `wahook`. The default.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TracingObserver;

impl Observer for TracingObserver {
    fn observe(&self, endpoint: &str, signal: &Signal<'_>) {
        match signal {
            Signal::AcceptedWithoutDedupe => {
                tracing::warn!(target: "wahook", endpoint, "accepted without dedupe: the guard store does not answer");
            }
            Signal::ChallengeAnswered => tracing::info!(target: "wahook", endpoint, "challenge answered"),
            Signal::Conflict { handled } => {
                tracing::warn!(target: "wahook", endpoint, handled, "another body came under a known key");
            }
            Signal::Duplicate => tracing::debug!(target: "wahook", endpoint, "duplicate"),
            Signal::DuplicateEvents { count } => {
                tracing::debug!(target: "wahook", endpoint, count, "events were handled before");
            }
            Signal::HandlerFailed { how } => {
                tracing::warn!(target: "wahook", endpoint, how, "not handled; the provider will send it again");
            }
            Signal::Handled => tracing::debug!(target: "wahook", endpoint, "handled"),
            Signal::Hint { hint, .. } => tracing::info!(target: "wahook", endpoint, %hint, "hint"),
            Signal::NotStored { error } => {
                let why = error
                    .source()
                    .map(|source| format!(": {source}"))
                    .unwrap_or_default();
                match error.kind() {
                    StoreErrorKind::Full => {
                        tracing::error!(target: "wahook", endpoint, "the inbox is full, and nothing is acknowledged{why}");
                    }
                    _ => {
                        tracing::error!(target: "wahook", endpoint, "the inbox does not answer, and nothing is acknowledged{why}");
                    }
                }
            }
            Signal::StillInFlight => {
                tracing::debug!(target: "wahook", endpoint, "a copy is still being handled; asked to send again");
            }
            Signal::Stored => tracing::debug!(target: "wahook", endpoint, "stored"),
            Signal::StoreDown { error } => {
                tracing::error!(target: "wahook", endpoint, "{error}");
            }
            Signal::Refused { refusal, .. } => {
                tracing::warn!(target: "wahook", endpoint, reason = refusal.kind().as_str(), "refused: {refusal}");
            }
            Signal::Unmarked => {
                tracing::error!(target: "wahook", endpoint, "done and acknowledged, but the guard store could not be told");
            }
        }
    }
}
