//! Whether a key was seen: memory says where to look, the file decides.

use rusqlite::{Connection, Error, OptionalExtension, Row};
use wahook_core::guard::{Digest, Fingerprints};

use super::{spill, state::State};

/// A delivery that is kept, as far as its key goes.
#[derive(Debug)]
pub(crate) struct Remembered {
    position: i64,
    fingerprint: u128,
    digest: [u8; 32],
    /// ms since 1970
    until: i64,
}

/// What is known of a key and a body under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// Nothing.
    Never,
    /// This key with this body.
    Same,
    /// This key with another body.
    Other,
}

impl Remembered {
    /// Of `position, fingerprint, digest, received_at, memory`.
    pub(crate) fn of(row: &Row<'_>) -> Result<Self, Error> {
        let (received_at, memory): (i64, i64) = (row.get(3)?, row.get(4)?);
        Ok(Self {
            position: row.get(0)?,
            fingerprint: u128::from_le_bytes(row.get(1)?),
            digest: row.get(2)?,
            until: (received_at / 1_000_000).saturating_add(memory),
        })
    }

    pub(crate) fn lives(&self, now: i64) -> bool {
        self.until > now
    }

    pub(crate) fn note(&self, connection: &Connection, state: &mut State) -> Result<(), Error> {
        note(connection, state, self.position, self.fingerprint, &self.digest)
    }
}

/// Notes a delivery as the newest of its key.
pub(crate) fn note(
    connection: &Connection,
    state: &mut State,
    position: i64,
    fingerprint: u128,
    digest: &[u8; 32],
) -> Result<(), Error> {
    if let Some(older) = newest(connection, state, fingerprint)? {
        state.deliveries.remove(fingerprint, older.position);
        if older.digest != *digest {
            let body = with_body(&state.fingerprints, fingerprint, &older.digest);
            if older.position > state.counts.spilled_deliveries {
                state.bodies.add(body, older.position);
            } else {
                spill::keep(connection, body.to_le_bytes(), older.position)?;
            }
        }
    }
    state.deliveries.add(fingerprint, position);
    Ok(())
}

/// What is known of this key and body.
pub(crate) fn seen(
    connection: &Connection,
    state: &State,
    now: i64,
    fingerprint: u128,
    digest: &Digest,
) -> Result<Seen, Error> {
    let digest = digest.as_bytes();
    let newest = newest(connection, state, fingerprint)?.filter(|found| found.lives(now));
    if newest.as_ref().is_some_and(|found| found.digest == *digest) {
        return Ok(Seen::Same);
    }
    let body = with_body(&state.fingerprints, fingerprint, digest);
    let is_same =
        |found: &Remembered| found.fingerprint == fingerprint && found.digest == *digest && found.lives(now);
    for position in state.bodies.rows(body) {
        if find(connection, position)?.is_some_and(|found| is_same(&found)) {
            return Ok(Seen::Same);
        }
    }
    if state.counts.spilled_deliveries > 0
        && let Some(position) = spill::find(connection, body)?
        && find(connection, position)?.is_some_and(|found| is_same(&found))
    {
        return Ok(Seen::Same);
    }
    Ok(if newest.is_some() {
        Seen::Other
    } else {
        Seen::Never
    })
}

/// Whether a delivery with this key is kept: it is as long as its key is remembered, or longer. After a restart those whose
/// time is over are not looked for.
pub(crate) fn known(connection: &Connection, state: &State, fingerprint: u128) -> Result<bool, Error> {
    Ok(newest(connection, state, fingerprint)?.is_some())
}

/// Forgets the key of a delivery that is removed.
pub(crate) fn forget(
    connection: &Connection,
    state: &mut State,
    position: i64,
    fingerprint: u128,
    digest: &[u8; 32],
) -> Result<(), Error> {
    let body = with_body(&state.fingerprints, fingerprint, digest);
    state.deliveries.remove(fingerprint, position);
    state.bodies.remove(body, position);
    if position <= state.counts.spilled_deliveries {
        spill::forget(connection, fingerprint, position)?;
        spill::forget(connection, body, position)?;
    }
    Ok(())
}

/// Forgets the key of an event that is removed.
pub(crate) fn unsay(
    connection: &Connection,
    state: &mut State,
    fingerprint: u128,
    id: i64,
) -> Result<(), Error> {
    state.events.remove(fingerprint, id);
    if id <= state.counts.spilled_events {
        spill::forget(connection, fingerprint, id)?;
    }
    Ok(())
}

/// The newest delivery with this key, whether its time is over or not.
fn newest(connection: &Connection, state: &State, fingerprint: u128) -> Result<Option<Remembered>, Error> {
    for position in state.deliveries.rows(fingerprint) {
        if let Some(found) = find(connection, position)?
            && found.fingerprint == fingerprint
        {
            return Ok(Some(found));
        }
    }
    if state.counts.spilled_deliveries == 0 {
        return Ok(None);
    }
    let Some(position) = spill::find(connection, fingerprint)? else {
        return Ok(None);
    };
    Ok(find(connection, position)?.filter(|found| found.fingerprint == fingerprint))
}

fn find(connection: &Connection, position: i64) -> Result<Option<Remembered>, Error> {
    connection
        .prepare_cached(
            "SELECT position, fingerprint, digest, received_at, memory FROM inbox_delivery WHERE position = ?1",
        )?
        .query_row([position], Remembered::of)
        .optional()
}

pub(crate) fn with_body(fingerprints: &Fingerprints, key: u128, digest: &[u8; 32]) -> u128 {
    let mut bytes = [0; 48];
    let (first, second) = bytes.split_at_mut(16);
    first.copy_from_slice(&key.to_le_bytes());
    second.copy_from_slice(digest);
    fingerprints.of_bytes(&bytes)
}

/// An event that is kept, as far as its key goes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Said {
    pub(crate) id: i64,
    pub(crate) delivery: i64,
    /// ms since 1970
    pub(crate) until: i64,
}

/// The newest event that claimed this key, whether its time is over or not.
pub(crate) fn said(connection: &Connection, state: &State, fingerprint: u128) -> Result<Option<Said>, Error> {
    for id in state.events.rows(fingerprint) {
        let found = event(connection, id, fingerprint)?;
        if found.is_some() {
            return Ok(found);
        }
    }
    if state.counts.spilled_events == 0 {
        return Ok(None);
    }
    match spill::find(connection, fingerprint)? {
        Some(id) => event(connection, id, fingerprint),
        None => Ok(None),
    }
}

/// An event, if it has this key.
fn event(connection: &Connection, id: i64, fingerprint: u128) -> Result<Option<Said>, Error> {
    connection
        .prepare_cached("SELECT delivery, until FROM inbox_event WHERE id = ?1 AND fingerprint = ?2")?
        .query_row((id, fingerprint.to_le_bytes()), |row| {
            Ok(Said {
                id,
                delivery: row.get(0)?,
                until: row.get(1)?,
            })
        })
        .optional()
}

/// Has an event claim its key.
pub(crate) fn claim(
    connection: &Connection,
    state: &mut State,
    fingerprint: u128,
    id: i64,
) -> Result<(), Error> {
    if let Some(older) = said(connection, state, fingerprint)? {
        unsay(connection, state, fingerprint, older.id)?;
    }
    // What is read again keeps its number, and where its key is.
    if id <= state.counts.spilled_events {
        return spill::keep(connection, fingerprint.to_le_bytes(), id);
    }
    state.events.add(fingerprint, id);
    Ok(())
}
