//! The way in: what axum knows of a request is brought into the form that the layers expect.

use std::{
    net::SocketAddr,
    task::{Context, Poll},
};

use axum::extract::{ConnectInfo, OriginalUri};
use http::{Request, Uri};
use tower_service::Service;
use wahook_core::proof::ClientAddr;

/// Tells the layers the peer's address, and keeps axum's copy of a URI with a query away from them: it would hold a token
/// that was taken out of the request's own (V, static token). Made by [`endpoint`](crate::endpoint()) and
/// [`WebhookLayer`](crate::WebhookLayer).
#[derive(Clone, Debug)]
pub struct Entrance<S>(pub(crate) S);

/// The path before any nesting, without a query.
#[derive(Clone)]
pub(crate) struct OriginalPath(pub(crate) String);

impl<S, B> Service<Request<B>> for Entrance<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        let extensions = request.extensions_mut();
        // A path alone hides nothing: a token stands in the query.
        let asks = |uri: &OriginalUri| uri.0.query().is_some();
        if extensions.get().is_some_and(asks)
            && let Some(OriginalUri(uri)) = extensions.remove()
        {
            extensions.insert(OriginalPath(uri.path().to_owned()));
        }
        let peer = extensions.get::<ConnectInfo<SocketAddr>>().copied();
        if let Some(ConnectInfo(peer)) = peer.filter(|_| extensions.get::<ClientAddr>().is_none()) {
            extensions.insert(ClientAddr(peer.ip()));
        }
        self.0.call(request)
    }
}

/// The original URI again, with the query that is left after verification.
pub(crate) fn restore_original_uri<B>(request: &mut Request<B>) {
    let Some(OriginalPath(path)) = request.extensions_mut().remove::<OriginalPath>() else {
        return;
    };
    let text = request
        .uri()
        .query()
        .map_or_else(|| path.clone(), |query| format!("{path}?{query}"));
    if let Ok(uri) = text.parse::<Uri>() {
        request.extensions_mut().insert(OriginalUri(uri));
    }
}
