//! How the inbox is.

use std::{ffi::OsString, fs, path::Path};

use rusqlite::{Connection, Error, OptionalExtension};
use wahook_core::inbox::{SinkStatus, Status};

use crate::inbox::{counts::Counts, raw::instant};

/// The numbers are known; what is asked of the file is what is oldest.
pub(super) fn status(connection: &Connection, counts: &Counts, path: &Path) -> Result<Status, Error> {
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
    Ok(Status {
        deliveries: counts.deliveries,
        unread: counts.unread,
        unreadable: counts.unreadable,
        oldest: oldest.map(instant),
        bytes: bytes(path),
        sinks,
    })
}

/// Of the file and of its log.
fn bytes(path: &Path) -> u64 {
    let mut log = OsString::from(path);
    log.push("-wal");
    let size = |path: &Path| fs::metadata(path).map_or(0, |found| found.len());
    size(path) + size(Path::new(&log))
}
