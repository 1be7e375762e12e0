//! Dead letters.

use rusqlite::{Connection, Error, OptionalExtension, params};
use wahook_core::inbox::{DeadLetter, DeadQuery, EventRow};

use super::events::{COLUMNS, Filter, WIDTH, kinds, progress_at, row};
use crate::{
    inbox::{
        counts::less,
        lanes::{DEAD, DROPPED},
        late::is_late,
        raw::nanoseconds,
        reading::open,
        state::State,
    },
    job::Work,
};

/// Changes dead letters by their ids, and says how many.
pub(super) type Change = fn(&mut Work<'_, State>, &[i64]) -> Result<u64, Error>;

/// Dead letters, the newest first.
pub(super) fn letters(
    connection: &Connection,
    query: &DeadQuery,
    limit: u32,
) -> Result<Vec<DeadLetter>, Error> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT {COLUMNS}, e.id, s.name, e.state, e.attempt, e.at, e.error, e.replay, d.id, NULL, l.blocked
         FROM inbox_entry e
         JOIN inbox_sink s ON s.id = e.sink
         JOIN inbox_event v ON v.id = e.event
         JOIN inbox_delivery d ON d.position = v.delivery
         LEFT JOIN inbox_lane l ON l.id = e.lane
         WHERE e.id = ?1"
    ))?;
    let mut letters = Vec::new();
    for id in ids(connection, query, limit)? {
        let letter = statement.query_row([id], |found| {
            let mut event = row(found)?;
            event.late = is_late(connection, event.cursor, event.summary.kind.as_str())?;
            let progress = progress_at(found, WIDTH)?;
            let blocked: Option<i64> = found.get(WIDTH + 9)?;
            Ok(DeadLetter {
                id: progress.id,
                sink: progress.sink.clone(),
                attempts: progress.attempts,
                died_at: progress.at,
                error: progress.error.clone().unwrap_or_default(),
                blocks: blocked == Some(id),
                event: EventRow {
                    progress: vec![progress],
                    ..event
                },
            })
        });
        letters.extend(letter.optional()?);
    }
    Ok(letters)
}

/// Their ids, the newest first.
pub(super) fn ids(connection: &Connection, query: &DeadQuery, limit: u32) -> Result<Vec<i64>, Error> {
    let mut filter = Filter::default();
    filter.always("e.state = 2");
    if !query.ids.is_empty() {
        let ids: Vec<_> = query.ids.iter().map(|id| id.0.to_string()).collect();
        filter.add(
            "e.id IN (SELECT value FROM json_each(?))",
            format!("[{}]", ids.join(",")),
        );
    }
    if let Some(sink) = &query.sink {
        filter.add(
            "e.sink = (SELECT id FROM inbox_sink WHERE name = ?)",
            sink.clone(),
        );
    }
    if let Some(endpoint) = &query.endpoint {
        filter.add("d.endpoint = ?", endpoint.clone());
    }
    filter.one_of("v.kind", kinds(&query.kinds));
    // Deaths are kept in ms: one in the same ms as the bound is on its near side.
    let milliseconds = |time| nanoseconds(time).div_euclid(1_000_000);
    if let Some(since) = query.since {
        filter.add("e.at >= ?", milliseconds(since));
    }
    if let Some(until) = query.until {
        filter.add("e.at < ?", milliseconds(until));
    }
    if let Some(before) = query.before {
        filter.add("e.id < ?", before.0);
    }
    let (conditions, values) = filter.into_parts();
    let mut statement = connection.prepare(&format!(
        "SELECT e.id FROM inbox_entry e
         CROSS JOIN inbox_event v ON v.id = e.event
         CROSS JOIN inbox_delivery d ON d.position = v.delivery
         WHERE {conditions} ORDER BY e.id DESC LIMIT {limit}"
    ))?;
    let found = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(0))?;
    found.collect()
}

/// Puts dead letters back at the end of their lanes; one for which its lane stood still goes on with it in its place.
pub(super) fn retry(work: &mut Work<'_, State>, ids: &[i64]) -> Result<u64, Error> {
    let mut changed = 0;
    for id in ids {
        let Some(dead) = Dead::find(work, *id)? else {
            continue;
        };
        let turn = if dead.unblock(work)? {
            dead.turn
        } else {
            work.memory.counts.entry()
        };
        work.connection
            .prepare_cached(
                "UPDATE inbox_entry SET state = 0, turn = ?2, attempt = 0, failures = 0, filed_at = ?3, at = ?3 WHERE id = ?1",
            )?
            .execute(params![id, turn, work.now])?;
        work.memory.counts.of(dead.sink, |sink| {
            less(&mut sink.dead);
            sink.waiting += 1;
        });
        open(work, dead.sink, dead.lane, turn)?;
        changed += 1;
    }
    if changed > 0 {
        work.connection
            .prepare_cached("UPDATE inbox_meta SET last_entry = ?1")?
            .execute([work.memory.counts.next_entry])?;
    }
    Ok(changed)
}

/// Drops dead letters; what stood still for one goes on.
pub(super) fn drop_for_good(work: &mut Work<'_, State>, ids: &[i64]) -> Result<u64, Error> {
    let mut changed = 0;
    for id in ids {
        let Some(dead) = Dead::find(work, *id)? else {
            continue;
        };
        dead.unblock(work)?;
        work.connection
            .prepare_cached("UPDATE inbox_entry SET state = ?2, at = ?3 WHERE id = ?1")?
            .execute(params![id, DROPPED, work.now])?;
        work.memory.counts.of(dead.sink, |sink| less(&mut sink.dead));
        changed += 1;
    }
    Ok(changed)
}

/// A dead letter as the file has it.
struct Dead {
    id: i64,
    sink: i64,
    lane: i64,
    turn: i64,
}

impl Dead {
    fn find(work: &Work<'_, State>, id: i64) -> Result<Option<Self>, Error> {
        work.connection
            .prepare_cached("SELECT sink, lane, turn FROM inbox_entry WHERE id = ?1 AND state = ?2")?
            .query_row([id, DEAD], |row| {
                Ok(Self {
                    id,
                    sink: row.get(0)?,
                    lane: row.get(1)?,
                    turn: row.get(2)?,
                })
            })
            .optional()
    }

    /// Lets its lane go on, if it stood still for this one; whether it did. A lane in which nothing waits goes.
    fn unblock(&self, work: &mut Work<'_, State>) -> Result<bool, Error> {
        let sql = |sql| work.connection.prepare_cached(sql);
        let unblocked =
            sql("UPDATE inbox_lane SET blocked = NULL, due_at = ?3 WHERE id = ?1 AND blocked = ?2")?
                .execute([self.lane, self.id, work.steady])?;
        if unblocked == 0 {
            return Ok(false);
        }
        let gone = sql("DELETE FROM inbox_lane WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM inbox_entry WHERE sink = ?2 AND lane = ?1 AND state = 0)")?
        .execute([self.lane, self.sink])?;
        work.memory.counts.of(self.sink, |sink| {
            less(&mut sink.blocked);
            if gone > 0 {
                less(&mut sink.lanes);
            }
        });
        work.memory.stirs = true;
        Ok(true)
    }
}
