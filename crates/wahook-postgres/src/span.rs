//! Spans of time as the server takes them.

use std::time::Duration;

/// A time in microseconds, rounded up; what is longer than a century lasts a century.
pub(crate) fn micros(time: Duration) -> i64 {
    const CENTURY: i64 = 100 * 366 * 24 * 3600 * 1_000_000;
    i64::try_from(time.as_nanos().div_ceil(1000)).map_or(CENTURY, |micros| micros.min(CENTURY))
}
