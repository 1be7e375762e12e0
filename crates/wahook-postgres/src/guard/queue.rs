//! Where verbs wait, and which of them go into the next statement.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{sync::Notify, time::Instant};
use wahook_core::guard::StoreError;

use super::row::{Job, Kind, Row};

/// Verbs that wait, by key.
///
/// A key is in one statement at a time: so no statement has a record twice, no two statements of a process wait for each
/// other's rows, a verb never overtakes an earlier one of its key, and of two bodies under one key the later one sees
/// the earlier.
#[derive(Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    filled: Notify,
    /// Something was left in the queue by the last lane that looked.
    backlog: AtomicBool,
}

#[derive(Default)]
struct State {
    /// The verbs of each key that waits or is being asked about.
    keys: HashMap<Arc<str>, VecDeque<Job>>,
    /// The keys whose first verb is of this kind and that no statement has.
    claims: VecDeque<Arc<str>>,
    settles: VecDeque<Arc<str>>,
    waiting: usize,
    last: Option<Kind>,
}

/// More verbs than this do not wait: they would be late anyway.
const MOST_WAITING: usize = 100_000;

/// Rows of one statement.
const MOST_ROWS: usize = 256;

impl Queue {
    /// Adds a verb; gives it back when too many wait.
    pub(super) fn push(&self, key: &str, job: Job) -> Result<(), Job> {
        let mut state = self.lock();
        if state.waiting >= MOST_WAITING {
            return Err(job);
        }
        state.waiting += 1;
        if let Some(jobs) = state.keys.get_mut(key) {
            jobs.push_back(job);
            return Ok(());
        }
        let key: Arc<str> = key.into();
        state.ready(job.kind()).push_back(Arc::clone(&key));
        state.keys.insert(key, VecDeque::from([job]));
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Returns when something is there to be said.
    pub(super) async fn filled(&self) {
        while self.lock().is_empty() {
            self.backlog.store(false, Ordering::Relaxed);
            self.filled.notified().await;
        }
    }

    /// Whether verbs wait since every lane is at work.
    pub(super) fn is_busy(&self) -> bool {
        self.backlog.load(Ordering::Relaxed)
    }

    /// The rows of the next statement, all of one kind; none if nothing waits.
    pub(super) fn next(self: &Arc<Self>) -> Option<Batch> {
        let mut state = self.lock();
        let (kind, rows) = state.next()?;
        let more = !state.is_empty();
        drop(state);
        self.backlog.store(more, Ordering::Relaxed);
        if more {
            self.filled.notify_one();
        }
        Some(Batch {
            kind,
            rows,
            queue: Arc::clone(self),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code that runs under the lock can leave it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes back verbs that must be said again, and lets the key go on.
    fn free(&self, key: &Arc<str>, again: Vec<Job>) {
        let mut state = self.lock();
        state.waiting += again.len();
        let Entry::Occupied(mut entry) = state.keys.entry(Arc::clone(key)) else {
            return;
        };
        for job in again.into_iter().rev() {
            entry.get_mut().push_front(job);
        }
        let Some(kind) = entry.get().front().map(Job::kind) else {
            entry.remove();
            return;
        };
        state.ready(kind).push_back(Arc::clone(key));
        drop(state);
        self.filled.notify_one();
    }
}

impl State {
    fn is_empty(&self) -> bool {
        self.claims.is_empty() && self.settles.is_empty()
    }

    const fn ready(&mut self, kind: Kind) -> &mut VecDeque<Arc<str>> {
        match kind {
            Kind::Claim => &mut self.claims,
            Kind::Settle => &mut self.settles,
        }
    }

    fn next(&mut self) -> Option<(Kind, Vec<Row>)> {
        while !self.is_empty() {
            // In turn, so that neither starves.
            let kind = match self.last {
                Some(Kind::Claim) if !self.settles.is_empty() => Kind::Settle,
                _ if self.claims.is_empty() => Kind::Settle,
                _ => Kind::Claim,
            };
            self.last = Some(kind);
            let mut rows = Vec::new();
            while rows.len() < MOST_ROWS {
                let Some(key) = self.ready(kind).pop_front() else {
                    break;
                };
                rows.extend(self.row(kind, key));
            }
            if !rows.is_empty() {
                return Some((kind, rows));
            }
        }
        None
    }

    fn row(&mut self, kind: Kind, key: Arc<str>) -> Option<Row> {
        let jobs = self.keys.get_mut(&key)?;
        let before = jobs.len();
        // Nobody waits for what these would be told.
        while jobs.front().is_some_and(Job::is_dead) {
            jobs.pop_front();
        }
        let row = match jobs.front().map(Job::kind) {
            Some(first) if first == kind => jobs.pop_front().map(|job| Row {
                copies: take_copies(&job, jobs),
                key: Arc::clone(&key),
                job,
            }),
            _ => None,
        };
        let other = jobs.front().map(Job::kind);
        self.waiting = self.waiting.saturating_sub(before.saturating_sub(jobs.len()));
        if row.is_none() {
            match other {
                Some(other) => self.ready(other).push_back(key),
                None => drop(self.keys.remove(&key)),
            }
        }
        row
    }
}

/// The claims of the same record that come right behind.
fn take_copies(job: &Job, jobs: &mut VecDeque<Job>) -> Vec<Job> {
    let mut copies = Vec::new();
    while let Some(next) = jobs.front() {
        let is_copy = job.kind() == Kind::Claim && next.kind() == Kind::Claim && next.digest == job.digest;
        if !is_copy {
            break;
        }
        copies.extend(jobs.pop_front().filter(|copy| !copy.is_dead()));
    }
    copies
}

/// The rows of one statement. Whatever becomes of it, the keys are free again afterwards.
pub(super) struct Batch {
    pub(super) kind: Kind,
    rows: Vec<Row>,
    queue: Arc<Queue>,
}

impl Batch {
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// When the last of its callers gives up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.rows.iter().map(Row::deadline).max()
    }

    pub(super) fn fail(mut self, error: &StoreError) {
        for row in std::mem::take(&mut self.rows) {
            let key = Arc::clone(&row.key);
            row.fail(error);
            self.queue.free(&key, Vec::new());
        }
    }

    /// Gives each row, and its place, to `answer`, which returns what must be said again.
    pub(super) fn answer(mut self, mut answer: impl FnMut(usize, Row) -> Vec<Job>) {
        for (at, row) in std::mem::take(&mut self.rows).into_iter().enumerate() {
            let key = Arc::clone(&row.key);
            let again = answer(at, row);
            self.queue.free(&key, again);
        }
    }

    /// The second half of the rows.
    pub(super) fn split_off(&mut self) -> Self {
        Self {
            kind: self.kind,
            rows: self.rows.split_off(self.rows.len() / 2),
            queue: Arc::clone(&self.queue),
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        for row in std::mem::take(&mut self.rows) {
            self.queue.free(&row.key, Vec::new());
        }
    }
}

impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("waiting", &self.lock().waiting)
            .finish_non_exhaustive()
    }
}
