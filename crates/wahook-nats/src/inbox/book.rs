//! What this process knows of the stream: the ledger, who waits for an answer, and how late it is there.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use async_nats::jetstream::stream::Info;
use bytes::Bytes;
use tokio::{
    sync::{oneshot, watch},
    time::Instant,
};
use wahook_core::inbox::{Stored, Swept};

use super::{
    cache::Cache,
    clock::Clock,
    fault::Fault,
    ledger::{
        Applying, Damaged, Ledger,
        op::{Answer, Op},
        records::{Micros, Print, micros},
    },
    log::Log,
    record::Record,
    snapshot::{Loaded, Notes},
    stream,
};

#[derive(Debug)]
pub(super) struct Book {
    page: Mutex<Page>,
    /// The last message that is in the ledger.
    pub(super) applied: watch::Sender<u64>,
    /// How often something came in.
    pub(super) stir: watch::Sender<u64>,
    /// What the ledger is worth.
    standing: watch::Sender<Standing>,
    /// Why the stream is not used, though it could be: somebody changed how it keeps what it acknowledged.
    unsound: Mutex<Option<String>>,
    /// Held by whoever writes the state down: one at a time.
    pub(super) writing: tokio::sync::Mutex<()>,
    /// A part of ours that ended by a fault of its own, and does not come back.
    ended: OnceLock<&'static str>,
}

/// What the ledger is worth.
#[derive(Clone, Debug)]
enum Standing {
    /// The server may have lost what it holds: nothing is answered from it.
    Unsure,
    /// It is what the stream says, over this connection.
    Sure(u64),
    /// The stream holds what cannot be gone on with, for now or for ever.
    Broken(Fault),
}

#[derive(Debug)]
pub(super) struct Page {
    pub(super) ledger: Ledger,
    pub(super) cache: Cache,
    waiters: HashMap<Print, oneshot::Sender<Vec<Answer>>>,
    /// The time of the last message, and when it was heard.
    heard: Option<(Micros, Instant)>,
    /// The last message and its time: what a stream that lost it does not have.
    pub(super) anchor: Option<(u64, i128)>,
    /// Bytes of messages since the ledger was written down.
    pub(super) since_snapshot: u64,
    /// Where it was written down.
    pub(super) notes: Notes,
    /// Bytes of the stream, about.
    pub(super) bytes: u64,
    /// The most that it may have.
    pub(super) most: Option<u64>,
    /// By the limit of the account, of which others may use up some; what a stream may have by its own is set aside for it.
    most_in_account: Option<u64>,
    /// The last message with which something of the stream was no longer needed.
    pub(super) freed: u64,
    /// Of records that were cut, the first piece: whoever begins before them needs it.
    pieces: BTreeMap<u64, u64>,
    clock: Clock,
}

/// A message as it came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    pub(super) sequence: u64,
    /// Nanoseconds since 1970, on the server's clock.
    pub(super) nanos: i128,
    pub(super) bytes: u64,
    /// A piece of what was written down: writing anew makes nothing larger that is to be written.
    pub(super) is_state: bool,
}

impl Book {
    pub(super) fn new(cache_bytes: usize) -> Self {
        let page = Page {
            ledger: Ledger::new(),
            cache: Cache::new(cache_bytes),
            waiters: HashMap::new(),
            heard: None,
            anchor: None,
            since_snapshot: 0,
            notes: Notes::default(),
            bytes: 0,
            most: None,
            most_in_account: None,
            freed: 0,
            pieces: BTreeMap::new(),
            clock: Clock::default(),
        };
        Self {
            page: Mutex::new(page),
            applied: watch::Sender::new(0),
            stir: watch::Sender::new(0),
            standing: watch::Sender::new(Standing::Unsure),
            unsound: Mutex::default(),
            writing: tokio::sync::Mutex::default(),
            ended: OnceLock::new(),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Page> {
        self.page.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anything can be asked for.
    pub(super) fn is_whole(&self) -> Result<(), Fault> {
        if let Some(part) = self.ended.get() {
            return Err(Fault::Broken(format!(
                "{part} ended by a fault of its own: start the program again"
            )));
        }
        if let Some(text) = &*self.unsound() {
            return Err(Fault::Broken(text.clone()));
        }
        match &*self.standing.borrow() {
            Standing::Broken(fault) => Err(fault.clone()),
            _ => Ok(()),
        }
    }

    fn unsound(&self) -> MutexGuard<'_, Option<String>> {
        self.unsound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the ledger is known to be what the stream says, over the connection that there is.
    pub(super) fn is_sure(&self, log: &Log) -> bool {
        matches!(*self.standing.borrow(), Standing::Sure(connection) if connection == log.connection())
    }

    /// Waits until it is. Nothing is answered from the ledger before: a server that begins anew may have lost what it
    /// acknowledged, and a copy of that is no duplicate.
    pub(super) async fn sure(&self, log: &Log) -> Result<(), Fault> {
        let mut standing = self.standing.subscribe();
        loop {
            self.is_whole()?;
            log.is_connected()?;
            if self.is_sure(log) {
                return Ok(());
            }
            if standing.changed().await.is_err() {
                return Err(Fault::away("the inbox is closed"));
            }
        }
    }

    /// From now on the ledger may not be what the stream says. What is broken stays so until it is known to be whole.
    pub(super) fn doubt(&self) {
        self.standing.send_if_modified(|standing| {
            let was_sure = matches!(standing, Standing::Sure(_));
            if was_sure {
                *standing = Standing::Unsure;
            }
            was_sure
        });
    }

    pub(super) fn trust(&self, connection: u64) {
        self.standing.send_replace(Standing::Sure(connection));
    }

    pub(super) fn give_up(&self, fault: Fault) {
        self.standing.send_replace(Standing::Broken(fault));
    }

    /// What ends while this is there, by a panic, is missed.
    pub(super) fn guard(self: &Arc<Self>, part: &'static str) -> Guard {
        Guard(Arc::clone(self), part)
    }

    /// From now on whoever wrote the record is told what became of it.
    pub(super) fn expect(&self, id: Print) -> oneshot::Receiver<Vec<Answer>> {
        let (told, tell) = oneshot::channel();
        self.lock().waiters.insert(id, told);
        tell
    }

    /// Nobody waits for it any more.
    pub(super) fn forget(&self, id: Print) {
        self.lock().waiters.remove(&id);
    }

    /// Notes how much the account has left, and then how the stream is.
    pub(super) fn see_all(&self, info: &Info, left_in_account: Option<u64>) {
        self.lock().most_in_account = left_in_account.map(|left| info.state.bytes.saturating_add(left));
        self.see(info);
    }

    /// Notes how the stream is.
    pub(super) fn see(&self, info: &Info) {
        let mut page = self.lock();
        page.bytes = info.state.bytes;
        // Somebody may have changed it meanwhile.
        page.most = u64::try_from(info.config.max_bytes)
            .ok()
            .filter(|bytes| *bytes > 0)
            .or(page.most_in_account);
        drop(page);
        let wrong = stream::wrong(&info.config);
        let mut unsound = self.unsound();
        if *unsound != wrong {
            match &wrong {
                Some(text) => tracing::error!(target: "wahook", "the inbox stands still: {text}"),
                None => tracing::info!(target: "wahook", "the stream of the inbox is as it should be again"),
            }
            *unsound = wrong;
        }
    }

    /// Goes on with another ledger. Nobody knows what became of what is on its way.
    pub(super) fn replace(&self, loaded: Loaded) {
        let applied = loaded.ledger.applied;
        let mut page = self.lock();
        page.ledger = loaded.ledger;
        page.notes = Notes::of(loaded.note, loaded.newest);
        page.cache.clear();
        page.waiters.clear();
        page.anchor = None;
        page.pieces.clear();
        page.since_snapshot = 0;
        // Nobody knows; something may well have been.
        page.freed = applied;
        drop(page);
        self.applied.send_replace(applied);
    }

    /// Enters a record.
    pub(super) fn enter(&self, heard: Heard, record: Record, parts: &[u64]) -> Result<(), Damaged> {
        let stirs = record.ops.iter().any(Op::brings_something_in);
        let carries = record.ops.iter().any(|op| matches!(op, Op::Carry(_)));
        let mut page = self.lock();
        let mut applying = Applying {
            sequence: heard.sequence,
            at: micros_of(heard.nanos),
            ops: record.ops,
            blobs: &record.blobs,
            parts,
            fresh: Vec::new(),
        };
        let before = page.ledger.now;
        let answers = page.ledger.apply(&mut applying)?;
        if page.ledger.now < before {
            tracing::warn!(
                target: "wahook",
                seconds = (before - page.ledger.now) / 1_000_000,
                "the clock of the NATS server went back: leases and waits were put right"
            );
            page.clock = Clock::default();
        }
        let has_swept =
            |answer: &Answer| matches!(answer, Answer::Swept(swept) if *swept != Swept::default());
        if let Some(piece) = parts.iter().min() {
            page.pieces.insert(heard.sequence, *piece);
        }
        if carries || answers.iter().any(has_swept) {
            page.freed = heard.sequence;
        }
        for stored in applying.fresh {
            page.cache.put(stored);
        }
        if let Some(waiter) = page.waiters.remove(&record.id) {
            // Who is gone hears nothing.
            let _ = waiter.send(answers);
        }
        drop(page);
        self.pass(heard);
        if stirs {
            self.stir.send_modify(|mark| *mark += 1);
        }
        Ok(())
    }

    /// Notes what says where the ledger is written down.
    pub(super) fn note(&self, heard: Heard, payload: Bytes) {
        let mut page = self.lock();
        let (is_new, floor) = page.notes.hear(heard.sequence, payload);
        // What this one says, and not what is known of later ones: who opens later must do as who was there.
        page.ledger.floor = page.ledger.floor.max(floor);
        if is_new {
            page.since_snapshot = 0;
        }
        drop(page);
        self.pass(heard);
    }

    /// Notes that a message came, whatever it was.
    pub(super) fn pass(&self, heard: Heard) {
        let mut page = self.lock();
        page.ledger.applied = heard.sequence;
        page.heard = Some((micros_of(heard.nanos), Instant::now()));
        if matches!(*self.standing.borrow(), Standing::Sure(_))
            && let Some(jump) = page.clock.hear(heard.nanos, Instant::now())
        {
            tracing::warn!(
                target: "wahook",
                seconds = jump.as_secs(),
                "the clock of the NATS server jumped forward: leases and memories ended early by as much"
            );
        }
        page.anchor = Some((heard.sequence, heard.nanos));
        if !heard.is_state {
            page.since_snapshot += heard.bytes;
        }
        page.bytes += heard.bytes;
        drop(page);
        self.applied.send_replace(heard.sequence);
    }

    /// Waits until this message is in the ledger.
    pub(super) async fn caught_up(&self, sequence: u64) {
        let mut applied = self.applied.subscribe();
        // The sender lives as long as the book.
        let _ = applied.wait_for(|applied| *applied >= sequence).await;
    }
}

/// Says that a part of ours ended, if it did by a panic.
#[derive(Debug)]
pub(super) struct Guard(Arc<Book>, &'static str);

impl Drop for Guard {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!(target: "wahook", part = self.1, "a part of the inbox ended by a fault of its own");
            // The first one counts.
            let _ = self.0.ended.set(self.1);
            self.0.doubt();
        }
    }
}

impl Page {
    /// How late it is on the server, about: not later than there.
    pub(super) fn now(&self) -> Micros {
        let heard = self
            .heard
            .map_or(0, |(at, since)| at.saturating_add(micros(since.elapsed())));
        heard.max(self.ledger.now)
    }

    /// The first piece of what was cut, behind this message; what is before it is not asked for again.
    pub(super) fn first_piece(&mut self, behind: u64) -> Option<u64> {
        self.pieces = self.pieces.split_off(&(behind + 1));
        self.pieces.values().min().copied()
    }

    pub(super) fn put(&mut self, stored: Stored) -> Arc<Stored> {
        self.cache.put(stored)
    }
}

fn micros_of(nanos: i128) -> Micros {
    Micros::try_from(nanos / 1_000).unwrap_or_default()
}

/// The reverse of [`micros`].
pub(super) const fn duration(time: Micros) -> Duration {
    Duration::from_micros(time)
}
