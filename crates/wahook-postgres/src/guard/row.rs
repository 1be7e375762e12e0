//! What callers ask for, and the row of a statement that it becomes.

use std::{sync::Arc, time::Duration};

use tokio::{sync::oneshot, time::Instant};
use wahook_core::guard::{Claim, Digest, Settled, StoreError, Token};

/// What one caller waits for.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) digest: Digest,
    pub(super) token: Token,
    pub(super) verb: Verb,
    /// When the caller gives up.
    pub(super) deadline: Instant,
}

/// What is asked for; times in microseconds.
#[derive(Debug)]
pub(super) enum Verb {
    Claim {
        lease: i64,
        answer: oneshot::Sender<Result<Claim, StoreError>>,
    },
    /// Without a life it is given back.
    Settle {
        life: Option<i64>,
        answer: oneshot::Sender<Result<Settled, StoreError>>,
    },
}

/// Which statement says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Claim,
    Settle,
}

impl Job {
    pub(super) const fn kind(&self) -> Kind {
        match self.verb {
            Verb::Claim { .. } => Kind::Claim,
            Verb::Settle { .. } => Kind::Settle,
        }
    }

    /// Whether nobody waits for it any more.
    pub(super) fn is_dead(&self) -> bool {
        match &self.verb {
            Verb::Claim { answer, .. } => answer.is_closed(),
            Verb::Settle { answer, .. } => answer.is_closed(),
        }
    }

    pub(super) const fn micros(&self) -> Option<i64> {
        match self.verb {
            Verb::Claim { lease, .. } => Some(lease),
            Verb::Settle { life, .. } => life,
        }
    }

    pub(super) fn fail(self, error: StoreError) {
        // A caller that is gone hears nothing.
        match self.verb {
            Verb::Claim { answer, .. } => drop(answer.send(Err(error))),
            Verb::Settle { answer, .. } => drop(answer.send(Err(error))),
        }
    }

    pub(super) fn claimed(self, claim: Claim) {
        if let Verb::Claim { answer, .. } = self.verb {
            drop(answer.send(Ok(claim)));
        }
    }

    pub(super) fn settled(self, settled: Result<Settled, StoreError>) {
        if let Verb::Settle { answer, .. } = self.verb {
            drop(answer.send(settled));
        }
    }
}

/// A row of a statement: who speaks for it, and the other claims of the same record, in their order.
///
/// Copies of one delivery come together, and one statement cannot write a row twice. What the first is told tells the
/// others too: they came before the statement was sent, and it holds for them as if they had come just behind.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) key: Arc<str>,
    pub(super) job: Job,
    pub(super) copies: Vec<Job>,
}

impl Row {
    pub(super) fn deadline(&self) -> Instant {
        let copies = self.copies.iter().map(|copy| copy.deadline);
        copies.fold(self.job.deadline, Instant::max)
    }

    pub(super) fn fail(self, error: &StoreError) {
        for job in std::iter::once(self.job).chain(self.copies) {
            job.fail(error.clone());
        }
    }

    /// Answers a claim; returns the copies that the answer is not for.
    pub(super) fn claimed(self, found: &Found) -> Vec<Job> {
        let Found {
            done, left, conflict, ..
        } = *found;
        let in_flight = Claim::InFlight { left, conflict };
        let ours = found.is_held_by(self.job.token);
        self.job.claimed(match (done, ours) {
            (true, _) => Claim::Duplicate { conflict },
            (false, true) => Claim::Fresh { conflict },
            (false, false) => in_flight,
        });
        let (again, others): (Vec<_>, Vec<_>) = self
            .copies
            .into_iter()
            // The holder says its claim again, here or behind somebody else's: its lease runs anew.
            .partition(|copy| !done && found.is_held_by(copy.token));
        for copy in others {
            copy.claimed(if done {
                Claim::Duplicate { conflict }
            } else {
                in_flight
            });
        }
        again
    }
}

/// What a claim found, or made.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) done: bool,
    pub(super) holder: Vec<u8>,
    pub(super) left: Duration,
    pub(super) conflict: bool,
}

impl Found {
    fn is_held_by(&self, token: Token) -> bool {
        self.holder == token.as_bytes()
    }
}
