//! States of sessions that come late.

use jiff::Timestamp;
use rusqlite::{Connection, Error};
use wahook_core::model::Kind;

/// Whether an event of this kind is late: see [`EventRow::late`](wahook_core::inbox::EventRow::late).
pub(crate) fn is_late(connection: &Connection, event: i64, kind: &str) -> Result<bool, Error> {
    if kind != Kind::SessionStatus.as_str() {
        return Ok(false);
    }
    connection
        .prepare_cached(
            "SELECT EXISTS (
             SELECT 1 FROM inbox_event v CROSS JOIN inbox_event n INDEXED BY inbox_event_session
             ON n.kind = 'session.status' AND n.lane = v.lane AND n.occurred_at > v.occurred_at AND n.id < v.id
             WHERE v.id = ?1)",
        )?
        .query_row([event], |row| row.get(0))
}

/// A text whose order is that of time: every part of it is as long as it can be.
pub(crate) fn sortable(time: Timestamp) -> String {
    format!("{time:.9}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_texts_is_that_of_times() {
        let times = [
            "2026-04-05T09:01:00Z",
            "2026-04-05T09:01:00.000000001Z",
            "2026-04-05T09:01:00.5Z",
            "2026-04-05T09:01:01Z",
        ];
        let times = times.map(|time| time.parse::<Timestamp>().unwrap());
        let texts = times.map(sortable);
        assert!(texts.is_sorted(), "{texts:?}");
        assert_eq!(texts.map(|text| text.parse::<Timestamp>().unwrap()), times);
    }
}
