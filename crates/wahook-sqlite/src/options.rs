//! How a file is opened.

use std::{
    num::{NonZeroU64, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use wahook_core::Clock;

/// How a store is opened and how long its verbs may take.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) deadline: Duration,
    pub(crate) connect_deadline: Duration,
    pub(crate) waiting: NonZeroUsize,
    pub(crate) max_bytes: Option<NonZeroU64>,
    pub(crate) flush: Flush,
}

/// When what was committed is flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flush {
    /// Before it is answered.
    First,
    /// When the system likes, and before the log is moved.
    Later,
}

impl SqliteOptions {
    /// With the clock whose [`now`](Clock::now) leases and lives run on; all processes that share a file must agree on it.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            deadline: Duration::from_secs(1),
            connect_deadline: Duration::from_secs(5),
            waiting: WAITING,
            max_bytes: None,
            flush: Flush::First,
        }
    }

    /// How long a verb may take before it is [`Slow`](wahook_core::guard::StoreErrorKind::Slow), 1 s if not set. Dropping
    /// the store waits as long for what it accepted.
    #[must_use]
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// How long opening waits for a file that is locked, 5 s if not set.
    #[must_use]
    pub const fn connect_deadline(mut self, deadline: Duration) -> Self {
        self.connect_deadline = deadline;
        self
    }

    /// How many verbs may wait for the writer, 1,024 if not set. A claim beyond that is
    /// [`Slow`](wahook_core::guard::StoreErrorKind::Slow) at once.
    #[must_use]
    pub const fn waiting(mut self, verbs: NonZeroUsize) -> Self {
        self.waiting = verbs;
        self
    }

    /// How large the file may grow, in bytes; as large as the disk lets it if not set. A claim that would need more is
    /// [`Full`](wahook_core::guard::StoreErrorKind::Full). The log beside it, some 20 MiB at most as a rule, is not counted.
    #[must_use]
    pub const fn max_bytes(mut self, bytes: NonZeroU64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }
}

const WAITING: NonZeroUsize = match NonZeroUsize::new(1_024) {
    Some(verbs) => verbs,
    None => NonZeroUsize::MIN,
};
