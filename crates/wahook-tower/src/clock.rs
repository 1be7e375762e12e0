//! The machine's clock.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use wahook_core::Clock;

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock {
    origin: Instant,
}

impl SystemClock {
    /// The machine's clock; [`elapsed`](Clock::elapsed) counts from now on.
    #[must_use]
    pub fn new() -> Self {
        Self {
            origin: Instant::now(),
        }
    }
}

/// The instant after this time; a time that no instant can hold ends in thirty years.
pub(crate) fn after(time: Duration) -> tokio::time::Instant {
    later(tokio::time::Instant::now(), time)
}

/// As [`after`], from this instant on.
pub(crate) fn later(now: tokio::time::Instant, time: Duration) -> tokio::time::Instant {
    now.checked_add(time)
        .unwrap_or_else(|| now + Duration::from_secs(30 * 365 * 86_400))
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "the one place where the time is read")]
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }
}
