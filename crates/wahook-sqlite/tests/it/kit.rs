//! What the tests share.

use std::{path::PathBuf, sync::Arc, time::Duration};

use rusqlite::Connection;
use tempfile::TempDir;
use wahook_core::{
    BoxFuture, Clock,
    guard::{Claim, Digest, GuardStore, Key, Settled, StoreError, StoreErrorKind, Token},
};
use wahook_sqlite::{SqliteOptions, SqliteStore};
use wahook_testkit::ManualClock;

pub(crate) const FRESH: Claim = Claim::Fresh { conflict: false };
pub(crate) const DUPLICATE: Claim = Claim::Duplicate { conflict: false };

/// A lease or life that does not end during a test.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// Longer than any machine takes to do what is waited for.
pub(crate) const PATIENT: Duration = Duration::from_secs(30);

/// A directory of its own with a database in it.
#[derive(Debug)]
pub(crate) struct Place {
    directory: TempDir,
    pub(crate) clock: Arc<ManualClock>,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self {
            directory: tempfile::tempdir().unwrap(),
            clock: Arc::default(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("guard.db")
    }

    pub(crate) fn wal(&self) -> PathBuf {
        self.directory.path().join("guard.db-wal")
    }

    pub(crate) fn options(&self) -> SqliteOptions {
        SqliteOptions::new(self.clock.clone()).deadline(PATIENT)
    }

    pub(crate) async fn store(&self) -> SqliteStore {
        self.store_with(self.options()).await
    }

    pub(crate) async fn store_with(&self, options: SqliteOptions) -> SqliteStore {
        SqliteStore::open(self.path(), options).await.unwrap()
    }

    /// A connection of somebody else.
    pub(crate) fn foreign(&self) -> Connection {
        Connection::open(self.path()).unwrap()
    }

    /// Keeps every other process from writing until it is dropped.
    pub(crate) fn lock(&self) -> Lock {
        let connection = self.foreign();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        Lock(connection)
    }

    pub(crate) fn rows(&self) -> usize {
        let count = "SELECT count(*) FROM guard_record";
        self.foreign()
            .query_row(count, [], |row| row.get(0))
            .map(|rows: u32| rows as usize)
            .unwrap()
    }
}

/// A write lock.
pub(crate) struct Lock(Connection);

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.execute_batch("ROLLBACK").unwrap();
    }
}

pub(crate) fn key(name: impl std::fmt::Display) -> Key {
    Key::delivery("shop", &name.to_string())
}

pub(crate) fn body() -> Digest {
    Digest::of(b"body")
}

pub(crate) fn token(number: u8) -> Token {
    Token::new([number; 16])
}

/// Claims with a token of its own and a long lease.
pub(crate) async fn claim(store: &dyn GuardStore, key: &Key) -> Result<Claim, StoreError> {
    let token = Token::new(rand());
    store.claim(key, body(), token, LONG).await
}

pub(crate) fn rand() -> [u8; 16] {
    use std::hash::{BuildHasher, RandomState};
    let half = || RandomState::new().hash_one(0).to_le_bytes();
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&half());
    bytes[8..].copy_from_slice(&half());
    bytes
}

pub(crate) fn kind<T: std::fmt::Debug>(answer: Result<T, StoreError>) -> StoreErrorKind {
    answer.expect_err("an error").kind()
}

/// Waits until it is so.
pub(crate) async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let started = std::time::Instant::now();
    while !so() {
        assert!(started.elapsed() < PATIENT, "never: {what}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The machine's clock.
#[derive(Debug)]
pub(crate) struct WallClock;

impl Clock for WallClock {
    fn now(&self) -> jiff::Timestamp {
        #[expect(
            clippy::disallowed_methods,
            reason = "two processes have no other clock in common"
        )]
        jiff::Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
}

/// A store with its directory, which goes after it.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) store: SqliteStore,
    pub(crate) _place: Place,
}

impl GuardStore for Kept {
    fn claim<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Claim, StoreError>> {
        self.store.claim(key, digest, token, lease)
    }

    fn complete<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        self.store.complete(key, digest, token, ttl)
    }

    fn release<'a>(
        &'a self,
        key: &'a Key,
        digest: Digest,
        token: Token,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        self.store.release(key, digest, token)
    }
}
