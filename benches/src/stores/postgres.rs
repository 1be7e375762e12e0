//! PostgreSQL, against one prepared statement over a pool of ten connections.

use std::{io, sync::Arc, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use tokio_postgres::{Config, NoTls, types::ToSql};
use wahook_core::guard::GuardStore;
use wahook_postgres::{PostgresOptions, PostgresStore};
use wahook_services::Postgres;

use super::{
    bench::Bench,
    disk,
    growth::{FEW, Growth},
    race::{DIGEST, Id, LEASE, MEMORY, Subject, Way, What},
};
use crate::report::{Goal::AtLeast, Report};

pub struct Bare(Pool);

impl Bare {
    pub async fn connect(url: &str, table: &str) -> Self {
        let mut config: Config = url.parse().expect("the server's own URL");
        // As the store does: else a plan that was made while the table was small may read the whole of it.
        config.options("-c enable_seqscan=off");
        let recycling_method = RecyclingMethod::Fast;
        let manager = Manager::from_config(config, NoTls, ManagerConfig { recycling_method });
        let pool = Pool::builder(manager).max_size(10).build().expect("a pool");
        let connection = pool.get().await.expect("a server of our own");
        connection
            .batch_execute(table)
            .await
            .expect("a database of our own");
        Self(pool)
    }

    /// Whether a row was changed.
    pub async fn execute(&self, sql: &str, values: &[&(dyn ToSql + Sync)]) -> bool {
        let connection = self.0.get().await.expect("a connection");
        let statement = connection.prepare_cached(sql).await.expect("a statement");
        let changed = connection.execute(&statement, values).await;
        changed.expect("an answer of PostgreSQL") == 1
    }
}

impl Way for Bare {
    async fn claim(&self, id: &Id) -> bool {
        let sql =
            "INSERT INTO seen (key, until) VALUES ($1, now() + $2 * interval '1 s') ON CONFLICT DO NOTHING";
        self.execute(sql, &[&id.key.as_str(), &LEASE.as_secs_f64()]).await
    }

    async fn complete(&self, id: &Id) -> bool {
        let sql = "UPDATE seen SET until = now() + $2 * interval '1 s' WHERE key = $1";
        self.execute(sql, &[&id.key.as_str(), &MEMORY.as_secs_f64()])
            .await
    }
}

fn store(bench: &Bench, server: &Postgres, schema: &str) -> Subject {
    // Longer than usual: others may be at work on the machine.
    let options = PostgresOptions::default()
        .deadline(Duration::from_secs(30))
        .schema(schema);
    let connected = bench
        .runtime
        .block_on(PostgresStore::connect(&server.url(), options));
    let store: Arc<dyn GuardStore> = Arc::new(connected.expect("a server of our own"));
    Subject::new(NAME, store)
}

/// Puts keys into a store's table, past the store.
async fn fill(pool: &Pool, schema: &str, keys: u64) {
    let connection = pool.get().await.expect("a connection");
    let sql = format!(
        "INSERT INTO {schema}.wahook_guard_record (until, done, key, digest, token)
         SELECT now() + interval '48 h', true, key, $1, token FROM unnest($2::bytea[], $3::bytea[]) AS a (key, token)"
    );
    let numbers: Vec<u64> = (0..keys).collect();
    for some in numbers.chunks(10_000) {
        let ids: Vec<Id> = some.iter().copied().map(Id::of).collect();
        let keys: Vec<&[u8]> = ids.iter().map(|id| id.key.as_str().as_bytes()).collect();
        let tokens: Vec<&[u8]> = ids.iter().map(|id| &id.token.as_bytes()[..]).collect();
        let digest = &DIGEST.as_bytes()[..];
        let inserted = connection.execute(&sql, &[&digest, &keys, &tokens]).await;
        inserted.expect("the store's own table");
    }
    // What the server would do by itself, at a moment of its own choice.
    let vacuum = format!("VACUUM ANALYZE {schema}.wahook_guard_record");
    connection
        .batch_execute(&vacuum)
        .await
        .expect("a table of our own");
}

const NAME: &str = "PostgresStore";

pub fn run(bench: &Bench, report: &mut Report) -> io::Result<Growth> {
    let server = Postgres::start(&[])?;
    let table = "CREATE TABLE seen (key text PRIMARY KEY, until timestamptz NOT NULL)";
    let bare = bench.runtime.block_on(Bare::connect(&server.url(), table));
    let pool = bare.0.clone();
    let subjects = [
        Subject::new("deadpool of 10, a statement each", bare),
        store(bench, &server, "guard"),
    ];
    let title = format!(
        "stores, PostgreSQL with its defaults: fsync and synchronous_commit on ({})",
        disk(&server.data_dir())
    );
    let rates = bench.table(&title, bench.plan.waiting_slice, &subjects, What::ALL);
    report.goal(
        "a claim in PostgreSQL, 64 tasks, claims/s over a pool with a statement each",
        rates.of(NAME, What::Claim, 64),
        AtLeast(4.0),
    );
    drop(subjects);
    let [few, many] = [("few", FEW), ("many", bench.plan.keys)].map(|(schema, keys)| {
        let store = store(bench, &server, schema);
        bench.runtime.block_on(fill(&pool, schema, keys));
        store
    });
    Ok(Growth::of(bench, "PostgreSQL", 64, few, many))
}
