//! Events as rows, in a real SQLite and a real PostgreSQL.
//!
//! Longer than 400 lines: the same promises by two databases.

#![allow(
    clippy::field_reassign_with_default,
    reason = "options are read so in a configuration"
)]

use std::{fs, os::unix::fs::PermissionsExt, path::Path, time::Duration};

use futures_util::future::join_all;
use rusqlite::Connection;
use serde_json::Value;
use tokio_postgres::{Client, NoTls};
use wahook_core::{guard::OpenErrorKind, model::Event, sink::SinkErrorKind};
use wahook_gateway::sinks::{Form, Format, SqlOptions, SqlSink};
use wahook_services::shared_postgres;

use super::sinks_common::{AWAY, all, error, event, events, folder, form, read, replayed};

const INTO: &str = "CREATE TABLE IF NOT EXISTS";

async fn sqlite(path: &Path) -> SqlSink {
    SqlSink::sqlite(path, SqlOptions::default()).await.unwrap()
}

fn ids(path: &Path) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut select = connection
        .prepare("SELECT id FROM wahook_events ORDER BY position")
        .unwrap();
    let rows = select.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

fn id(number: u64) -> String {
    format!("v1:wawp:A1:message:m{number}")
}

fn hostile() -> Event {
    let mut form = form(1);
    form["account"] = "a\u{0}b".into();
    form["key"] = format!("v1:wawp::{}", "k".repeat(10_000)).into();
    form["data"]["content"]["text"] = "\u{0}\u{1}\u{7f}😀'\"\\$1".into();
    form["occurred_at"] = "-009999-01-02T01:59:59Z".into();
    read(form)
}

#[tokio::test]
async fn i3_a_row_has_what_can_be_asked_for_and_the_event_itself() {
    let path = folder("sqlite-sink").join("events.db");
    all(&sqlite(&path).await, &[event(1)]).await;
    let connection = Connection::open(&path).unwrap();
    let text = |column: &str| -> String {
        let sql = format!("SELECT CAST({column} AS text) FROM wahook_events");
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    };
    for (column, value) in [
        ("id", &*id(1)),
        ("key", &*id(1)),
        ("kind", "message.received"),
        ("endpoint", "shop"),
        ("account", "A1"),
        ("occurred_at", "2026-10-03T10:00:00.500000Z"),
        ("received_at", "2026-10-03T10:00:01.000000Z"),
        ("attempt", "1"),
    ] {
        assert_eq!(text(column), value, "{column}");
    }
    assert_eq!(serde_json::from_str::<Value>(&text("event")).unwrap(), form(1));
    assert!(text("appended_at").starts_with("20"));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn i3_what_is_handed_over_again_is_there_once_and_a_replay_besides() {
    let path = folder("sqlite-again").join("events.db");
    let sink = sqlite(&path).await;
    let mut again = event(1);
    again.attempt = Some(2);
    let mut elsewhere = event(1);
    elsewhere.endpoint = "other".into();
    let given = [
        event(1),
        event(2),
        again,
        replayed(1, 7),
        replayed(1, 7),
        replayed(1, 8),
        elsewhere,
    ];
    all(&sink, &given).await;
    all(&sqlite(&path).await, &given).await;
    assert_eq!(
        ids(&path),
        [
            id(1),
            id(2),
            format!("{}#r7", id(1)),
            format!("{}#r8", id(1)),
            id(1)
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn i3_lanes_share_a_transaction_and_keep_their_order() {
    let path = folder("sqlite-lanes").join("events.db");
    let sink = sqlite(&path).await;
    let lanes = (0..32).map(|lane| {
        let sink = sink.clone();
        tokio::spawn(async move {
            for at in 0..5 {
                all(&sink, &events([lane * 100 + at * 2, lane * 100 + at * 2 + 1])).await;
            }
        })
    });
    assert!(join_all(lanes).await.iter().all(Result::is_ok));
    let written = ids(&path);
    assert_eq!(written.len(), 320);
    for lane in 0..32 {
        let places: Vec<_> = (0..10)
            .map(|at| written.iter().position(|one| *one == id(lane * 100 + at)))
            .collect();
        assert!(places.is_sorted() && places[0].is_some());
    }
}

#[tokio::test]
async fn p_nothing_legal_fails_and_no_name_is_a_statement() {
    let folder = folder("sqlite-hostile");
    let path = folder.join("events.db");
    all(&sqlite(&path).await, &[hostile()]).await;
    let connection = Connection::open(&path).unwrap();
    let (id, key, event): (String, String, String) = connection
        .query_row("SELECT id, key, event FROM wahook_events", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .unwrap();
    assert!(id.len() < 512 && key.len() > 10_000);
    assert_eq!(serde_json::from_str::<Event>(&event).unwrap(), hostile());
    for table in ["", "a;b", "x\"; DROP TABLE y; --", "main.events"] {
        let options = SqlOptions {
            table: table.to_owned(),
            ..SqlOptions::default()
        };
        let error = SqlSink::sqlite(&path, options).await.unwrap_err();
        assert_eq!(error.kind(), OpenErrorKind::Address);
    }
}

#[tokio::test]
async fn i3_the_form_is_as_it_was_chosen() {
    let path = folder("sqlite-form").join("events.db");
    let mut options = SqlOptions::default();
    options.form = Form {
        format: Format::CloudEvents,
        raw: false,
    };
    all(&SqlSink::sqlite(&path, options).await.unwrap(), &[event(1)]).await;
    let event: String = Connection::open(&path)
        .unwrap()
        .query_row("SELECT event FROM wahook_events", [], |row| row.get(0))
        .unwrap();
    let event: Value = serde_json::from_str(&event).unwrap();
    assert_eq!(
        (event["id"].as_str().unwrap(), event["data"].get("raw")),
        (&*id(1), None)
    );
}

#[tokio::test]
async fn i3_a_table_that_is_not_made_must_fit() {
    let path = folder("sqlite-fit").join("events.db");
    let connection = Connection::open(&path).unwrap();
    let columns = "id, key, kind, endpoint, account, occurred_at, received_at, attempt, event, appended_at";
    let check = async |create: &str| {
        connection.execute_batch(create).unwrap();
        let options = SqlOptions {
            create: false,
            ..SqlOptions::default()
        };
        let opened = SqlSink::sqlite(&path, options).await;
        connection
            .execute_batch("DROP TABLE IF EXISTS wahook_events")
            .unwrap();
        opened.map(drop).map_err(|error| error.kind())
    };
    let unfit = Err(OpenErrorKind::Schema);
    assert_eq!(check("").await, unfit, "not there");
    assert_eq!(
        check(&format!("CREATE TABLE wahook_events ({columns})")).await,
        unfit,
        "not unique"
    );
    let lacking = columns.replace("attempt, ", "");
    let create = format!("CREATE TABLE wahook_events ({lacking}, UNIQUE (endpoint, id))");
    assert_eq!(check(&create).await, unfit, "lacks a column");
    let create = format!("CREATE TABLE wahook_events ({columns}, of_mine, UNIQUE (endpoint, id))");
    assert_eq!(check(&create).await, Ok(()));
}

#[tokio::test]
async fn i3_a_row_that_is_not_taken_stops_its_own_lane_only() {
    let path = folder("sqlite-poison").join("events.db");
    let sink = sqlite(&path).await;
    let connection = Connection::open(&path).unwrap();
    let trigger = "CREATE TRIGGER poison BEFORE INSERT ON wahook_events WHEN new.id LIKE '%m3'
                   BEGIN SELECT raise(abort, 'the moon is blue 4915112345678'); END";
    connection.execute_batch(trigger).unwrap();
    let (poisoned, healthy) = (events(1..6), events(11..16));
    let (poisoned, ()) = tokio::join!(error(&sink, &poisoned), all(&sink, &healthy));
    assert_eq!((poisoned.0, poisoned.1), (2, SinkErrorKind::Failed));
    let mut found = ids(&path);
    found.sort();
    let mut expected: Vec<_> = [1, 2, 11, 12, 13, 14, 15].map(id).into();
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn i5_a_locked_file_is_waited_for_and_a_removed_one_made_anew() {
    let path = folder("sqlite-locked").join("events.db");
    let options = SqlOptions {
        deadline: Duration::from_millis(200),
        ..SqlOptions::default()
    };
    let sink = SqlSink::sqlite(&path, options).await.unwrap();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (done, kind, _) = error(&sink, &[event(1)]).await;
    assert_eq!((done, kind), (0, AWAY));
    connection.execute_batch("COMMIT").unwrap();
    drop(connection);
    until_done(&sink, 2).await;
    for file in fs::read_dir(path.parent().unwrap()).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    until_done(&sink, 3).await;
    assert!(ids(&path).contains(&id(3)));
}

async fn until_done(sink: &SqlSink, number: u64) {
    use wahook_core::sink::Sink as _;
    for _ in 0..200 {
        if sink.deliver(&[event(number)]).await.error.is_none() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("it stays away");
}

#[tokio::test]
async fn i3_what_is_no_database_is_refused() {
    let folder = folder("sqlite-none");
    fs::write(folder.join("text"), "hunter2 ".repeat(1000)).unwrap();
    for (path, kind) in [
        (folder.join("none/events.db"), OpenErrorKind::Address),
        (folder.join("text"), OpenErrorKind::Schema),
        (folder.clone(), OpenErrorKind::Refused),
    ] {
        let error = SqlSink::sqlite(&path, SqlOptions::default()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

/// A database's schema of the test's own.
async fn postgres(name: &str) -> (Client, SqlOptions) {
    let (client, connection) = tokio_postgres::connect(&shared_postgres(), NoTls).await.unwrap();
    tokio::spawn(connection);
    let schema = format!("sink_{name}_{}", std::process::id());
    let made = format!(
        "DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}; SET search_path TO {schema}"
    );
    client.batch_execute(&made).await.unwrap();
    let options = SqlOptions {
        table: format!("{schema}.outbox"),
        ..SqlOptions::default()
    };
    (client, options)
}

async fn postgres_ids(client: &Client) -> Vec<String> {
    let rows = client
        .query("SELECT id FROM outbox ORDER BY position", &[])
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn i3_postgresql_keeps_what_is_legal_once() {
    let (client, mut options) = postgres("once").await;
    for pooler in [false, true] {
        options.transaction_pooler = pooler;
        let sink = SqlSink::postgres(&shared_postgres(), options.clone())
            .await
            .unwrap();
        let mut again = event(1);
        again.attempt = Some(2);
        all(&sink, &[event(1), again, event(2), replayed(1, 7), hostile()]).await;
        all(&sink, &[event(1), event(2)]).await;
    }
    let found = postgres_ids(&client).await;
    assert_eq!(&found[..3], [id(1), id(2), format!("{}#r7", id(1))]);
    assert_eq!(found.len(), 4);
    let row = client
        .query_one(
            "SELECT key, kind, endpoint, account, occurred_at = '2026-10-03T10:00:00.5Z', attempt, event,
                    appended_at > now() - interval '1 hour'
             FROM outbox WHERE position = 1",
            &[],
        )
        .await
        .unwrap();
    let texts: [&str; 4] = [row.get(0), row.get(1), row.get(2), row.get(3)];
    assert_eq!(texts, [&*id(1), "message.received", "shop", "A1"]);
    assert!(row.get::<_, bool>(4) && row.get::<_, bool>(7));
    assert_eq!(row.get::<_, i64>(5), 1);
    assert_eq!(serde_json::from_str::<Value>(row.get(6)).unwrap(), form(1));
    let event: String = client
        .query_one("SELECT event FROM outbox WHERE length(key) > 1000", &[])
        .await
        .unwrap()
        .get(0);
    assert_eq!(serde_json::from_str::<Event>(&event).unwrap(), hostile());
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn i6_processes_that_start_at_once_share_a_table() {
    let (client, options) = postgres("share").await;
    let starts = (0..8).map(|process| {
        let options = options.clone();
        tokio::spawn(async move {
            let sink = SqlSink::postgres(&shared_postgres(), options).await.unwrap();
            let lanes = (0..8).map(|lane| {
                let sink = sink.clone();
                async move { all(&sink, &events((0..5).map(|at| process * 1000 + lane * 10 + at))).await }
            });
            join_all(lanes).await;
        })
    });
    assert!(join_all(starts).await.iter().all(Result::is_ok));
    let found = postgres_ids(&client).await;
    assert_eq!(found.len(), 8 * 8 * 5);
    for lane in (0..8).flat_map(|process| (0..8).map(move |lane| process * 1000 + lane * 10)) {
        let places: Vec<_> = (0..5)
            .map(|at| found.iter().position(|one| *one == id(lane + at)))
            .collect();
        assert!(places.is_sorted() && places[0].is_some());
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn i3_postgresql_stops_the_lane_of_a_poisoned_row_only() {
    let (client, options) = postgres("poison").await;
    let sink = SqlSink::postgres(&shared_postgres(), options.clone())
        .await
        .unwrap();
    client
        .batch_execute("ALTER TABLE outbox ADD CONSTRAINT mine CHECK (id NOT LIKE '%m3')")
        .await
        .unwrap();
    let (poisoned, healthy) = (events(1..6), events(11..16));
    let (poisoned, ()) = tokio::join!(error(&sink, &poisoned), all(&sink, &healthy));
    assert_eq!((poisoned.0, poisoned.1), (2, SinkErrorKind::Failed));
    assert!(poisoned.2.contains("23514"), "{}", poisoned.2);
    assert_eq!(postgres_ids(&client).await.len(), 7);
    // What is wrong with the table is nobody's event's fault, and is over when it is mended.
    client
        .batch_execute("ALTER TABLE outbox RENAME TO away")
        .await
        .unwrap();
    let (_, kind, text) = error(&sink, &[event(20)]).await;
    assert_eq!(kind, AWAY);
    assert!(text.contains("42P01"), "{text}");
    client
        .batch_execute("ALTER TABLE away RENAME TO outbox")
        .await
        .unwrap();
    all(&sink, &[event(20)]).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn i5_postgresql_that_is_locked_or_lost_is_waited_for() {
    let (client, mut options) = postgres("lost").await;
    options.deadline = Duration::from_millis(300);
    let url = shared_postgres();
    let joint = if url.contains('?') { '&' } else { '?' };
    let url = format!("{url}{joint}application_name=sink_lost");
    let sink = SqlSink::postgres(&url, options.clone()).await.unwrap();
    client.batch_execute("BEGIN; LOCK TABLE outbox").await.unwrap();
    let (_, kind, _) = error(&sink, &[event(1)]).await;
    assert_eq!(kind, AWAY);
    client.batch_execute("COMMIT").await.unwrap();
    until_done(&sink, 1).await;
    client
        .execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE application_name = 'sink_lost'",
            &[],
        )
        .await
        .unwrap();
    until_done(&sink, 2).await;
    assert_eq!(postgres_ids(&client).await, [id(1), id(2)]);
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn i3_a_table_of_postgresql_that_is_not_made_must_fit() {
    let (client, options) = postgres("fit").await;
    let options = SqlOptions {
        create: false,
        ..options
    };
    let open = async || {
        let opened = SqlSink::postgres(&shared_postgres(), options.clone()).await;
        opened.map(drop).map_err(|error| error.kind())
    };
    assert_eq!(open().await, Err(OpenErrorKind::Schema), "not there");
    let columns = "id text, key text, kind text, endpoint text, account text, occurred_at timestamptz,
                   received_at timestamptz, attempt bigint, event text, appended_at timestamptz";
    client
        .batch_execute(&format!("{INTO} outbox ({columns})"))
        .await
        .unwrap();
    assert_eq!(open().await, Err(OpenErrorKind::Schema), "not unique");
    client
        .batch_execute("CREATE UNIQUE INDEX ON outbox (endpoint, id)")
        .await
        .unwrap();
    assert_eq!(open().await, Ok(()));
    client
        .batch_execute("ALTER TABLE outbox DROP attempt")
        .await
        .unwrap();
    assert_eq!(open().await, Err(OpenErrorKind::Schema), "lacks a column");
    let nobody = SqlSink::postgres("postgres://u:hunter2@127.0.0.1:1/d", options.clone()).await;
    let error = nobody.unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"));
}
