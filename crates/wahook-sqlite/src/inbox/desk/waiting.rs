//! What waits for a sink that is gone.

use rusqlite::{Error, params};

use crate::{
    inbox::{counts::less, lanes::DROPPED, state::State},
    job::Work,
};

/// Drops so many at most of those that wait for a sink, and says how many.
pub(super) fn drop_some(work: &mut Work<'_, State>, sink: &str, count: usize) -> Result<usize, Error> {
    let Some(sink) = work.memory.counts.sink(sink) else {
        return Ok(0);
    };
    let sql = |sql| work.connection.prepare_cached(sql);
    let found: Vec<(i64, i64)> = sql("SELECT id, lane FROM inbox_entry INDEXED BY inbox_entry_waiting
         WHERE sink = ?1 AND state = 0 ORDER BY lane, turn LIMIT ?2")?
    .query_map(params![sink, i64::try_from(count).unwrap_or(i64::MAX)], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?
    .collect::<Result<_, _>>()?;
    let mut lanes: Vec<i64> = found.iter().map(|(_, lane)| *lane).collect();
    lanes.dedup();
    for (id, _) in &found {
        sql("UPDATE inbox_entry SET state = ?2, at = ?3 WHERE id = ?1")?
            .execute(params![id, DROPPED, work.now])?;
        work.memory.counts.of(sink, |sink| less(&mut sink.waiting));
    }
    for lane in lanes {
        // One that is taken goes as well: nobody is to find it empty when its lease ends.
        let gone = sql("DELETE FROM inbox_lane WHERE id = ?1 AND blocked IS NULL
             AND NOT EXISTS (SELECT 1 FROM inbox_entry WHERE sink = ?2 AND lane = ?1 AND state = 0)")?
        .execute([lane, sink])?;
        if gone > 0 {
            work.memory.counts.of(sink, |sink| less(&mut sink.lanes));
        }
    }
    Ok(found.len())
}
