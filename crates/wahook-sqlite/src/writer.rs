//! The one thread that writes: it takes what waits, commits it together, and answers after the flush.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, channel},
    },
    thread::Builder,
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::{
    Semaphore,
    mpsc::{self, error::TrySendError},
    oneshot,
};
use wahook_core::guard::{OpenError, OpenErrorKind, StoreError, StoreErrorKind};

use crate::{
    error::no_thread,
    file::File,
    group::Group,
    job::{Job, Memory, Rank, Sort, Verb, Work},
    options::SqliteOptions,
};

/// A set of tables that the file holds for one purpose.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) name: &'static str,
    /// From nothing to this release, one after the other.
    pub(crate) migrations: &'static [&'static str],
    /// Removes at most so many rows whose time is over by now, in milliseconds since 1970, and says how many; a part that
    /// has this done by others has none.
    pub(crate) sweep: Option<Sweep>,
}

type Sweep = fn(&Connection, i64, usize) -> Result<usize, rusqlite::Error>;

/// Makes what the writer remembers out of what the file holds; called for each connection.
pub(crate) type Recall<M> = Box<dyn FnMut(&mut Connection) -> Result<M, OpenError> + Send>;

/// The way to the writer thread. Dropped, it lets the thread finish what it accepted.
pub(crate) struct Writer<M = ()> {
    jobs: Option<mpsc::Sender<Box<dyn Job<M>>>>,
    /// Bytes that may still wait. A job has its share until it is gone, which may be long after its caller: what a disk
    /// that hangs keeps waiting is in memory all the while.
    room: Arc<Semaphore>,
    /// Nothing is ever sent: it closes when the thread has closed the file.
    ended: Mutex<Receiver<()>>,
    commits: Arc<AtomicU64>,
    deadline: Duration,
}

impl<M: Memory> Writer<M> {
    /// Opens the file on a new thread.
    pub(crate) async fn open(
        file: File,
        options: SqliteOptions,
        parts: &'static [Part],
        recall: Recall<M>,
    ) -> Result<Self, OpenError> {
        let (jobs, waiting) = mpsc::channel(options.waiting.get());
        let (alive, ended) = channel();
        let (ready, opened) = oneshot::channel();
        let commits = Arc::new(AtomicU64::new(0));
        let deadline = options.deadline;
        let counter = Arc::clone(&commits);
        Builder::new()
            .name("wahook-sqlite".to_owned())
            .spawn(move || {
                let (group, said) = match Group::open(file, options, parts, recall, counter) {
                    Ok(group) => (Some(group), Ok(())),
                    Err(error) => (None, Err(error)),
                };
                let wanted = ready.send(said).is_ok();
                match group {
                    Some(group) if wanted => group.serve(waiting),
                    Some(group) => group.close(),
                    None => {}
                }
                drop(alive);
            })
            .map_err(no_thread)?;
        let ended = Mutex::new(ended);
        match opened.await {
            Ok(result) => result.map(|()| Self {
                jobs: Some(jobs),
                room: Arc::new(Semaphore::new(MOST_BYTES)),
                ended,
                commits,
                deadline,
            }),
            Err(_gone) => Err(OpenError::new(
                OpenErrorKind::Refused,
                "the thread that opens the SQLite file ended",
            )),
        }
    }

    /// How many transactions changed something and were flushed.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// Has `run` carried out in a transaction, and answers after its commit.
    pub(crate) async fn ask<T, F>(&self, sort: Sort, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Work<'_, M>) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        self.ask_with(sort, Rank::First, 0, run).await
    }

    /// As [`ask`](Self::ask), for work that others do not wait for: it touches about so many rows.
    pub(crate) async fn ask_later<T, F>(&self, sort: Sort, rows: usize, run: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Work<'_, M>) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        self.ask_with(sort, Rank::Later(rows), 0, run).await
    }

    /// As [`ask`](Self::ask) or [`ask_later`](Self::ask_later), with so many bytes that wait with it.
    pub(crate) async fn ask_with<T, F>(
        &self,
        sort: Sort,
        rank: Rank,
        bytes: usize,
        run: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnMut(&mut Work<'_, M>) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let Some(jobs) = &self.jobs else {
            return Err(StoreError::new(StoreErrorKind::Unavailable));
        };
        // What is larger than all the room there is has it alone.
        let bytes = u32::try_from(bytes.min(MOST_BYTES)).unwrap_or(u32::MAX);
        let asked = async {
            let room = Arc::clone(&self.room);
            let unavailable = || StoreError::new(StoreErrorKind::Unavailable);
            let room = match (sort, rank) {
                (Sort::Begins, Rank::First) => room.try_acquire_many_owned(bytes).map_err(|_none| {
                    StoreError::with_source(StoreErrorKind::Slow, "too many bytes wait for the disk")
                })?,
                (Sort::Ends, _) | (_, Rank::Later(_)) => room
                    .acquire_many_owned(bytes)
                    .await
                    .map_err(|_closed| unavailable())?,
            };
            let (answer, answered) = oneshot::channel();
            let job = Box::new(Verb::new(sort, rank, run, answer, room));
            match (sort, rank) {
                // The disk is behind: more of it would only wait in vain.
                (Sort::Begins, Rank::First) => jobs.try_send(job).map_err(|error| match error {
                    TrySendError::Full(_) => {
                        StoreError::with_source(StoreErrorKind::Slow, "too many verbs wait")
                    }
                    TrySendError::Closed(_) => unavailable(),
                })?,
                // Its work is done already, or nobody else does it: its place is worth waiting for.
                (Sort::Ends, _) | (_, Rank::Later(_)) => {
                    let sent = jobs.send(job).await;
                    sent.map_err(|_closed| unavailable())?;
                }
            }
            let answer = answered.await;
            answer.unwrap_or_else(|_dropped| Err(unavailable()))
        };
        match tokio::time::timeout(self.deadline, asked).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err(StoreError::new(StoreErrorKind::Slow)),
        }
    }
}

/// So many bytes of bodies and the like wait at most. Enough for what a disk does in a second, and no danger to the
/// machine when it does nothing at all.
const MOST_BYTES: usize = 64 << 20;

impl<M> Drop for Writer<M> {
    fn drop(&mut self) {
        self.jobs = None;
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        // A process that ends now would take the thread with it. What does not end in time has to be left to it.
        let _ = ended.recv_timeout(self.deadline);
    }
}

impl<M> fmt::Debug for Writer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("deadline", &self.deadline)
            .field("commits", &self.commits.load(Ordering::Relaxed))
            .finish_non_exhaustive()
    }
}
