//! What came to a sink.

use std::time::Duration;

use crate::cli::demo::mark::Mark;

/// What came to a sink, in its order.
#[derive(Debug)]
pub(super) struct Sink {
    pub(super) name: &'static str,
    pub(super) arrivals: Vec<Arrived>,
    /// From here on dead letters were put back.
    pub(super) retried_from: usize,
    pub(super) unreadable: u64,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Arrived {
    pub(super) event: Mark,
    pub(super) attempt: u32,
    pub(super) replay: bool,
    /// It says what was sent.
    pub(super) sound: bool,
    pub(super) taking: Taking,
    /// If the sink knows.
    pub(super) when: Option<Duration>,
}

/// What a sink did with what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli::demo) enum Taking {
    Taken,
    /// Taken, and said so when nobody listened any more.
    TakenLate,
    NotTaken,
}

impl Taking {
    pub(super) const fn is_taken(self) -> bool {
        matches!(self, Self::Taken | Self::TakenLate)
    }
}

impl Sink {
    pub(super) const fn new(name: &'static str) -> Self {
        Self {
            name,
            arrivals: Vec::new(),
            retried_from: usize::MAX,
            unreadable: 0,
        }
    }

    pub(super) fn figures(&self) -> SinkFigures {
        let arrivals = &self.arrivals;
        let taken = arrivals
            .iter()
            .filter(|arrived| arrived.taking.is_taken())
            .count();
        SinkFigures {
            name: self.name,
            taken,
            failed: arrivals.len() - taken,
            again: arrivals.iter().filter(|arrived| arrived.attempt > 1).count(),
        }
    }
}

/// What a sink got: hand-overs that it took, and attempts that failed.
#[derive(Clone, Copy, Debug)]
pub(in crate::cli::demo) struct SinkFigures {
    pub(in crate::cli::demo) name: &'static str,
    pub(in crate::cli::demo) taken: usize,
    pub(in crate::cli::demo) failed: usize,
    pub(in crate::cli::demo) again: usize,
}
