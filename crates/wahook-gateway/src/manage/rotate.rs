//! Changing a secret without losing a delivery.
//!
//! ```text
//! file: old                     a mismatch is refused
//! file: old, rotating           a mismatch is asked to come again ─ every gateway has seen it
//!   ask for another             it signs with the new one from some moment on
//! file: new, previous, rotating both are taken                    ─ the gateway has seen it
//! file: new, previous           a mismatch is refused
//! file: new                     when the overlap is over
//! ```
//!
//! Whatever fails on the way, the file holds what is in use, as far as that can be known. One change at a time: the file is
//! locked meanwhile, and what a person writes into it meanwhile is not written over.

use std::{path::Path, pin::pin, time::Duration};

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::signal::unix::{SignalKind, signal};
use wahook_core::{Clock, Secret};

use super::NotRotated;
use crate::{
    Failure,
    config::{Lock, SecretFile, rescue},
    output,
};

/// How long a mismatch is excused before the provider has answered: longer than any call to it takes.
const MARK: Duration = Duration::from_secs(600);
/// And afterwards, if nobody says that the new secret was read.
const SETTLE: Duration = Duration::from_secs(120);

/// Whether gateways have read the file: that which says that it is being rotated until then; `None` once it is over.
pub(crate) trait Seen {
    /// Waits until each has that reads it, whether it can be asked or not.
    fn by_all(&self, mark: Timestamp) -> BoxFuture<'_, Result<(), Failure>>;

    /// Waits until the one has that can be asked; where there is none, until it must have.
    fn until(&self, rotating: Option<Timestamp>) -> BoxFuture<'_, Result<(), Failure>>;
}

/// What is done, for whoever watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A mismatch is asked to come again.
    Marked,
    /// There is another secret.
    Rotated,
    /// Both secrets are taken.
    Kept,
}

/// Has another secret be in use, and tells it.
pub(crate) type Ask<'a> = dyn Fn() -> BoxFuture<'a, Result<Secret, NotRotated>> + 'a;

/// One rotation.
pub(crate) struct Rotation<'a, 'b> {
    /// How it is begun again: the command of this rotation.
    pub(crate) command: &'a str,
    pub(crate) file: &'a Path,
    pub(crate) ask: &'a Ask<'b>,
    /// Whether the endpoint can be built with a secret.
    pub(crate) fits: &'a dyn Fn(&Secret) -> Result<(), Failure>,
    /// How long the old secret is valid beside the new one.
    pub(crate) overlap: Duration,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) seen: &'a dyn Seen,
    pub(crate) tell: &'a dyn Fn(Step),
}

impl Rotation<'_, '_> {
    /// Does it; tells until when the old secret is valid.
    pub(crate) async fn run(&self) -> Result<Timestamp, Failure> {
        let _lock = Lock::of(self.file).map_err(Failure::io)?;
        self.read()?
            .can_be_written(self.file)
            .map_err(|error| self.cannot_write(&error))?;
        // As it is now: people take no lock.
        let before = self.read()?;
        let mark = self.later(MARK);
        let file = SecretFile {
            rotating: Some(mark),
            ..before.clone()
        };
        self.write(&file)?;
        if let Err(failure) = self.seen.by_all(mark).await {
            self.unmark(mark, before.rotating);
            return Err(failure.behind("nothing was changed"));
        }
        (self.tell)(Step::Marked);
        // What only we know must be written before we end.
        uninterrupted(self.exchange(&before, mark)).await?
    }

    /// Asks for the new secret, and has both be valid.
    async fn exchange(&self, before: &SecretFile, mark: Timestamp) -> Result<Timestamp, Failure> {
        let answer = (self.ask)().await.and_then(|secret| self.usable(secret, before));
        let secret = match answer {
            Ok(secret) => secret,
            Err(NotRotated::Surely(failure)) => {
                self.unmark(mark, before.rotating);
                return Err(failure.behind("nothing was changed"));
            }
            Err(NotRotated::Perhaps(failure)) => {
                return Err(Failure::io(format!(
                    "which secret is in use is not known: {failure}. The old one is valid here, and what does not fit it is \
                     asked to come again for ten minutes: by then, rotate once more, or take the new one from the \
                     provider's dashboard: {}",
                    self.with_a_file("FILE")
                ))
                .perhaps());
            }
        };
        (self.tell)(Step::Rotated);

        let until = self.later(self.overlap);
        let settle = self.later(SETTLE);
        // As it is now: a person may have written into it.
        let mut file = self.read().unwrap_or_else(|_| before.clone());
        if !file.current.is_same(&secret) {
            let old = std::mem::replace(&mut file.current, secret);
            if !self.overlap.is_zero() {
                file.previous.insert(0, (old, until));
            }
        }
        file.rotating = Some(settle);
        self.keep(&file)?;
        let seen = self.seen.until(Some(settle)).await;
        if let Err(failure) = seen {
            return Err(Failure::io(format!(
                "the new secret is in {}, and the gateway has not taken it up: {failure}",
                self.file.display()
            ))
            .perhaps());
        }
        (self.tell)(Step::Kept);
        self.unmark(settle, before.rotating);
        Ok(until)
    }

    /// A text that the endpoint cannot verify with is not the secret, whatever it is.
    fn usable(&self, secret: Secret, before: &SecretFile) -> Result<Secret, NotRotated> {
        if secret.is_same(&before.current) {
            let text = "the provider's answer tells the secret of before, and no new one";
            return Err(NotRotated::Perhaps(Failure::io(text)));
        }
        let file = SecretFile::new(secret);
        let tried = (self.fits)(&file.current).and_then(|()| {
            let reads_back = file.reads_back();
            reads_back.map_err(|error| Failure::io(error.to_string()))
        });
        match tried {
            Ok(()) => Ok(file.current),
            Err(failure) => Err(NotRotated::Perhaps(Failure::io(format!(
                "the provider's answer does not tell a secret that can be used ({failure})"
            )))),
        }
    }

    /// In whole seconds, as gateways tell it.
    fn later(&self, time: Duration) -> Timestamp {
        let later = self.clock.now().saturating_add(time).unwrap_or(Timestamp::MAX);
        Timestamp::from_second(later.as_second()).unwrap_or(later)
    }

    /// What is in it and not over yet.
    fn read(&self) -> Result<SecretFile, Failure> {
        let mut file = SecretFile::read(self.file).map_err(Failure::io)?;
        let now = self.clock.now();
        file.previous.retain(|(_, until)| now < *until);
        Ok(file)
    }

    fn write(&self, file: &SecretFile) -> Result<(), Failure> {
        file.write(self.file).map_err(|error| self.cannot_write(&error))
    }

    /// Takes our mark away and nothing else. One of before stays: an answer was lost, and it is still waited for the next.
    /// If it cannot be taken away, it ends by itself.
    fn unmark(&self, mark: Timestamp, before: Option<Timestamp>) {
        if let Ok(mut file) = self.read()
            && file.rotating == Some(mark)
        {
            file.rotating = before.filter(|until| self.clock.now() < *until);
            let _ = self.write(&file);
        }
    }

    /// Writes the new secret, which only we know.
    fn keep(&self, file: &SecretFile) -> Result<(), Failure> {
        let Err(error) = file.write(self.file) else {
            return Ok(());
        };
        let error = self.cannot_write(&error);
        let text = match rescue(self.file, &file.current) {
            Ok(rescued) => format!(
                "the new secret could not be kept: {error}. It is in {}: when that is mended, within ten minutes, {}; then delete it",
                rescued.display(),
                self.with_a_file(&rescued.display().to_string())
            ),
            Err(_) => {
                // Where a person reads, and nowhere else.
                if output::stderr_is_terminal() {
                    output::notice(&format!("the new secret: {}", file.current.expose()));
                }
                format!(
                    "the provider has a new secret and it could not be kept: {error}; within ten minutes, rotate once more, \
                     or take it from the provider's dashboard: {}",
                    self.with_a_file("FILE")
                )
            }
        };
        Err(Failure::io(text).perhaps())
    }

    /// How a secret is brought in that somebody has in a file.
    fn with_a_file(&self, file: &str) -> String {
        format!("`{} --new-secret-file {file}`", self.command)
    }

    fn cannot_write(&self, error: &std::io::Error) -> Failure {
        Failure::io(format!("cannot write {}: {error}", self.file.display()))
    }
}

/// Goes on to the end, whoever asks to stop: they are told that it will not take long.
async fn uninterrupted<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let cannot = |error| Failure::io(format!("cannot wait for signals: {error}"));
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot)?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(cannot)?;
    let mut work = pin!(work);
    loop {
        tokio::select! {
            done = &mut work => return Ok(done),
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
        output::notice("a secret is being exchanged; this ends by itself when it is written");
    }
}

#[cfg(test)]
mod tests;
