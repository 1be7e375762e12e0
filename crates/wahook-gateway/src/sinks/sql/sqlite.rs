//! Rows in SQLite: one thread, one connection, one transaction for all that waits.

use std::{
    fs,
    io::{self, ErrorKind},
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use rusqlite::{Connection, Error, ErrorCode, OpenFlags, params};
use tokio::sync::oneshot;
use wahook_core::{
    guard::{OpenError, OpenErrorKind},
    sink::{Delivered, SinkError, SinkErrorKind},
};

use super::{
    Row, SqlOptions,
    table::{COLUMNS, Table},
    unavailable,
};
use crate::sinks::queue::{Job, Queue, Waiting, queue};

/// Opens the file and starts its thread.
pub(super) async fn start(
    path: &Path,
    table: &Table,
    options: &SqlOptions,
) -> Result<Queue<Vec<Row>, Delivered>, OpenError> {
    let path = std::path::absolute(path).map_err(|error| {
        OpenError::new(OpenErrorKind::Address, "the path of the SQLite file is none").because(error)
    })?;
    let (rows, waiting) = queue();
    let (tell, opened) = oneshot::channel();
    let base = Base {
        path,
        table: table.quoted(),
        create: options.create,
        patience: options.deadline,
    };
    thread::Builder::new()
        .name("sqlite".to_owned())
        .spawn(move || match Opened::open(&base) {
            Ok(first) => {
                let _ = tell.send(Ok(()));
                let mut writer = Writer {
                    base,
                    opened: Some(first),
                };
                writer.run(waiting);
            }
            Err(error) => {
                let _ = tell.send(Err(error.into_open_error()));
            }
        })
        .map_err(|error| OpenError::new(OpenErrorKind::Refused, "no thread can be started").because(error))?;
    match opened.await {
        Ok(opened) => opened.map(|()| rows),
        Err(_) => Err(OpenError::new(
            OpenErrorKind::Refused,
            "the thread of the SQLite file is gone",
        )),
    }
}

/// Where the table is.
struct Base {
    path: PathBuf,
    table: String,
    create: bool,
    patience: Duration,
}

struct Opened {
    connection: Connection,
    identity: (u64, u64),
    insert: String,
}

impl Opened {
    fn open(base: &Base) -> Result<Self, Fault> {
        let made = make(&base.path).map_err(Fault::File)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&base.path, flags)?;
        let identity = identity(&base.path).map_err(Fault::File)?;
        connection.busy_timeout(base.patience)?;
        if made {
            // A file that is somebody else's keeps the mode that they chose.
            connection.query_row("PRAGMA journal_mode = wal", [], |_| Ok(()))?;
        }
        // `extra` is `full` that also holds without a WAL.
        connection.execute_batch(
            "PRAGMA synchronous = extra; PRAGMA fullfsync = 1; PRAGMA checkpoint_fullfsync = 1;
             PRAGMA trusted_schema = 0;",
        )?;
        let table = &base.table;
        if base.create {
            connection.execute_batch(&format!(
                "CREATE TABLE IF NOT EXISTS {table} (
                    position INTEGER PRIMARY KEY AUTOINCREMENT,
                    id TEXT NOT NULL,
                    key TEXT NOT NULL,
                    kind TEXT NOT NULL,
                    endpoint TEXT NOT NULL,
                    account TEXT,
                    occurred_at TEXT,
                    received_at TEXT NOT NULL,
                    attempt INTEGER,
                    event TEXT NOT NULL,
                    appended_at TEXT NOT NULL,
                    UNIQUE (endpoint, id)
                 )"
            ))?;
        }
        let insert = format!(
            "INSERT INTO {table} ({COLUMNS}, appended_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?,
                strftime('%Y-%m-%dT%H:%M:%fZ'))
             ON CONFLICT (endpoint, id) DO NOTHING"
        );
        // Are table, columns and uniqueness there?
        connection.prepare_cached(&insert)?;
        Ok(Self {
            connection,
            identity,
            insert,
        })
    }

    /// Appends rows in one transaction.
    fn append<'a>(&mut self, rows: impl Iterator<Item = &'a Row>) -> Result<(), Error> {
        let transaction = self.connection.transaction()?;
        {
            let mut insert = transaction.prepare_cached(&self.insert)?;
            for row in rows {
                insert.execute(params![
                    row.id,
                    row.key,
                    row.kind,
                    row.endpoint,
                    row.account,
                    row.occurred_at.map(|at| format!("{at:.6}")),
                    format!("{:.6}", row.received_at),
                    row.attempt,
                    row.event,
                ])?;
            }
        }
        transaction.commit()
    }
}

/// Makes an empty file for its owner only, if there is none; SQLite gives the files beside it the same rights.
fn make(path: &Path) -> io::Result<bool> {
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    match made {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(false),
        Err(error) => return Err(error),
    }
    if let Some(folder) = path.parent() {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(true)
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let found = fs::metadata(path)?;
    Ok((found.dev(), found.ino()))
}

struct Writer {
    base: Base,
    opened: Option<Opened>,
}

impl Writer {
    fn run(&mut self, mut waiting: Waiting<Vec<Row>, Delivered>) {
        while let Some(jobs) = waiting.blocking_next() {
            self.append_all(jobs);
        }
    }

    fn append_all(&mut self, jobs: Vec<Job<Vec<Row>, Delivered>>) {
        match self.append(jobs.iter().flat_map(|job| &job.work)) {
            Ok(()) => jobs.into_iter().for_each(|job| {
                let done = job.work.len();
                job.end(Delivered { done, error: None });
            }),
            // One of the rows is to blame: which one?
            Err(error) if error.kind() == SinkErrorKind::Failed => {
                for job in jobs {
                    let delivered = self.append_apart(&job.work);
                    job.end(delivered);
                }
            }
            Err(error) => jobs
                .into_iter()
                .for_each(|job| job.end(Delivered::up_to(0, error.clone()))),
        }
    }

    fn append_apart(&mut self, rows: &[Row]) -> Delivered {
        for (index, row) in rows.iter().enumerate() {
            if let Err(error) = self.append([row].into_iter()) {
                return Delivered::up_to(index, error);
            }
        }
        Delivered {
            done: rows.len(),
            error: None,
        }
    }

    fn append<'a>(&mut self, rows: impl Iterator<Item = &'a Row>) -> Result<(), SinkError> {
        let mut opened = match self.opened.take() {
            Some(opened) => opened,
            None => Opened::open(&self.base).map_err(|fault| fault.into_sink_error())?,
        };
        if let Err(error) = opened.append(rows) {
            let error = Fault::Sqlite(error).into_sink_error();
            if error.kind() == SinkErrorKind::Failed {
                self.opened = Some(opened); // it is not to blame
            }
            return Err(error);
        }
        // What was written to a file without a name is gone with it.
        if identity(&self.base.path).ok() != Some(opened.identity) {
            return Err(unavailable(
                "the SQLite file was taken away while it was written to",
            ));
        }
        self.opened = Some(opened);
        Ok(())
    }
}

/// What went wrong. SQLite's texts name tables and columns, never values.
enum Fault {
    File(io::Error),
    Sqlite(Error),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Fault {
    fn into_sink_error(self) -> SinkError {
        let error = match self {
            Self::File(error) => return unavailable(format!("the SQLite file cannot be opened: {error}")),
            Self::Sqlite(error) => error,
        };
        match error.sqlite_error_code() {
            Some(
                code @ (ErrorCode::ConstraintViolation
                | ErrorCode::TooBig
                | ErrorCode::TypeMismatch
                | ErrorCode::ParameterOutOfRange),
            ) => SinkError::new(
                SinkErrorKind::Failed,
                // Not the text: that of a trigger may say anything.
                format!("SQLite does not take the row ({code:?})"),
            ),
            Some(ErrorCode::DiskFull) => unavailable("there is no room for the SQLite file"),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                unavailable("another program keeps the SQLite file locked")
            }
            _ => unavailable(format!("SQLite: {error}")),
        }
    }

    fn into_open_error(self) -> OpenError {
        let (kind, text) = match &self {
            Self::File(error) if error.kind() == ErrorKind::NotFound => (
                OpenErrorKind::Address,
                "the directory of the SQLite file does not exist: make it first",
            ),
            Self::File(_) => (OpenErrorKind::Refused, REFUSED),
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => (
                    OpenErrorKind::Schema,
                    "the file is no SQLite database, or damaged",
                ),
                Some(ErrorCode::Unknown) | None => (
                    OpenErrorKind::Schema,
                    "the table is not there, or lacks a column, or endpoint and id are not unique together",
                ),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => (
                    OpenErrorKind::Unreachable,
                    "another program keeps the SQLite file locked: end its transaction",
                ),
                _ => (OpenErrorKind::Refused, REFUSED),
            },
        };
        let error = OpenError::new(kind, text);
        match self {
            Self::File(cause) => error.because(cause),
            Self::Sqlite(cause) => error.because(cause),
        }
    }
}

const REFUSED: &str =
    "the SQLite file cannot be used: this process must be able to write it and its directory";
