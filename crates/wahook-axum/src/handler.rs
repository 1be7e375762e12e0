//! The end of the way: a fresh delivery becomes a request that axum's handlers understand.

use std::{
    convert::Infallible,
    fmt,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{body::Body, handler::Handler, response::Response};
use http::Request;
use tower_service::Service;
use wahook_core::guard::Fresh;

use crate::entrance::restore_original_uri;

/// What extractors look for.
#[derive(Clone)]
pub(crate) struct Carried(pub(crate) Arc<Fresh>);

/// A handler that takes fresh deliveries. Made by [`endpoint`](crate::endpoint()).
pub struct FreshHandler<H, T, S> {
    pub(crate) handler: H,
    pub(crate) state: S,
    pub(crate) extractors: PhantomData<fn() -> T>,
}

impl<H, T, S> Service<Request<Fresh>> for FreshHandler<H, T, S>
where
    H: Handler<T, S>,
    S: Clone,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Fresh>) -> Self::Future {
        let answer = self.handler.clone().call(carry(request), self.state.clone());
        Box::pin(async move { Ok(answer.await) })
    }
}

impl<H: Clone, T, S: Clone> Clone for FreshHandler<H, T, S> {
    fn clone(&self) -> Self {
        Self {
            handler: self.handler.clone(),
            state: self.state.clone(),
            extractors: PhantomData,
        }
    }
}

impl<H, T, S> fmt::Debug for FreshHandler<H, T, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FreshHandler").finish_non_exhaustive()
    }
}

/// A route that takes fresh deliveries. Made by [`WebhookLayer`](crate::WebhookLayer).
#[derive(Clone, Debug)]
pub struct FreshRoute<S>(pub(crate) S);

impl<S> Service<Request<Fresh>> for FreshRoute<S>
where
    S: Service<Request<Body>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Fresh>) -> S::Future {
        self.0.call(carry(request))
    }
}

fn carry(request: Request<Fresh>) -> Request<Body> {
    let (head, fresh) = request.into_parts();
    let body = Body::from(fresh.delivery().body.clone());
    let mut request = Request::from_parts(head, body);
    request.extensions_mut().insert(Carried(Arc::new(fresh)));
    restore_original_uri(&mut request);
    request
}
