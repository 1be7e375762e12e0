//! Times as the file has them.

use std::time::Duration;

use wahook_core::Clock;

/// A time that goes on from the clock's as it was at one moment, and does not jump with it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steady {
    /// ms since 1970
    began: i64,
    elapsed: Duration,
}

impl Steady {
    pub(crate) fn from(clock: &dyn Clock) -> Self {
        Self {
            began: clock.now().as_millisecond(),
            elapsed: clock.elapsed(),
        }
    }

    /// ms since 1970
    pub(crate) fn now(self, clock: &dyn Clock) -> i64 {
        let since = clock.elapsed().saturating_sub(self.elapsed).as_millis();
        self.began
            .saturating_add(i64::try_from(since).unwrap_or(i64::MAX))
    }
}

/// ms, rounded up: a life is never shorter than it was asked for.
pub(crate) fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g4_lives_are_rounded_up_and_saturate() {
        let cases = [
            (Duration::ZERO, 0),
            (Duration::from_nanos(1), 1),
            (Duration::from_millis(50), 50),
            (Duration::from_micros(50_001), 51),
            (Duration::MAX, i64::MAX),
        ];
        for (time, expected) in cases {
            assert_eq!(milliseconds(time), expected, "{time:?}");
        }
    }
}
