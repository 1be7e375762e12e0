//! Brings a file to the tables of this release: forward only, each part for itself, safe when many start at once.

use std::time::Instant;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use wahook_core::guard::{OpenError, OpenErrorKind};

use crate::{error::open_error, patience::patiently, writer::Part};

/// Marks a file as ours: `WAHK`.
const APPLICATION_ID: i64 = 0x5741_484b;

/// Brings the tables of these parts to this release, in one transaction.
pub(crate) fn migrate(connection: &Connection, parts: &[Part], ends: Instant) -> Result<(), OpenError> {
    let begin = || Transaction::new_unchecked(connection, TransactionBehavior::Immediate);
    let transaction = patiently(ends, begin).map_err(open_error)?;
    prepare(&transaction)?;
    for part in parts {
        bring(&transaction, part)?;
    }
    transaction.commit().map_err(open_error)
}

/// Makes the table of versions, if nobody else's tables are there.
fn prepare(connection: &Connection) -> Result<(), OpenError> {
    let id: i64 = connection
        .query_row("PRAGMA application_id", [], |row| row.get(0))
        .map_err(open_error)?;
    if id == APPLICATION_ID {
        return Ok(());
    }
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(open_error)?;
    if id != 0 || tables != 0 {
        return Err(OpenError::new(
            OpenErrorKind::Schema,
            "the SQLite file belongs to another program: give wahook a file of its own",
        ));
    }
    connection
        .execute_batch(&format!(
            "PRAGMA application_id = {APPLICATION_ID};
             CREATE TABLE wahook_schema (part TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
        ))
        .map_err(open_error)
}

fn bring(connection: &Connection, part: &Part) -> Result<(), OpenError> {
    let found: Option<u32> = connection
        .query_row(
            "SELECT version FROM wahook_schema WHERE part = ?1",
            [part.name],
            |row| row.get(0),
        )
        .optional()
        .map_err(open_error)?;
    let found = found.unwrap_or(0);
    let known = u32::try_from(part.migrations.len()).unwrap_or(u32::MAX);
    let Some(missing) = usize::try_from(found)
        .ok()
        .and_then(|found| part.migrations.get(found..))
    else {
        return Err(OpenError::new(
            OpenErrorKind::Schema,
            format!(
                "the SQLite file was written by a later release ({} is at {found}, this one knows {known}): use that one",
                part.name
            ),
        ));
    };
    if missing.is_empty() {
        return Ok(());
    }
    for migration in missing {
        connection.execute_batch(migration).map_err(open_error)?;
    }
    connection
        .execute(
            "INSERT INTO wahook_schema (part, version) VALUES (?1, ?2)
             ON CONFLICT (part) DO UPDATE SET version = excluded.version",
            params![part.name, known],
        )
        .map_err(open_error)?;
    Ok(())
}
