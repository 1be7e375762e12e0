//! Verbs that share statements: while one statement is under way, further verbs wait, and then go out together.
//!
//! Longer than 400 lines: a queue, its jobs and what is under way change together, under one lock.

use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map::Entry},
    fmt,
    hash::Hash,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use deadpool_postgres::Object;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot},
    time::{Instant, timeout_at},
};
use wahook_core::guard::{StoreError, StoreErrorKind};

use crate::{
    fault::{Fault, Remedy},
    pool::Database,
};

/// What a caller asks for.
pub(super) trait Verb: Send + Sync + 'static {
    type Key: Clone + Eq + Hash + Send + Sync;
    type Answer: Clone + Send;

    /// What it is about. One key is in one statement at a time, so no statement has a row twice and no two statements of
    /// a process wait for each other.
    fn key(&self) -> Self::Key;

    fn bytes(&self) -> usize;

    /// Whether the answer to `first`, which has the same key and goes out now, tells this one's answer too.
    fn is_copy_of(&self, first: &Self) -> bool;

    /// The answer to a copy.
    fn to_copy(answer: Self::Answer) -> Self::Answer;

    /// The answer to what may have been carried out once before.
    fn after_doubt(answer: Self::Answer) -> Result<Self::Answer, Fault>;
}

/// Says verbs in one statement.
pub(super) trait Statement: Send + Sync + 'static {
    type Verb: Verb;

    /// Answers in the order of the verbs; `None` for what must be said again.
    fn say(
        &self,
        connection: &Object,
        verbs: &[&Self::Verb],
    ) -> impl Future<Output = Result<Vec<Option<<Self::Verb as Verb>::Answer>>, Fault>> + Send;
}

/// Verbs of one statement.
const MOST_ROWS: usize = 256;
/// Bytes of one statement, but one verb at least.
const MOST_BYTES: usize = 4 << 20;
/// More verbs than this do not wait: they would be late anyway.
const MOST_WAITING: usize = 50_000;
/// Nor more bytes than this: a server that hangs must not eat the memory. One verb may have more, and has it all.
const MOST_WAITING_BYTES: usize = 64 << 20;
/// How far a statement looks for verbs that may go out now.
const LOOK: usize = 4 * MOST_ROWS;
/// Instead of a deadline that is further away than time goes.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Where verbs of one kind are collected and said.
pub(super) struct Lines<S: Statement> {
    pub(super) database: Database,
    pub(super) statement: S,
    queue: Arc<Queue<S::Verb>>,
    /// Bytes that may still wait. A verb has its share until it is gone, which may be after its caller.
    room: Arc<Semaphore>,
}

impl<S: Statement> Lines<S> {
    pub(super) fn new(database: Database, statement: S) -> Self {
        Self {
            database,
            statement,
            queue: Arc::new(Queue {
                state: Mutex::new(State {
                    waiting: VecDeque::new(),
                    asked: HashSet::new(),
                }),
                ready: Notify::new(),
            }),
            room: Arc::new(Semaphore::new(MOST_WAITING_BYTES)),
        }
    }

    /// Has a verb said and waits for its answer.
    pub(super) async fn ask(
        &self,
        verb: S::Verb,
        longest: Duration,
    ) -> Result<<S::Verb as Verb>::Answer, StoreError> {
        let now = Instant::now();
        let deadline = now.checked_add(longest).unwrap_or(now + DAY);
        let too_many = || StoreError::with_source(StoreErrorKind::Slow, "too much waits for PostgreSQL");
        let bytes = u32::try_from(verb.bytes().min(MOST_WAITING_BYTES)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(bytes);
        let (answer, answered) = oneshot::channel();
        let job = Job {
            verb,
            answer,
            deadline,
            room: room.map_err(|_none| too_many())?,
        };
        if !self.queue.push(job) {
            return Err(too_many());
        }
        match timeout_at(deadline, answered).await {
            Ok(Ok(answer)) => answer,
            // The runtime that does the work is gone.
            Ok(Err(_)) => Err(StoreError::new(StoreErrorKind::Unavailable)),
            Err(_) => Err(StoreError::new(StoreErrorKind::Slow)),
        }
    }

    /// Whether verbs wait.
    pub(super) fn is_busy(&self) -> bool {
        !self.queue.lock().waiting.is_empty()
    }

    /// Works for ever. Several may: each has a connection while it works.
    pub(super) async fn run(self: Arc<Self>) {
        loop {
            self.queue.ready.notified().await;
            let connection = self.database.get().await;
            // Tasks that are about to ask get the chance to: what they ask goes into the same statement.
            tokio::task::yield_now().await;
            let Some(batch) = self.queue.next() else { continue };
            // A failure may be older than what was asked meanwhile, which has a right to a try of its own.
            let connection = match connection {
                Ok(connection) => Ok(connection),
                Err(_) => self.connect(&batch).await,
            };
            match connection {
                Ok(connection) => self.work(connection, batch, false).await,
                Err(fault) => batch.fail(&fault.to_store_error()),
            }
        }
    }

    /// A connection, if it is to be had before the last caller gives up.
    async fn connect(&self, batch: &Batch<S::Verb>) -> Result<Object, Fault> {
        timeout_at(batch.deadline(), self.database.get())
            .await
            .unwrap_or_else(|_| Err(Fault::slow("there was no connection in time")))
    }

    /// Says a batch, and once more if that may help. `doubt`: it may have been carried out before, and its answer lost.
    async fn work(&self, mut connection: Object, mut batch: Batch<S::Verb>, mut doubt: bool) {
        let mut tried = doubt;
        loop {
            let verbs: Vec<&S::Verb> = batch.rows.iter().map(|row| &row.first.verb).collect();
            let said = timeout_at(batch.deadline(), self.statement.say(&connection, &verbs)).await;
            drop(verbs);
            let fault = match said {
                Ok(Ok(answers)) => {
                    // Who hears the answer may ask on at once, and finds the connection free.
                    drop(connection);
                    return batch.answer(answers, doubt);
                }
                Ok(Err(fault)) => fault,
                Err(_) => {
                    self.database.give_up(connection);
                    return batch.fail(&Fault::slow("the statement was given up").to_store_error());
                }
            };
            match fault.remedy {
                Remedy::Again if !tried => tried = true,
                Remedy::Reconnect => {
                    self.database.lost(connection);
                    if tried {
                        return batch.fail(&fault.to_store_error());
                    }
                    (tried, doubt) = (true, true);
                    connection = match self.connect(&batch).await {
                        Ok(connection) => connection,
                        Err(fault) => return batch.fail(&fault.to_store_error()),
                    };
                }
                Remedy::Apart if batch.rows.len() > 1 => {
                    drop(connection);
                    let rest = batch.split_off();
                    for half in [batch, rest] {
                        match self.connect(&half).await {
                            Ok(connection) => Box::pin(self.work(connection, half, doubt)).await,
                            Err(fault) => half.fail(&fault.to_store_error()),
                        }
                    }
                    return;
                }
                Remedy::Again | Remedy::Apart | Remedy::None => return batch.fail(&fault.to_store_error()),
            }
        }
    }
}

impl<S: Statement> fmt::Debug for Lines<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("waiting", &self.queue.lock().waiting.len())
            .finish_non_exhaustive()
    }
}

/// A verb, and who waits for its answer.
struct Job<V: Verb> {
    verb: V,
    answer: oneshot::Sender<Result<V::Answer, StoreError>>,
    deadline: Instant,
    /// For the bytes of the verb.
    room: OwnedSemaphorePermit,
}

impl<V: Verb> Job<V> {
    fn tell(self, answer: Result<V::Answer, StoreError>) {
        let Self {
            verb,
            answer: caller,
            room,
            ..
        } = self;
        // Who is answered finds its bytes gone.
        drop((verb, room));
        // A caller that is gone hears nothing.
        drop(caller.send(answer));
    }
}

/// A row of a statement, and the verbs that its answer is for as well.
struct Row<V: Verb> {
    first: Job<V>,
    copies: Vec<Job<V>>,
}

impl<V: Verb> Row<V> {
    fn jobs(self) -> impl Iterator<Item = Job<V>> {
        std::iter::once(self.first).chain(self.copies)
    }
}

struct Queue<V: Verb> {
    state: Mutex<State<V>>,
    ready: Notify,
}

struct State<V: Verb> {
    waiting: VecDeque<Job<V>>,
    /// Keys that statements under way are about.
    asked: HashSet<V::Key>,
}

impl<V: Verb> Queue<V> {
    fn lock(&self) -> MutexGuard<'_, State<V>> {
        // No code that runs under the lock can leave it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, job: Job<V>) -> bool {
        let mut state = self.lock();
        if state.waiting.len() >= MOST_WAITING {
            return false;
        }
        state.waiting.push_back(job);
        drop(state);
        self.ready.notify_one();
        true
    }

    /// The rows of the next statement; `None` if nothing may go out now.
    fn next(self: &Arc<Self>) -> Option<Batch<V>> {
        let mut state = self.lock();
        let mut rows: Vec<Row<V>> = Vec::new();
        let mut places: HashMap<V::Key, usize> = HashMap::new();
        let (mut later, mut bytes, mut seen) = (Vec::new(), 0_usize, 0);
        while rows.len() < MOST_ROWS && seen < LOOK {
            let Some(job) = state.waiting.pop_front() else {
                break;
            };
            // Nobody waits for what it would be told.
            if job.answer.is_closed() {
                continue;
            }
            seen += 1;
            let key = job.verb.key();
            if state.asked.contains(&key) {
                later.push(job);
                continue;
            }
            match places.entry(key) {
                Entry::Occupied(place) => match rows.get_mut(*place.get()) {
                    // Behind another body of the key a copy is not that one's.
                    Some(row) if job.verb.is_copy_of(&row.first.verb) => row.copies.push(job),
                    _ => later.push(job),
                },
                Entry::Vacant(place) => {
                    let more = bytes.saturating_add(job.verb.bytes());
                    if more > MOST_BYTES && !rows.is_empty() {
                        later.push(job);
                        break;
                    }
                    bytes = more;
                    place.insert(rows.len());
                    rows.push(Row {
                        first: job,
                        copies: Vec::new(),
                    });
                }
            }
        }
        for job in later.into_iter().rev() {
            state.waiting.push_front(job);
        }
        let more = !rows.is_empty() && !state.waiting.is_empty();
        state.asked.extend(places.into_keys());
        drop(state);
        if more {
            self.ready.notify_one();
        }
        (!rows.is_empty()).then(|| Batch {
            rows,
            queue: Arc::clone(self),
        })
    }

    /// Lets keys go on, and takes back what must be said again.
    fn free(&self, key: &V::Key, again: Option<Row<V>>) {
        let mut state = self.lock();
        state.asked.remove(key);
        if let Some(row) = again {
            for job in row.copies.into_iter().rev().chain([row.first]) {
                state.waiting.push_front(job);
            }
        }
        let more = !state.waiting.is_empty();
        drop(state);
        if more {
            self.ready.notify_one();
        }
    }
}

/// The rows of one statement. Whatever becomes of it, their keys are free again afterwards.
struct Batch<V: Verb> {
    rows: Vec<Row<V>>,
    queue: Arc<Queue<V>>,
}

impl<V: Verb> Batch<V> {
    /// When the last caller gives up.
    fn deadline(&self) -> Instant {
        let jobs = self
            .rows
            .iter()
            .flat_map(|row| std::iter::once(&row.first).chain(&row.copies));
        jobs.map(|job| job.deadline).max().unwrap_or_else(Instant::now)
    }

    fn fail(mut self, error: &StoreError) {
        for row in std::mem::take(&mut self.rows) {
            let key = row.first.verb.key();
            row.jobs().for_each(|job| job.tell(Err(error.clone())));
            self.queue.free(&key, None);
        }
    }

    fn answer(mut self, answers: Vec<Option<V::Answer>>, doubt: bool) {
        let mut answers = answers.into_iter();
        for row in std::mem::take(&mut self.rows) {
            let key = row.first.verb.key();
            let Some(answer) = answers.next().flatten() else {
                self.queue.free(&key, Some(row));
                continue;
            };
            let answer = if doubt {
                V::after_doubt(answer).map_err(|fault| fault.to_store_error())
            } else {
                Ok(answer)
            };
            for copy in row.copies {
                copy.tell(answer.clone().map(V::to_copy));
            }
            row.first.tell(answer);
            self.queue.free(&key, None);
        }
    }

    /// The second half of the rows.
    fn split_off(&mut self) -> Self {
        Self {
            rows: self.rows.split_off(self.rows.len() / 2),
            queue: Arc::clone(&self.queue),
        }
    }
}

impl<V: Verb> Drop for Batch<V> {
    fn drop(&mut self) {
        for row in std::mem::take(&mut self.rows) {
            self.queue.free(&row.first.verb.key(), None);
        }
    }
}
