//! Which events there are, and how far each sink is with them.

use rusqlite::{Connection, Error, Row, types::Value};
use wahook_core::{
    DeliveryId,
    inbox::{EntryId, EntryState, EventQuery, EventRow, Order, Progress, Summary},
    json::Text,
    model::Kind,
};

use super::position;
use crate::inbox::{
    lanes::{DEAD, DONE, DROPPED},
    late::is_late,
    raw::{instant, moment, nanoseconds, text},
};

/// Conditions and what they compare with.
#[derive(Debug, Default)]
pub(super) struct Filter {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Filter {
    /// Adds a condition; `?` in it stands for the value.
    pub(super) fn add(&mut self, condition: &str, value: impl Into<Value>) {
        self.values.push(value.into());
        let number = format!("?{}", self.values.len());
        self.conditions.push(condition.replace('?', &number));
    }

    /// Adds that a column is one of these, if there are any.
    pub(super) fn one_of(&mut self, column: &str, values: impl IntoIterator<Item = Value>) {
        let mut numbers = Vec::new();
        for value in values {
            self.values.push(value);
            numbers.push(format!("?{}", self.values.len()));
        }
        if !numbers.is_empty() {
            self.conditions
                .push(format!("{column} IN ({})", numbers.join(", ")));
        }
    }

    /// Adds a condition without a value.
    pub(super) fn always(&mut self, condition: &str) {
        self.conditions.push(condition.to_owned());
    }

    /// What stands after `WHERE`, and what it compares with.
    pub(super) fn into_parts(self) -> (String, Vec<Value>) {
        (self.conditions.join(" AND "), self.values)
    }
}

pub(super) fn kinds(kinds: &[Kind]) -> impl Iterator<Item = Value> {
    kinds.iter().map(|kind| Value::from(kind.as_str().to_owned()))
}

/// Events, as asked for; the limit apart.
pub(super) fn find(connection: &Connection, query: &EventQuery, limit: u32) -> Result<Vec<EventRow>, Error> {
    let Some(filter) = filter(connection, query)? else {
        return Ok(Vec::new());
    };
    let (conditions, values) = filter.into_parts();
    let sql = format!(
        "SELECT {COLUMNS} FROM inbox_event v CROSS JOIN inbox_delivery d ON d.position = v.delivery
         WHERE {conditions} ORDER BY v.id {} LIMIT {limit}",
        direction(query.order)
    );
    let mut statement = connection.prepare(&sql)?;
    let found = statement.query_map(rusqlite::params_from_iter(values), row)?;
    let mut found: Vec<EventRow> = found.collect::<Result<_, _>>()?;
    for row in &mut found {
        row.late = is_late(connection, row.cursor, row.summary.kind.as_str())?;
        row.progress = progress(connection, row.cursor)?;
    }
    Ok(found)
}

/// The numbers of events, as asked for, without duplicates; the limit apart.
pub(super) fn ids(connection: &Connection, query: &EventQuery, limit: u32) -> Result<Vec<i64>, Error> {
    let Some(mut filter) = filter(connection, query)? else {
        return Ok(Vec::new());
    };
    filter.always("v.duplicate = 0");
    let (conditions, values) = filter.into_parts();
    let sql = format!(
        "SELECT v.id FROM inbox_event v CROSS JOIN inbox_delivery d ON d.position = v.delivery
         WHERE {conditions} ORDER BY v.id {} LIMIT {limit}",
        direction(query.order)
    );
    let mut statement = connection.prepare(&sql)?;
    let found = statement.query_map(rusqlite::params_from_iter(values), |row| row.get(0))?;
    found.collect()
}

fn direction(order: Order) -> &'static str {
    match order {
        Order::Oldest => "ASC",
        _ => "DESC",
    }
}

/// `None`: it can match nothing.
fn filter(connection: &Connection, query: &EventQuery) -> Result<Option<Filter>, Error> {
    let mut filter = Filter::default();
    filter.always("1");
    if let Some(id) = query.delivery {
        let Some(position) = position(connection, id)? else {
            return Ok(None);
        };
        filter.add("v.delivery = ?", position);
    }
    if let Some(after) = query.after {
        let beyond = if query.order == Order::Oldest {
            "v.id > ?"
        } else {
            "v.id < ?"
        };
        filter.add(beyond, after);
    }
    filter.one_of("v.kind", kinds(&query.kinds));
    let texts = [
        ("v.account = ?", &query.account),
        ("v.chat = ?", &query.chat),
        ("v.message_id = ?", &query.message_id),
        ("v.key = ?", &query.key),
        ("d.endpoint = ?", &query.endpoint),
    ];
    for (condition, wanted) in texts {
        if let Some(wanted) = wanted {
            filter.add(condition, wanted.clone());
        }
    }
    if let Some(since) = query.since {
        filter.add("d.received_at >= ?", nanoseconds(since));
    }
    if let Some(until) = query.until {
        filter.add("d.received_at < ?", nanoseconds(until));
    }
    Ok(Some(filter))
}

/// What an event is told with.
pub(super) const COLUMNS: &str = "v.id, d.id, v.place, d.endpoint, d.provider, d.received_at, v.duplicate, v.key, v.kind, v.name, v.account,
     v.chat, v.message_id, v.occurred_at";

/// How many columns these are.
pub(super) const WIDTH: usize = 14;

/// An event without what stands elsewhere.
pub(super) fn row(row: &Row<'_>) -> Result<EventRow, Error> {
    let optional = |column| -> Result<Option<Text>, Error> {
        Ok(row.get_ref(column)?.as_str_or_null()?.map(Text::from))
    };
    let place: i64 = row.get(2)?;
    Ok(EventRow {
        cursor: row.get(0)?,
        delivery: DeliveryId::from_bytes(row.get(1)?),
        place: usize::try_from(place).unwrap_or(usize::MAX),
        endpoint: text(row, 3)?,
        provider: text(row, 4)?,
        received_at: instant(row.get(5)?),
        summary: Summary {
            key: row.get(7)?,
            kind: Kind::from(row.get_ref(8)?.as_str()?),
            name: optional(9)?,
            account: optional(10)?,
            chat: optional(11)?,
            message_id: optional(12)?,
            occurred_at: optional(13)?.and_then(|time| time.parse().ok()),
        },
        duplicate: row.get(6)?,
        late: false,
        progress: Vec::new(),
    })
}

fn progress(connection: &Connection, event: i64) -> Result<Vec<Progress>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT e.id, s.name, e.state, e.attempt, e.at, e.error, e.replay, d.id, l.taken_at
         FROM inbox_entry e
         JOIN inbox_sink s ON s.id = e.sink
         JOIN inbox_event v ON v.id = e.event
         JOIN inbox_delivery d ON d.position = v.delivery
         LEFT JOIN inbox_lane l ON l.id = e.lane AND l.taken >= e.turn AND e.state = 0
         WHERE e.event = ?1 ORDER BY e.id",
    )?;
    let found = statement.query_map([event], |row| progress_at(row, 0))?;
    found.collect()
}

/// The progress of one entry, from this column on: id, sink, state, attempt, at, error, replay, delivery, and when it was
/// taken.
pub(super) fn progress_at(row: &Row<'_>, first: usize) -> Result<Progress, Error> {
    // An attempt that runs was counted before it began.
    let taken_at: Option<i64> = row.get(first + 8)?;
    let attempts: u32 = row.get(first + 3)?;
    let at: i64 = row.get(first + 4)?;
    let replay: bool = row.get(first + 6)?;
    let delivery = DeliveryId::from_bytes(row.get(first + 7)?);
    Ok(Progress {
        id: EntryId(row.get(first)?),
        sink: text(row, first + 1)?,
        state: state(row.get(first + 2)?),
        attempts: attempts.saturating_add(u32::from(taken_at.is_some())),
        at: moment(taken_at.unwrap_or(at)),
        error: row.get(first + 5)?,
        replay_of: replay.then_some(delivery),
    })
}

fn state(state: i64) -> EntryState {
    match state {
        DONE => EntryState::Done,
        DEAD => EntryState::Dead,
        DROPPED => EntryState::Dropped,
        _ => EntryState::Waiting,
    }
}
