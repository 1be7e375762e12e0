//! The guard store.

use std::{path::Path, time::Duration};

use wahook_core::{
    Assurance, BoxFuture, Guarantee,
    guard::{Claim, Digest, GuardStore, Key, OpenError, Settled, StoreError, Token},
};

use super::{GUARD, statements::Record};
use crate::{file::File, job::Sort, options::SqliteOptions, writer::Writer};

/// A guard store in one SQLite file, for all processes of a machine.
///
/// See the [crate](crate) for what it promises. Dropping it waits, up to the deadline, until what it accepted is on stable
/// storage.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Writer,
    assurance: Assurance,
}

impl SqliteStore {
    /// Opens the file, makes it if it is not there (readable for its owner only), and brings it to this release.
    ///
    /// The directory must exist and be on a local disk. The file is wahook's alone.
    ///
    /// # Errors
    ///
    /// [`Address`](wahook_core::guard::OpenErrorKind::Address) if the path cannot be a file's;
    /// [`Refused`](wahook_core::guard::OpenErrorKind::Refused) if the file or its directory cannot be written, or not in
    /// WAL mode; [`Schema`](wahook_core::guard::OpenErrorKind::Schema) if it is no database, another program's, damaged, or
    /// a later release's; [`Unreachable`](wahook_core::guard::OpenErrorKind::Unreachable) if another program keeps it
    /// locked for longer than the [deadline for that](SqliteOptions::connect_deadline).
    pub async fn open(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, OpenError> {
        let file = File::at(path.as_ref())?;
        let writer = Writer::open(file, options, &[GUARD], Box::new(|_| Ok(()))).await?;
        // Both were set and read back.
        let because = "journal_mode is wal, synchronous is full";
        Ok(Self {
            writer,
            assurance: Assurance::new(Guarantee::SurvivesPowerLoss, because),
        })
    }

    /// What survives of what was answered, and why.
    #[must_use]
    pub const fn assurance(&self) -> &Assurance {
        &self.assurance
    }

    /// How many transactions changed something and were flushed: verbs per commit tell how well they are grouped.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.writer.commits()
    }
}

impl GuardStore for SqliteStore {
    fn claim<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, StoreError>> {
        let record = Record::new(key, digest, token);
        Box::pin(
            self.writer
                .ask(Sort::Begins, move |work| record.claim(work, lease)),
        )
    }

    fn complete<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        let record = Record::new(key, digest, token);
        Box::pin(
            self.writer
                .ask(Sort::Ends, move |work| record.complete(work, ttl)),
        )
    }

    fn release<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        let record = Record::new(key, digest, token);
        Box::pin(self.writer.ask(Sort::Ends, move |work| record.release(work)))
    }
}
