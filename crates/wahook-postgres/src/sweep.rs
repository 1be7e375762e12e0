//! Removes rows that are over, a little at a time.
//!
//! A table is walked from its first page to its last, a few pages in each step, and begun again after a pause. That
//! needs no index on the times, which every verb would have to keep up. The one row of a second table says how far the
//! walk has come: who locks it takes the next step, so all processes on a database share one walk, and it goes on where
//! a process that died left it.

use std::{error::Error as _, time::Duration};

use deadpool_postgres::Object;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::{IsolationLevel, types::Type};

use crate::{
    fault::{Fault, Remedy},
    pool::{Database, quoted},
    span::micros,
};

/// Pages of one step, 8 KiB each.
const PAGES: i64 = 64;
/// Rows that one step removes at most.
const ROWS: i64 = 500;
/// The least pause between two steps.
const PAUSE: Duration = Duration::from_millis(20);
/// How often a busy queue holds up a step: a store that is always busy must be swept too.
const PATIENCE: u32 = 25;
/// The pause after a failure, and between two looks whether a walk is due.
const LOOK: Duration = Duration::from_secs(30);
/// How long a step may take.
const LONGEST: Duration = Duration::from_secs(10);

/// What is removed twice does no harm, so nobody waits for the disk. A process that freezes, or whose wire stalls, in the
/// middle of a step must not keep its rows from being claimed: the server ends its session.
const ASIDE: &str =
    "SET LOCAL synchronous_commit = off; SET LOCAL idle_in_transaction_session_timeout = '500ms'";

pub(crate) struct Sweep {
    pub(crate) database: Database,
    /// Whether verbs wait since everybody is at work.
    pub(crate) busy: Box<dyn Fn() -> bool + Send + Sync>,
    pub(crate) every: Duration,
}

struct Statements {
    turn: String,
    remove: String,
    advance: String,
}

enum Step {
    Taken,
    /// Another process is at it, or the next walk is not due.
    NotOurs,
}

impl Statements {
    /// For a table with a column `until`, and one with `next_block` and `due`.
    fn new(schema: &str, table: &str, walk: &str, every: Duration) -> Self {
        let (schema, every_micros) = (quoted(schema), micros(every));
        let (table, walk) = (format!("{schema}.{table}"), format!("{schema}.{walk}"));
        Self {
            // A time far ahead was written by a clock that was put back since.
            turn: format!(
                "SELECT next_block, pg_relation_size('{}'::regclass) /
                        current_setting('block_size')::bigint
                 FROM {walk}
                 WHERE due <= clock_timestamp()
                    OR due > clock_timestamp() + {every_micros} * interval '1 microsecond'
                 FOR UPDATE SKIP LOCKED",
                table.replace('\'', "''"),
            ),
            // A row that somebody is at is left for the next walk.
            remove: format!(
                "DELETE FROM {table} WHERE ctid = ANY (ARRAY(
                     SELECT r.ctid FROM {table} r
                     WHERE r.ctid >= ($1::text)::tid AND r.ctid < ($2::text)::tid
                       AND r.until <= (SELECT clock_timestamp())
                     LIMIT {ROWS} FOR UPDATE SKIP LOCKED))"
            ),
            advance: format!(
                "UPDATE {walk} SET next_block = $1, due = clock_timestamp() + $2 * interval '1 microsecond'"
            ),
        }
    }
}

impl Sweep {
    /// Works for ever.
    pub(crate) async fn run(self, schema: String, table: &'static str, walk: &'static str) {
        let statements = Statements::new(&schema, table, walk, self.every);
        loop {
            for _ in 0..PATIENCE {
                if !(self.busy)() {
                    break;
                }
                sleep(PAUSE).await;
            }
            let begun = Instant::now();
            let pause = match self.step_in_time(&statements).await {
                // At most a tenth of the time of one connection.
                Ok(Step::Taken) => PAUSE.max(begun.elapsed() * 9),
                Ok(Step::NotOurs) => LOOK.min(self.every).max(PAUSE),
                Err(fault) => {
                    let error = fault.to_store_error();
                    tracing::debug!(error = error.source(), "rows that are over were not removed");
                    LOOK.min(self.every).max(PAUSE)
                }
            };
            sleep(pause).await;
        }
    }

    async fn step_in_time(&self, statements: &Statements) -> Result<Step, Fault> {
        let database = &self.database;
        let mut connection = database.get().await?;
        match timeout(LONGEST, self.step(statements, &mut connection)).await {
            Ok(outcome) => {
                if let Err(Fault {
                    remedy: Remedy::Reconnect,
                    ..
                }) = outcome
                {
                    database.lost(connection);
                }
                outcome
            }
            Err(_) => {
                database.give_up(connection);
                Err(Fault::slow("the step was given up"))
            }
        }
    }

    async fn step(&self, statements: &Statements, connection: &mut Object) -> Result<Step, Fault> {
        let transaction = connection
            .build_transaction()
            .isolation_level(IsolationLevel::ReadCommitted)
            .start()
            .await?;
        transaction.batch_execute(ASIDE).await?;
        let Some(turn) = transaction.query_typed_opt(&statements.turn, &[]).await? else {
            return Ok(Step::NotOurs);
        };
        let (block, blocks): (i64, i64) = (turn.try_get(0)?, turn.try_get(1)?);
        let end = block.saturating_add(PAGES).min(blocks);
        let (from, to) = (format!("({block},0)"), format!("({end},0)"));
        let removed = transaction
            .execute_typed(&statements.remove, &[(&from, Type::TEXT), (&to, Type::TEXT)])
            .await?;
        let (next, pause) = match () {
            // More may be there.
            () if removed >= ROWS.unsigned_abs() => (block, Duration::ZERO),
            () if end < blocks => (end, Duration::ZERO),
            () => (0, self.every),
        };
        let pause = micros(pause);
        transaction
            .execute_typed(&statements.advance, &[(&next, Type::INT8), (&pause, Type::INT8)])
            .await?;
        transaction.commit().await?;
        Ok(Step::Taken)
    }
}
