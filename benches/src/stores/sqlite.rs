//! SQLite, against a row in a transaction of its own.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use rusqlite::{Connection, params};
use wahook_core::guard::GuardStore;
use wahook_sqlite::{SqliteOptions, SqliteStore};
use wahook_tower::SystemClock;

use super::{
    bench::Bench,
    disk,
    growth::{FEW, Growth},
    race::{DIGEST, Id, LEASE, MEMORY, Subject, Way, What},
};
use crate::{program::folder, report::Report};

/// One connection, one row in a transaction, on Tokio's threads for what blocks.
struct Bare(Arc<Mutex<Connection>>);

impl Bare {
    fn open(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(
            "PRAGMA journal_mode = wal;
             PRAGMA synchronous = full;
             CREATE TABLE seen (key TEXT PRIMARY KEY, until INTEGER NOT NULL) STRICT, WITHOUT ROWID;",
        )?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    async fn execute(&self, sql: &'static str, id: &Id, life: Duration) -> bool {
        let (connection, key) = (Arc::clone(&self.0), id.key.as_str().to_owned());
        let executed = tokio::task::spawn_blocking(move || {
            let connection = connection.lock().expect("no panic in here");
            let mut statement = connection.prepare_cached(sql)?;
            statement.execute(params![key, life.as_millis() as i64])
        });
        executed.await.expect("no panic in here").expect("SQLite") == 1
    }
}

impl Way for Bare {
    async fn claim(&self, id: &Id) -> bool {
        let sql = "INSERT INTO seen (key, until) VALUES (?1, unixepoch('subsec') * 1000 + ?2) ON CONFLICT DO NOTHING";
        self.execute(sql, id, LEASE).await
    }

    async fn complete(&self, id: &Id) -> bool {
        let sql = "UPDATE seen SET until = unixepoch('subsec') * 1000 + ?2 WHERE key = ?1";
        self.execute(sql, id, MEMORY).await
    }
}

fn store(bench: &Bench, path: &Path) -> Subject {
    // Longer than usual: others may be at work on the machine.
    let options = SqliteOptions::new(Arc::new(SystemClock::new())).deadline(Duration::from_secs(30));
    let opened = bench.runtime.block_on(SqliteStore::open(path, options));
    let store: Arc<dyn GuardStore> = Arc::new(opened.expect("a file of our own"));
    Subject::new("SqliteStore", store)
}

/// Puts keys into a store's file, past the store, which makes the tables and goes.
fn fill(bench: &Bench, path: &Path, keys: u64) -> rusqlite::Result<()> {
    drop(store(bench, path));
    let mut connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA cache_size = -1000000")?;
    let transaction = connection.transaction()?;
    let mut insert = transaction.prepare(
        "INSERT INTO guard_record (key, digest, token, done, until, life)
         VALUES (?1, ?2, ?3, 1, unixepoch('subsec') * 1000 + ?4, ?4)",
    )?;
    for id in (0..keys).map(Id::of) {
        let (digest, token) = (DIGEST.as_bytes(), id.token.as_bytes());
        insert.execute(params![
            id.key.as_str().as_bytes(),
            digest,
            token,
            MEMORY.as_millis() as i64
        ])?;
    }
    drop(insert);
    transaction.commit()?;
    connection.close().map_err(|(_, error)| error)
}

pub fn run(bench: &Bench, _: &mut Report) -> std::io::Result<Growth> {
    let folder = folder()?;
    let at = |name: &str| folder.path().join(name);
    let bare = Bare::open(&at("bare.db")).expect("a file of our own");
    let subjects = [
        Subject::new("rusqlite, a transaction each", bare),
        store(bench, &at("guard.db")),
    ];
    let title = format!(
        "stores, SQLite: WAL, synchronous = full ({})",
        disk(folder.path())
    );
    bench.table(&title, bench.plan.waiting_slice, &subjects, What::ALL);
    drop(subjects);
    let [few, many] = [("few.db", FEW), ("many.db", bench.plan.keys)].map(|(name, keys)| {
        fill(bench, &at(name), keys).expect("a file of our own");
        store(bench, &at(name))
    });
    Ok(Growth::of(bench, "SQLite", 64, few, many))
}
