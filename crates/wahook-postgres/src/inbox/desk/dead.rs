//! Dead letters: which there are, once more, or no more.

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::{Row, types::Type};
use wahook_core::inbox::{DeadLetter, DeadQuery};

use super::{
    question::Question,
    rows::{EVENT, EVENT_COLUMNS, PROGRESS, PROGRESS_TABLES, event, progress},
};
use crate::{
    fault::Fault,
    inbox::{
        store::PostgresInbox,
        work::{BOUND, Work, begin, commit_once},
    },
};

/// Dead letters of one answer at most.
const MOST: u32 = 1000;
/// Dead letters that are changed in one go at most: what is asked for beyond that is changed in further ones.
const MOST_CHANGED: u32 = 1000;

/// The question for dead letters `e` of events `v` of deliveries `d`, the newest first.
fn asked_for(query: &DeadQuery, most: u32, select: &str) -> Question {
    let ids: Vec<i64> = query.ids.iter().map(|id| id.0).collect();
    let kinds: Vec<String> = query.kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
    let bytes = |text: &Option<String>| text.as_ref().map(|text| text.as_bytes().to_vec());
    let micros = |at: jiff::Timestamp| at.as_microsecond();
    Question::new(&format!(
        "SELECT {select} FROM {PROGRESS_TABLES}
         JOIN {{t}}_event v ON v.seq = e.event JOIN {{t}}_delivery d ON d.seq = v.delivery WHERE e.state = 2"
    ))
    .with_any(
        " AND e.id = ANY ($$)",
        (!ids.is_empty()).then_some(ids),
        Type::INT8_ARRAY,
    )
    .with_any(" AND s.name = $$", bytes(&query.sink), Type::BYTEA)
    .with_any(" AND v.endpoint = $$", bytes(&query.endpoint), Type::BYTEA)
    .with_any(
        " AND v.kind = ANY ($$)",
        (!kinds.is_empty()).then_some(kinds),
        Type::TEXT_ARRAY,
    )
    .with_any(
        " AND (extract(epoch FROM e.at) * 1000000)::bigint >= $$",
        query.since.map(micros),
        Type::INT8,
    )
    .with_any(
        " AND (extract(epoch FROM e.at) * 1000000)::bigint < $$",
        query.until.map(micros),
        Type::INT8,
    )
    .with_any(" AND e.id < $$", query.before.map(|id| id.0), Type::INT8)
    .with(
        " ORDER BY e.id DESC LIMIT $$",
        i64::from(query.limit.min(most)),
        Type::INT8,
    )
}

/// [`Desk::dead`](wahook_core::inbox::Desk::dead).
pub(super) struct Dead<'a> {
    pub(super) inbox: &'a PostgresInbox,
    pub(super) query: &'a DeadQuery,
}

impl Work for Dead<'_> {
    type Answer = Vec<DeadLetter>;

    async fn work(&self, connection: &mut Object) -> Result<Vec<DeadLetter>, Fault> {
        let question = asked_for(self.query, MOST, &format!("{EVENT}, {PROGRESS}"));
        let rows = question.ask(&self.inbox.schema, connection).await?;
        rows.iter().map(letter).collect()
    }
}

fn letter(row: &Row) -> Result<DeadLetter, Fault> {
    let (mut event, progress) = (event(row)?, progress(row, EVENT_COLUMNS)?);
    event.progress = vec![progress.clone()];
    Ok(DeadLetter {
        id: progress.id,
        sink: progress.sink,
        event,
        attempts: progress.attempts,
        died_at: progress.at,
        error: progress.error.unwrap_or_default(),
        blocks: row.try_get(EVENT_COLUMNS + 7)?,
    })
}

/// Keeps what is about to wait again from being removed meanwhile.
pub(super) const KEEP: &str = "SELECT seq FROM {t}_delivery";
pub(super) const KEEP_THESE: &str = " WHERE seq = ANY ($$) ORDER BY seq FOR KEY SHARE";

/// The lanes of letters, made where they are gone, locked in the order of all who lock several.
const LANES: &str = "
INSERT INTO {t}_lane AS l (sink, name, waiting, oldest_nanos)
SELECT e.sink, v.lane, 0, min(v.received_nanos)
FROM {t}_entry e JOIN {t}_event v ON v.seq = e.event";
const LANES_OF_THESE: &str = " WHERE e.id = ANY ($$) AND e.state = 2
GROUP BY e.sink, v.lane ORDER BY e.sink, v.lane
ON CONFLICT (sink, name) DO UPDATE SET waiting = l.waiting
RETURNING l.id";

/// What stood still for a letter had nothing go past it: it keeps its place. All others go to the end.
const WAIT_AGAIN: &str = "
UPDATE {t}_entry e SET
    state = 0, attempts = 0, failures = 0, blocks = false, lane = o.lane, filed_at = clock_timestamp(), at = clock_timestamp(),
    pos = CASE WHEN e.blocks THEN e.pos ELSE o.pos END
FROM (
    SELECT nextval('{q}_entry_seq') AS pos, i.*
    FROM (
        SELECT w.id, l.id AS lane, w.blocks AS blocked
        FROM {t}_entry w JOIN {t}_event v ON v.seq = w.event
        JOIN {t}_lane l ON l.sink = w.sink AND l.name = v.lane";
const WAIT_AGAIN_THESE: &str = "
        WHERE w.id = ANY ($$) AND w.state = 2
        ORDER BY w.id OFFSET 0
    ) i
) o
WHERE e.id = o.id
RETURNING o.lane, o.blocked";

const DROP: &str = "
UPDATE {t}_entry e SET state = 3, blocks = false, at = clock_timestamp()
FROM (
    SELECT w.id, l.id AS lane, w.blocks AS blocked
    FROM {t}_entry w JOIN {t}_event v ON v.seq = w.event
    JOIN {t}_lane l ON l.sink = w.sink AND l.name = v.lane";
const DROP_THESE: &str = "
    WHERE w.id = ANY ($$) AND w.state = 2 OFFSET 0
) o
WHERE e.id = o.id
RETURNING o.lane, o.blocked";

/// Lanes go on, or have more to do.
const GO_ON: &str = "
UPDATE {t}_lane l SET
    waiting = l.waiting + g.more,
    blocked = l.blocked AND NOT g.unblocked,
    due_at = CASE WHEN (NOT l.blocked OR g.unblocked) AND l.waiting + g.more > 0
                  THEN coalesce(l.due_at, clock_timestamp()) END,
    taken_at = CASE WHEN l.due_at IS NULL THEN clock_timestamp() ELSE l.taken_at END
FROM (
    SELECT lane, count(*) FILTER (WHERE more) AS more, bool_or(unblocks) AS unblocked
    FROM unnest(";

/// [`Desk::retry`](wahook_core::inbox::Desk::retry) and [`Desk::drop_dead`](wahook_core::inbox::Desk::drop_dead). Done
/// twice it finds none of them dead.
pub(super) struct Changing<'a> {
    pub(super) inbox: &'a PostgresInbox,
    pub(super) query: &'a DeadQuery,
    pub(super) change: Change,
}

impl Work for Changing<'_> {
    type Answer = u64;

    async fn work(&self, connection: &mut Object) -> Result<u64, Fault> {
        change_all(self.inbox, self.query, connection, self.change).await
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    WaitAgain,
    Drop,
}

async fn change_all(
    inbox: &PostgresInbox,
    query: &DeadQuery,
    connection: &mut Object,
    change: Change,
) -> Result<u64, Fault> {
    let schema = &inbox.schema;
    // Which they are is asked once: what dies meanwhile is of the next call.
    let question = asked_for(query, u32::MAX, "e.id, v.delivery");
    let mut letters: Vec<(i64, i64)> = Vec::new();
    for row in question.ask(schema, connection).await? {
        letters.push((row.try_get(0)?, row.try_get(1)?));
    }
    // The oldest first: they were said first.
    letters.reverse();
    let mut changed = 0;
    for some in letters.chunks(MOST_CHANGED as usize) {
        let transaction = begin(connection).await?;
        transaction.batch_execute(BOUND).await?;
        changed += change_some(schema, &transaction, some, change).await?;
        commit_once(transaction).await?;
    }
    Ok(changed)
}

async fn change_some(
    schema: &str,
    transaction: &Transaction<'_>,
    letters: &[(i64, i64)],
    change: Change,
) -> Result<u64, Fault> {
    let ids: Vec<i64> = letters.iter().map(|(id, _)| *id).collect();
    let deliveries: Vec<i64> = letters.iter().map(|(_, delivery)| *delivery).collect();
    Question::new(KEEP)
        .with(KEEP_THESE, deliveries, Type::INT8_ARRAY)
        .ask_in(schema, transaction)
        .await?;
    Question::new(LANES)
        .with(LANES_OF_THESE, ids.clone(), Type::INT8_ARRAY)
        .ask_in(schema, transaction)
        .await?;
    let (text, these) = match change {
        Change::WaitAgain => (WAIT_AGAIN, WAIT_AGAIN_THESE),
        Change::Drop => (DROP, DROP_THESE),
    };
    let rows = Question::new(text)
        .with(these, ids, Type::INT8_ARRAY)
        .ask_in(schema, transaction)
        .await?;
    let (mut lanes, mut unblocks) = (Vec::<i64>::new(), Vec::<bool>::new());
    for row in &rows {
        lanes.push(row.try_get(0)?);
        unblocks.push(row.try_get(1)?);
    }
    let more = vec![change == Change::WaitAgain; lanes.len()];
    Question::new(GO_ON)
        .with("$$", lanes, Type::INT8_ARRAY)
        .with(", $$", unblocks, Type::BOOL_ARRAY)
        .with(", $$", more, Type::BOOL_ARRAY)
        .and(") AS a (lane, unblocks, more) GROUP BY lane) g WHERE l.id = g.lane")
        .ask_in(schema, transaction)
        .await?;
    Ok(rows.len() as u64)
}
