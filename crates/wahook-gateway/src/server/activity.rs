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
    /// Of a connection that was accepted at this moment: what went before the first head is part of its time.
    pub(super) fn since(accepted: Instant) -> Self {
        Self(Arc::new(Mutex::new(State {
            in_progress: 0,
            idle_since: accepted,
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

#[cfg(test)]
mod tests {
    use tokio::time::{advance, sleep};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_handshake_takes_of_the_time_for_the_first_head_and_a_request_begins_it_anew() {
        let limit = Duration::from_secs(15);
        let accepted = Instant::now();
        advance(Duration::from_secs(14)).await;
        let activity = Activity::since(accepted);
        activity.idle_for(limit).await;
        let waited = accepted.elapsed();
        assert!(
            (limit..limit + Duration::from_secs(1)).contains(&waited),
            "{waited:?}"
        );

        let in_progress = activity.begin();
        sleep(Duration::from_secs(100)).await;
        drop(in_progress);
        let done = Instant::now();
        activity.idle_for(limit).await;
        assert!(done.elapsed() >= limit);
    }
}
