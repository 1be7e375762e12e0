//! What the writer thread remembers of the inbox, in step with the file.

use std::{
    num::NonZeroU64,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, Error};
use tokio::sync::watch;
use wahook_core::guard::{Fingerprints, Token};

use super::{counts::Counts, keys::Keys, options::SqliteInboxOptions};
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
    pub(crate) limits: Limits,
    /// As much is in the file as may be, when that was looked up last.
    pub(crate) is_full: bool,
    /// Something came in since the last commit.
    pub(crate) stirs: bool,
}

/// How much may be in the inbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of the file for what is accepted.
    bytes: Option<u64>,
    /// Of what is not finished.
    waiting: u64,
}

impl Limits {
    pub(crate) fn of(options: &SqliteInboxOptions) -> Self {
        let bytes = options.max_bytes.map(NonZeroU64::get);
        Self {
            // The rest is for working it off: events, lanes and what is written anew.
            bytes: bytes.map(|bytes| bytes - bytes / 8),
            waiting: options.max_waiting,
        }
    }
}

impl State {
    /// Whether one more may be accepted.
    pub(crate) fn has_room(&mut self, connection: &Connection) -> Result<bool, Error> {
        if self.counts.waiting() >= self.limits.waiting {
            return Ok(false);
        }
        let Some(most) = self.limits.bytes else {
            return Ok(true);
        };
        if self.is_full || self.counts.next_delivery % LOOK == 0 {
            let number = |sql| {
                let mut statement = connection.prepare_cached(sql)?;
                statement.query_row([], |row| row.get::<_, i64>(0))
            };
            let pages = number("PRAGMA page_count")? - number("PRAGMA freelist_count")?;
            let bytes = pages.saturating_mul(number("PRAGMA page_size")?);
            self.is_full = bytes.unsigned_abs() >= most;
        }
        Ok(!self.is_full)
    }
}

/// How often the size of the file is looked up, in deliveries.
const LOOK: i64 = 32;

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
