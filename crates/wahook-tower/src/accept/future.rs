//! The future, named.

use std::{
    convert::Infallible,
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use http::Response;

use crate::{
    Answer,
    finishing::{AGAIN, Finishing},
};

/// The answer of [`Accept`](super::Accept). Dropped before it is there, as when the provider hangs up, it leaves the storing
/// to a task of its own.
pub struct AcceptFuture(pub(super) Finishing<Response<Answer>>);

impl Future for AcceptFuture {
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // It panicked, as an observer may: what is stored is a duplicate when it comes again.
        let answer = |answer: Option<_>| Ok(answer.unwrap_or_else(|| Answer::later(AGAIN)));
        Pin::new(&mut self.0).poll(cx).map(answer)
    }
}

impl fmt::Debug for AcceptFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcceptFuture").finish_non_exhaustive()
    }
}
