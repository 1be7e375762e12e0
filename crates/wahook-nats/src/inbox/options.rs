//! How an inbox is kept in a stream.

use std::{num::NonZeroU64, time::Duration};

use wahook_core::Secret;

/// How an inbox is kept in a stream.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NatsInboxOptions {
    /// The stream, which is made if it is not there; `WAHOOK_INBOX` by default. Its subjects begin with `wahook-inbox.` and
    /// its name.
    pub stream: String,
    /// How many servers of a cluster have it; 1 by default. For a stream that is there its own number counts.
    pub replicas: usize,
    /// The most bytes of a stream that is made; without a limit of its own by default, and then the account's counts.
    pub max_bytes: Option<NonZeroU64>,
    /// Whether the servers are set to `jetstream { sync_interval: always }`. A client cannot see it: whoever says so vouches
    /// for it.
    pub syncs_always: bool,
    /// So much may wait before no more is accepted: deliveries that nobody read, and events in lanes. 1,000,000 by default:
    /// all of it is known in memory.
    pub max_waiting: u64,
    /// How long a delivery may take to be stored; 2 s by default. What workers ask for may take five times that.
    pub deadline: Duration,
    /// What a credentials file (`….creds`) holds.
    pub credentials: Option<Secret>,
    /// So many bytes of deliveries that came in lately are kept in memory, so that they need not be fetched; 32 MiB by
    /// default.
    pub cache_bytes: usize,
    /// After so many bytes of records the state is written down, or twice the size of what was written last if that is
    /// more; 8 MiB by default.
    pub snapshot_bytes: u64,
    /// What is to stay for longer than the rest, such as a dead letter, is written anew at the end of the stream, so that its
    /// beginning can be removed: not before bodies are removed, nor before this time; 1 hour by default. On a quiet stream the
    /// state is not written down more often than this, or every minute.
    pub carry_after: Duration,
}

impl Default for NatsInboxOptions {
    fn default() -> Self {
        Self {
            stream: "WAHOOK_INBOX".to_owned(),
            replicas: 1,
            max_bytes: None,
            syncs_always: false,
            max_waiting: 1_000_000,
            deadline: Duration::from_secs(2),
            credentials: None,
            cache_bytes: 32 << 20,
            snapshot_bytes: 8 << 20,
            carry_after: Duration::from_secs(60 * 60),
        }
    }
}
