//! The service, and what it does with a delivery.

use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::FutureExt;
use http::{Request, Response, StatusCode};
use tokio::time::timeout;
use tower_service::Service;
use wahook_core::{
    Delivery, DeliveryId, Endpoint, Verified,
    guard::{StoreError, StoreErrorKind},
    inbox::{Accepted, Inbox, Incoming},
    model::Data,
};

use super::AcceptFuture;
use crate::{Answer, Observer, Signal, TracingObserver, finishing::Finishing, limit::Held, random::random};

/// Stores each delivery and answers it: the innermost service where an inbox takes the place of
/// [`Dedupe`](crate::Dedupe) and of your handler.
///
/// `200 {"received":true}` is said once the delivery is on stable storage, now or before; 503 with `Retry-After` if the
/// inbox is full, does not answer within the deadline, or fails (I1, I5). Without the inbox nothing is acknowledged:
/// [`OnStoreDown`](wahook_core::OnStoreDown) is not asked.
///
/// Storing is finished although the provider hangs up. What became of a delivery rides in the answer's extensions as a
/// [`Receipt`], for layers outside.
#[derive(Clone, Debug)]
pub struct Accept {
    inbox: Arc<dyn Inbox>,
    observer: Arc<dyn Observer>,
    deadline: Duration,
}

/// A delivery that was acknowledged.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Receipt {
    /// The id that it was given; of a duplicate nothing is kept under it.
    pub delivery: DeliveryId,
    /// Its key, without its scope.
    pub key: Arc<str>,
    /// What the inbox did with it.
    pub accepted: Accepted,
}

impl Receipt {
    /// A delivery was given this id and has this key, and the inbox did this with it.
    #[must_use]
    pub const fn new(delivery: DeliveryId, key: Arc<str>, accepted: Accepted) -> Self {
        Self {
            delivery,
            key,
            accepted,
        }
    }
}

impl Accept {
    /// Stores in this inbox, which has 2.5 s for it: the providers want their answers within 3 to 5 s.
    #[must_use]
    pub fn new(inbox: Arc<dyn Inbox>) -> Self {
        Self {
            inbox,
            observer: Arc::new(TracingObserver),
            deadline: Duration::from_millis(2_500),
        }
    }

    /// Another time for the inbox, before the provider is asked to send it again.
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Somebody else to tell.
    #[must_use]
    pub fn observer(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer, ..self }
    }

    /// Stores it, tells the observer, and answers.
    async fn store(self, endpoint: Endpoint, incoming: Incoming) -> Response<Answer> {
        // Read only where it matters for the answer: the workers read it anyway.
        let to_read = (endpoint.malformed_status() != StatusCode::OK).then(|| incoming.delivery().clone());
        let tell = |signal: &Signal<'_>| self.observer.observe(endpoint.name(), signal);
        let (delivery, key) = (incoming.delivery().id, Arc::clone(&incoming.delivery().key.text));
        let accepted = self.in_time(incoming).await;
        let receipt = accepted
            .as_ref()
            .ok()
            .map(|accepted| Receipt::new(delivery, key, *accepted));
        let mut answer = match accepted {
            Ok(Accepted::Stored { conflict }) => {
                if conflict {
                    tell(&Signal::Conflict { handled: true });
                }
                tell(&Signal::Stored);
                match to_read {
                    Some(delivery) if is_malformed(&endpoint, &delivery) => {
                        Answer::status(endpoint.malformed_status())
                    }
                    _ => Answer::received(),
                }
            }
            Ok(Accepted::Duplicate { conflict }) => {
                if conflict {
                    tell(&Signal::Conflict { handled: false });
                }
                tell(&Signal::Duplicate);
                Answer::received()
            }
            // What an inbox of a later release says of what it took.
            Ok(_) => Answer::received(),
            Err(error) => {
                tell(&Signal::NotStored { error: &error });
                Answer::later(INBOX_DOWN)
            }
        };
        if let Some(receipt) = receipt {
            answer.extensions_mut().insert(receipt);
        }
        answer
    }

    /// An answer of the inbox, or the news that there is none. What is given up here may be stored all the same, and is
    /// a duplicate then.
    async fn in_time(&self, incoming: Incoming) -> Result<Accepted, StoreError> {
        let accept = AssertUnwindSafe(async { self.inbox.accept(incoming).await }).catch_unwind();
        match timeout(self.deadline, accept).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_panic)) => Err(StoreError::new(StoreErrorKind::Unavailable)),
            Err(_elapsed) => Err(StoreError::new(StoreErrorKind::Slow)),
        }
    }
}

impl Service<Request<Verified>> for Accept {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = AcceptFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Verified>) -> AcceptFuture {
        let (mut head, verified) = request.into_parts();
        let held = head.extensions.remove::<Held>();
        let endpoint = verified.endpoint().clone();
        let incoming = Incoming::new(verified, &head.headers, random());
        let accept = self.clone();
        let storing = async move {
            let answer = accept.store(endpoint, incoming).await;
            drop(held); // and with it the room that its bytes took
            answer
        };
        AcceptFuture(Finishing::new(storing))
    }
}

/// Whether an item of it is malformed. What a provider's code cannot even read is the workers' to report.
fn is_malformed(endpoint: &Endpoint, delivery: &Delivery) -> bool {
    let events = catch_unwind(AssertUnwindSafe(|| endpoint.provider().read(delivery)));
    events.is_ok_and(|events| {
        events
            .iter()
            .any(|event| matches!(event.data, Data::Malformed(_)))
    })
}

const INBOX_DOWN: Duration = Duration::from_secs(5);
