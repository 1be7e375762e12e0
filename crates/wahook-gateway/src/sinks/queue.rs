//! What waits for a writer: many callers share one write and one flush.

use tokio::sync::{mpsc, oneshot};
use wahook_core::{
    model::Event,
    sink::{Delivered, SinkError, SinkErrorKind},
};

use super::Form;

/// How work ended that is done as a whole or not at all.
pub(super) type Outcome = Result<(), SinkError>;

/// A piece of work, and whoever waits for it.
#[derive(Debug)]
pub(super) struct Job<T, O = Outcome> {
    pub(super) work: T,
    bytes: usize,
    done: oneshot::Sender<O>,
}

impl<T, O> Job<T, O> {
    /// Tells how it ended.
    pub(super) fn end(self, outcome: O) {
        // Whoever gave up waiting will hand it over again.
        let _ = self.done.send(outcome);
    }
}

/// The callers' end.
#[derive(Debug)]
pub(super) struct Queue<T, O = Outcome>(mpsc::Sender<Job<T, O>>);

impl<T, O> Clone for Queue<T, O> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The writer's end.
#[derive(Debug)]
pub(super) struct Waiting<T, O = Outcome>(mpsc::Receiver<Job<T, O>>);

/// How many calls wait for the writer; further ones wait in their lanes, so that memory is bounded.
const WAITING: usize = 1024;
/// How many bytes are written at once, unless one call has more.
const TOGETHER: usize = 8 << 20;

pub(super) fn queue<T, O>() -> (Queue<T, O>, Waiting<T, O>) {
    let (sender, receiver) = mpsc::channel(WAITING);
    (Queue(sender), Waiting(receiver))
}

impl<T, O> Queue<T, O> {
    /// Waits until the work is done. `bytes` is what it weighs; `gone` is said if the writer is no more.
    pub(super) async fn put(&self, work: T, bytes: usize, gone: &'static str) -> Result<O, SinkError> {
        let (done, outcome) = oneshot::channel();
        let gone = || SinkError::new(SinkErrorKind::Unavailable { after: None }, gone);
        let sent = self.0.send(Job { work, bytes, done }).await;
        sent.map_err(|_| gone())?;
        outcome.await.map_err(|_| gone())
    }
}

impl Queue<Vec<u8>> {
    /// Has events written as lines, all of them or none.
    pub(super) async fn write(&self, form: Form, events: &[Event], gone: &'static str) -> Delivered {
        let (lines, count, error) = form.lines(events);
        if !lines.is_empty() {
            let bytes = lines.len();
            if let Err(error) = self.put(lines, bytes, gone).await.flatten() {
                return Delivered::up_to(0, error);
            }
        }
        Delivered { done: count, error }
    }
}

impl<T, O> Waiting<T, O> {
    /// What waits, once something does, on a thread; `None` when nobody is left who could send.
    pub(super) fn blocking_next(&mut self) -> Option<Vec<Job<T, O>>> {
        loop {
            let first = self.0.blocking_recv()?;
            if let Some(jobs) = self.with(first) {
                return Some(jobs);
            }
        }
    }

    /// The same, in a task.
    pub(super) async fn next(&mut self) -> Option<Vec<Job<T, O>>> {
        loop {
            let first = self.0.recv().await?;
            if let Some(jobs) = self.with(first) {
                return Some(jobs);
            }
        }
    }

    fn with(&mut self, first: Job<T, O>) -> Option<Vec<Job<T, O>>> {
        let mut bytes = first.bytes;
        let mut jobs = vec![first];
        while jobs.len() < WAITING
            && bytes < TOGETHER
            && let Ok(job) = self.0.try_recv()
        {
            bytes += job.bytes;
            jobs.push(job);
        }
        // Whoever gave up waiting will hand it over again: writing it now would double it.
        jobs.retain(|job| !job.done.is_closed());
        (!jobs.is_empty()).then_some(jobs)
    }
}
