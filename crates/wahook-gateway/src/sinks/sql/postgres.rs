//! Rows in PostgreSQL: one statement for all that waits.

use std::time::Duration;

use deadpool_postgres::{Object, Pool, PoolError};
use jiff::Timestamp;
use tokio::time::timeout;
use tokio_postgres::{
    Error,
    error::SqlState,
    types::{ToSql, Type},
};
use wahook_core::{
    guard::{OpenError, OpenErrorKind},
    sink::{Delivered, SinkError, SinkErrorKind},
};
use wahook_postgres::PostgresOptions;

use super::{
    Row, SqlOptions,
    table::{COLUMNS, Table},
    unavailable,
};
use crate::sinks::queue::{Job, Queue, Waiting, queue};

/// Connects, makes or checks the table, and starts the task that writes.
pub(super) async fn start(
    url: &str,
    table: &Table,
    options: &SqlOptions,
) -> Result<Queue<Vec<Row>, Delivered>, OpenError> {
    let connecting = PostgresOptions::new()
        .connections(1)
        .transaction_pooler(options.transaction_pooler);
    let pool = wahook_postgres::connections(url, &connecting).await?;
    let writer = Writer {
        pool,
        insert: insert(table),
        deadline: options.deadline,
    };
    writer.prepare(table, options).await?;
    let (rows, waiting) = queue();
    tokio::spawn(writer.run(waiting));
    Ok(rows)
}

fn insert(table: &Table) -> String {
    // `position` is given in the order of the rows. Times are counted, and need no zone or
    // style of dates to be read.
    format!(
        "INSERT INTO {table} ({COLUMNS}, appended_at)
         SELECT r.id, r.key, r.kind, r.endpoint, r.account,
                timestamptz 'epoch' + r.occurred_at * interval '1 microsecond',
                timestamptz 'epoch' + r.received_at * interval '1 microsecond',
                r.attempt, r.event, clock_timestamp()
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
                     $8::bigint[], $9::text[])
              WITH ORDINALITY AS r (id, key, kind, endpoint, account, occurred_at, received_at, attempt, event, place)
         ORDER BY r.place
         ON CONFLICT (endpoint, id) DO NOTHING",
        table = table.quoted()
    )
}

struct Writer {
    pool: Pool,
    insert: String,
    deadline: Duration,
}

impl Writer {
    /// Makes the table if it is to be made, and sees that rows can be appended.
    async fn prepare(&self, table: &Table, options: &SqlOptions) -> Result<(), OpenError> {
        let preparing = async {
            let connection = self.pool.get().await.map_err(|error| not_connected(&error))?;
            let refused = |error: Error| {
                let kind = match error.code() {
                    Some(&SqlState::INSUFFICIENT_PRIVILEGE) => OpenErrorKind::Refused,
                    Some(_) => OpenErrorKind::Schema,
                    None => OpenErrorKind::Unreachable,
                };
                let text = "the table cannot be appended to: it is not there, lacks a column or the right to write, or endpoint and id are not unique together";
                OpenError::new(kind, text).because(said(&error))
            };
            let encoding = connection
                .query_typed_one("SELECT current_setting('server_encoding')", &[])
                .await
                .and_then(|row| row.try_get::<_, String>(0))
                .map_err(refused)?;
            if encoding != "UTF8" {
                return Err(OpenError::new(
                    OpenErrorKind::Schema,
                    format!("the database is in {encoding} and cannot hold every text: make one in UTF8"),
                ));
            }
            if options.create {
                connection.batch_execute(&make(table)).await.map_err(refused)?;
            }
            let none: [Row; 0] = [];
            self.insert(&connection, &none.iter().collect::<Vec<_>>())
                .await
                .map_err(refused)
        };
        timeout(self.deadline, preparing).await.unwrap_or_else(|_| {
            let text = "PostgreSQL does not answer in time";
            Err(OpenError::new(OpenErrorKind::Unreachable, text))
        })
    }

    async fn run(self, mut waiting: Waiting<Vec<Row>, Delivered>) {
        while let Some(jobs) = waiting.next().await {
            self.append_all(jobs).await;
        }
    }

    async fn append_all(&self, jobs: Vec<Job<Vec<Row>, Delivered>>) {
        let rows: Vec<_> = jobs.iter().flat_map(|job| &job.work).collect();
        match self.append(&rows).await {
            Ok(()) => jobs.into_iter().for_each(|job| {
                let done = job.work.len();
                job.end(Delivered { done, error: None });
            }),
            // One of the rows is to blame: which one?
            Err(error) if error.kind() == SinkErrorKind::Failed => {
                for job in jobs {
                    let delivered = self.append_apart(&job.work).await;
                    job.end(delivered);
                }
            }
            Err(error) => jobs
                .into_iter()
                .for_each(|job| job.end(Delivered::up_to(0, error.clone()))),
        }
    }

    async fn append_apart(&self, rows: &[Row]) -> Delivered {
        for (index, row) in rows.iter().enumerate() {
            if let Err(error) = self.append(&[row]).await {
                return Delivered::up_to(index, error);
            }
        }
        Delivered {
            done: rows.len(),
            error: None,
        }
    }

    async fn append(&self, rows: &[&Row]) -> Result<(), SinkError> {
        let connection = self
            .pool
            .get()
            .await
            .map_err(|error| unavailable(not_connected(&error).to_string()))?;
        let outcome = timeout(self.deadline, self.insert(&connection, rows)).await;
        let fault = match outcome {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => judge(&error),
            Err(_) => unavailable("PostgreSQL did not answer in time"),
        };
        if fault.kind() != SinkErrorKind::Failed {
            // Whatever it is in the middle of, and wherever it leads.
            drop(Object::take(connection));
        }
        Err(fault)
    }

    async fn insert(&self, connection: &Object, rows: &[&Row]) -> Result<(), Error> {
        fn column<'a, T>(rows: &[&'a Row], of: impl Fn(&'a Row) -> T) -> Vec<T> {
            rows.iter().map(|row| of(row)).collect()
        }
        let id = column(rows, |row| &*row.id);
        let key = column(rows, |row| &*row.key);
        let kind = column(rows, |row| row.kind);
        let endpoint = column(rows, |row| &*row.endpoint);
        let account = column(rows, |row| row.account.as_deref());
        let occurred_at = column(rows, |row| {
            let told = row.occurred_at.map(Timestamp::as_microsecond);
            told.filter(|at| *at >= EARLIEST)
        });
        let received_at = column(rows, |row| row.received_at.as_microsecond());
        let attempt = column(rows, |row| row.attempt);
        let event = column(rows, |row| &*row.event);
        let parameters: [(&(dyn ToSql + Sync), Type); 9] = [
            (&id, Type::TEXT_ARRAY),
            (&key, Type::TEXT_ARRAY),
            (&kind, Type::TEXT_ARRAY),
            (&endpoint, Type::TEXT_ARRAY),
            (&account, Type::TEXT_ARRAY),
            (&occurred_at, Type::INT8_ARRAY),
            (&received_at, Type::INT8_ARRAY),
            (&attempt, Type::INT8_ARRAY),
            (&event, Type::TEXT_ARRAY),
        ];
        // A statement that nobody waits for any more must not wait for a lock for ever. Both go out at once.
        let begin = format!(
            "BEGIN; SET LOCAL statement_timeout = {}",
            self.deadline.as_millis().clamp(1, i32::MAX as u128)
        );
        let (begun, inserted) = futures_util::future::join(
            connection.batch_execute(&begin),
            connection.execute_typed(&self.insert, &parameters),
        )
        .await;
        match begun.and(inserted) {
            Ok(_) => connection.batch_execute("COMMIT").await,
            Err(error) => {
                // The connection may be good; if it is not, this fails as well.
                let _ = connection.batch_execute("ROLLBACK").await;
                Err(error)
            }
        }
    }
}

/// The year 1. A payload may tell an earlier time than PostgreSQL has (4713 BC); it stands in the event alone.
const EARLIEST: i64 = -62_135_596_800_000_000;

/// Several processes may make it at once; without the lock all but one would fail.
fn make(table: &Table) -> String {
    format!(
        "BEGIN; SELECT pg_advisory_xact_lock({LOCK});
         CREATE TABLE IF NOT EXISTS {} (
            position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            id text NOT NULL,
            key text NOT NULL,
            kind text NOT NULL,
            endpoint text NOT NULL,
            account text,
            occurred_at timestamptz,
            received_at timestamptz NOT NULL,
            attempt bigint,
            event text NOT NULL,
            appended_at timestamptz NOT NULL,
            UNIQUE (endpoint, id)
         ); COMMIT",
        table.quoted()
    )
}

/// Any number that nobody else takes: the first bytes of "wahsink".
const LOCK: i64 = 0x0077_6168_7369_6e6b;

fn judge(error: &Error) -> SinkError {
    let class = error.code().map(|code| &code.code()[..2]);
    match class {
        // Data, constraints, limits, triggers: the row is to blame. The server's words may quote it.
        Some("22" | "23" | "54" | "P0" | "44" | "09" | "27") => SinkError::new(
            SinkErrorKind::Failed,
            format!("PostgreSQL does not take the row{}", said(error)),
        ),
        Some(_) => unavailable(format!("PostgreSQL refuses{}", said(error))),
        None => unavailable("the connection to PostgreSQL was lost"),
    }
}

/// The code alone: words quote rows now and then.
fn said(error: &Error) -> String {
    match error.code() {
        Some(code) => format!(" (SQLSTATE {})", code.code()),
        None => " (no answer)".to_owned(),
    }
}

fn not_connected(error: &PoolError) -> OpenError {
    let text = match error {
        PoolError::Backend(error) if error.code().is_some() => {
            format!("PostgreSQL refuses the login{}", said(error))
        }
        PoolError::Timeout(_) => "there was no connection to PostgreSQL in time".to_owned(),
        _ => "PostgreSQL cannot be reached".to_owned(),
    };
    OpenError::new(OpenErrorKind::Unreachable, text)
}
