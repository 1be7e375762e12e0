//! The future, named.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use tokio::sync::oneshot;

use crate::{
    Answer,
    finishing::{AGAIN, Finishing},
};

/// The answer of [`Dedupe`](super::Dedupe). Dropped before it is there, as when the provider hangs up, it leaves the work to
/// a task of its own.
pub struct DedupeFuture<E: Send + 'static> {
    /// Tells the work, where it asks for that, that nobody waits any more: dropped before the work is.
    pub(super) _waiting: Option<oneshot::Sender<Infallible>>,
    pub(super) life: Finishing<Result<Response<Answer>, E>>,
}

impl<E: Send + 'static> Future for DedupeFuture<E> {
    type Output = Result<Response<Answer>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // It panicked, as an observer may: the lease ends the claim, and the provider sends it again.
        let answer = |answer: Option<_>| answer.unwrap_or_else(|| Ok(Answer::later(AGAIN)));
        Pin::new(&mut self.life).poll(cx).map(answer)
    }
}

impl<E: Send + 'static> fmt::Debug for DedupeFuture<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DedupeFuture").finish_non_exhaustive()
    }
}
