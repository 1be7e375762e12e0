//! What the writer thread remembers of the inbox, in step with the file.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;
use wahook_core::guard::{Fingerprints, Token};

use super::{counts::Counts, keys::Keys};
use crate::job::Memory;

/// What the writer thread remembers.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) fingerprints: Fingerprints,
    /// Keys of deliveries, each with its newest row.
    pub(crate) deliveries: Keys,
    /// Keys with bodies, of those rows that are not the newest of their key.
    pub(crate) bodies: Keys,
    /// Keys of events, each with its newest row.
    pub(crate) events: Keys,
    pub(crate) counts: Counts,
    /// Whose part reading is.
    pub(crate) reader: Option<Reader>,
    pub(crate) outside: Outside,
    /// Something came in since the last commit.
    pub(crate) stirs: bool,
}

/// Who reads, and until when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader {
    pub(crate) token: Token,
    /// ms since 1970
    pub(crate) until: i64,
}

/// What other threads see of it, as of the last commit.
#[derive(Clone, Debug)]
pub(crate) struct Outside {
    pub(crate) counts: Arc<Mutex<Counts>>,
    pub(crate) stirred: watch::Sender<u64>,
}

impl Outside {
    pub(crate) fn new() -> Self {
        Self {
            counts: Arc::default(),
            stirred: watch::Sender::new(0),
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Memory for State {
    fn keep(&mut self) {
        self.deliveries.keep();
        self.bodies.keep();
        self.events.keep();
        self.counts
            .clone_into(&mut self.outside.counts.lock().unwrap_or_else(PoisonError::into_inner));
        if std::mem::take(&mut self.stirs) {
            self.outside.stirred.send_modify(|mark| *mark += 1);
        }
    }

    fn undo(&mut self) {
        self.deliveries.undo();
        self.bodies.undo();
        self.events.undo();
        self.counts = self.outside.counts();
        self.stirs = false;
    }
}
