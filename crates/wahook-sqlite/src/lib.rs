//! wahook on SQLite: a guard, which remembers what was handled, for all processes of a machine and across restarts; and
//! an inbox, which keeps what was acknowledged until every sink has it.
//!
//! # The guard
//!
//! ```
//! use std::sync::Arc;
//!
//! use wahook_core::{Guarantee, guard::GuardStore};
//! use wahook_sqlite::{SqliteOptions, SqliteStore};
//! # use wahook_testkit::ManualClock as SystemClock;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("guard.db");
//! let options = SqliteOptions::new(Arc::new(SystemClock::default()));
//! let store = SqliteStore::open(&path, options).await?;
//! assert_eq!(store.assurance().guarantee, Guarantee::SurvivesPowerLoss);
//!
//! // Where a guard is built: `DedupeLayer` and the gateway take it like this.
//! let store: Arc<dyn GuardStore> = Arc::new(store);
//! # Ok(())
//! # }
//! ```
//!
//! # The inbox
//!
//! ```
//! use std::sync::Arc;
//!
//! use wahook_core::inbox::{Accepted, Inbox};
//! use wahook_sqlite::{SqliteInbox, SqliteInboxOptions};
//! # use wahook_testkit::{ManualClock as SystemClock, inbox::Deliveries};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("inbox.db");
//! # let incoming = Deliveries::of("waping", "shop").body("id", "a body");
//! let options = SqliteInboxOptions::new(Arc::new(SystemClock::default()));
//! let inbox: Arc<dyn Inbox> = Arc::new(SqliteInbox::open(&path, options).await?);
//!
//! // A verified delivery; when this is answered, it is on stable storage.
//! assert_eq!(inbox.accept(incoming.clone()).await?, Accepted::Stored { conflict: false });
//! assert_eq!(inbox.accept(incoming).await?, Accepted::Duplicate { conflict: false });
//! # Ok(())
//! # }
//! ```
//!
//! An inbox is one process's while it is open. Which keys were seen is held in memory, some 20 bytes each, and made out
//! of the file when it is opened: an index on random keys in the file would cost two thirds of what can be accepted in a
//! second. Whatever a process that died had taken is free at once for the next. Questions of operators are answered by a
//! thread and a connection of their own.
//!
//! # Both
//!
//! The clock is `wahook_tower::SystemClock` in a program and `wahook_testkit::ManualClock` in a test. The verbs need a
//! tokio runtime with its timer on, as the guard itself does.
//!
//! # What it promises
//!
//! What was answered is on stable storage: the file is in WAL mode with `synchronous = FULL`, and both are read back when
//! it is opened. One thread owns the one connection that writes. It takes all verbs that wait, carries them out in one
//! transaction, flushes once, and answers only then; so many verbs at a time cost little more than one, and a
//! transaction that fails fails for all of them, with nothing half done. Verbs that change nothing cost no flush.
//!
//! Several processes of one machine may share a guard's file. A network file system will not do: its locks lie, and SQLite
//! cannot find that out.
//!
//! A disk that is full, a file that is locked or lost is an error of the verb, and when it is over, the next verb is
//! carried out; nobody has to do anything. A file that was deleted is not made again under a running process: all that
//! is remembered would be forgotten in silence. Put it back, or start the process again.
//!
//! # Time
//!
//! A guard's file outlives the process, and several may share it, so its leases and lives run on the wall clock. If it jumps forward,
//! they end early by as much: the old holder's token is refused, and what a provider repeats after the early end of a mark
//! is handled again. If it jumps back, a record that claims to live longer than it was given is given its whole life
//! again, from the moment it is met: nothing is refused for ever.
//!
//! An inbox is one process's: its leases and the delays of its lanes run on the clock that does not jump, so that neither
//! waits for hours that were none, and nobody's work is given to another early. What it remembers, and until when finished
//! work is kept, is on the wall clock. When it is opened, a lane that came to its time in what is the future by then is due.
//!
//! # Why this driver
//!
//! `rusqlite` runs statements where it is called, which is what a thread of our own needs; drivers that hand each statement
//! to another thread cost more than the statement. SQLite is compiled in (`bundled`): one version and one set of
//! compile-time options on every machine, new enough that no known fault of WAL mode is left in it, and nothing to install.

mod checkpoint;
mod connect;
mod error;
mod file;
mod group;
mod guard;
mod inbox;
mod job;
mod migrate;
mod options;
mod patience;
mod queue;
mod reader;
mod span;
mod writer;

pub use self::{
    guard::SqliteStore,
    inbox::{SqliteInbox, SqliteInboxOptions},
    options::SqliteOptions,
};
