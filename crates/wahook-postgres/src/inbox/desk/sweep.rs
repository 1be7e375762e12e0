//! What is finished and old enough is removed, what tells persons earlier than the rest.
//!
//! Deliveries are walked in the order of their ids, which is that of their arrival, a piece at a time. Where a walk
//! stopped, the next call goes on: what may not be removed yet does not have to be looked at again each time.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use deadpool_postgres::{Object, Transaction};
use tokio::time::Instant;
use tokio_postgres::types::Type;
use wahook_core::{
    Delivery,
    guard::StoreError,
    inbox::{Retention, Swept},
};

use super::question::Question;
use crate::{
    fault::Fault,
    inbox::{
        store::PostgresInbox,
        work::{BOUND, Work, begin, commit_once},
    },
    span::micros,
};

/// Deliveries that one piece looks at, and removes at most.
const PIECE: i64 = 500;
/// When a call has taken this long it ends, and the next goes on.
const LONGEST: Duration = Duration::from_secs(2);

/// How far the walks have come: the id of a delivery, the number of a lane.
#[derive(Debug, Default)]
pub(super) struct Places {
    rows: Option<Vec<u8>>,
    bodies: Option<Vec<u8>>,
    lane: i64,
}

/// What a walk removes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Rows,
    Bodies,
}

/// [`Desk::sweep`](wahook_core::inbox::Desk::sweep).
pub(super) struct Sweeping<'a> {
    pub(super) inbox: &'a PostgresInbox,
    pub(super) retention: Retention,
    pub(super) places: &'a Mutex<Places>,
}

impl Sweeping<'_> {
    pub(super) async fn sweep(&self) -> Result<Swept, StoreError> {
        let end = Instant::now() + LONGEST;
        let most = i64::try_from(self.retention.count).unwrap_or(i64::MAX);
        let mut swept = Swept::default();
        let rows = self.walk(What::Rows, most, end).await?;
        swept.deliveries = u64::try_from(rows).unwrap_or_default();
        let bodies = self.walk(What::Bodies, most.saturating_sub(rows), end).await?;
        swept.bodies = u64::try_from(bodies).unwrap_or_default();
        let lane = self.places().lane;
        let next = self
            .inbox
            .carry_out(&Lanes {
                sweeping: self,
                after: lane,
            })
            .await?;
        self.places().lane = next;
        Ok(swept)
    }

    fn places(&self) -> std::sync::MutexGuard<'_, Places> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, what: What) -> Option<Vec<u8>> {
        let places = self.places();
        match what {
            What::Rows => places.rows.clone(),
            What::Bodies => places.bodies.clone(),
        }
    }

    fn note(&self, what: What, place: Option<Vec<u8>>) {
        let mut places = self.places();
        match what {
            What::Rows => places.rows = place,
            What::Bodies => places.bodies = place,
        }
    }

    /// From where the last walk stopped to the end and, if that was not the beginning, from there.
    async fn walk(&self, what: What, most: i64, end: Instant) -> Result<i64, StoreError> {
        let mut found = 0;
        let mut rounds = if self.place(what).is_some() { 2 } else { 1 };
        while found < most && rounds > 0 && Instant::now() < end {
            let piece = Piece {
                sweeping: self,
                what,
                after: self.place(what).unwrap_or_default(),
                most: (most - found).min(PIECE),
            };
            let done = self.inbox.carry_out(&piece).await?;
            found += done.removed;
            if done.last.is_none() {
                rounds -= 1;
            }
            self.note(what, done.last);
        }
        Ok(found)
    }
}

/// A piece of a walk.
struct Piece<'a> {
    sweeping: &'a Sweeping<'a>,
    what: What,
    after: Vec<u8>,
    most: i64,
}

struct Done {
    removed: i64,
    /// The last one that was looked at; none if that was the last of all.
    last: Option<Vec<u8>>,
}

/// What arrived so many milliseconds ago or earlier has a smaller id.
const BEFORE: &str = " AND d.id < decode(lpad(to_hex(
    greatest(0, (extract(epoch FROM clock_timestamp()) * 1000)::bigint + 1 - $$)), 12, '0'), 'hex')";

/// When a delivery was finished. Of one that says nothing it is not known, and was when it came.
const FINISHED: &str = "
CROSS JOIN LATERAL (
    SELECT max(x.at) AS at, coalesce(bool_or(x.open), false) AS open
    FROM (
        SELECT v.filed_at AS at, false AS open FROM {t}_event v WHERE v.delivery = d.seq
        UNION ALL
        SELECT CASE WHEN e.state = 2 THEN e.at + {dead} ELSE e.at END,
               e.state = 0 OR (e.state = 2 AND e.blocks)
        FROM {t}_event v JOIN {t}_entry e ON e.event = v.seq WHERE v.delivery = d.seq
    ) x
) f
WHERE NOT f.open AND NOT EXISTS (SELECT FROM {t}_unread u WHERE u.delivery = d.seq)
  AND coalesce(f.at, '-infinity') + {age} <= clock_timestamp()
  AND coalesce(f.at, '-infinity') <= clock_timestamp()";

/// Looked at anew once they are locked: who replays or retries them holds them until that is seen.
const STILL: &str = "
  AND NOT EXISTS (SELECT FROM {t}_unread u WHERE u.delivery = d.seq)
  AND NOT EXISTS (
      SELECT FROM {t}_event v JOIN {t}_entry e ON e.event = v.seq WHERE v.delivery = d.seq AND e.state = 0
  )";

impl Work for Piece<'_> {
    type Answer = Done;

    async fn work(&self, connection: &mut Object) -> Result<Done, Fault> {
        let schema = &self.sweeping.inbox.schema;
        let transaction = begin(connection).await?;
        transaction.batch_execute(BOUND).await?;
        let seen = self.seen(schema, &transaction).await?;
        let full = i64::try_from(seen.len()).is_ok_and(|count| count >= PIECE);
        let mut last = seen.last().filter(|_| full).map(|(_, id)| id.clone());
        let seen = seen.into_iter().map(|(delivery, _)| delivery).collect();
        let finished = self.finished(schema, &transaction, seen).await?;
        if finished.len() as i64 >= self.most {
            last = finished.last().map(|finished| finished.id.clone());
        }
        let removed = match self.what {
            _ if finished.is_empty() => 0,
            What::Rows => remove(schema, &transaction, &finished).await?,
            What::Bodies => redact(schema, &transaction, finished).await?,
        };
        commit_once(transaction).await?;
        Ok(Done { removed, last })
    }
}

struct Finished {
    delivery: i64,
    id: Vec<u8>,
    head: Vec<u8>,
}

impl Piece<'_> {
    fn age(&self) -> i64 {
        let retention = &self.sweeping.retention;
        micros(match self.what {
            What::Rows => retention.rows,
            What::Bodies => retention.bodies,
        })
    }

    /// The next deliveries that are old enough, with their ids.
    async fn seen(&self, schema: &str, transaction: &Transaction<'_>) -> Result<Vec<(i64, Vec<u8>)>, Fault> {
        let rows = Question::new(match self.what {
            What::Rows => "SELECT d.seq, d.id FROM {t}_delivery d WHERE true",
            What::Bodies => "SELECT d.seq, d.id FROM {t}_delivery d WHERE d.redacted_at IS NULL",
        })
        .with(" AND d.id > $$", self.after.clone(), Type::BYTEA)
        .with(BEFORE, self.age() / 1000, Type::INT8)
        .with(" ORDER BY d.id LIMIT $$", PIECE, Type::INT8)
        .ask_in(schema, transaction)
        .await?;
        let mut seen = Vec::with_capacity(rows.len());
        for row in rows {
            seen.push((row.try_get(0)?, row.try_get(1)?));
        }
        Ok(seen)
    }

    /// Those of them that were finished long enough ago; nobody else gets hold of them from now on.
    async fn finished(
        &self,
        schema: &str,
        transaction: &Transaction<'_>,
        seen: Vec<i64>,
    ) -> Result<Vec<Finished>, Fault> {
        if seen.is_empty() {
            return Ok(Vec::new());
        }
        let span = |micros: i64| format!("{micros} * interval '1 microsecond'");
        let finished = FINISHED
            .replace("{dead}", &span(micros(self.sweeping.retention.dead)))
            .replace("{age}", &span(self.age()));
        let (head, and) = match self.what {
            What::Rows => ("''::bytea", " AND d.remembered_until <= clock_timestamp()"),
            What::Bodies => ("d.head", " AND d.redacted_at IS NULL"),
        };
        let rows = Question::new(&format!("SELECT d.seq, d.id, {head} FROM {{t}}_delivery d"))
            .and(&finished)
            .and(and)
            .with(" AND d.seq = ANY ($$)", seen, Type::INT8_ARRAY)
            .with(
                " ORDER BY d.id LIMIT $$ FOR UPDATE OF d SKIP LOCKED",
                self.most,
                Type::INT8,
            )
            .ask_in(schema, transaction)
            .await?;
        let mut finished = Vec::with_capacity(rows.len());
        for row in rows {
            finished.push(Finished {
                delivery: row.try_get(0)?,
                id: row.try_get(1)?,
                head: row.try_get(2)?,
            });
        }
        Ok(finished)
    }
}

/// With their events and what became of these.
async fn remove(schema: &str, transaction: &Transaction<'_>, finished: &[Finished]) -> Result<i64, Fault> {
    let deliveries: Vec<i64> = finished.iter().map(|it| it.delivery).collect();
    let rows = Question::new("WITH gone AS (DELETE FROM {t}_delivery d")
        .with(" WHERE d.seq = ANY ($$)", deliveries, Type::INT8_ARRAY)
        .and(STILL)
        .and(
            " RETURNING d.seq),
              events AS (DELETE FROM {t}_event v USING gone g WHERE v.delivery = g.seq RETURNING v.seq),
              entries AS (DELETE FROM {t}_entry e USING events v WHERE e.event = v.seq)
              SELECT count(*) FROM gone",
        )
        .ask_in(schema, transaction)
        .await?;
    first(&rows)
}

/// What tells persons goes: bodies, headers, conversations.
async fn redact(schema: &str, transaction: &Transaction<'_>, finished: Vec<Finished>) -> Result<i64, Fault> {
    let deliveries: Vec<i64> = finished.iter().map(|it| it.delivery).collect();
    let heads: Vec<Vec<u8>> = finished.into_iter().map(|it| without_headers(it.head)).collect();
    let rows = Question::new(
        "WITH gone AS (UPDATE {t}_delivery d SET head = a.head, body = '', redacted_at = clock_timestamp()",
    )
    .with(" FROM unnest($$", deliveries, Type::INT8_ARRAY)
    .with(", $$) AS a (delivery, head)", heads, Type::BYTEA_ARRAY)
    .and(" WHERE d.seq = a.delivery")
    .and(STILL)
    .and(
        " RETURNING d.seq),
              events AS (
                  UPDATE {t}_event v SET chat = NULL, chat_hash = NULL FROM gone g WHERE v.delivery = g.seq
              )
              SELECT count(*) FROM gone",
    )
    .ask_in(schema, transaction)
    .await?;
    first(&rows)
}

/// A damaged head may hold anything, and nobody can read it.
fn without_headers(head: Vec<u8>) -> Vec<u8> {
    match Delivery::from_head(&head, Bytes::new()) {
        Ok(mut delivery) => {
            delivery.headers.clear();
            delivery.to_head()
        }
        Err(_) => Vec::new(),
    }
}

fn first(rows: &[tokio_postgres::Row]) -> Result<i64, Fault> {
    match rows.first() {
        Some(row) => Ok(row.try_get(0)?),
        None => Ok(0),
    }
}

/// Removes lanes in which nothing waits and nothing was for an hour, a piece of them; gives where the next piece begins.
struct Lanes<'a> {
    sweeping: &'a Sweeping<'a>,
    after: i64,
}

impl Work for Lanes<'_> {
    type Answer = i64;

    async fn work(&self, connection: &mut Object) -> Result<i64, Fault> {
        let rows = Question::new(
            "WITH piece AS (
                 SELECT l.id, l.waiting = 0 AND l.due_at IS NULL AND NOT l.blocked
                              AND coalesce(l.taken_at, '-infinity') < clock_timestamp() - interval '1 hour' AS idle
                 FROM {t}_lane l",
        )
        .with(" WHERE l.id > $$", self.after, Type::INT8)
        .with(
            " ORDER BY l.id LIMIT $$
             ),
             gone AS (
                 DELETE FROM {t}_lane l WHERE l.waiting = 0 AND l.due_at IS NULL AND NOT l.blocked AND l.id IN (
                     SELECT g.id FROM {t}_lane g WHERE g.id = ANY (ARRAY(SELECT id FROM piece WHERE idle))
                     FOR UPDATE SKIP LOCKED
                 )
             )
             SELECT CASE WHEN count(*)",
            PIECE,
            Type::INT8,
        )
        .with(" = $$ THEN max(id) ELSE 0 END FROM piece", PIECE, Type::INT8)
        .ask(&self.sweeping.inbox.schema, connection)
        .await?;
        first(&rows)
    }
}
