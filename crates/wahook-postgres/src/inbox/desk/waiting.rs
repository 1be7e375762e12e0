//! What waits for a sink that is gone.

use deadpool_postgres::{Object, Transaction};
use tokio_postgres::{Row, types::Type};

use super::question::Question;
use crate::{
    fault::Fault,
    inbox::{
        store::PostgresInbox,
        work::{BOUND, Work, begin, commit_once},
    },
};

/// So many are dropped in one transaction.
const STEP: u32 = 1_000;

/// Lanes with events, locked in the order of all who lock several.
const LANES: &str =
    "SELECT id FROM {t}_lane WHERE waiting > 0 AND sink = (SELECT id FROM {t}_sink WHERE name = ";
const LANES_LOCKED: &str = ") ORDER BY sink, name LIMIT ";

const DROP: &str = "
UPDATE {t}_entry e SET state = 3, at = clock_timestamp()
FROM (SELECT id FROM {t}_entry WHERE state = 0 AND lane = ANY (";
const DROPPED: &str = ") o WHERE e.id = o.id RETURNING e.lane";

/// A lane in which nothing waits is nobody's: who has it settles in vain.
const LESS: &str = "
UPDATE {t}_lane l SET
    waiting = greatest(l.waiting - g.count, 0),
    due_at = CASE WHEN l.waiting > g.count THEN l.due_at END,
    taken_to = CASE WHEN l.waiting > g.count THEN l.taken_to END,
    token = CASE WHEN l.waiting > g.count THEN l.token END
FROM (SELECT lane, count(*)::int AS count FROM unnest(";

/// [`Desk::drop_waiting`](wahook_core::inbox::Desk::drop_waiting). Done twice it drops what is left.
pub(super) struct DropWaiting<'a> {
    pub(super) inbox: &'a PostgresInbox,
    pub(super) sink: &'a str,
    pub(super) limit: u32,
}

impl Work for DropWaiting<'_> {
    type Answer = u64;

    async fn work(&self, connection: &mut Object) -> Result<u64, Fault> {
        let (mut dropped, mut left) = (0, self.limit);
        while left > 0 {
            let step = left.min(STEP);
            let transaction = begin(connection).await?;
            transaction.batch_execute(BOUND).await?;
            let some = self.drop_some(&transaction, step).await?;
            commit_once(transaction).await?;
            dropped += u64::from(some);
            left -= step;
            if some == 0 {
                break;
            }
        }
        Ok(dropped)
    }
}

impl DropWaiting<'_> {
    async fn drop_some(&self, transaction: &Transaction<'_>, step: u32) -> Result<u32, Fault> {
        let schema = &self.inbox.schema;
        let count = i64::from(step);
        let rows = Question::new(LANES)
            .with("$$", self.sink.as_bytes().to_vec(), Type::BYTEA)
            .with(&format!("{LANES_LOCKED}$$"), count, Type::INT8)
            .and(" FOR UPDATE")
            .ask_in(schema, transaction)
            .await?;
        let lanes = lanes_of(&rows)?;
        let rows = Question::new(DROP)
            .with("$$", lanes, Type::INT8_ARRAY)
            .with(") ORDER BY lane, pos LIMIT $$", count, Type::INT8)
            .and(DROPPED)
            .ask_in(schema, transaction)
            .await?;
        let lanes = lanes_of(&rows)?;
        Question::new(LESS)
            .with("$$", lanes, Type::INT8_ARRAY)
            .and(") AS a (lane) GROUP BY lane) g WHERE l.id = g.lane")
            .ask_in(schema, transaction)
            .await?;
        Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
    }
}

fn lanes_of(rows: &[Row]) -> Result<Vec<i64>, Fault> {
    let lanes: Result<_, _> = rows.iter().map(|row| row.try_get(0)).collect();
    Ok(lanes?)
}
