//! Making the state out of the file.

use std::{panic::resume_unwind, thread, time::Duration};

use rusqlite::{Connection, Error};
use wahook_core::{guard::OpenError, json::Text};

use super::{
    counts::{Counts, Sink},
    remembered::{Remembered, claim},
    state::{Limits, Outside, State},
};
use crate::{
    error::{no_thread, open_error},
    file::File,
    job::Memory,
    patience::{after, patiently},
    reader,
};

/// Makes the state out of what the file holds. `first`: nobody can have anything any more, since the process that had
/// the inbox is gone.
pub(crate) fn recall(
    connection: &mut Connection,
    file: &File,
    outside: &Outside,
    limits: Limits,
    now: i64,
    first: bool,
) -> Result<State, OpenError> {
    let (hash_key, counts) = begin(connection, now, first).map_err(open_error)?;
    let blank = || State::new(hash_key, counts.clone(), outside.clone(), limits);
    // Halves of it, by two connections at once: over millions of rows it is what a start waits for. Nobody else writes, so
    // both see the same file.
    let (one, mut other) = (blank(), blank());
    let mut state = thread::scope(|scope| {
        let beside = thread::Builder::new()
            .name("wahook-sqlite-recall".to_owned())
            .spawn_scoped(scope, || {
                let connection = reader::connect(file)?;
                with_events(&connection, one, now).map_err(open_error)
            })
            .map_err(no_thread)?;
        let read = deliveries(connection, &mut other, now).map_err(open_error);
        let beside = beside.join().unwrap_or_else(|panic| resume_unwind(panic));
        read.and(beside)
    })?;
    state.deliveries = other.deliveries;
    state.bodies = other.bodies;
    state.keep();
    Ok(state)
}

/// What there is to do before anything is remembered.
fn begin(connection: &mut Connection, now: i64, first: bool) -> Result<([u8; 16], Counts), Error> {
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // What was removed is not to be found in the file any more.
    connection.execute_batch("PRAGMA secure_delete = 1")?;
    if first {
        // A backup may be reading it.
        patiently(after(PATIENCE), || free(connection, now))?;
    }
    let hash_key = connection.query_row("SELECT hash_key FROM inbox_meta", [], |row| row.get(0))?;
    Ok((hash_key, numbers(connection)?))
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

/// Where to go on counting.
fn numbers(connection: &Connection) -> Result<Counts, Error> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let spilled_deliveries = number("SELECT spilled_deliveries FROM inbox_meta")?;
    let spilled_events = number("SELECT spilled_events FROM inbox_meta")?;
    let last_entry = number("SELECT last_entry FROM inbox_meta")?;
    // A position that is unread or has events is not used again, although its row may be the last one and be removed.
    // Nor is one whose key may be in the file: what is loaded begins after those.
    Ok(Counts {
        next_delivery: 1 + number("SELECT coalesce(max(position), 0) FROM inbox_delivery")?
            .max(spilled_deliveries),
        next_event: 1 + number("SELECT coalesce(max(id), 0) FROM inbox_event")?.max(spilled_events),
        next_entry: 1 + number("SELECT coalesce(max(id), 0) FROM inbox_entry")?.max(last_entry),
        spilled_deliveries,
        spilled_events,
        ..Counts::default()
    })
}

/// How much there is, and the keys of events.
fn with_events(connection: &Connection, mut state: State, now: i64) -> Result<State, Error> {
    count(connection, &mut state.counts)?;
    events(connection, &mut state, now)?;
    Ok(state)
}

fn count(connection: &Connection, counts: &mut Counts) -> Result<(), Error> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
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
