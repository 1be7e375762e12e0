//! Events as JSON lines, by one writer: lines never mix, and an event is done when its line is written and flushed.

use std::{io, thread};

use tokio::sync::{mpsc, oneshot, watch};
use wahook_core::{BoxFuture, model::Event};

use super::{Sink, SinkError};

/// Writes events as JSON lines. "Written" means handed to the system: whoever reads the pipe may still lose it (I3).
#[derive(Clone, Debug)]
pub struct Stdout {
    jobs: mpsc::Sender<Job>,
    closed: watch::Receiver<bool>,
}

/// The lines of one delivery.
#[derive(Debug)]
struct Job {
    lines: Vec<u8>,
    done: oneshot::Sender<Result<(), SinkError>>,
}

/// How many deliveries wait for the writer; further ones wait in their handlers, so that memory is bounded.
const WAITING: usize = 256;

impl Stdout {
    /// Starts a writer: standard output, or anything else in tests.
    ///
    /// # Errors
    ///
    /// If no thread can be started.
    pub fn start(out: impl io::Write + Send + 'static) -> io::Result<Self> {
        let (jobs, queue) = mpsc::channel(WAITING);
        let (tell_closed, closed) = watch::channel(false);
        // A thread of its own: a write to a full pipe blocks, and must not hold up a worker of the runtime.
        thread::Builder::new()
            .name("stdout".to_owned())
            .spawn(move || write_all(out, queue, &tell_closed))?;
        Ok(Self { jobs, closed })
    }

    /// Waits until nobody reads the output any more.
    pub async fn closed(&self) {
        let mut closed = self.closed.clone();
        // An error means that the writer is gone, which is the same.
        let _ = closed.wait_for(|closed| *closed).await;
    }
}

impl Sink for Stdout {
    fn hand_over<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Result<(), SinkError>> {
        Box::pin(async move {
            let mut lines = Vec::with_capacity(1024 * events.len());
            for event in events {
                serde_json::to_writer(&mut lines, event).map_err(|_| SinkError::Unwritable)?;
                lines.push(b'\n');
            }
            if lines.is_empty() {
                return Ok(());
            }
            let (done, outcome) = oneshot::channel();
            self.jobs
                .send(Job { lines, done })
                .await
                .map_err(|_| SinkError::Closed)?;
            outcome.await.unwrap_or(Err(SinkError::Closed))
        })
    }
}

fn write_all(mut out: impl io::Write, mut queue: mpsc::Receiver<Job>, closed: &watch::Sender<bool>) {
    while let Some(first) = queue.blocking_recv() {
        // What waits is written with one flush.
        let mut jobs = vec![first];
        while jobs.len() < WAITING
            && let Ok(job) = queue.try_recv()
        {
            jobs.push(job);
        }
        // Whoever gave up waiting will be sent it again: writing it now would double it.
        jobs.retain(|job| !job.done.is_closed());
        let written = jobs
            .iter()
            .try_for_each(|job| out.write_all(&job.lines))
            .and_then(|()| out.flush());
        let outcome = written.map_err(|_| SinkError::Closed);
        for job in jobs {
            let _ = job.done.send(outcome);
        }
        if outcome.is_err() {
            let _ = closed.send(true);
            return;
        }
    }
}
