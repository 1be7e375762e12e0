//! Work that is finished although nobody waits for it any more.

use std::{
    panic::AssertUnwindSafe,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures_util::FutureExt as _;
use tokio::runtime::Handle;
use tracing::Instrument as _;
use wahook_core::BoxFuture;

/// When to come again, or to say it again, after what may be over in a moment.
pub(crate) const AGAIN: Duration = Duration::from_secs(1);

/// Work that runs where it is waited for, which costs no task and wakes no thread. Dropped before its end, as when the
/// provider hangs up, it goes on in a task of its own.
///
/// `None` is what comes of work that panicked, or that is asked again after its end.
pub(crate) struct Finishing<T: Send + 'static> {
    /// `None` once it is over.
    work: Option<BoxFuture<'static, Option<T>>>,
    /// Where it was begun, and goes on: who drops it may stand outside of any.
    runtime: Handle,
}

impl<T: Send + 'static> Finishing<T> {
    /// Within a runtime, as its timers need one.
    pub(crate) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        let work = AssertUnwindSafe(work).catch_unwind().map(Result::ok);
        Self {
            work: Some(Box::pin(work.in_current_span())),
            runtime: Handle::current(),
        }
    }
}

impl<T: Send + 'static> Future for Finishing<T> {
    type Output = Option<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let Some(work) = &mut self.work else {
            return Poll::Ready(None);
        };
        let end = ready!(work.as_mut().poll(cx));
        self.work = None;
        Poll::Ready(end)
    }
}

impl<T: Send + 'static> Drop for Finishing<T> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take() {
            // A runtime that ends drops it: nothing was acknowledged.
            self.runtime.spawn(work);
        }
    }
}
