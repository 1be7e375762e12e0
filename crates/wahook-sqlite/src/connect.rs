//! A connection that may write: its settings, and that they hold.

use std::time::{Duration, Instant};

use rusqlite::{Connection, MAIN_DB};
use wahook_core::guard::{OpenError, OpenErrorKind};

use crate::{
    error::open_error,
    file::{File, Identity, Made},
    migrate::migrate,
    options::{Flush, SqliteOptions},
    patience::patiently,
    writer::Part,
};

/// Opens a connection for writing and brings the tables to this release; waits for locks until `ends`.
pub(crate) fn connect(
    file: &File,
    made: Made,
    options: &SqliteOptions,
    parts: &[Part],
    ends: Instant,
) -> Result<(Connection, Identity), OpenError> {
    let connection = file.connect(made)?;
    // Before anything is read, so that another file, put there meanwhile, is told from this one.
    let identity = file.identity().ok_or_else(|| {
        OpenError::new(
            OpenErrorKind::Refused,
            "the SQLite file was taken away while it was opened",
        )
    })?;
    if connection.is_readonly(MAIN_DB).map_err(open_error)? {
        return Err(OpenError::new(
            OpenErrorKind::Refused,
            "the SQLite file is read-only: this process must be able to write it and its directory",
        ));
    }
    connection.busy_timeout(Duration::ZERO).map_err(open_error)?;
    let journal: String = patiently(ends, || {
        connection.query_row("PRAGMA journal_mode = wal", [], |row| row.get(0))
    })
    .map_err(open_error)?;
    if journal != "wal" {
        return Err(OpenError::new(
            OpenErrorKind::Refused,
            format!(
                "the SQLite file stays in journal mode {journal}: it must be on a local disk that takes WAL"
            ),
        ));
    }
    patiently(ends, || settle(&connection)).map_err(open_error)?;
    if options.flush == Flush::Later {
        connection
            .execute_batch("PRAGMA synchronous = normal")
            .map_err(open_error)?;
    }
    let synchronous: i64 = connection
        .query_row("PRAGMA synchronous", [], |row| row.get(0))
        .map_err(open_error)?;
    if options.flush == Flush::First && synchronous != FULL {
        return Err(OpenError::new(
            OpenErrorKind::Refused,
            "SQLite does not take `synchronous = full`, without which a power cut loses what was answered",
        ));
    }
    limit(&connection, options).map_err(open_error)?;
    migrate(&connection, parts, ends)?;
    Ok((connection, identity))
}

/// SQLite's number for `synchronous = full`.
const FULL: i64 = 2;

/// What a connection that writes or checkpoints has set.
pub(crate) fn settle(connection: &Connection) -> Result<(), rusqlite::Error> {
    // Checkpoints run on a thread of their own. macOS flushes to the platter only where it is told to. A page cache of
    // 16 MiB holds the inner pages of some millions of keys.
    connection.execute_batch(
        "PRAGMA synchronous = full;
         PRAGMA fullfsync = 1;
         PRAGMA checkpoint_fullfsync = 1;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -16384;
         PRAGMA trusted_schema = 0;",
    )
}

fn limit(connection: &Connection, options: &SqliteOptions) -> Result<(), rusqlite::Error> {
    let Some(bytes) = options.max_bytes else {
        return Ok(());
    };
    let page: u32 = connection.query_row("PRAGMA page_size", [], |row| row.get(0))?;
    let pages = (bytes.get() / u64::from(page.max(1))).clamp(1, u64::from(u32::MAX - 1));
    connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
}
