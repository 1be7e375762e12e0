//! Group commit: all that waits in one transaction, one flush, then the answers.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rusqlite::{Connection, Error, Transaction, TransactionBehavior};
use tokio::sync::mpsc::Receiver;
use wahook_core::guard::{OpenError, StoreError, StoreErrorKind};

use crate::{
    checkpoint::{Checkpoints, Due},
    connect::connect,
    error::{open_error, verb_error},
    file::{File, Identity, Made},
    job::{Job, Memory, Rank, Sort, Work},
    options::SqliteOptions,
    patience::{after, is_busy, patiently, pause},
    queue::{Batch, Queue},
    span::Steady,
    writer::{Part, Recall},
};

/// How many rows are removed when the file is full, before it is tried again.
const FULL_SWEEP: usize = 1_024;

/// What the writer thread has and does.
pub(crate) struct Group<M> {
    /// `None` after an error that a new connection may cure.
    connection: Option<Connection>,
    /// In step with the file. `None` where there is no connection.
    memory: Option<M>,
    recall: Recall<M>,
    /// Which file it was when it was opened: another one under its name is none of ours.
    identity: Identity,
    file: File,
    options: SqliteOptions,
    parts: &'static [Part],
    commits: Arc<AtomicU64>,
    checkpoints: Checkpoints,
    steady: Steady,
}

impl<M: Memory> Group<M> {
    /// Opens the file, makes it if need be, and brings it to this release.
    pub(crate) fn open(
        file: File,
        options: SqliteOptions,
        parts: &'static [Part],
        recall: Recall<M>,
        commits: Arc<AtomicU64>,
    ) -> Result<Self, OpenError> {
        // Others that start at the same time may be setting the file up.
        let ends = after(options.connect_deadline);
        let (connection, identity) = connect(&file, Made::IfMissing, &options, parts, ends)?;
        let checkpoints = Checkpoints::start(file.clone())?;
        let mut group = Self {
            connection: None,
            memory: None,
            recall,
            identity,
            file,
            steady: Steady::from(&*options.clock),
            options,
            parts,
            commits,
            checkpoints,
        };
        group.adopt(connection)?;
        Ok(group)
    }

    /// Works until nobody is left and nothing waits, then closes the file.
    pub(crate) fn serve(mut self, mut waiting: Receiver<Box<dyn Job<M>>>) {
        let mut queue = Queue::new(self.options.waiting.get());
        while queue.fill(&mut waiting) {
            let batch = queue.batch();
            // The senders of a batch that panics are dropped, which its callers read as unavailable.
            if catch_unwind(AssertUnwindSafe(|| self.settle(batch, &waiting))).is_err() {
                self.connection = None;
            }
        }
        self.close();
    }

    /// Closes the file. The writer's connection goes last: that moves the whole log into the file.
    pub(crate) fn close(self) {
        let Self {
            connection,
            checkpoints,
            recall,
            ..
        } = self;
        checkpoints.end();
        drop(connection);
        // It may hold what keeps others from the file.
        drop(recall);
    }

    /// Carries out a batch and answers all of it.
    fn settle(&mut self, mut batch: Batch<M>, waiting: &Receiver<Box<dyn Job<M>>>) {
        match self.commit(&mut batch, waiting) {
            Err(error) if error.kind() == StoreErrorKind::Full => {
                self.settle_without_room(batch, &error, waiting);
            }
            outcome => answer(batch, &outcome),
        }
    }

    /// Makes room of what is over and tries once more; what ends something apart from what begins something, since it
    /// may need no room.
    fn settle_without_room(
        &mut self,
        batch: Batch<M>,
        error: &StoreError,
        waiting: &Receiver<Box<dyn Job<M>>>,
    ) {
        // A log that begins again needs no room either.
        self.checkpoints.waker().wake();
        let swept = self.make_room();
        let (mut ends, begins): (Batch<M>, Batch<M>) =
            batch.into_iter().partition(|job| job.sort() == Sort::Ends);
        let (mut later, mut begins): (Batch<M>, Batch<M>) = begins
            .into_iter()
            .partition(|job| matches!(job.rank(), Rank::Later(_)));
        if !ends.is_empty() {
            let outcome = self.commit(&mut ends, waiting);
            answer(ends, &outcome);
        }
        // What works off what is there may need less than what adds to it.
        if !later.is_empty() {
            let outcome = self.commit(&mut later, waiting);
            answer(later, &outcome);
        }
        let outcome = if swept > 0 {
            self.commit(&mut begins, waiting)
        } else {
            Err(error.clone())
        };
        answer(begins, &outcome);
    }

    /// Removes some of what is over, in a transaction of its own. Says how many rows: none if that failed too.
    fn make_room(&self) -> usize {
        let Some(connection) = &self.connection else {
            return 0;
        };
        let sweep = || {
            let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
            let swept = self.sweep(&transaction, self.now(), FULL_SWEEP)?;
            transaction.commit()?;
            Ok::<_, Error>(swept)
        };
        patiently(after(self.options.deadline), sweep).unwrap_or(0)
    }

    /// Carries out a batch in one transaction; voids it of what nobody waits for. An error is all of them's.
    fn commit(
        &mut self,
        batch: &mut Batch<M>,
        waiting: &Receiver<Box<dyn Job<M>>>,
    ) -> Result<(), StoreError> {
        let done = self.reconnect().and_then(|()| self.transact(batch, waiting));
        match &done {
            Ok(()) => {
                if let Some(memory) = &mut self.memory {
                    memory.keep();
                }
            }
            Err(error) if error.kind() == StoreErrorKind::Unavailable => {
                self.connection = None;
                self.memory = None;
            }
            Err(_) => {
                if let Some(memory) = &mut self.memory {
                    memory.undo();
                }
            }
        }
        done
    }

    fn transact(
        &mut self,
        batch: &mut Batch<M>,
        waiting: &Receiver<Box<dyn Job<M>>>,
    ) -> Result<(), StoreError> {
        let (Some(connection), Some(memory)) = (&self.connection, &mut self.memory) else {
            return Err(StoreError::new(StoreErrorKind::Unavailable));
        };
        let is_last = || waiting.is_closed();
        let begun = begin(connection, batch, self.options.deadline, is_last).map_err(verb_error)?;
        let Some(transaction) = begun else {
            return Ok(());
        };
        let mut work = Work {
            connection: &transaction,
            now: self.options.clock.now().as_millisecond(),
            steady: self.steady.now(&*self.options.clock),
            memory,
        };
        let before = connection.total_changes();
        for job in batch.iter_mut() {
            job.run(&mut work).map_err(verb_error)?;
        }
        // One that changed nothing costs no flush. One that did pays for what it adds: nobody waits for a sweep.
        if connection.total_changes() != before {
            self.sweep(&transaction, self.now(), 2 * batch.len() + 2)
                .map_err(verb_error)?;
        }
        transaction.commit().map_err(verb_error)?;
        self.is_ours()
    }

    /// Whether what was written can be found again by the next who opens the file.
    fn is_ours(&self) -> Result<(), StoreError> {
        if self.file.identity() == Some(self.identity) {
            return Ok(());
        }
        let text = "the SQLite file was taken away or replaced: put it back, or start the process again";
        Err(StoreError::with_source(StoreErrorKind::Unavailable, text))
    }

    fn sweep(&self, connection: &Connection, now: i64, mut most: usize) -> Result<usize, Error> {
        let mut swept = 0;
        for sweep in self.parts.iter().filter_map(|part| part.sweep) {
            let some = sweep(connection, now, most)?;
            swept += some;
            most = most.saturating_sub(some);
        }
        Ok(swept)
    }

    fn now(&self) -> i64 {
        self.options.clock.now().as_millisecond()
    }

    /// Connects again, if the last error made that necessary.
    fn reconnect(&mut self) -> Result<(), StoreError> {
        if self.connection.is_some() {
            return Ok(());
        }
        self.is_ours()?;
        let ends = after(self.options.deadline);
        connect(&self.file, Made::Before, &self.options, self.parts, ends)
            .and_then(|(connection, _)| self.adopt(connection))
            .map_err(|error| StoreError::with_source(StoreErrorKind::Unavailable, error))
    }

    /// Works with this connection from now on.
    fn adopt(&mut self, mut connection: Connection) -> Result<(), OpenError> {
        self.memory = Some((self.recall)(&mut connection)?);
        self.connection = Some(self.listening(connection).map_err(open_error)?);
        Ok(())
    }

    /// Has a connection count its commits and tell when the log is due.
    fn listening(&self, mut connection: Connection) -> Result<Connection, Error> {
        let (commits, checkpoints) = (Arc::clone(&self.commits), self.checkpoints.waker());
        let mut due = Due::default();
        connection.wal_hook(Some(move |_: &mut _, pages| {
            commits.fetch_add(1, Ordering::Relaxed);
            if due.at(u32::try_from(pages).unwrap_or(0)) {
                checkpoints.wake();
            }
            Ok(())
        }))?;
        Ok(connection)
    }
}

/// Begins the transaction as soon as no other process writes, while somebody waits for it. `None`: nobody does.
fn begin<'a, M>(
    connection: &'a Connection,
    batch: &mut Batch<M>,
    deadline: Duration,
    is_last: impl Fn() -> bool,
) -> Result<Option<Transaction<'a>>, Error> {
    let started = Instant::now();
    loop {
        batch.retain(|job| !job.is_void());
        if batch.is_empty() {
            return Ok(None);
        }
        match Transaction::new_unchecked(connection, TransactionBehavior::Immediate) {
            // What ends something outwaits its caller, but not the store.
            Err(error) if is_busy(&error) && !(is_last() && started.elapsed() > deadline) => pause(started),
            Err(error) => return Err(error),
            Ok(transaction) => return Ok(Some(transaction)),
        }
    }
}

fn answer<M>(batch: Batch<M>, outcome: &Result<(), StoreError>) {
    for job in batch {
        job.answer(outcome.clone());
    }
}
