//! The future, named.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use tokio::sync::oneshot;

use super::life::AGAIN;
use crate::Answer;

/// The answer of [`Dedupe`](super::Dedupe) on its way from the task that handles the delivery.
pub struct DedupeFuture<E>(pub(super) oneshot::Receiver<Result<Response<Answer>, E>>);

impl<E> Future for DedupeFuture<E> {
    type Output = Result<Response<Answer>, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|reply| {
            // Without a reply the runtime is shutting down; the lease ends the claim and the provider sends it again.
            reply.unwrap_or_else(|_| Ok(Answer::later(AGAIN)))
        })
    }
}

impl<E> fmt::Debug for DedupeFuture<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DedupeFuture").finish_non_exhaustive()
    }
}
