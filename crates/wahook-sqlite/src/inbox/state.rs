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
    /// Bytes that were accepted since then.
    pub(crate) since_look: u64,
    /// Something came in since the last commit.
    pub(crate) stirs: bool,
}

/// How much may be in the inbox.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of the file for what is accepted.
    pub(crate) bytes: Option<u64>,
    /// Of what is not finished.
    pub(crate) waiting: u64,
    /// In memory.
    pub(crate) keys: usize,
}

impl Limits {
    pub(crate) fn of(options: &SqliteInboxOptions) -> Self {
        Self {
            bytes: options.max_bytes.map(NonZeroU64::get),
            waiting: options.max_waiting,
            keys: options.keys,
        }
    }
}

impl State {
    /// Nothing is remembered yet.
    pub(crate) fn new(hash_key: [u8; 16], counts: Counts, outside: Outside, limits: Limits) -> Self {
        Self {
            fingerprints: Fingerprints::new(hash_key),
            deliveries: Keys::default(),
            bodies: Keys::default(),
            events: Keys::default(),
            counts,
            reader: None,
            outside,
            limits,
            is_full: true,
            since_look: 0,
            stirs: true,
        }
    }

    pub(crate) fn keys_in_memory(&self) -> usize {
        self.deliveries.len() + self.bodies.len() + self.events.len()
    }

    /// Whether one more may be accepted, of so many bytes.
    pub(crate) fn has_room(&mut self, connection: &Connection, bytes: usize) -> Result<bool, Error> {
        if self.counts.waiting() >= self.limits.waiting {
            return Ok(false);
        }
        let Some(most) = self.limits.bytes else {
            return Ok(true);
        };
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_add(EVENTS);
        self.since_look = self.since_look.saturating_add(bytes);
        if self.is_full || self.since_look >= most / LOOK {
            self.is_full = used(connection, &self.counts)? >= most;
            self.since_look = 0;
        }
        Ok(!self.is_full)
    }
}

/// The bytes that are used of the file, with those that what is unread will need.
pub(crate) fn used(connection: &Connection, counts: &Counts) -> Result<u64, Error> {
    let number = |sql| {
        let mut statement = connection.prepare_cached(sql)?;
        statement.query_row([], |row| row.get::<_, i64>(0))
    };
    let pages = number("PRAGMA page_count")? - number("PRAGMA freelist_count")?;
    let used = pages.saturating_mul(number("PRAGMA page_size")?).unsigned_abs();
    Ok(used.saturating_add(EVENTS * counts.unread))
}

/// The size of the file is looked up whenever about such a part of what may be in it was accepted.
const LOOK: u64 = 256;

/// What the events of a delivery take, about.
const EVENTS: u64 = 1_024;

/// Who reads, and until when.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader {
    pub(crate) token: Token,
    /// ms, as [`Work::steady`](crate::job::Work::steady)
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
