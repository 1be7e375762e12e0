//! Where verbs wait to be written: while one record is on its way further verbs wait, and then go out together.

use std::{
    collections::VecDeque,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_nats::jetstream::context::PublishAckFuture;
use bytes::Bytes;
use tokio::{
    sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot},
    time::{Instant, timeout_at},
};
use wahook_core::guard::{StoreError, StoreErrorKind};

use super::{
    book::Book,
    fault::Fault,
    ledger::{
        op::{Answer, Op},
        records::Print,
    },
    log::Log,
    record::{self, Record},
};

/// Verbs of one record.
const MOST_VERBS: usize = 512;
/// Records on their way at once. More would make each smaller, and none sooner.
const AT_ONCE: usize = 2;
/// More verbs than this do not wait: they would be late anyway.
const MOST_WAITING: usize = 50_000;
/// Nor more bytes than this: a server that hangs must not eat the memory.
const MOST_WAITING_BYTES: usize = 64 << 20;
/// What a verb has beside its bytes, about.
const VERB: usize = 600;

/// Where verbs wait.
pub(super) struct Line {
    log: Arc<Log>,
    book: Arc<Book>,
    waiting: Mutex<VecDeque<Job>>,
    ready: Notify,
    /// Bytes that may still wait.
    room: Arc<Semaphore>,
}

/// A verb, and who waits for its answer.
struct Job {
    op: Op,
    blobs: Vec<Bytes>,
    bytes: usize,
    answer: oneshot::Sender<Result<Answer, StoreError>>,
    deadline: Instant,
    _room: OwnedSemaphorePermit,
}

impl Line {
    pub(super) fn new(log: Arc<Log>, book: Arc<Book>) -> Self {
        Self {
            log,
            book,
            waiting: Mutex::default(),
            ready: Notify::new(),
            room: Arc::new(Semaphore::new(MOST_WAITING_BYTES)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Of verbs that wait, or are on their way.
    pub(super) fn waiting_bytes(&self) -> u64 {
        (MOST_WAITING_BYTES - self.room.available_permits().min(MOST_WAITING_BYTES)) as u64
    }

    /// Has a verb written, and tells what became of it. Its bytes are those that it names by number, from 0.
    pub(super) async fn ask(
        &self,
        op: Op,
        blobs: Vec<Bytes>,
        deadline: Instant,
    ) -> Result<Answer, StoreError> {
        self.book
            .is_whole()
            .and_then(|()| self.log.is_connected())
            .map_err(|fault| fault.to_store_error())?;
        let too_many = || StoreError::with_source(StoreErrorKind::Slow, "too much waits for NATS");
        let bytes = VERB + op.weight() + blobs.iter().map(Bytes::len).sum::<usize>();
        let share = u32::try_from(bytes.min(MOST_WAITING_BYTES)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(share);
        let (answer, answered) = oneshot::channel();
        let job = Job {
            op,
            blobs,
            bytes,
            answer,
            deadline,
            _room: room.map_err(|_none| too_many())?,
        };
        {
            let mut waiting = self.lock();
            if waiting.len() >= MOST_WAITING {
                return Err(too_many());
            }
            waiting.push_back(job);
        }
        self.ready.notify_one();
        match timeout_at(deadline, answered).await {
            Ok(Ok(answer)) => answer,
            // The runtime that does the work is gone.
            Ok(Err(_)) => Err(StoreError::new(StoreErrorKind::Unavailable)),
            Err(_) => Err(StoreError::new(StoreErrorKind::Slow)),
        }
    }

    /// Works for ever.
    pub(super) async fn run(self: Arc<Self>) {
        let _guard = self.book.guard("what writes to the stream");
        let on_their_way = Arc::new(Semaphore::new(AT_ONCE));
        loop {
            self.ready.notified().await;
            let Ok(permit) = Arc::clone(&on_their_way).acquire_owned().await else {
                return;
            };
            // Tasks that are about to ask get the chance to: what they ask goes into the same record.
            tokio::task::yield_now().await;
            let batch = self.next();
            if batch.jobs.is_empty() {
                continue;
            }
            tokio::spawn(batch.write(Arc::clone(&self.log), Arc::clone(&self.book), permit));
        }
    }

    /// The verbs of the next record.
    fn next(&self) -> Batch {
        let most = usize::try_from(self.book.lock().record_bytes()).unwrap_or(usize::MAX);
        let most = most.min(self.log.most());
        let mut waiting = self.lock();
        let (mut jobs, mut bytes) = (Vec::new(), 0);
        while jobs.len() < MOST_VERBS
            && let Some(job) = waiting.pop_front()
        {
            // Nobody waits for what it would be told.
            if job.answer.is_closed() {
                continue;
            }
            if bytes + job.bytes > most && !jobs.is_empty() {
                waiting.push_front(job);
                break;
            }
            bytes += job.bytes;
            jobs.push(job);
        }
        if !waiting.is_empty() {
            self.ready.notify_one();
        }
        Batch { jobs }
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("waiting", &self.lock().len())
            .finish_non_exhaustive()
    }
}

/// The verbs of one record, and who waits for them.
struct Batch {
    jobs: Vec<Job>,
}

impl Batch {
    async fn write(mut self, log: Arc<Log>, book: Arc<Book>, permit: OwnedSemaphorePermit) {
        let deadline = self
            .jobs
            .iter()
            .map(|job| job.deadline)
            .max()
            .unwrap_or_else(Instant::now);
        let record = match self.record() {
            Ok(record) => record,
            Err(fault) => return self.fail(&fault),
        };
        let id = record.id;
        let answers = book.expect(id);
        let written = match timeout_at(deadline, send(&log, record)).await {
            Ok(Ok(written)) => written,
            Ok(Err(fault)) => {
                book.forget(id);
                return self.fail(&fault);
            }
            Err(_) => {
                book.forget(id);
                return self.fail(&Fault::Slow);
            }
        };
        if let Ok(Err(error)) = timeout_at(deadline, written).await {
            let fault = Fault::of_publish(&error);
            // Where there was no answer the stream itself says whether it was stored: whoever follows it comes by it, or not.
            if !matches!(fault, Fault::Slow) {
                book.forget(id);
                return self.fail(&fault);
            }
        }
        // The next may go out while what became of this one is on its way to us.
        drop(permit);
        let answers = timeout_at(deadline, answers).await;
        book.forget(id);
        match answers {
            Ok(Ok(answers)) => {
                for (job, answer) in self.jobs.into_iter().zip(answers) {
                    // A caller that is gone hears nothing.
                    let _ = job.answer.send(Ok(answer));
                }
            }
            Ok(Err(_)) => self.fail(&Fault::away("the stream is not as it was")),
            Err(_) => self.fail(&Fault::Slow),
        }
    }

    /// One record of all verbs; their bytes follow each other.
    fn record(&mut self) -> Result<Record, Fault> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|_| Fault::away("there is no randomness"))?;
        let (mut ops, mut blobs) = (Vec::with_capacity(self.jobs.len()), Vec::new());
        for job in &mut self.jobs {
            let mut op = job.op.clone();
            op.shift(u32::try_from(blobs.len()).unwrap_or(u32::MAX));
            ops.push(op);
            blobs.append(&mut job.blobs);
        }
        Ok(Record {
            id: Print::of(u128::from_be_bytes(id)),
            ops,
            blobs,
        })
    }

    fn fail(self, fault: &Fault) {
        let error = fault.to_store_error();
        for job in self.jobs {
            let _ = job.answer.send(Err(error.clone()));
        }
    }
}

/// Hands a record to the server, in pieces if it is larger than a message may be.
async fn send(log: &Log, record: Record) -> Result<PublishAckFuture, Fault> {
    let bytes = record
        .to_bytes()
        .map_err(|error| Fault::away(error.to_string()))?;
    drop(record);
    if bytes.len() <= log.most() {
        return log.send(&log.subjects.records, bytes).await;
    }
    let parts = log.publish_parts(bytes).await?;
    let message = record::cut(&parts).map_err(|error| Fault::away(error.to_string()))?;
    log.send(&log.subjects.records, message).await
}

/// A deadline that is not further away than time goes.
pub(super) fn in_time(longest: Duration) -> Instant {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let now = Instant::now();
    now.checked_add(longest).unwrap_or(now + DAY)
}
