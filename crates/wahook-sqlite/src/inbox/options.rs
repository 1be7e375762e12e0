//! How an inbox is opened.

use std::{
    num::{NonZeroU64, NonZeroUsize},
    sync::Arc,
    time::Duration,
};

use wahook_core::Clock;

use crate::options::{Flush, SqliteOptions};

/// How an inbox is opened, how long its verbs may take and how much it may hold.
#[derive(Clone, Debug)]
pub struct SqliteInboxOptions {
    pub(crate) file: SqliteOptions,
    /// Not the file's own bound: what is full has to be worked off.
    pub(crate) max_bytes: Option<NonZeroU64>,
    pub(crate) max_waiting: u64,
    pub(crate) keys: usize,
}

impl SqliteInboxOptions {
    /// With the clock whose [`now`](Clock::now) memories run on, and whose [`elapsed`](Clock::elapsed) leases and delays
    /// do.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            file: SqliteOptions::new(clock).waiting(WAITING),
            max_bytes: None,
            max_waiting: MAX_WAITING,
            keys: KEYS,
        }
    }

    /// How long a verb may take before it is [`Slow`](wahook_core::guard::StoreErrorKind::Slow), 1 s if not set. Dropping
    /// the inbox waits as long for what it accepted.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.file = self.file.deadline(deadline);
        self
    }

    /// Answers before what was accepted is flushed: it outlives a crash of the process, and not a power cut or a crash of
    /// the machine. The [guarantee](wahook_core::Guarantee) says so.
    #[must_use]
    pub const fn process_crash_only(mut self) -> Self {
        self.file.flush = Flush::Later;
        self
    }

    /// How long opening waits for a file that is locked, 5 s if not set.
    #[must_use]
    pub fn connect_deadline(mut self, deadline: Duration) -> Self {
        self.file = self.file.connect_deadline(deadline);
        self
    }

    /// How many verbs may wait for the writer, 8,192 if not set. A delivery beyond that is
    /// [`Slow`](wahook_core::guard::StoreErrorKind::Slow) at once, and so is one beyond 64 MiB of bodies that wait.
    #[must_use]
    pub fn waiting(mut self, verbs: NonZeroUsize) -> Self {
        self.file = self.file.waiting(verbs);
        self
    }

    /// How large the file may grow, in bytes; as large as the disk lets it if not set. A delivery beyond that is
    /// [`Full`](wahook_core::guard::StoreErrorKind::Full). For each that nobody read 1 KiB is kept free for its events; what
    /// is there is worked off in any case, even if that takes more. The log beside it, some 20 MiB at most as a rule, is
    /// not counted.
    #[must_use]
    pub const fn max_bytes(mut self, bytes: NonZeroU64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// How much may wait, 10,000,000 if not set: deliveries that nobody read, and events in lanes. A delivery beyond that
    /// is [`Full`](wahook_core::guard::StoreErrorKind::Full).
    #[must_use]
    pub const fn max_waiting(mut self, count: u64) -> Self {
        self.max_waiting = count;
        self
    }

    /// How many keys are held in memory, 4,000,000 if not set, at 13 to 26 bytes each. Older ones are looked up in the
    /// file, which takes longer; none is forgotten.
    #[must_use]
    pub const fn keys_in_memory(mut self, keys: usize) -> Self {
        self.keys = keys;
        self
    }
}

const WAITING: NonZeroUsize = match NonZeroUsize::new(8_192) {
    Some(verbs) => verbs,
    None => NonZeroUsize::MIN,
};

const MAX_WAITING: u64 = 10_000_000;

const KEYS: usize = 4_000_000;
