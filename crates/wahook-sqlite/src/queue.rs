//! What waits for the writer thread, in the order of its turns.

use std::collections::VecDeque;

use tokio::sync::mpsc::Receiver;

use crate::job::{Job, Rank};

/// What shares a transaction.
pub(crate) type Batch<M> = Vec<Box<dyn Job<M>>>;

/// How many verbs that come first share a commit at most: one that fails fails for all of them.
const BATCH: usize = 256;

/// About how many rows of later work share a commit while others wait for their first turn. What is first waits so long
/// at most, a few milliseconds, and what is later never stands still.
const ROWS: usize = 512;

/// What was received and is not begun.
pub(crate) struct Queue<M> {
    first: VecDeque<Box<dyn Job<M>>>,
    later: VecDeque<(usize, Box<dyn Job<M>>)>,
    received: Vec<Box<dyn Job<M>>>,
    /// So many are received ahead at most.
    most: usize,
}

impl<M> Queue<M> {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            first: VecDeque::new(),
            later: VecDeque::new(),
            received: Vec::new(),
            most,
        }
    }

    /// Receives what waits, and waits if there is nothing at all. `false`: nobody is left and nothing waits.
    pub(crate) fn fill(&mut self, waiting: &mut Receiver<Box<dyn Job<M>>>) -> bool {
        if self.len() == 0 && waiting.blocking_recv_many(&mut self.received, BATCH) == 0 {
            return false;
        }
        self.sort();
        while self.len() < self.most
            && let Ok(job) = waiting.try_recv()
        {
            self.received.push(job);
            self.sort();
        }
        true
    }

    /// What is carried out next.
    pub(crate) fn batch(&mut self) -> Batch<M> {
        let count = self.first.len().min(BATCH);
        let mut batch: Batch<M> = self.first.drain(..count).collect();
        let mut rows = 0_usize;
        while let Some((more, _)) = self.later.front()
            && (rows == 0 || *more <= ROWS.saturating_sub(rows))
            && let Some((more, job)) = self.later.pop_front()
        {
            rows = rows.saturating_add(more.max(1));
            batch.push(job);
        }
        batch
    }

    fn len(&self) -> usize {
        self.first.len() + self.later.len()
    }

    fn sort(&mut self) {
        for job in self.received.drain(..) {
            match job.rank() {
                Rank::First => self.first.push_back(job),
                Rank::Later(rows) => self.later.push_back((rows, job)),
            }
        }
    }
}
