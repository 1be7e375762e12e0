//! Making the state out of the file.

use std::time::Duration;

use rusqlite::{Connection, Error};
use wahook_core::{guard::Fingerprints, json::Text};

use super::{
    counts::{Counts, Sink},
    keys::Keys,
    remembered::{Remembered, claim},
    state::{Limits, Outside, State},
};
use crate::{
    job::Memory,
    patience::{after, patiently},
};

/// Makes the state out of what the file holds. `first`: nobody can have anything any more, since the process that had
/// the inbox is gone.
pub(crate) fn recall(
    connection: &mut Connection,
    outside: &Outside,
    limits: Limits,
    now: i64,
    first: bool,
) -> Result<State, Error> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // What was removed is not to be found in the file any more.
    connection.execute_batch("PRAGMA secure_delete = 1")?;
    if first {
        // A backup may be reading it.
        patiently(after(PATIENCE), || free(connection, now))?;
    }
    let hash_key: [u8; 16] = connection.query_row("SELECT hash_key FROM inbox_meta", [], |row| row.get(0))?;
    let mut state = State {
        fingerprints: Fingerprints::new(hash_key),
        deliveries: Keys::default(),
        bodies: Keys::default(),
        events: Keys::default(),
        counts: Counts::default(),
        reader: None,
        outside: outside.clone(),
        limits,
        is_full: true,
        since_look: 0,
        stirs: true,
    };
    count(connection, &mut state.counts)?;
    deliveries(connection, &mut state, now)?;
    events(connection, &mut state, now)?;
    state.keep();
    Ok(state)
}

const STATEMENTS: usize = 128;

/// How long another program may keep the file locked while it is opened.
const PATIENCE: Duration = Duration::from_secs(5);

/// Ends all leases. Attempts that had begun are counted.
///
/// Lanes were given their times by the clock of the process before us. One that came to its time in what is the future
/// now did so before the clock went back: it is due. What is left waits no longer than it was told to.
fn free(connection: &mut Connection, now: i64) -> Result<(), Error> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(
        "UPDATE inbox_entry SET attempt = attempt + 1 WHERE state = 0 AND id IN
         (SELECT e.id FROM inbox_lane l CROSS JOIN inbox_entry e INDEXED BY inbox_entry_waiting
          ON e.sink = l.sink AND e.lane = l.id AND e.turn <= l.taken AND e.state = 0
          WHERE l.taken > 0);
         UPDATE inbox_lane SET taken = 0, token = NULL, due_at = 0 WHERE taken > 0;
         UPDATE inbox_unread SET unreadable = 0 WHERE unreadable = 1;",
    )?;
    transaction.execute(
        "UPDATE inbox_lane SET due_at = 0 WHERE due_at > ?1 AND coalesce(taken_at, due_at) > ?1",
        [now],
    )?;
    transaction.commit()
}

fn count(connection: &Connection, counts: &mut Counts) -> Result<(), Error> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    // A position that is unread or has events is not used again, although its row may be the last one and be removed.
    // Nor is one whose key may be in the file: what is loaded begins after those.
    counts.next_delivery = 1 + number("SELECT coalesce(max(position), 0) FROM inbox_delivery")?
        .max(number("SELECT spilled_deliveries FROM inbox_meta")?);
    counts.next_event = 1 + number("SELECT coalesce(max(id), 0) FROM inbox_event")?
        .max(number("SELECT spilled_events FROM inbox_meta")?);
    counts.next_entry = 1 + number("SELECT coalesce(max(id), 0) FROM inbox_entry")?
        .max(number("SELECT last_entry FROM inbox_meta")?);
    counts.spilled_deliveries = number("SELECT spilled_deliveries FROM inbox_meta")?;
    counts.spilled_events = number("SELECT spilled_events FROM inbox_meta")?;
    counts.deliveries = number("SELECT count(*) FROM inbox_delivery")?.cast_unsigned();
    counts.unread = number("SELECT count(*) FROM inbox_unread WHERE unreadable = 0")?.cast_unsigned();
    counts.unreadable = number("SELECT count(*) FROM inbox_unread WHERE unreadable = 1")?.cast_unsigned();
    let mut statement = connection.prepare("SELECT id, name FROM inbox_sink ORDER BY id")?;
    let sinks = statement.query_map([], |row| {
        Ok(Sink {
            id: row.get(0)?,
            name: Text::from(row.get_ref(1)?.as_str()?),
            ..Sink::default()
        })
    })?;
    counts.sinks = sinks.collect::<Result<_, _>>()?;
    let mut grouped = |sql: &str, set: fn(&mut Sink, u64)| -> Result<(), Error> {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (sink, count) = (row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned());
            counts.of(sink, |sink| set(sink, count));
        }
        Ok(())
    };
    grouped(
        "SELECT sink, count(*) FROM inbox_entry WHERE state = 0 GROUP BY sink",
        |sink, count| sink.waiting = count,
    )?;
    grouped(
        "SELECT sink, count(*) FROM inbox_lane WHERE blocked IS NULL GROUP BY sink",
        |sink, count| sink.lanes = count,
    )?;
    grouped(
        "SELECT sink, count(*) FROM inbox_lane WHERE blocked IS NOT NULL GROUP BY sink",
        |sink, count| {
            sink.blocked = count;
            sink.lanes += count;
        },
    )?;
    grouped(
        "SELECT sink, count(*) FROM inbox_entry WHERE state = 2 GROUP BY sink",
        |sink, count| sink.dead = count,
    )
}

/// The newest row of each key that is remembered, and the others by key and body.
fn deliveries(connection: &Connection, state: &mut State, now: i64) -> Result<(), Error> {
    state
        .deliveries
        .reserve(usize::try_from(state.counts.deliveries).unwrap_or(0));
    let mut statement = connection.prepare(
        "SELECT position, fingerprint, digest, received_at, memory FROM inbox_delivery
         WHERE position > ?1 ORDER BY position",
    )?;
    let mut rows = statement.query([state.counts.spilled_deliveries])?;
    while let Some(row) = rows.next()? {
        let found = Remembered::of(row)?;
        if found.lives(now) {
            found.note(connection, state)?;
        }
    }
    Ok(())
}

fn events(connection: &Connection, state: &mut State, now: i64) -> Result<(), Error> {
    let mut statement = connection.prepare(
        "SELECT id, fingerprint FROM inbox_event WHERE id > ?2 AND until > ?1 AND duplicate = 0 ORDER BY id",
    )?;
    let mut rows = statement.query([now, state.counts.spilled_events])?;
    while let Some(row) = rows.next()? {
        let fingerprint = u128::from_le_bytes(row.get(1)?);
        claim(connection, state, fingerprint, row.get(0)?)?;
    }
    Ok(())
}
