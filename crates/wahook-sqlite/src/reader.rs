//! A thread that only reads, so that long questions do not hold up what is written.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    thread::Builder,
    time::Duration,
};

use rusqlite::Connection;
use tokio::sync::{
    mpsc::{self, Receiver},
    oneshot,
};
use wahook_core::guard::{OpenError, StoreError, StoreErrorKind};

use crate::{
    error::{no_thread, open_error, verb_error},
    file::{File, Made},
};

type Question = Box<dyn FnOnce(&mut Option<Connection>, &File) + Send>;

/// The way to the thread. Dropped, it ends after what it is doing.
pub(crate) struct Reader {
    questions: mpsc::Sender<Question>,
    deadline: Duration,
}

/// Questions that wait.
const WAITING: usize = 64;

impl Reader {
    pub(crate) fn start(file: File, deadline: Duration) -> Result<Self, OpenError> {
        let (questions, waiting) = mpsc::channel(WAITING);
        Builder::new()
            .name("wahook-sqlite-read".to_owned())
            .spawn(move || run(&file, waiting))
            .map_err(no_thread)?;
        Ok(Self { questions, deadline })
    }

    /// Asks something of the file as it is at one moment.
    pub(crate) async fn ask<T, F>(&self, question: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let question = Box::new(move |connection: &mut Option<Connection>, file: &File| {
            if answer.is_closed() {
                return;
            }
            let told = connected(connection, file)
                .and_then(|connection| at_one_moment(connection, question).map_err(verb_error));
            if told
                .as_ref()
                .is_err_and(|error| error.kind() == StoreErrorKind::Unavailable)
            {
                *connection = None;
            }
            // Nobody has to wait for it.
            drop(answer.send(told));
        });
        let asked = async {
            let unavailable = || StoreError::new(StoreErrorKind::Unavailable);
            self.questions.send(question).await.map_err(|_| unavailable())?;
            answered.await.unwrap_or_else(|_| Err(unavailable()))
        };
        match tokio::time::timeout(self.deadline, asked).await {
            Ok(answer) => answer,
            Err(_elapsed) => Err(StoreError::new(StoreErrorKind::Slow)),
        }
    }
}

fn run(file: &File, mut waiting: Receiver<Question>) {
    let mut connection = None;
    while let Some(question) = waiting.blocking_recv() {
        // The answer to a question that panics is dropped, which its caller reads as unavailable.
        if catch_unwind(AssertUnwindSafe(|| question(&mut connection, file))).is_err() {
            connection = None;
        }
    }
}

fn connected<'a>(connection: &'a mut Option<Connection>, file: &File) -> Result<&'a Connection, StoreError> {
    let made = match connection.take() {
        Some(made) => made,
        None => {
            let unavailable = |error| StoreError::with_source(StoreErrorKind::Unavailable, error);
            connect(file).map_err(unavailable)?
        }
    };
    Ok(connection.insert(made))
}

/// A connection that only reads.
pub(crate) fn connect(file: &File) -> Result<Connection, OpenError> {
    let made = file.connect(Made::Before)?;
    made.execute_batch("PRAGMA query_only = 1; PRAGMA trusted_schema = 0; PRAGMA cache_size = -4096;")
        .map_err(open_error)?;
    made.busy_timeout(Duration::from_secs(1)).map_err(open_error)?;
    Ok(made)
}

fn at_one_moment<T>(
    connection: &Connection,
    question: impl FnOnce(&Connection) -> Result<T, rusqlite::Error>,
) -> Result<T, rusqlite::Error> {
    let transaction = connection.unchecked_transaction()?;
    let told = question(&transaction)?;
    transaction.commit()?;
    Ok(told)
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader")
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
