//! A span for each request to an endpoint.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures_util::future::{BoxFuture, Either};
use http::{Method, Request, Response};
use tower_service::Service;
use tracing::{Instrument, Span, field::Empty};

use super::REQUEST;

/// Has its service answer each request in a span.
#[derive(Clone, Debug)]
pub(crate) struct Requests<S> {
    endpoint: Arc<str>,
    inner: S,
}

impl<S> Requests<S> {
    /// Requests to the endpoint of this name.
    pub(crate) fn new(endpoint: &str, inner: S) -> Self {
        Self {
            endpoint: Arc::from(endpoint),
            inner,
        }
    }

    fn span(&self, method: &Method) -> Span {
        tracing::debug_span!(
            target: "wahook",
            REQUEST,
            otel.kind = "server",
            endpoint = &*self.endpoint,
            http.request.method = word(method),
            http.response.status_code = Empty,
            outcome = Empty,
            reason = Empty,
            otel.status_code = Empty,
        )
    }
}

impl<S, A, B> Service<Request<A>> for Requests<S>
where
    S: Service<Request<A>, Response = Response<B>>,
    S::Future: Send + 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response<B>, S::Error>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<A>) -> Self::Future {
        let span = self.span(request.method());
        if span.is_disabled() {
            return Either::Left(self.inner.call(request));
        }
        let answer = span
            .in_scope(|| self.inner.call(request))
            .instrument(span.clone());
        Either::Right(Box::pin(async move {
            let answer = answer.await;
            if let Ok(answer) = &answer {
                let status = answer.status();
                span.record("http.response.status_code", i64::from(status.as_u16()));
                if status.is_server_error() {
                    span.record("otel.status_code", "ERROR");
                }
            }
            answer
        }))
    }
}

/// A method that HTTP knows; the others are texts of the sender's.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::CONNECT => "CONNECT",
        Method::DELETE => "DELETE",
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::TRACE => "TRACE",
        _ => "_OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v4_a_method_of_the_senders_own_is_not_repeated() {
        assert_eq!(word(&Method::POST), "POST");
        assert_eq!(word(&Method::from_bytes(b"HUNTER2").unwrap()), "_OTHER");
    }
}
