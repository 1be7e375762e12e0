//! Events and how far sinks are with them, as the desk tells them.

use std::collections::HashMap;

use tokio_postgres::{Row, types::Type};
use wahook_core::{
    inbox::{EntryId, EntryState, EventRow, Progress, Summary},
    model::Kind,
};

use super::{super::settle::state, question::Question};
use crate::{
    fault::Fault,
    inbox::row::{
        from_nanos, get_id, get_id_if_any, get_moment, get_moment_if_any, get_text, get_text_if_any, late,
    },
};

/// What [`event`] reads, of the tables `v` and `d`; so many columns.
pub(super) const EVENT: &str = concat!(
    "v.seq, d.id, v.place, v.endpoint, d.provider, v.received_nanos, v.key, v.kind, v.name,
    v.account, v.chat, v.message_id, v.occurred_micros, v.duplicate, ",
    late!()
);
pub(super) const EVENT_COLUMNS: usize = 15;

/// An event, whose columns are a row's first; without its progress.
pub(super) fn event(row: &Row) -> Result<EventRow, Fault> {
    Ok(EventRow {
        cursor: row.try_get(0)?,
        delivery: get_id(row, 1)?,
        place: usize::try_from(row.try_get::<_, i32>(2)?).unwrap_or_default(),
        endpoint: get_text(row, 3)?,
        provider: get_text(row, 4)?,
        received_at: from_nanos(row.try_get(5)?),
        summary: Summary {
            key: get_text(row, 6)?.into_string(),
            kind: Kind::from(row.try_get::<_, &str>(7)?),
            name: get_text_if_any(row, 8)?,
            account: get_text_if_any(row, 9)?,
            chat: get_text_if_any(row, 10)?,
            message_id: get_text_if_any(row, 11)?,
            occurred_at: get_moment_if_any(row, 12)?,
        },
        duplicate: row.try_get(13)?,
        late: row.try_get(14)?,
        progress: Vec::new(),
    })
}

/// What [`progress`] reads, of the tables `e`, `s` and `l`. What is in flight was begun, and counts.
pub(super) const PROGRESS: &str = "e.id, s.name, e.state,
    e.attempts + (e.state = 0 AND coalesce(l.taken_to >= e.pos, false))::int,
    (extract(epoch FROM CASE WHEN e.state = 0 AND l.taken_to >= e.pos THEN greatest(e.at, l.taken_at) ELSE e.at END)
        * 1000000)::bigint, e.error, e.replay_of, e.blocks";
pub(super) const PROGRESS_TABLES: &str =
    "{t}_entry e JOIN {t}_sink s ON s.id = e.sink LEFT JOIN {t}_lane l ON l.id = e.lane";

/// How far a sink is, whose columns begin at `first`.
pub(super) fn progress(row: &Row, first: usize) -> Result<Progress, Fault> {
    let error: Option<&[u8]> = row.try_get(first + 5)?;
    Ok(Progress {
        id: EntryId(row.try_get(first)?),
        sink: get_text(row, first + 1)?,
        state: match row.try_get(first + 2)? {
            state::DONE => EntryState::Done,
            state::DEAD => EntryState::Dead,
            state::DROPPED => EntryState::Dropped,
            _ => EntryState::Waiting,
        },
        attempts: u32::try_from(row.try_get::<_, i32>(first + 3)?).unwrap_or_default(),
        at: get_moment(row, first + 4)?,
        error: error.map(|error| String::from_utf8_lossy(error).into_owned()),
        replay_of: get_id_if_any(row, first + 6)?,
    })
}

/// The question how far all sinks are with some events.
pub(super) fn ask_progress(events: &[EventRow]) -> Question {
    let cursors: Vec<i64> = events.iter().map(|event| event.cursor).collect();
    Question::new(&format!("SELECT {PROGRESS}, e.event FROM {PROGRESS_TABLES}")).with(
        " WHERE e.event = ANY ($$) ORDER BY e.id",
        cursors,
        Type::INT8_ARRAY,
    )
}

/// Adds to events how far all sinks are.
pub(super) fn add_progress(events: &mut [EventRow], rows: &[Row]) -> Result<(), Fault> {
    let mut all: HashMap<i64, Vec<Progress>> = HashMap::new();
    for row in rows {
        all.entry(row.try_get(8)?).or_default().push(progress(row, 0)?);
    }
    for event in events {
        event.progress = all.remove(&event.cursor).unwrap_or_default();
    }
    Ok(())
}
