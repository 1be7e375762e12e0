//! Mounting an endpoint.

use std::{convert::Infallible, marker::PhantomData};

use axum::{
    body::Body,
    handler::Handler,
    response::IntoResponse,
    routing::{MethodRouter, any_service},
};
use http::Request;
use tower_layer::Layer;
use tower_service::Service;

use crate::{Entrance, FreshHandler};

/// A route that takes a provider's deliveries through `stack` to an axum handler: POST, and GET where a challenge is
/// configured; 405 for the rest.
///
/// `stack` is a [`Stack`](wahook_tower::Stack), or layers of your own that begin with `Request<Body>` and end with
/// `Request<Fresh>`. `handler` is any axum handler: [`Events`](crate::Events), [`Delivery`](crate::Delivery), `State` of
/// type `S` and every other extractor work. Its 2xx is answered as `200 {"received":true}`; anything else makes the
/// provider send the delivery again.
pub fn endpoint<L, H, T, S, R>(stack: L, handler: H, state: S) -> MethodRouter<R>
where
    H: Handler<T, S> + Sync,
    T: 'static,
    S: Clone + Send + Sync + 'static,
    L: Layer<FreshHandler<H, T, S>>,
    L::Service: Service<Request<Body>, Error = Infallible> + Clone + Send + Sync + 'static,
    <L::Service as Service<Request<Body>>>::Response: IntoResponse + 'static,
    <L::Service as Service<Request<Body>>>::Future: Send + 'static,
    R: Clone,
{
    any_service(Entrance(stack.layer(FreshHandler {
        handler,
        state,
        extractors: PhantomData,
    })))
}
