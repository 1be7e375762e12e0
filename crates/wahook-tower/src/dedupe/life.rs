//! The life of a claim: its verbs follow each other, so they never overtake each other.

use std::{
    convert::Infallible,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Arc,
};

use futures_util::{
    FutureExt,
    future::{Either, select},
};
use http::{HeaderValue, Request, Response, StatusCode, header::RETRY_AFTER};
use tokio::{sync::oneshot, time::Instant};
use tower_service::Service;
use wahook_core::guard::{Fresh, Prepared};

use super::{
    DedupeLayer,
    claims::{Held, Next},
    verbs::{Verb, before},
};
use crate::{Answer, Kept, Signal, clock::after, finishing::AGAIN};

pub(super) struct Life<S: Service<Request<Fresh>>> {
    pub(super) settings: Arc<DedupeLayer>,
    pub(super) inner: S,
    /// Without its body, until it is handed on.
    pub(super) request: Option<Request<()>>,
    /// Ends when nobody waits any more, where that is to end the work.
    pub(super) hung_up: Option<oneshot::Receiver<Infallible>>,
}

impl<S, B> Life<S>
where
    S: Service<Request<Fresh>, Response = Response<B>>,
{
    /// From the first claim to the last verb, and its answer: once the outcome is known to the store, or the store is known
    /// not to answer.
    ///
    /// One step after the other, and none inside another: a future is as large as its steps are deep, and it is moved.
    #[expect(clippy::manual_async_fn, reason = "it would hold its arguments twice")]
    pub(super) fn live(
        mut self,
        prepared: Prepared,
    ) -> impl Future<Output = Result<Response<Answer>, S::Error>> {
        async move {
            let endpoint = prepared.endpoint().clone();
            let (fresh, held) = match self.settings.admit(prepared, &endpoint).await {
                Next::Handle(fresh, held) => (fresh, held),
                Next::Settle(verb, held, answer) => {
                    self.settings.settle(verb, held, endpoint.name()).await;
                    return Ok(*answer);
                }
            };
            let outcome = self.handle(fresh, &held, endpoint.name()).await;
            let verb = match outcome {
                Ok(_) => Verb::Complete,
                Err(_) => Verb::Release,
            };
            self.settings.settle(verb, held, endpoint.name()).await;
            outcome.or_else(|answer| answer)
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
                let work = pin!(AssertUnwindSafe(async move { work.await }).catch_unwind());
                let work = before(|| deadline, work);
                match &mut self.hung_up {
                    Some(hung_up) => match select(pin!(work), hung_up).await {
                        Either::Left((outcome, _)) => Some(outcome),
                        Either::Right(_) => None,
                    },
                    None => Some(work.await),
                }
            }
            Err(panic) => Some(Some(Err(panic))),
        };
        let observe = |signal| self.settings.observer.observe(endpoint, &signal);
        let failed = |how| observe(Signal::HandlerFailed { how });
        match outcome {
            Some(Some(Ok(Ok(response)))) if response.status().is_success() => {
                observe(Signal::Handled);
                Ok(Answer::received())
            }
            Some(Some(Ok(Ok(response)))) if response.extensions().get::<Kept>().is_some() => {
                observe(Signal::Handled);
                Ok(pass_on(&response))
            }
            Some(Some(Ok(Ok(response)))) => {
                failed("status");
                Err(Ok(pass_on(&response)))
            }
            Some(Some(Ok(Err(error)))) => {
                failed("error");
                Err(Err(error))
            }
            Some(Some(Err(_panic))) => {
                failed("panic");
                Err(Ok(Answer::status(StatusCode::INTERNAL_SERVER_ERROR)))
            }
            Some(None) => {
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
        let request = self.request.take().unwrap_or_default().map(|()| fresh);
        let inner = &mut self.inner;
        catch_unwind(AssertUnwindSafe(|| inner.call(request)))
    }
}

/// What the work came to: an answer that completes what is held, or an answer or error that releases it.
type Outcome<E> = Result<Response<Answer>, Result<Response<Answer>, E>>;

/// The handler's status, and when to come again; its body is not for the provider.
fn pass_on<B>(response: &Response<B>) -> Response<Answer> {
    let mut answer = Answer::status(response.status());
    let retry_after: Option<HeaderValue> = response.headers().get(RETRY_AFTER).cloned();
    if let Some(value) = retry_after {
        answer.headers_mut().insert(RETRY_AFTER, value);
    }
    answer
}
