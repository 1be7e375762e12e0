//! The future, named.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll, ready},
};

use http::Response;
use tokio::runtime::Handle;
use wahook_core::BoxFuture;

use super::service::AGAIN;
use crate::Answer;

/// The answer of [`Accept`](super::Accept). Dropped before it is there, as when the provider hangs up, it leaves the storing
/// to a task of its own.
pub struct AcceptFuture {
    /// `None` once it is answered.
    storing: Option<BoxFuture<'static, Response<Answer>>>,
    /// Its timers are this one's.
    runtime: Handle,
}

impl AcceptFuture {
    /// Within a runtime.
    pub(super) fn new(storing: impl Future<Output = Response<Answer>> + Send + 'static) -> Self {
        Self {
            storing: Some(Box::pin(storing)),
            runtime: Handle::current(),
        }
    }
}

impl Future for AcceptFuture {
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(storing) = &mut self.storing else {
            // Polled after its answer: whoever asks again is told to send again, and nothing hangs.
            return Poll::Ready(Ok(Answer::later(AGAIN)));
        };
        let answer = ready!(storing.as_mut().poll(cx));
        self.storing = None;
        Poll::Ready(Ok(answer))
    }
}

impl Drop for AcceptFuture {
    fn drop(&mut self) {
        if let Some(storing) = self.storing.take() {
            // A runtime that ends drops it: nothing was acknowledged.
            self.runtime.spawn(storing);
        }
    }
}

impl fmt::Debug for AcceptFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptFuture").finish_non_exhaustive()
    }
}
