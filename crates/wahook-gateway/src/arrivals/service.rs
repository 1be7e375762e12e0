//! The service around an endpoint that sees what comes, and what it is answered.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::BoxFuture;
use http::{Request, Response};
use tower::Layer;
use tower_service::Service;
use wahook_core::Endpoint;

use super::{Arrival, Arrivals, Outcome};

/// Writes each request to an endpoint into a journal; made by [`Arrivals::watching`].
#[derive(Clone, Debug)]
pub struct WatchLayer {
    endpoint: Arc<str>,
    provider: &'static str,
    arrivals: Arrivals,
}

impl WatchLayer {
    pub(super) fn new(endpoint: &Endpoint, arrivals: Arrivals) -> Self {
        Self {
            endpoint: Arc::from(endpoint.name()),
            provider: endpoint.provider().id(),
            arrivals,
        }
    }
}

impl<S> Layer<S> for WatchLayer {
    type Service = Watched<S>;

    fn layer(&self, inner: S) -> Watched<S> {
        Watched {
            watch: self.clone(),
            inner,
        }
    }
}

/// A service whose requests are written into a journal; made by [`WatchLayer`].
#[derive(Clone, Debug)]
pub struct Watched<S> {
    watch: WatchLayer,
    inner: S,
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
        let WatchLayer {
            endpoint,
            provider,
            arrivals,
        } = &self.watch;
        let ticket = arrivals.ticket();
        request.extensions_mut().insert(ticket);
        let clock = &arrivals.0.clock;
        let mut entry = Entry {
            begun: clock.elapsed(),
            arrival: Some(Arrival {
                id: ticket.0,
                at: clock.now(),
                endpoint: Arc::clone(endpoint),
                provider,
                took: Duration::ZERO,
                status: None,
                outcome: Outcome::HungUp,
                reason: None,
                receipt: None,
                first: None,
            }),
            arrivals: arrivals.clone(),
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
