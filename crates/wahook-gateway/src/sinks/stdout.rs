//! Events as JSON lines, by one writer: lines never mix, and an event is done when its line is written and flushed.

use std::{io, thread};

use tokio::sync::watch;
use wahook_core::{
    BoxFuture,
    model::Event,
    sink::{Delivered, Sink, SinkError, SinkErrorKind},
};

use super::{
    Form,
    queue::{Queue, Waiting, queue},
};

/// Writes events as JSON lines. "Written" means handed to the system: whoever reads the pipe may still lose it (I3).
#[derive(Clone, Debug)]
pub struct Stdout {
    form: Form,
    lines: Queue<Vec<u8>>,
    closed: watch::Receiver<bool>,
}

impl Stdout {
    /// Starts a writer: standard output, or anything else in tests.
    ///
    /// # Errors
    ///
    /// If no thread can be started.
    pub fn start(out: impl io::Write + Send + 'static, form: Form) -> io::Result<Self> {
        let (lines, waiting) = queue();
        let (tell_closed, closed) = watch::channel(false);
        // A thread of its own: a write to a full pipe blocks, and must not hold up a worker of the runtime.
        thread::Builder::new()
            .name("stdout".to_owned())
            .spawn(move || write_all(out, waiting, &tell_closed))?;
        Ok(Self { form, lines, closed })
    }

    /// Waits until nobody reads the output any more.
    pub async fn closed(&self) {
        let mut closed = self.closed.clone();
        // An error means that the writer is gone, which is the same.
        let _ = closed.wait_for(|closed| *closed).await;
    }
}

impl Sink for Stdout {
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
        Box::pin(self.lines.write(self.form, events, GONE))
    }
}

const GONE: &str = "nobody reads stdout any more";

fn write_all(mut out: impl io::Write, mut waiting: Waiting<Vec<u8>>, closed: &watch::Sender<bool>) {
    while let Some(jobs) = waiting.blocking_next() {
        // What waits is written with one flush.
        let written = jobs
            .iter()
            .try_for_each(|job| out.write_all(&job.work))
            .and_then(|()| out.flush());
        let outcome = written.map_err(|_| SinkError::new(SinkErrorKind::Unavailable { after: None }, GONE));
        let broken = outcome.is_err();
        for job in jobs {
            job.end(outcome.clone());
        }
        if broken {
            let _ = closed.send(true);
            return;
        }
    }
}
