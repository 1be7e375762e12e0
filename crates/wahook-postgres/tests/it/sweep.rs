//! What is over is removed, and nothing else.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use wahook_core::guard::{Claim, Digest, GuardStore as _, Settled};
use wahook_postgres::PostgresOptions;
use wahook_services::{Postgres, Proxy, shared_postgres};

use crate::common::{
    DUPLICATE, FRESH, LONG, SHORT, body, claim, client, count, key, name, open, token, until,
};

/// What is over goes, over many pages and for every reason there is; what lives stays, and verbs go on meanwhile.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g9_what_is_over_is_removed_and_nothing_else() {
    let (url, schema) = (shared_postgres(), name());
    let options = PostgresOptions::default()
        .schema(&schema)
        .sweep_every(Duration::from_secs(3600));
    let table = format!("{schema}.wahook_guard_record");
    let store = Arc::new(open(&url, options.clone()).await);
    let client = client(&url).await;
    // 20,000 rows that are over, among 2,000 that live.
    let fill = format!(
        "INSERT INTO {table} (key, digest, token, done, until)
         SELECT convert_to('old ' || i, 'UTF8'), decode(repeat('00', 32), 'hex'), '\\x00', i % 2 = 0,
                CASE WHEN i % 10 = 0 THEN clock_timestamp() + interval '1 hour'
                     WHEN i % 10 = 1 THEN '-infinity' ELSE clock_timestamp() - interval '1 second' END
         FROM generate_series(1, 22222) i"
    );
    client.batch_execute(&fill).await.expect("rows");
    let living = count(
        &client,
        &format!("SELECT count(*) FROM {table} WHERE until > clock_timestamp()"),
    )
    .await;
    let done = token();
    assert_eq!(claim(&store, "done", done).await, FRESH);
    assert_eq!(
        store.complete(&key("done"), body(), done, LONG).await.unwrap(),
        Settled::Done
    );
    let held = token();
    assert_eq!(claim(&store, "held", held).await, FRESH);
    assert_eq!(claim(&store, "given back", token()).await, FRESH);
    // The first walk was over before there was anything; another is due now, for whichever process comes first.
    client
        .batch_execute(&format!(
            "UPDATE {schema}.wahook_guard_sweep SET next_block = 0, due = clock_timestamp()"
        ))
        .await
        .expect("due");
    let others = [open(&url, options.clone()).await, open(&url, options).await];
    let over = format!("SELECT count(*) FROM {table} WHERE until <= clock_timestamp()");
    let mut verbs = 0;
    let ask = async || {
        // While rows are removed, verbs are answered in time.
        assert_eq!(claim(&store, &format!("meanwhile {verbs}"), token()).await, FRESH);
        verbs += 1;
        count(&client, &over).await
    };
    until("what is over goes", ask, |n| *n == 0).await;
    let left = count(
        &client,
        &format!("SELECT count(*) FROM {table} WHERE key LIKE 'old %'"),
    )
    .await;
    assert_eq!(left, living, "what lives stays");
    assert_eq!(claim(&store, "done", token()).await, DUPLICATE);
    assert!(matches!(
        claim(&store, "held", token()).await,
        Claim::InFlight { .. }
    ));
    assert_eq!(
        store.complete(&key("held"), body(), held, LONG).await.unwrap(),
        Settled::Done
    );
    drop(others);
}

/// Rows that are over are removed by the store itself, without anybody's doing, again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g9_the_walk_begins_again() {
    let (url, schema) = (shared_postgres(), name());
    let options = PostgresOptions::default().schema(&schema).sweep_every(SHORT);
    let store = open(&url, options).await;
    let client = client(&url).await;
    let rows = format!("SELECT count(*) FROM {schema}.wahook_guard_record");
    for round in 0..3 {
        let completed = token();
        let claimed = store
            .claim(&key("completed"), body(), completed, LONG)
            .await
            .unwrap();
        assert_eq!(claimed, FRESH, "round {round}");
        store
            .complete(&key("completed"), body(), completed, SHORT)
            .await
            .unwrap();
        store
            .claim(&key("stranded"), body(), token(), SHORT)
            .await
            .unwrap();
        let released = token();
        store
            .claim(&key("released"), Digest::of(b"other"), released, LONG)
            .await
            .unwrap();
        // The others may be over by now.
        assert!(count(&client, &rows).await >= 1);
        store
            .release(&key("released"), Digest::of(b"other"), released)
            .await
            .unwrap();
        until(
            "rows that are over",
            async || count(&client, &rows).await,
            |n| *n == 0,
        )
        .await;
    }
}

/// A row that is being settled is not waited for, and neither does anybody wait for the sweep.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g9_the_sweep_waits_for_nobody() {
    let (url, schema) = (shared_postgres(), name());
    let store = open(
        &url,
        PostgresOptions::default().schema(&schema).sweep_every(SHORT),
    )
    .await;
    let table = format!("{schema}.wahook_guard_record");
    let (held, watch) = (client(&url).await, client(&url).await);
    let claim = async |name| store.claim(&key(name), body(), token(), SHORT).await.unwrap();
    let lock = format!("SELECT FROM {table} WHERE key = 'd:shop:locked' FOR UPDATE");
    // The sweep may have been there first.
    loop {
        claim("locked").await;
        held.batch_execute("BEGIN").await.expect("a transaction");
        if !held.query(&lock, &[]).await.expect("an answer").is_empty() {
            break;
        }
        held.batch_execute("ROLLBACK").await.expect("an answer");
    }
    assert_eq!(claim("free").await, FRESH);
    let rows = format!("SELECT count(*) FROM {table}");
    until(
        "the free row goes",
        async || count(&watch, &rows).await,
        |n| *n == 1,
    )
    .await;
    held.batch_execute("COMMIT").await.expect("commit");
    until(
        "the other goes too",
        async || count(&watch, &rows).await,
        |n| *n == 0,
    )
    .await;
}

/// A process that freezes in the middle of a step keeps no row from being claimed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g9_a_sweep_that_freezes_holds_up_nobody() {
    let server = Postgres::start(&[]).expect("a server");
    let proxy = Proxy::to(&server.address()).expect("a wire");
    let store = open(&server.url(), PostgresOptions::default()).await;
    let watch = client(&server.url()).await;
    watch
        .batch_execute(
            "CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
                 $$ BEGIN PERFORM pg_sleep(0.5); RETURN OLD; END $$;
             CREATE TRIGGER linger BEFORE DELETE ON wahook_guard_record
                 FOR EACH ROW EXECUTE FUNCTION linger();",
        )
        .await
        .expect("a removal that takes a while");
    let frozen = PostgresOptions::default().sweep_every(SHORT);
    let frozen = open(&server.url_at(&proxy.address()), frozen).await;
    let over = store.claim(&key("over"), body(), token(), Duration::ZERO).await;
    assert_eq!(over.expect("an answer"), FRESH);
    let removing = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DELETE%'";
    until(
        "it is removed",
        async || count(&watch, removing).await,
        |n| *n == 1,
    )
    .await;
    // The server will remove the row, and hear no more of whoever asked for that.
    proxy.stall();
    let since = Instant::now();
    // One holder: a claim that was answered too late may have been granted.
    let holder = token();
    let ask = async || {
        assert!(since.elapsed() < Duration::from_secs(5), "claims are held up");
        store.claim(&key("over"), body(), holder, LONG).await
    };
    let claimed = until("it is claimed", ask, Result::is_ok).await;
    assert_eq!(claimed.expect("an answer"), FRESH);
    drop(frozen);
}
