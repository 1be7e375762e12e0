//! A clock that stands still until a test moves it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use wahook_core::Clock;

/// A clock that is moved by hand. Its two readings move together, unless the wall clock alone is made to jump.
///
/// ```
/// use std::time::Duration;
///
/// use wahook_core::Clock;
/// use wahook_testkit::ManualClock;
///
/// let clock = ManualClock::new("2026-01-01T00:00:00Z".parse()?);
/// clock.advance(Duration::from_secs(90));
/// assert_eq!(clock.now().to_string(), "2026-01-01T00:01:30Z");
/// assert_eq!(clock.elapsed(), Duration::from_secs(90));
///
/// clock.set("2025-12-31T23:00:00Z".parse()?);
/// assert_eq!(clock.elapsed(), Duration::from_secs(90));
/// # Ok::<(), jiff::Error>(())
/// ```
#[derive(Debug)]
pub struct ManualClock(Mutex<Reading>);

#[derive(Clone, Copy, Debug)]
struct Reading {
    now: Timestamp,
    elapsed: Duration,
}

impl ManualClock {
    /// A clock that says `now` until it is moved.
    #[must_use]
    pub const fn new(now: Timestamp) -> Self {
        Self(Mutex::new(Reading {
            now,
            elapsed: Duration::ZERO,
        }))
    }

    /// Lets time pass on both readings. The wall clock stops at the end of time.
    pub fn advance(&self, time: Duration) {
        let mut reading = self.lock();
        reading.elapsed = reading.elapsed.saturating_add(time);
        reading.now = reading.now.checked_add(time).unwrap_or(Timestamp::MAX);
    }

    /// Makes the wall clock jump; [`elapsed`](Clock::elapsed) does not notice.
    pub fn set(&self, now: Timestamp) {
        self.lock().now = now;
    }

    fn lock(&self) -> MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for ManualClock {
    /// The first second of 2026.
    fn default() -> Self {
        Self::new(Timestamp::constant(1_767_225_600, 0))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.lock().now
    }

    fn elapsed(&self) -> Duration {
        self.lock().elapsed
    }
}
