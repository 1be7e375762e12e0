//! Time is handed in; core never reads it (V7).

use std::{fmt, time::Duration};

use jiff::Timestamp;

/// Where the time comes from.
///
/// Two readings, since a wall clock jumps: replay windows compare with [`Clock::now`], leases and lives run on
/// [`Clock::elapsed`].
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The wall clock.
    fn now(&self) -> Timestamp;

    /// Time since a fixed moment in the past; never goes back.
    fn elapsed(&self) -> Duration;
}
