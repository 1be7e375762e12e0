//! Reading what nobody could read.

use rusqlite::Error;
use wahook_core::guard::StoreError;

use super::STEP;
use crate::{
    inbox::{state::State, store::SqliteInbox},
    job::{Sort, Work},
};

impl SqliteInbox {
    pub(super) async fn reread_in_steps(&self) -> Result<u64, StoreError> {
        let (mut after, mut all) = (i64::MIN, 0);
        loop {
            let run = move |work: &mut Work<'_, State>| step(work, after);
            let some = self.writer.ask_later(Sort::Begins, STEP, run).await?;
            // Always beyond the last: a reader in between may have found again that it cannot read them.
            let Some(last) = some.last() else {
                return Ok(all);
            };
            after = *last;
            all += some.len() as u64;
        }
    }
}

/// The next ones beyond a position.
fn step(work: &mut Work<'_, State>, after: i64) -> Result<Vec<i64>, Error> {
    let sql = |sql| work.connection.prepare_cached(sql);
    let some = sql(
        "SELECT position FROM inbox_unread WHERE unreadable = 1 AND position > ?1 ORDER BY position LIMIT ?2",
    )?
    .query_map([after, STEP as i64], |row| row.get(0))?
    .collect::<Result<Vec<i64>, _>>()?;
    for position in &some {
        sql("UPDATE inbox_unread SET unreadable = 0 WHERE unreadable = 1 AND position = ?1")?
            .execute([position])?;
    }
    let counts = &mut work.memory.counts;
    counts.unreadable = counts.unreadable.saturating_sub(some.len() as u64);
    counts.unread += some.len() as u64;
    work.memory.stirs |= !some.is_empty();
    Ok(some)
}
