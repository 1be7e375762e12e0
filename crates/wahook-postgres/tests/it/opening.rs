//! Opening: tables, versions, rights, settings, refusals.

use std::{sync::Arc, time::Duration};

use wahook_core::{
    Guarantee,
    guard::{Claim, GuardStore as _, OpenErrorKind, StoreErrorKind},
};
use wahook_postgres::{PostgresOptions, PostgresStore};
use wahook_services::{Postgres, free_port, shared_postgres};

use crate::common::{FRESH, LONG, body, claim, client, count, key, name, open, random, schema, token};

async fn refusal(url: &str, options: PostgresOptions) -> wahook_core::guard::OpenError {
    let opened = PostgresStore::connect(url, options).await;
    opened.map(|_| ()).expect_err("it does not open")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g_eight_processes_that_start_at_once_agree_on_the_tables() {
    let (url, schema) = (shared_postgres(), name());
    let options = PostgresOptions::default().schema(&schema).connections(1);
    let openings: Vec<_> = (0..8)
        .map(|_| {
            let (url, options) = (url.clone(), options.clone());
            tokio::spawn(async move { open(&url, options).await })
        })
        .collect();
    let mut fresh = 0;
    for opening in openings {
        let store = opening.await.expect("each opens");
        fresh += usize::from(claim(&store, "one", token()).await == FRESH);
    }
    assert_eq!(fresh, 1, "they share a table");
    let versions = format!("SELECT version::bigint FROM {schema}.wahook_schema WHERE part = 'guard'");
    assert_eq!(count(&client(&url).await, &versions).await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g_tables_of_a_later_release_are_refused_and_left_alone() {
    let (url, schema) = (shared_postgres(), name());
    let options = PostgresOptions::default().schema(&schema);
    drop(open(&url, options.clone()).await);
    let client = client(&url).await;
    client
        .batch_execute(&format!("UPDATE {schema}.wahook_schema SET version = 2"))
        .await
        .expect("a later release");
    let error = refusal(&url, options).await;
    assert_eq!(error.kind(), OpenErrorKind::Schema);
    assert!(error.to_string().contains("version 2"), "{error}");
    let versions = format!("SELECT version::bigint FROM {schema}.wahook_schema");
    assert_eq!(count(&client, &versions).await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g_names_of_schemas_are_quoted_and_bad_ones_refused() {
    let url = shared_postgres();
    let odd = format!("Odd \"name' \\ {}", name());
    let store = open(&url, PostgresOptions::default().schema(&odd)).await;
    assert_eq!(claim(&store, "one", token()).await, FRESH);
    drop(store);
    let again = open(&url, PostgresOptions::default().schema(&odd)).await;
    assert_ne!(
        claim(&again, "one", token()).await,
        FRESH,
        "the same table is found again"
    );
    for bad in ["", "nul\0", &"x".repeat(64)] {
        let error = refusal(&url, PostgresOptions::default().schema(bad)).await;
        assert_eq!(error.kind(), OpenErrorKind::Schema, "{bad:?}");
    }
}

/// A server with other roles and databases.
fn open_server(settings: &[&str]) -> (Postgres, String) {
    let trust: (&str, &[u8]) = ("pg_hba.conf", b"host all all 127.0.0.1/32 trust\n");
    let server = Postgres::start_with(&[trust], settings).expect("a server");
    let admin = format!("postgres://postgres@{}/wahook", server.address());
    (server, admin)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g_a_role_that_may_not_make_tables_uses_those_that_are_there() {
    let (server, admin) = open_server(&[]);
    let client = client(&admin).await;
    client
        .batch_execute(
            "CREATE ROLE app LOGIN; CREATE SCHEMA guard; GRANT USAGE ON SCHEMA guard TO app;
             CREATE SCHEMA hidden; REVOKE CREATE ON SCHEMA public FROM public;
             REVOKE ALL ON DATABASE wahook FROM public; GRANT CONNECT ON DATABASE wahook TO app",
        )
        .await
        .expect("roles");
    let app = format!("postgres://app@{}/wahook", server.address());
    let options = PostgresOptions::default().schema("guard");
    for schema in [
        options.clone(),
        PostgresOptions::default(),
        PostgresOptions::default().schema("new"),
    ] {
        let error = refusal(&app, schema.clone()).await;
        assert_eq!(error.kind(), OpenErrorKind::Refused, "{schema:?}: {error:?}");
    }
    drop(open(&admin, options.clone()).await);
    client
        .batch_execute(
            "GRANT SELECT ON guard.wahook_schema TO app;
             GRANT SELECT, INSERT, UPDATE, DELETE ON guard.wahook_guard_record, guard.wahook_guard_sweep TO app",
        )
        .await
        .expect("rights");
    let store = open(&app, options).await;
    assert_eq!(claim(&store, "one", token()).await, FRESH);
    // Where no schema is named, the search path leads there.
    client
        .batch_execute("ALTER ROLE app SET search_path = hidden, guard")
        .await
        .expect("a path");
    client
        .batch_execute("GRANT USAGE ON SCHEMA hidden TO app")
        .await
        .expect("rights");
    let found = open(&app, PostgresOptions::default()).await;
    assert_ne!(claim(&found, "one", token()).await, FRESH, "the same table");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn i1_the_settings_of_the_server_decide_what_survives() {
    let (server, admin) = open_server(&[]);
    let store = open(&server.url(), schema()).await;
    assert_eq!(store.assurance().guarantee, Guarantee::SurvivesPowerLoss);
    assert!(store.assurance().warnings.is_empty(), "{:?}", store.assurance());
    let client = client(&admin).await;
    // For the role alone: it is the session's value that counts.
    client
        .batch_execute("ALTER ROLE wahook SET synchronous_commit = off")
        .await
        .expect("a setting");
    let store = open(&server.url(), schema()).await;
    assert_eq!(store.assurance().guarantee, Guarantee::ProcessCrashOnly);
    assert_eq!(store.assurance().because, "synchronous_commit is off");
    client
        .batch_execute("ALTER ROLE wahook RESET synchronous_commit")
        .await
        .expect("a setting");
    client
        .batch_execute("ALTER SYSTEM SET fsync = off")
        .await
        .expect("a setting");
    client
        .query_one("SELECT pg_reload_conf()", &[])
        .await
        .expect("a reload");
    crate::common::until(
        "fsync",
        async || open(&server.url(), schema()).await.assurance().because.clone(),
        |because| because == "fsync is off",
    )
    .await;
    client
        .batch_execute("ALTER SYSTEM RESET fsync")
        .await
        .expect("a setting");
    client
        .query_one("SELECT pg_reload_conf()", &[])
        .await
        .expect("a reload");
    drop(open(&server.url(), PostgresOptions::default().schema("unlogged")).await);
    client
        .batch_execute("ALTER TABLE unlogged.wahook_guard_record SET UNLOGGED")
        .await
        .expect("a setting");
    let store = open(&server.url(), PostgresOptions::default().schema("unlogged")).await;
    assert_eq!(store.assurance().guarantee, Guarantee::ProcessCrashOnly);
    assert!(
        store.assurance().because.contains("not logged"),
        "{:?}",
        store.assurance()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g8_a_server_that_takes_no_writes_is_refused_at_first_and_unavailable_later() {
    let (server, admin) = open_server(&[]);
    let store = open(&server.url(), schema().connections(2)).await;
    assert_eq!(claim(&store, "before", token()).await, FRESH);
    let client = client(&admin).await;
    client
        .batch_execute("ALTER ROLE wahook SET default_transaction_read_only = on")
        .await
        .expect("a setting");
    assert_eq!(
        refusal(&server.url(), schema()).await.kind(),
        OpenErrorKind::Refused
    );
    // Its connections end, as in a failover, and the new ones lead to what takes no writes.
    client
        .batch_execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'wahook'")
        .await
        .expect("ends");
    let error = store
        .claim(&key("during"), body(), token(), LONG)
        .await
        .expect_err("no writes");
    assert_eq!(error.kind(), StoreErrorKind::Unavailable);
    client
        .batch_execute("ALTER ROLE wahook RESET default_transaction_read_only")
        .await
        .expect("a setting");
    // The connections that take no writes are not kept.
    assert_eq!(claim(&store, "after", token()).await, FRESH);
}

/// Whatever isolation the operator has set as the default, verbs that meet see each other's outcome.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g1_the_default_isolation_of_the_server_plays_no_part() {
    let server = Postgres::start(&["default_transaction_isolation = 'serializable'"]).expect("a server");
    // A busy machine is no failure here.
    let options = schema().deadline(Duration::from_secs(10));
    let stores = [
        Arc::new(open(&server.url(), options.clone()).await),
        Arc::new(open(&server.url(), options).await),
    ];
    let tasks: Vec<_> = (0..32_usize)
        .map(|at| {
            let store = Arc::clone(&stores[at % 2]);
            tokio::spawn(async move {
                for round in 0..100 {
                    let (key, token) = (key(&(round % 5).to_string()), token());
                    let lease = Duration::from_micros(random() % 2000);
                    let claim = store
                        .claim(&key, body(), token, lease)
                        .await
                        .expect("no verb fails");
                    if let Claim::Fresh { .. } = claim {
                        store.release(&key, body(), token).await.expect("no verb fails");
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no verb fails");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn p_what_does_not_open_says_why_without_a_credential() {
    let url = shared_postgres();
    let (user, rest) = url.split_once("://").unwrap().1.split_once(':').unwrap();
    let place = rest.split_once('@').unwrap().1;
    let canary = "canaryPassw0rd";
    let nobody = format!("127.0.0.1:{}", free_port().expect("a port"));
    for (url, kind) in [
        (
            format!("postgres://{user}:{canary}@{place}"),
            OpenErrorKind::Refused,
        ),
        (
            format!("postgres://{canary}:{canary}x@{place}?sslmode=verify-full"),
            OpenErrorKind::Refused,
        ),
        (
            format!("postgres://{user}:{canary}@{nobody}/x"),
            OpenErrorKind::Unreachable,
        ),
        (
            format!("postgres://{user}:{canary}@host.invalid/x"),
            OpenErrorKind::Unreachable,
        ),
        (format!("redis://{user}:{canary}@{place}"), OpenErrorKind::Address),
    ] {
        let error = refusal(&url, schema()).await;
        assert_eq!(error.kind(), kind, "{error:?}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains(canary), "{shown}");
        assert!(!error.to_string().is_empty());
    }
    let store = open(&url, schema()).await;
    let secret = rest.split('@').next().unwrap();
    assert!(!format!("{store:?}").contains(secret), "{store:?}");
}

/// A server that takes the connection and says nothing is given up at the timeout.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g8_a_server_that_says_nothing_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("postgres://u:p@{}/d", silent.local_addr().unwrap());
    let options = schema().connect_deadline(Duration::from_millis(200));
    assert_eq!(refusal(&url, options).await.kind(), OpenErrorKind::Unreachable);
}
