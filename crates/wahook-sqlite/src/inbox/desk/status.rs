//! How the inbox is.

use std::{collections::BTreeMap, ffi::OsString, fs, path::Path};

use rusqlite::{Connection, Error, OptionalExtension};
use wahook_core::{
    inbox::{EndpointStatus, Limit, Room, SinkStatus, Status},
    json::Text,
};

use crate::inbox::{
    counts::Counts,
    raw::instant,
    state::{Limits, used},
};

/// The numbers are known; what is asked of the file is what is oldest.
pub(super) fn status(
    connection: &Connection,
    counts: &Counts,
    limits: Limits,
    path: &Path,
) -> Result<Status, Error> {
    let received_at = |sql: &str, of: i64| -> Result<Option<i64>, Error> {
        let found = connection
            .prepare_cached(sql)?
            .query_row([of], |row| row.get(0))
            .optional()?;
        Ok(found.flatten())
    };
    let mut oldest = None;
    let mut sinks = Vec::with_capacity(counts.sinks.len());
    for sink in &counts.sinks {
        let waits = received_at(
            "SELECT d.received_at FROM inbox_event v JOIN inbox_delivery d ON d.position = v.delivery
             WHERE v.id = (SELECT min(event) FROM inbox_entry WHERE sink = ?1 AND state = 0)",
            sink.id,
        )?;
        oldest = oldest.into_iter().chain(waits).min();
        // A lane that stands still may have nothing but its dead letter.
        let empty: u64 = connection
            .prepare_cached(
                "SELECT count(*) FROM inbox_lane l WHERE l.sink = ?1 AND l.blocked IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM inbox_entry WHERE sink = ?1 AND lane = l.id AND state = 0)",
            )?
            .query_row([sink.id], |row| row.get::<_, i64>(0))?
            .unsigned_abs();
        sinks.push(SinkStatus {
            name: sink.name.clone(),
            waiting: sink.waiting,
            lanes: sink.lanes.saturating_sub(empty),
            blocked: sink.blocked,
            dead: sink.dead,
            oldest: waits.map(instant),
        });
    }
    sinks.sort_by(|one, other| one.name.cmp(&other.name));
    for unreadable in [0, 1] {
        let unread = received_at(
            "SELECT received_at FROM inbox_delivery
             WHERE position = (SELECT min(position) FROM inbox_unread WHERE unreadable = ?1)",
            unreadable,
        )?;
        oldest = oldest.into_iter().chain(unread).min();
    }
    let mut room = vec![Room {
        limit: Limit::Waiting,
        used: counts.waiting(),
        most: limits.waiting,
    }];
    if let Some(most) = limits.bytes {
        room.push(Room {
            limit: Limit::Bytes,
            used: used(connection, counts)?,
            most,
        });
    }
    Ok(Status {
        deliveries: counts.deliveries,
        unread: counts.unread,
        unreadable: counts.unreadable,
        oldest: oldest.map(instant),
        bytes: bytes(path),
        sinks,
        endpoints: endpoints(connection)?,
        endpoints_cut: counts.waiting() > LOOKED_AT,
        room,
    })
}

/// So much of what waits is looked at, to tell whose it is.
const LOOKED_AT: u64 = 10_000;

/// What waits of each endpoint, by name.
fn endpoints(connection: &Connection) -> Result<Vec<EndpointStatus>, Error> {
    let mut found: BTreeMap<Text, EndpointStatus> = BTreeMap::new();
    let mut left = LOOKED_AT.cast_signed();
    for (sql, is_unread) in [
        (
            "SELECT d.endpoint, count(*), min(d.received_at)
             FROM (SELECT position FROM inbox_unread ORDER BY unreadable, position LIMIT ?1) u
             JOIN inbox_delivery d ON d.position = u.position GROUP BY d.endpoint",
            true,
        ),
        (
            "SELECT d.endpoint, count(*), min(d.received_at)
             FROM (SELECT event FROM inbox_entry WHERE state = 0 LIMIT ?1) e
             JOIN inbox_event v ON v.id = e.event JOIN inbox_delivery d ON d.position = v.delivery
             GROUP BY d.endpoint",
            false,
        ),
    ] {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([left])?;
        while let Some(row) = rows.next()? {
            let (name, count): (_, i64) = (Text::from(row.get_ref(0)?.as_str()?), row.get(1)?);
            let endpoint = found.entry(name.clone()).or_default();
            endpoint.name = name;
            let counted = if is_unread {
                &mut endpoint.unread
            } else {
                &mut endpoint.waiting
            };
            *counted = count.unsigned_abs();
            let oldest = row.get::<_, Option<i64>>(2)?.map(instant);
            endpoint.oldest = endpoint.oldest.into_iter().chain(oldest).min();
            left = left.saturating_sub(count);
        }
    }
    Ok(found.into_values().collect())
}

/// Of the file and of its log.
fn bytes(path: &Path) -> u64 {
    let mut log = OsString::from(path);
    log.push("-wal");
    let size = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    size(path) + size(Path::new(&log))
}
