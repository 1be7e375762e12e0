//! Keys beyond what memory may hold: the oldest are moved into a table, and are looked up there on a miss. None is
//! forgotten.

use rusqlite::{Connection, Error, OptionalExtension};

use super::{remembered::with_body, state::State};
use crate::job::Work;

/// So many rows are moved in one go, sorted: they are on pages all over the table.
const STEP: i64 = 128;

/// Moves some, if there are too many.
pub(crate) fn spill(work: &mut Work<'_, State>) -> Result<(), Error> {
    let state = &mut *work.memory;
    if state.keys_in_memory() <= state.limits.keys {
        return Ok(());
    }
    let mut moved = if state.events.len() > state.deliveries.len() {
        events(work.connection, state)?
    } else {
        deliveries(work.connection, state)?
    };
    moved.sort_unstable();
    for (fingerprint, row) in moved {
        keep(work.connection, fingerprint, row)?;
    }
    work.connection
        .prepare_cached("UPDATE inbox_meta SET spilled_deliveries = ?1, spilled_events = ?2")?
        .execute([state.counts.spilled_deliveries, state.counts.spilled_events])?;
    Ok(())
}

/// Has a key be found in the table.
pub(crate) fn keep(connection: &Connection, fingerprint: [u8; 16], row: i64) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO inbox_key (fingerprint, row) VALUES (?1, ?2)
             ON CONFLICT (fingerprint) DO UPDATE SET row = excluded.row",
        )?
        .execute((fingerprint, row))?;
    Ok(())
}

/// The row that has this key, if it was moved.
pub(crate) fn find(connection: &Connection, fingerprint: u128) -> Result<Option<i64>, Error> {
    connection
        .prepare_cached("SELECT row FROM inbox_key WHERE fingerprint = ?1")?
        .query_row([fingerprint.to_le_bytes()], |row| row.get(0))
        .optional()
}

/// Forgets a key that was moved.
pub(crate) fn forget(connection: &Connection, fingerprint: u128, row: i64) -> Result<(), Error> {
    connection
        .prepare_cached("DELETE FROM inbox_key WHERE fingerprint = ?1 AND row = ?2")?
        .execute((fingerprint.to_le_bytes(), row))?;
    Ok(())
}

fn deliveries(connection: &Connection, state: &mut State) -> Result<Vec<([u8; 16], i64)>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT position, fingerprint, digest FROM inbox_delivery WHERE position > ?1 ORDER BY position LIMIT ?2",
    )?;
    let mut rows = statement.query([state.counts.spilled_deliveries, STEP])?;
    let mut moved = Vec::new();
    while let Some(row) = rows.next()? {
        let (position, digest): (i64, [u8; 32]) = (row.get(0)?, row.get(2)?);
        let fingerprint = u128::from_le_bytes(row.get(1)?);
        if state.deliveries.remove(fingerprint, position) {
            moved.push((fingerprint.to_le_bytes(), position));
        }
        let body = with_body(&state.fingerprints, fingerprint, &digest);
        if state.bodies.remove(body, position) {
            moved.push((body.to_le_bytes(), position));
        }
        state.counts.spilled_deliveries = position;
    }
    Ok(moved)
}

fn events(connection: &Connection, state: &mut State) -> Result<Vec<([u8; 16], i64)>, Error> {
    let mut statement = connection
        .prepare_cached("SELECT id, fingerprint FROM inbox_event WHERE id > ?1 ORDER BY id LIMIT ?2")?;
    let mut rows = statement.query([state.counts.spilled_events, STEP])?;
    let mut moved = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, fingerprint): (i64, [u8; 16]) = (row.get(0)?, row.get(1)?);
        if state.events.remove(u128::from_le_bytes(fingerprint), id) {
            moved.push((fingerprint, id));
        }
        state.counts.spilled_events = id;
    }
    Ok(moved)
}
