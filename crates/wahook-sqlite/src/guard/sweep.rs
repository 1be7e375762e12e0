//! Forgetting, a little at a time.

use rusqlite::{Connection, Error, params};

/// Removes at most so many records whose time is over, the longest over first.
pub(crate) fn sweep(connection: &Connection, now: i64, most: usize) -> Result<usize, Error> {
    connection
        .prepare_cached(
            "DELETE FROM guard_record WHERE (key, digest) IN
             (SELECT key, digest FROM guard_record WHERE until <= ?1 ORDER BY until LIMIT ?2)",
        )?
        .execute(params![now, i64::try_from(most).unwrap_or(i64::MAX)])
}
