//! Opening: what is taken, what is refused, and with which words.

use std::{fs, path::Path, sync::Arc, time::Duration};

use rusqlite::Connection;
use wahook_core::{
    Guarantee,
    guard::{GuardStore, OpenError, OpenErrorKind},
};
use wahook_sqlite::{SqliteOptions, SqliteStore};

use crate::kit::{DUPLICATE, FRESH, LONG, Place, body, claim, key, token};

async fn refused(path: impl AsRef<Path>) -> OpenError {
    let options = SqliteOptions::new(Arc::new(wahook_testkit::ManualClock::default()));
    SqliteStore::open(path, options).await.expect_err("it is refused")
}

#[tokio::test]
async fn i1_the_guarantee_is_what_the_file_says() {
    let place = Place::new();
    let store = place.store().await;
    assert_eq!(store.assurance().guarantee, Guarantee::SurvivesPowerLoss);
    assert_eq!(
        store.assurance().because,
        "journal_mode is wal, synchronous is full"
    );
    let journal: String = place
        .foreign()
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    assert_eq!(journal, "wal");
}

#[cfg(unix)]
#[tokio::test]
async fn p_a_new_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let store = place.store().await;
    claim(&store, &key("one")).await.unwrap();
    for entry in fs::read_dir(place.path().parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
}

#[tokio::test]
async fn g2_a_mark_survives_the_store() {
    let place = Place::new();
    let store = place.store().await;
    store.claim(&key("done"), body(), token(1), LONG).await.unwrap();
    store
        .complete(&key("done"), body(), token(1), LONG)
        .await
        .unwrap();
    drop(store);
    assert_eq!(
        claim(&place.store().await, &key("done")).await.unwrap(),
        DUPLICATE
    );
}

#[tokio::test]
async fn g1_two_stores_of_one_process_share_a_file() {
    let place = Place::new();
    let (one, two) = (place.store().await, place.store().await);
    assert_eq!(
        one.claim(&key("shared"), body(), token(1), LONG).await.unwrap(),
        FRESH
    );
    assert_ne!(claim(&two, &key("shared")).await.unwrap(), FRESH);
    drop(one);
    assert_ne!(claim(&two, &key("shared")).await.unwrap(), FRESH);
    two.complete(&key("shared"), body(), token(1), LONG)
        .await
        .unwrap();
    assert_eq!(
        claim(&place.store().await, &key("shared")).await.unwrap(),
        DUPLICATE
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn i5_eight_open_a_new_file_at_once() {
    for _ in 0..10 {
        let place = Arc::new(Place::new());
        let gate = Arc::new(tokio::sync::Barrier::new(8));
        let tasks: Vec<_> = (0..8)
            .map(|number| {
                let (place, gate) = (Arc::clone(&place), Arc::clone(&gate));
                tokio::spawn(async move {
                    gate.wait().await;
                    let store = place.store().await;
                    assert_eq!(claim(&store, &key(number)).await.unwrap(), FRESH);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(place.rows(), 8);
    }
}

#[tokio::test]
async fn i1_what_is_no_file_is_no_address() {
    let place = Place::new();
    let directory = place.path().parent().unwrap().to_owned();
    for (path, says) in [
        (Path::new("").to_owned(), "empty"),
        (":memory:".into(), "memory store"),
        (directory.clone(), "is no file"),
        (directory.join("missing/guard.db"), "does not exist"),
        (directory.join("nul\0byte"), "cannot be the path"),
    ] {
        let error = refused(&path).await;
        assert_eq!(error.kind(), OpenErrorKind::Address, "{path:?}: {error}");
        assert!(error.to_string().contains(says), "{path:?}: {error}");
    }
}

#[tokio::test]
async fn i1_a_name_that_looks_like_an_address_is_a_name() {
    let place = Place::new();
    let path = place.path().with_file_name("file:guard?mode=memory");
    let options = place.options();
    let store = SqliteStore::open(&path, options).await.unwrap();
    claim(&store, &key("one")).await.unwrap();
    assert!(path.is_file());
}

#[tokio::test]
async fn i1_what_is_no_database_is_left_alone() {
    let place = Place::new();
    for content in [&b"no"[..], &[b'x'; 200], &[b'x'; 10_000]] {
        fs::write(place.path(), content).unwrap();
        let error = refused(place.path()).await;
        assert_eq!(error.kind(), OpenErrorKind::Schema, "{error}");
        assert!(error.to_string().contains("no SQLite database"), "{error}");
        assert_eq!(fs::read(place.path()).unwrap(), content);
    }
    // One byte counts as none: on some systems SQLite writes it itself, before anything else.
    fs::write(place.path(), b"").unwrap();
    assert!(
        claim(&place.store().await, &key("one")).await.is_ok(),
        "an empty file is a new one"
    );
}

#[tokio::test]
async fn i1_another_programs_database_is_left_alone() {
    for theirs in ["CREATE TABLE orders (id)", "PRAGMA application_id = 7"] {
        let place = Place::new();
        place.foreign().execute_batch(theirs).unwrap();
        let error = refused(place.path()).await;
        assert_eq!(error.kind(), OpenErrorKind::Schema);
        assert!(error.to_string().contains("another program"), "{error}");
        let ours = "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%wahook%' OR name LIKE 'guard%'";
        let ours: u32 = place.foreign().query_row(ours, [], |row| row.get(0)).unwrap();
        assert_eq!(ours, 0);
    }
}

#[tokio::test]
async fn i1_a_later_releases_tables_are_refused() {
    let place = Place::new();
    drop(place.store().await);
    let later = "UPDATE wahook_schema SET version = 99 WHERE part = 'guard'";
    assert_eq!(place.foreign().execute(later, []).unwrap(), 1);
    let error = refused(place.path()).await;
    assert_eq!(error.kind(), OpenErrorKind::Schema);
    assert!(error.to_string().contains("later release"), "{error}");
    // A part that this release does not know is none of its business.
    let other = "UPDATE wahook_schema SET version = 1 WHERE part = 'guard';
                 INSERT INTO wahook_schema (part, version) VALUES ('other', 7)";
    place.foreign().execute_batch(other).unwrap();
    assert!(claim(&place.store().await, &key("one")).await.is_ok());
}

#[tokio::test]
async fn i5_a_damaged_file_is_refused_with_what_to_do() {
    let place = Place::new();
    drop(place.store().await);
    let mut bytes = fs::read(place.path()).unwrap();
    // The first page's header says which pages hold the tables.
    bytes[100..400].fill(0xff);
    fs::write(place.path(), bytes).unwrap();
    let error = refused(place.path()).await;
    assert_eq!(error.kind(), OpenErrorKind::Schema, "{error}");
    assert!(error.to_string().contains("damaged"), "{error}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn i1_a_directory_that_takes_no_file_refuses() {
    let error = refused("/sys/wahook-guard.db").await;
    assert_eq!(error.kind(), OpenErrorKind::Refused, "{error}");
    assert!(std::error::Error::source(&error).is_some());
}

#[tokio::test]
async fn i5_a_file_that_stays_locked_is_unreachable() {
    let place = Place::new();
    drop(place.store().await);
    let connection = Connection::open(place.path()).unwrap();
    connection
        .execute_batch("PRAGMA locking_mode = exclusive; BEGIN IMMEDIATE; COMMIT; BEGIN IMMEDIATE")
        .unwrap();
    let options = place.options().connect_deadline(Duration::from_millis(10));
    let error = SqliteStore::open(place.path(), options)
        .await
        .expect_err("it is locked");
    assert_eq!(error.kind(), OpenErrorKind::Unreachable, "{error}");
    drop(connection);
    let endless = place
        .options()
        .deadline(Duration::MAX)
        .connect_deadline(Duration::MAX);
    let store = place.store_with(endless).await;
    assert_eq!(claim(&store, &key("one")).await.unwrap(), FRESH);
}
