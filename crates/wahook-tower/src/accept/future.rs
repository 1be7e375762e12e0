//! The future, named.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;
use tokio::sync::oneshot;

use super::service::AGAIN;
use crate::Answer;

/// The answer of [`Accept`](super::Accept) on its way from the task that stores the delivery.
pub struct AcceptFuture(pub(super) oneshot::Receiver<Response<Answer>>);

impl Future for AcceptFuture {
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(cx).map(|reply| {
            // Without a reply the runtime is shutting down: whether it is stored is not known, so it is sent again.
            Ok(reply.unwrap_or_else(|_| Answer::later(AGAIN)))
        })
    }
}

impl fmt::Debug for AcceptFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptFuture").finish_non_exhaustive()
    }
}
