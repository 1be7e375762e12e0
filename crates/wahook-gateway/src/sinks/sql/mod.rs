//! Events as rows of a table: an outbox, for those who have a database already.

mod options;
mod postgres;
mod row;
mod sqlite;
mod table;

use std::{path::Path, time::Duration};

use wahook_core::{
    BoxFuture,
    guard::OpenError,
    model::Event,
    sink::{Delivered, Sink, SinkError, SinkErrorKind},
};

pub use self::options::SqlOptions;
use self::{row::Row, table::Table};
use super::{Form, queue::Queue};

/// Appends events to a table in SQLite or PostgreSQL; an event is done when its row is committed.
///
/// | column | |
/// |---|---|
/// | `position` | grows with each row; rows of one conversation are in order |
/// | `id` | the key, with `#r` and a number behind it for a replay; cut, with its digest, if it is very long |
/// | `key`, `kind`, `endpoint`, `account` | of the event |
/// | `occurred_at`, `received_at` | `timestamptz`, in SQLite text |
/// | `attempt` | which attempt appended it |
/// | `event` | the event, as text: `jsonb` would refuse some that are legal JSON |
/// | `appended_at` | |
///
/// `endpoint` and `id` are unique together: what is handed over again is there once. The rows are yours to read and to
/// remove; what was removed and is handed over again comes back.
#[derive(Clone, Debug)]
pub struct SqlSink {
    form: Form,
    deadline: Duration,
    rows: Queue<Vec<Row>, Delivered>,
}

impl SqlSink {
    /// In a file of SQLite, which is made if it is not there.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened, or the table is not there and not made, or lacks columns.
    pub async fn sqlite(path: &Path, options: SqlOptions) -> Result<Self, OpenError> {
        let table = Table::read(&options.table, false)?;
        let rows = sqlite::start(path, &table, &options).await?;
        Ok(Self::over(rows, &options))
    }

    /// In a database of PostgreSQL; the address is read, and the server trusted, as `wahook-postgres` does.
    ///
    /// # Errors
    ///
    /// If the database cannot be reached, or the table is not there and not made, or lacks columns.
    pub async fn postgres(url: &str, options: SqlOptions) -> Result<Self, OpenError> {
        let table = Table::read(&options.table, true)?;
        let rows = postgres::start(url, &table, &options).await?;
        Ok(Self::over(rows, &options))
    }

    const fn over(rows: Queue<Vec<Row>, Delivered>, options: &SqlOptions) -> Self {
        Self {
            form: options.form,
            deadline: options.deadline,
            rows,
        }
    }

    async fn append(&self, rows: Vec<Row>) -> Result<Delivered, SinkError> {
        let bytes = rows.iter().map(Row::bytes).sum();
        let put = self.rows.put(rows, bytes, "the writer of the table is gone");
        let outcome = tokio::time::timeout(self.deadline, put).await;
        outcome.unwrap_or_else(|_| Err(unavailable("the database did not answer in time")))
    }
}

impl Sink for SqlSink {
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
        Box::pin(async move {
            let mut rows = Vec::with_capacity(events.len());
            let mut unwritable = None;
            for event in events {
                match Row::of(event, self.form) {
                    Ok(row) => rows.push(row),
                    Err(error) => {
                        unwritable = Some(error);
                        break;
                    }
                }
            }
            let mut delivered = Delivered::default();
            if !rows.is_empty() {
                delivered = match self.append(rows).await {
                    Ok(delivered) => delivered,
                    Err(error) => return Delivered::up_to(0, error),
                };
            }
            delivered.error = delivered.error.or(unwritable);
            delivered
        })
    }
}

fn unavailable(text: impl Into<String>) -> SinkError {
    SinkError::new(SinkErrorKind::Unavailable { after: None }, text)
}
