//! What may be chosen when a store is opened.

use std::time::Duration;

/// How a store uses its database. What is not said has the default that is named.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    pub(crate) schema: Option<String>,
    pub(crate) connections: usize,
    pub(crate) connect_deadline: Duration,
    pub(crate) deadline: Duration,
    pub(crate) sweep_every: Duration,
    pub(crate) transaction_pooler: bool,
    pub(crate) max_waiting: u64,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            schema: None,
            connections: 4,
            connect_deadline: Duration::from_secs(5),
            deadline: Duration::from_secs(1),
            sweep_every: Duration::from_secs(10 * 60),
            transaction_pooler: false,
            max_waiting: 10_000_000,
        }
    }
}

impl PostgresOptions {
    /// The usual ones.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The schema of the tables; it is made if it is not there. Default: where the role's `search_path` finds the
    /// tables, else its first schema.
    #[must_use]
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = Some(name.into());
        self
    }

    /// At most this many connections, 1 at least; half of them carry the verbs, which is enough since verbs share
    /// statements. Default: 4.
    #[must_use]
    pub fn connections(mut self, most: usize) -> Self {
        self.connections = most.max(1);
        self
    }

    /// How long making a connection may take, with TLS and login. Default: 5 seconds.
    #[must_use]
    pub fn connect_deadline(mut self, longest: Duration) -> Self {
        self.connect_deadline = longest;
        self
    }

    /// How long a verb may take, with its time in the queue; after that it fails as
    /// [`Slow`](wahook_core::guard::StoreErrorKind::Slow). Default: 1 second.
    #[must_use]
    pub fn deadline(mut self, longest: Duration) -> Self {
        self.deadline = longest;
        self
    }

    /// How long after one search for rows that are over the next begins; the processes on a database share one search.
    /// Default: 10 minutes.
    #[must_use]
    pub fn sweep_every(mut self, pause: Duration) -> Self {
        self.sweep_every = pause;
        self
    }

    /// Whether a pooler such as PgBouncer hands each transaction to another connection of the server. Then no statement
    /// is prepared and no session is set up, which makes each statement dearer. Default: no.
    #[must_use]
    pub fn transaction_pooler(mut self, there_is_one: bool) -> Self {
        self.transaction_pooler = there_is_one;
        self
    }

    /// How much may wait in an inbox: deliveries that nobody read, and events in lanes. A delivery beyond that is
    /// [`Full`](wahook_core::guard::StoreErrorKind::Full); it is counted about once a second, so a little more may come
    /// in. Default: 10,000,000.
    #[must_use]
    pub const fn max_waiting(mut self, count: u64) -> Self {
        self.max_waiting = count;
        self
    }
}
