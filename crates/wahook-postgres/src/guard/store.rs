//! The store: verbs go into the queue, lanes answer them.

use std::{fmt, sync::Arc, time::Duration};

use tokio::{
    sync::oneshot,
    task::JoinSet,
    time::{Instant, timeout_at},
};
use wahook_core::{
    Assurance, BoxFuture,
    guard::{Claim, Digest, GuardStore, Key, OpenError, Settled, StoreError, StoreErrorKind, Token},
};

use super::{
    lane::Lanes,
    queue::Queue,
    row::{Job, Verb},
    statements::{Statements, TABLE},
};
use crate::{
    PostgresOptions,
    assure::Loss,
    migrate::Part,
    open::{Opened, open},
    span::micros,
    sweep::Sweep,
};

/// The tables of the guard.
const GUARD: Part = Part {
    name: "guard",
    steps: &[include_str!("../../migrations/0001_guard.sql")],
};

/// Instead of a deadline that is further away than time goes.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A guard store on PostgreSQL, for any number of processes.
///
/// See the [crate docs](crate) for an example and for what it promises.
pub struct PostgresStore {
    lanes: Arc<Lanes>,
    /// They end with the store.
    _tasks: JoinSet<()>,
    deadline: Duration,
    schema: String,
    assurance: Assurance,
}

impl PostgresStore {
    /// Connects, brings the tables to this release and finds out what survives. Must be called in a Tokio runtime with
    /// time and I/O enabled, which then does the store's work.
    ///
    /// # Errors
    ///
    /// [`Address`](wahook_core::guard::OpenErrorKind::Address) if `url` is none, or names roots of trust that cannot be read;
    /// [`Unreachable`](wahook_core::guard::OpenErrorKind::Unreachable) if nobody answers in time; [`Refused`](wahook_core::guard::OpenErrorKind::Refused) for
    /// a wrong login, a certificate that is not accepted, missing rights, a replica, or a server before release 14;
    /// [`Schema`](wahook_core::guard::OpenErrorKind::Schema) if the tables are a later release's or cannot be made.
    pub async fn connect(url: &str, options: PostgresOptions) -> Result<Self, OpenError> {
        let Opened {
            database,
            schema,
            assurance,
        } = open(url, &options, &GUARD, TABLE, Loss::Marks).await?;
        let lanes = Arc::new(Lanes {
            statements: Statements::new(&schema, database.prepares()),
            database,
            queue: Arc::new(Queue::default()),
        });
        let mut tasks = JoinSet::new();
        // More lanes make smaller statements, and a connection must be left for the sweep.
        for _ in 0..(options.connections / 2).max(1) {
            tasks.spawn(Arc::clone(&lanes).run());
        }
        let busy = Arc::clone(&lanes);
        let sweep = Sweep {
            database: lanes.database.clone(),
            busy: Box::new(move || busy.queue.is_busy()),
            every: options.sweep_every,
        };
        tasks.spawn(sweep.run(schema.clone(), TABLE, "wahook_guard_sweep"));
        Ok(Self {
            lanes,
            _tasks: tasks,
            deadline: options.deadline,
            schema,
            assurance,
        })
    }

    /// What survives of what the store is told, and which settings say so, as they were when it was opened.
    #[must_use]
    pub const fn assurance(&self) -> &Assurance {
        &self.assurance
    }

    /// Has a verb said and waits for its answer, which `verb` is given the other end of.
    async fn ask<T>(
        &self,
        key: &Key,
        digest: Digest,
        token: Token,
        verb: impl FnOnce(oneshot::Sender<Result<T, StoreError>>) -> Verb,
    ) -> Result<T, StoreError> {
        let now = Instant::now();
        let deadline = now.checked_add(self.deadline).unwrap_or(now + DAY);
        let (sender, answer) = oneshot::channel();
        let job = Job {
            digest,
            token,
            verb: verb(sender),
            deadline,
        };
        if self.lanes.queue.push(key.as_str(), job).is_err() {
            return Err(StoreError::new(StoreErrorKind::Slow));
        }
        match timeout_at(deadline, answer).await {
            Ok(Ok(answer)) => answer,
            // The runtime that does the work is gone.
            Ok(Err(_)) => Err(StoreError::new(StoreErrorKind::Unavailable)),
            Err(_) => Err(StoreError::new(StoreErrorKind::Slow)),
        }
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore")
            .field("schema", &self.schema)
            .field("deadline", &self.deadline)
            .field("database", &self.lanes.database)
            .field("queue", &self.lanes.queue)
            .finish_non_exhaustive()
    }
}

impl GuardStore for PostgresStore {
    fn claim<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, StoreError>> {
        let lease = micros(lease);
        Box::pin(self.ask(key, digest, token, move |answer| Verb::Claim { lease, answer }))
    }

    fn complete<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        let life = Some(micros(ttl));
        Box::pin(self.ask(key, digest, token, move |answer| Verb::Settle { life, answer }))
    }

    fn release<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(self.ask(key, digest, token, |answer| Verb::Settle { life: None, answer }))
    }
}
