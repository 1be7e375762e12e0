//! The service: it starts a task and waits for its reply.

use std::{
    mem,
    task::{Context, Poll},
};

use http::{Request, Response};
use tokio::sync::oneshot;
use tower_service::Service;
use tracing::Instrument;
use wahook_core::{Verified, guard::Fresh, guard::Prepared};

use super::{DedupeFuture, DedupeLayer, life::Life};
use crate::{Answer, random::random};

/// Handles each delivery once; made by [`DedupeLayer`].
///
/// 2xx of the inner service completes the claim and is answered as `200 {"received":true}`. Any other status is passed
/// on without its body, and like an error, a panic or a missed deadline it releases the claim (G5).
#[derive(Clone, Debug)]
pub struct Dedupe<S> {
    pub(super) inner: S,
    pub(super) settings: DedupeLayer,
}

impl<S, B> Service<Request<Verified>> for Dedupe<S>
where
    S: Service<Request<Fresh>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<Answer>;
    type Error = S::Error;
    type Future = DedupeFuture<S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Verified>) -> Self::Future {
        // The one that was polled ready is used, its clone waits for the next request.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        let (head, verified) = request.into_parts();
        let prepared = Prepared::new(verified, &head.headers, random());
        let (reply, receiver) = oneshot::channel();
        let life = Life {
            settings: self.settings.clone(),
            inner,
            head,
            reply: Some(reply),
        };
        tokio::spawn(life.live(prepared).in_current_span());
        DedupeFuture(receiver)
    }
}
