//! The service around an endpoint that sees what comes, and what it is answered.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::BoxFuture;
use http::{Request, Response};
use tower_service::Service;

use super::{Arrival, Arrivals, Outcome};

/// Writes each request into the journal.
#[derive(Clone, Debug)]
pub(crate) struct Watched<S> {
    endpoint: Arc<str>,
    provider: &'static str,
    arrivals: Arrivals,
    inner: S,
}

impl<S> Watched<S> {
    /// Requests to the endpoint of this name.
    pub(crate) fn new(endpoint: &str, provider: &'static str, arrivals: Arrivals, inner: S) -> Self {
        Self {
            endpoint: Arc::from(endpoint),
            provider,
            arrivals,
            inner,
        }
    }
}

impl<S, A, B> Service<Request<A>> for Watched<S>
where
    S: Service<Request<A>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Result<Response<B>, S::Error>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let ticket = self.arrivals.ticket();
        request.extensions_mut().insert(ticket);
        let clock = &self.arrivals.0.clock;
        let mut entry = Entry {
            begun: clock.elapsed(),
            arrival: Some(Arrival {
                id: ticket.0,
                at: clock.now(),
                endpoint: Arc::clone(&self.endpoint),
                provider: self.provider,
                took: Duration::ZERO,
                status: None,
                outcome: Outcome::HungUp,
                reason: None,
                receipt: None,
            }),
            arrivals: self.arrivals.clone(),
        };
        let answer = self.inner.call(request);
        Box::pin(async move {
            let answer = answer.await;
            if let Ok(answer) = &answer {
                entry.answered(answer);
            }
            answer
        })
    }
}

/// Writes the line when it is dropped: also where nobody waited for the answer.
struct Entry {
    arrivals: Arrivals,
    begun: Duration,
    arrival: Option<Arrival>,
}

impl Entry {
    fn answered<B>(&mut self, answer: &Response<B>) {
        self.arrival = self.arrival.take().map(|arrival| arrival.answered(answer));
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        if let Some(mut arrival) = self.arrival.take() {
            arrival.took = self.arrivals.0.clock.elapsed().saturating_sub(self.begun);
            self.arrivals.write(arrival);
        }
    }
}
