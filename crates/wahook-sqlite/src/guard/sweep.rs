//! Forgetting, a little at a time.

use rusqlite::{Error, params};

use crate::job::Work;

/// Removes at most so many records whose time is over, the longest over first.
pub(crate) fn sweep(work: &Work<'_>, most: usize) -> Result<usize, Error> {
    work.connection
        .prepare_cached(
            "DELETE FROM guard_record WHERE (key, digest) IN
             (SELECT key, digest FROM guard_record WHERE until <= ?1 ORDER BY until LIMIT ?2)",
        )?
        .execute(params![work.now, i64::try_from(most).unwrap_or(i64::MAX)])
}
