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
    job::{Job, Sort, Work},
    options::SqliteOptions,
    patience::{after, is_busy, pause},
    writer::Part,
};

/// How many verbs share a commit at most: one that fails fails for all of them.
const BATCH: usize = 256;

/// How many rows are removed when the file is full, before it is tried again.
const FULL_SWEEP: usize = 1_024;

/// What the writer thread has and does.
pub(crate) struct Group {
    /// `None` after an error that a new connection may cure.
    connection: Option<Connection>,
    /// Which file it was when it was opened: another one under its name is none of ours.
    identity: Identity,
    file: File,
    options: SqliteOptions,
    parts: &'static [Part],
    commits: Arc<AtomicU64>,
    checkpoints: Checkpoints,
}

type Batch = Vec<Box<dyn Job>>;

impl Group {
    /// Opens the file, makes it if need be, and brings it to this release.
    pub(crate) fn open(
        file: File,
        options: SqliteOptions,
        parts: &'static [Part],
        commits: Arc<AtomicU64>,
    ) -> Result<Self, OpenError> {
        // Others that start at the same time may be setting the file up.
        let ends = after(options.connect_deadline);
        let (connection, identity) = connect(&file, Made::IfMissing, &options, parts, ends)?;
        let checkpoints = Checkpoints::start(file.clone())?;
        let mut group = Self {
            connection: None,
            identity,
            file,
            options,
            parts,
            commits,
            checkpoints,
        };
        group.connection = Some(group.listening(connection).map_err(open_error)?);
        Ok(group)
    }

    /// Works until nobody is left and nothing waits, then closes the file.
    pub(crate) fn serve(mut self, mut waiting: Receiver<Box<dyn Job>>) {
        let mut batch = Vec::with_capacity(BATCH);
        while waiting.blocking_recv_many(&mut batch, BATCH) > 0 {
            let batch = std::mem::take(&mut batch);
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
            ..
        } = self;
        checkpoints.end();
        drop(connection);
    }

    /// Carries out a batch and answers all of it.
    fn settle(&mut self, mut batch: Batch, waiting: &Receiver<Box<dyn Job>>) {
        match self.commit(&mut batch, waiting) {
            Err(error) if error.kind() == StoreErrorKind::Full => {
                self.settle_without_room(batch, &error, waiting);
            }
            outcome => answer(batch, &outcome),
        }
    }

    /// Makes room of what is over and tries once more; what ends something apart from what begins something, since it
    /// may need no room.
    fn settle_without_room(&mut self, batch: Batch, error: &StoreError, waiting: &Receiver<Box<dyn Job>>) {
        // A log that begins again needs no room either.
        self.checkpoints.waker().wake();
        let swept = self.make_room();
        let (mut ends, mut begins): (Batch, Batch) =
            batch.into_iter().partition(|job| job.sort() == Sort::Ends);
        if !ends.is_empty() {
            let outcome = self.commit(&mut ends, waiting);
            answer(ends, &outcome);
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
            let swept = self.sweep(&self.work(&transaction), FULL_SWEEP)?;
            transaction.commit()?;
            Ok::<_, Error>(swept)
        };
        sweep().unwrap_or(0)
    }

    /// Carries out a batch in one transaction; voids it of what nobody waits for. An error is all of them's.
    fn commit(&mut self, batch: &mut Batch, waiting: &Receiver<Box<dyn Job>>) -> Result<(), StoreError> {
        let done = self.reconnect().and_then(|()| self.transact(batch, waiting));
        if done
            .as_ref()
            .is_err_and(|error| error.kind() == StoreErrorKind::Unavailable)
        {
            self.connection = None;
        }
        done
    }

    fn transact(&self, batch: &mut Batch, waiting: &Receiver<Box<dyn Job>>) -> Result<(), StoreError> {
        let Some(connection) = &self.connection else {
            return Err(StoreError::new(StoreErrorKind::Unavailable));
        };
        let is_last = || waiting.is_closed();
        let begun = begin(connection, batch, self.options.deadline, is_last).map_err(verb_error)?;
        let Some(transaction) = begun else {
            return Ok(());
        };
        let work = self.work(&transaction);
        let before = connection.total_changes();
        for job in batch.iter_mut() {
            job.run(&work).map_err(verb_error)?;
        }
        // One that changed nothing costs no flush. One that did pays for what it adds: nobody waits for a sweep.
        if connection.total_changes() != before {
            self.sweep(&work, 2 * batch.len() + 2).map_err(verb_error)?;
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

    fn sweep(&self, work: &Work<'_>, mut most: usize) -> Result<usize, Error> {
        let mut swept = 0;
        for part in self.parts {
            let some = (part.sweep)(work, most)?;
            swept += some;
            most = most.saturating_sub(some);
        }
        Ok(swept)
    }

    fn work<'a>(&self, connection: &'a Connection) -> Work<'a> {
        Work {
            connection,
            now: self.options.clock.now().as_millisecond(),
        }
    }

    /// Connects again, if the last error made that necessary.
    fn reconnect(&mut self) -> Result<(), StoreError> {
        if self.connection.is_some() {
            return Ok(());
        }
        self.is_ours()?;
        let ends = after(self.options.deadline);
        let connected = connect(&self.file, Made::Before, &self.options, self.parts, ends);
        let (connection, _) =
            connected.map_err(|error| StoreError::with_source(StoreErrorKind::Unavailable, error))?;
        self.connection = Some(self.listening(connection).map_err(verb_error)?);
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
fn begin<'a>(
    connection: &'a Connection,
    batch: &mut Batch,
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

fn answer(batch: Batch, outcome: &Result<(), StoreError>) {
    for job in batch {
        job.answer(outcome.clone());
    }
}
