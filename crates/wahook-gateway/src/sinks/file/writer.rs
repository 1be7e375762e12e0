//! The thread that writes: what waits is written at once and flushed once.

use std::{io, iter, sync::Arc};

use wahook_core::{
    Clock,
    sink::{SinkError, SinkErrorKind},
};

use super::{
    FileOptions,
    aside::{prune, put_aside},
    opened::Opened,
};
use crate::sinks::queue::{Job, Waiting};

pub(super) struct Writer {
    pub(super) options: FileOptions,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) opened: Option<Opened>,
}

impl Writer {
    pub(super) fn run(mut self, mut waiting: Waiting<Vec<u8>>) {
        while let Some(jobs) = waiting.blocking_next() {
            self.write_all(jobs);
        }
    }

    /// Writes jobs, as many at once as the file has room for; after an error the rest fails with it.
    fn write_all(&mut self, jobs: Vec<Job<Vec<u8>>>) {
        let mut jobs = jobs.into_iter().peekable();
        while let Some(first) = jobs.next() {
            let ready = self.ready(first.work.len()).map(|opened| opened.length());
            let mut length = ready.as_ref().map_or(0, |length| *length) + first.work.len() as u64;
            let most = self.options.max_bytes.get();
            let mut batch = vec![first];
            batch.extend(iter::from_fn(|| {
                jobs.next_if(|job| {
                    length += job.work.len() as u64;
                    length <= most
                })
            }));
            let outcome = ready.and_then(|_| {
                let lines: Vec<_> = batch.iter().map(|job| &job.work[..]).collect();
                self.write(&lines.concat())
            });
            let outcome = outcome.map_err(|error| self.failure(&error));
            let failed = outcome.clone().err();
            for job in batch {
                job.end(outcome.clone());
            }
            if let Some(error) = failed {
                return jobs.for_each(|job| job.end(Err(error.clone())));
            }
        }
    }

    fn write(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut outcome = self.append(lines);
        if outcome
            .as_ref()
            .is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
        {
            // Taken away in this very moment: the lines belong into the next file.
            outcome = self.append(lines);
        }
        outcome
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let now = self.clock.now();
        let outcome = self.ready(lines.len())?.append(lines, now);
        if outcome.is_err() {
            // What a failed flush left behind is not known to this handle any more.
            self.opened = None;
        }
        outcome
    }

    /// The file, opened and with room for so many bytes, or an empty one.
    fn ready(&mut self, bytes: usize) -> io::Result<&mut Opened> {
        let path = &self.options.path;
        let here = self.opened.take().filter(|opened| opened.is_at(path));
        let mut opened = match here {
            Some(opened) => opened,
            None => Opened::open(path)?,
        };
        if self.is_over(&opened, bytes) {
            put_aside(path)?;
            // Until here the lock is held.
            opened = Opened::open(path)?;
            if let Some(keep) = self.options.keep
                && let Err(error) = prune(path, keep)
            {
                tracing::warn!(target: "wahook", "an old file of events cannot be removed: {error}");
            }
        }
        Ok(self.opened.insert(opened))
    }

    /// Whether the next line belongs into another file. An empty one always has room.
    fn is_over(&self, opened: &Opened, bytes: usize) -> bool {
        let full = opened.length().saturating_add(bytes as u64) > self.options.max_bytes.get();
        let old = self.options.max_age.is_some_and(|most| {
            let age = opened.since().map(|since| self.clock.now().duration_since(since));
            age.is_some_and(|age| age.unsigned_abs() >= most && age.is_positive())
        });
        opened.length() > 0 && (full || old)
    }

    /// The event is not to blame, whatever it is.
    fn failure(&self, error: &io::Error) -> SinkError {
        let text = format!("cannot write {}: {error}", self.options.path.display());
        SinkError::new(SinkErrorKind::Unavailable { after: None }, text)
    }
}
