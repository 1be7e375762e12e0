//! The inbox.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use wahook_core::{
    Assurance, BoxFuture, Guarantee,
    guard::{OpenError, Settled, StoreError, StoreErrorKind, Token},
    inbox::{
        Accepted, Entry, EntryId, Filed, Inbox, Incoming, Lane, LaneId, Reading, Settlement, Stored, Taken,
        Unread, Want,
    },
};

use super::{
    INBOX,
    accept::{Accept, Full},
    lanes::{RawEntry, RawTaken, Take, renew, settle},
    lock::Exclusive,
    options::SqliteInboxOptions,
    raw::moment,
    reading::{Asked, Filing},
    recall::recall,
    state::{Limits, Outside, State},
};
use crate::{
    file::File,
    job::{Rank, Sort},
    options::Flush,
    reader::Reader,
    span::milliseconds,
    writer::Writer,
};

/// An inbox in one SQLite file, of one process.
///
/// See the [crate](crate) for what it promises. Dropping it waits, up to the deadline, until what it accepted is on stable
/// storage.
#[derive(Debug)]
pub struct SqliteInbox {
    pub(super) writer: Writer<State>,
    pub(super) reader: Reader,
    pub(super) outside: Outside,
    pub(super) options: SqliteInboxOptions,
    pub(super) path: PathBuf,
    /// Up to which position nothing was to be removed.
    pub(super) swept_up_to: AtomicI64,
    assurance: Assurance,
}

impl SqliteInbox {
    /// Opens the file, makes it if it is not there (readable for its owner only), and brings it to this release.
    ///
    /// The directory must exist and be on a local disk. The file is this process's alone until the inbox is dropped: a
    /// file beside it that ends in `-lock` says so.
    ///
    /// # Errors
    ///
    /// [`Address`](wahook_core::guard::OpenErrorKind::Address) if the path cannot be a file's;
    /// [`Refused`](wahook_core::guard::OpenErrorKind::Refused) if another process has it, if the file or its directory
    /// cannot be written, or not in WAL mode; [`Schema`](wahook_core::guard::OpenErrorKind::Schema) if it is no database,
    /// another program's, damaged, or a later release's;
    /// [`Unreachable`](wahook_core::guard::OpenErrorKind::Unreachable) if another program keeps it locked for longer than
    /// the [deadline for that](SqliteInboxOptions::connect_deadline).
    pub async fn open(path: impl AsRef<Path>, options: SqliteInboxOptions) -> Result<Self, OpenError> {
        let file = File::at(path.as_ref())?;
        let exclusive = Exclusive::take(file.path())?;
        let outside = Outside::new();
        let mut first = true;
        let (clock, seen) = (Arc::clone(&options.file.clock), outside.clone());
        let limits = Limits::of(&options);
        let read = file.clone();
        let recall = Box::new(move |connection: &mut rusqlite::Connection| {
            // It lasts as long as the thread that writes.
            let _held = &exclusive;
            recall(
                connection,
                &read,
                &seen,
                limits,
                clock.now().as_millisecond(),
                std::mem::take(&mut first),
            )
        });
        let path = file.path().to_owned();
        // A question may look at millions of rows.
        let patience = options.file.deadline.max(QUESTION);
        let reader = Reader::start(file.clone(), patience)?;
        let writer = Writer::open(file, options.file.clone(), &[INBOX], recall).await?;
        // Both were set, and what a guarantee stands on was read back.
        let assurance = match options.file.flush {
            Flush::First => Assurance::new(
                Guarantee::SurvivesPowerLoss,
                "journal_mode is wal, synchronous is full",
            ),
            Flush::Later => Assurance::new(
                Guarantee::ProcessCrashOnly,
                "journal_mode is wal, synchronous is normal",
            ),
        };
        Ok(Self {
            writer,
            reader,
            outside,
            options,
            path,
            swept_up_to: AtomicI64::new(0),
            assurance,
        })
    }

    /// How many transactions changed something and were flushed: verbs per commit tell how well they are grouped.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }
}

/// How long a question of an operator may take.
const QUESTION: Duration = Duration::from_secs(30);

impl Inbox for SqliteInbox {
    fn assurance(&self) -> &Assurance {
        &self.assurance
    }

    fn accept<'a>(&'a self, incoming: Incoming) -> BoxFuture<'a, Result<Accepted, StoreError>> {
        let accept = Accept::new(&incoming);
        Box::pin(async move {
            let accepted = self
                .writer
                .ask_with(Sort::Begins, Rank::First, accept.bytes(), move |work| {
                    accept.run(work)
                })
                .await?;
            accepted.map_err(|Full| {
                StoreError::with_source(StoreErrorKind::Full, "as much waits as the inbox may hold")
            })
        })
    }

    fn unread<'a>(
        &'a self,
        token: Token,
        count: usize,
        bytes: usize,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Vec<Unread>, StoreError>> {
        let asked = Asked {
            token,
            count,
            bytes,
            lease: milliseconds(lease),
        };
        Box::pin(async move {
            let rows = asked.rows();
            let found = self
                .writer
                .ask_later(Sort::Begins, rows, move |work| asked.unread(work))
                .await?;
            let unread = found.into_iter().map(|(raw, again)| Unread {
                stored: raw.into_stored(),
                again,
            });
            Ok(unread.collect())
        })
    }

    fn file<'a>(
        &'a self,
        token: Token,
        readings: Vec<Reading>,
    ) -> BoxFuture<'a, Result<Option<Filed>, StoreError>> {
        let filing = Filing::new(token, readings);
        let (rank, bytes) = (Rank::Later(filing.rows()), filing.bytes());
        Box::pin(
            self.writer
                .ask_with(Sort::Ends, rank, bytes, move |work| filing.run(work)),
        )
    }

    fn take<'a>(
        &'a self,
        sink: &'a str,
        token: Token,
        want: Want,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Taken, StoreError>> {
        let take = Take {
            sink: sink.to_owned(),
            token,
            want,
            lease: milliseconds(lease),
        };
        Box::pin(async move {
            let taken = self
                .writer
                .ask_later(Sort::Begins, take.rows(), move |work| take.run(work))
                .await?;
            Ok(told(taken))
        })
    }

    fn renew<'a>(
        &'a self,
        lane: LaneId,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        let lease = milliseconds(lease);
        Box::pin(
            self.writer
                .ask_later(Sort::Ends, 1, move |work| renew(work, lane, token, lease)),
        )
    }

    fn settle<'a>(
        &'a self,
        token: Token,
        settlement: Settlement,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        let rows = 1 + settlement.done.len();
        Box::pin(
            self.writer
                .ask_later(Sort::Ends, rows, move |work| settle(work, token, &settlement)),
        )
    }

    fn stirred<'a>(&'a self, seen: u64) -> BoxFuture<'a, u64> {
        let mut mark = self.outside.stirred.subscribe();
        Box::pin(async move {
            match mark.wait_for(|mark| *mark != seen).await {
                Ok(mark) => *mark,
                // Not while we are here: the sender is ours.
                Err(_closed) => seen,
            }
        })
    }
}

/// What was taken, as its taker sees it.
fn told(taken: RawTaken) -> Taken {
    let RawTaken {
        lanes,
        deliveries,
        next,
    } = taken;
    let deliveries: HashMap<i64, Arc<Stored>> = deliveries
        .into_iter()
        .map(|(position, raw)| (position, Arc::new(raw.into_stored())))
        .collect();
    let entry = |raw: RawEntry| {
        let stored = Arc::clone(deliveries.get(&raw.delivery)?);
        Some(Entry {
            id: EntryId(raw.id),
            key: raw.key,
            place: usize::try_from(raw.place).unwrap_or(usize::MAX),
            attempt: raw.attempt.saturating_add(1),
            failures: raw.failures,
            filed_at: moment(raw.filed_at),
            replay_of: raw.replay.then_some(stored.delivery.id),
            late: raw.late,
            stored,
        })
    };
    let lane = |(id, entries): (LaneId, Vec<RawEntry>)| Lane {
        id,
        entries: entries.into_iter().filter_map(entry).collect(),
    };
    Taken {
        lanes: lanes.into_iter().map(lane).collect(),
        next: next.map(|left| Duration::from_millis(left.unsigned_abs())),
    }
}
