//! The service: it begins the life of a claim.

use std::{
    mem,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use tokio::sync::oneshot;
use tower_service::Service;
use wahook_core::{Verified, guard::Fresh, guard::Prepared};

use super::{DedupeFuture, DedupeLayer, life::Life};
use crate::{Answer, finishing::Finishing, random::random};

/// Handles each delivery once; made by [`DedupeLayer`].
///
/// 2xx of the inner service completes the claim and is answered as `200 {"received":true}`. Any other status is passed
/// on without its body, and like an error, a panic or a missed deadline it releases the claim (G5).
///
/// The inner service runs where the answer is polled, and goes on in a task of its own once nobody waits any more: what only
/// the caller's task has, such as its task-locals, it may then miss. An answer that is kept and not polled keeps the work
/// waiting, while its lease runs.
#[derive(Clone, Debug)]
pub struct Dedupe<S> {
    pub(super) inner: S,
    pub(super) settings: Arc<DedupeLayer>,
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
        let (waiting, hung_up) = self.settings.cancel_on_disconnect.then(oneshot::channel).unzip();
        let life = Life {
            settings: Arc::clone(&self.settings),
            inner,
            request: Some(Request::from_parts(head, ())),
            hung_up,
        };
        DedupeFuture {
            _waiting: waiting,
            life: Finishing::new(life.live(prepared)),
        }
    }
}
