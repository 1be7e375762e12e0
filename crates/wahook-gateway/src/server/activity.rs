//! Whether a connection does anything.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::time::{Instant, sleep_until};

/// What goes on on one connection: requests in progress, and since when there is none.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    in_progress: usize,
    idle_since: Instant,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            in_progress: 0,
            idle_since: Instant::now(),
        })))
    }

    /// A request begins; it ends when the returned value is dropped.
    pub(super) fn begin(&self) -> InProgress {
        self.with(|state| state.in_progress += 1);
        InProgress(self.clone())
    }

    pub(super) fn is_idle(&self) -> bool {
        self.with(|state| state.in_progress == 0)
    }

    /// Waits until no request was in progress for `limit`. The first head, and with it the choice of the HTTP version,
    /// falls under this too: hyper's own header timeout begins only after that choice.
    pub(super) async fn idle_for(&self, limit: Duration) {
        loop {
            let until = self.with(|state| match state.in_progress {
                0 => state.idle_since + limit,
                _ => Instant::now() + limit,
            });
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A request in progress.
#[derive(Debug)]
pub(super) struct InProgress(Activity);

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.with(|state| {
            state.in_progress -= 1;
            state.idle_since = Instant::now();
        });
    }
}
