//! The future, named.

use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

/// The answer of [`Verify`](super::Verify) on its way.
pub struct VerifyFuture<T, E>(pub(super) Pin<Box<dyn Future<Output = Result<T, E>> + Send>>);

impl<T, E> Future for VerifyFuture<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, E>> {
        self.0.as_mut().poll(cx)
    }
}

impl<T, E> fmt::Debug for VerifyFuture<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyFuture").finish_non_exhaustive()
    }
}
