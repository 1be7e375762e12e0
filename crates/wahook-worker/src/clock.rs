//! The machine's clock.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use wahook_core::Clock;

/// The machine's clock: how long an event has been tried, how long it was on its way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemClock(Instant);

impl SystemClock {
    pub(crate) fn new() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place where the time is read")]
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The instant after this time; a time that no instant can hold ends in thirty years.
pub(crate) fn after(time: Duration) -> tokio::time::Instant {
    let now = tokio::time::Instant::now();
    now.checked_add(time)
        .unwrap_or_else(|| now + Duration::from_secs(30 * 365 * 86_400))
}
