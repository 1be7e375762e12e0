//! Waiting for a lock that somebody else has.
//!
//! SQLite's own busy timeout sleeps up to 100 ms at a time, in which other processes commit a hundred times, and does not
//! cover every lock.

use std::time::{Duration, Instant};

use rusqlite::{Error, ErrorCode};

/// Says it again while somebody else has the lock, until `ends`.
pub(crate) fn patiently<T>(ends: Instant, mut attempt: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    let started = Instant::now();
    loop {
        match attempt() {
            Err(error) if is_busy(&error) && Instant::now() < ends => pause(started),
            other => return other,
        }
    }
}

/// The instant after this time; a time that no instant can hold ends in a year.
pub(crate) fn after(time: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(time)
        .unwrap_or_else(|| now + Duration::from_secs(365 * 86_400))
}

/// Whether it may go better next time without anybody's help.
pub(crate) fn is_busy(error: &Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed)
    )
}

/// Waits for about as long as a commit takes; longer once somebody has had the lock for longer than that.
pub(crate) fn pause(started: Instant) {
    let waited = started.elapsed();
    std::thread::park_timeout((waited / 16).clamp(Duration::from_micros(500), Duration::from_millis(10)));
}
