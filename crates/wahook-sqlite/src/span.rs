//! Times as the file has them.

use std::time::Duration;

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
