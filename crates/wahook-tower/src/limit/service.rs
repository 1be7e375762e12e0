//! The service: it only wraps the body.

use std::task::{Context, Poll};

use http::{Request, header::CONTENT_LENGTH};
use http_body::Body;
use tower_service::Service;

use super::{LimitLayer, Limited};

/// Limits what is read of a body; made by [`LimitLayer`].
#[derive(Clone, Debug)]
pub struct Limit<S> {
    pub(super) inner: S,
    pub(super) limits: LimitLayer,
}

impl<S, B> Service<Request<B>> for Limit<S>
where
    S: Service<Request<Limited<B>>>,
    B: Body,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        let declared = request
            .headers()
            .get(CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse().ok());
        let (head, body) = request.into_parts();
        self.inner.call(Request::from_parts(
            head,
            Limited::new(body, &self.limits, declared),
        ))
    }
}
