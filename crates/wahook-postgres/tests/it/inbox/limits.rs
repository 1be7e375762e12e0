//! No more waits than may; what is remembered no longer is removed.

use wahook_core::{
    guard::StoreErrorKind,
    inbox::{Accepted, Inbox},
};
use wahook_services::shared_postgres;
use wahook_testkit::inbox::Deliveries;

use super::{connect, file};
use crate::common::{client, count, name, schema, token, until};

/// The estimate is about a second old; work makes room without a hand.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn i5_a_full_inbox_refuses_until_there_is_room() {
    let inbox = connect(schema().max_waiting(3)).await;
    let mut shop = Deliveries::of("wawp", "shop");
    for _ in 0..3 {
        let accepted = inbox.accept(shop.message("A1", "1@c.us", "hello")).await.unwrap();
        assert_eq!(accepted, Accepted::Stored { conflict: false });
    }
    let refused = until(
        "it is full",
        async || inbox.accept(shop.message("A1", "1@c.us", "hello")).await,
        Result::is_err,
    )
    .await;
    assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::Full);
    while file(&inbox, token(), 100, |_| Vec::new()).await > 0 {}
    until(
        "there is room",
        async || inbox.accept(shop.message("A1", "1@c.us", "hello")).await.is_ok(),
        |ok| *ok,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g9_keys_whose_memory_is_over_are_removed() {
    let schema_name = name();
    let table = format!("{schema_name}.wahook_inbox_claim");
    let options = wahook_postgres::PostgresOptions::default().schema(&schema_name);
    let inbox = connect(options.sweep_every(std::time::Duration::from_millis(100))).await;
    let client = client(&shared_postgres()).await;
    client
        .batch_execute(&format!(
            "INSERT INTO {table} (fingerprint, digest, body, until)
             SELECT convert_to('old ' || i, 'UTF8'), '', '', clock_timestamp() - interval '1 second'
             FROM generate_series(1, 5000) i"
        ))
        .await
        .unwrap();
    let mut shop = Deliveries::of("wawp", "shop");
    inbox.accept(shop.message("A1", "1@c.us", "hello")).await.unwrap();
    let all = format!("SELECT count(*) FROM {table}");
    until(
        "the old ones are gone",
        async || count(&client, &all).await,
        |left| *left == 1,
    )
    .await;
}

/// While the server hangs, no more bytes wait than may.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn i5_bodies_beyond_64_mib_that_wait_are_slow_at_once() {
    let schema_name = name();
    let options = wahook_postgres::PostgresOptions::default()
        .schema(&schema_name)
        .deadline(std::time::Duration::from_secs(60));
    let inbox = std::sync::Arc::new(connect(options).await);
    let client = client(&shared_postgres()).await;
    let lock = format!("BEGIN; LOCK TABLE {schema_name}.wahook_inbox_claim");
    client.batch_execute(&lock).await.unwrap();
    let mut shop = Deliveries::of("wazapin", "shop");
    let body = "x".repeat(4 << 20);
    let tasks: Vec<_> = (0..24)
        .map(|number| {
            let (inbox, incoming) = (inbox.clone(), shop.body(&format!("{number}"), body.clone()));
            tokio::spawn(async move { inbox.accept(incoming).await })
        })
        .collect();
    until(
        "bodies are turned away",
        async || tasks.iter().filter(|task| task.is_finished()).count(),
        |ended| *ended == 24 - 15,
    )
    .await;
    client.batch_execute("COMMIT").await.unwrap();
    let (mut stored, mut slow) = (0, 0);
    for task in tasks {
        match task.await.unwrap() {
            Ok(accepted) => {
                assert_eq!(accepted, Accepted::Stored { conflict: false });
                stored += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), StoreErrorKind::Slow);
                slow += 1;
            }
        }
    }
    assert_eq!(
        (stored, slow),
        (15, 9),
        "16 bodies of 4 MiB and their heads are more than 64 MiB"
    );
    // There is room again, and one body that is larger than all of it waits alone.
    let huge = shop.body("huge", "x".repeat(65 << 20));
    let accepted = inbox.accept(huge).await.unwrap();
    assert_eq!(accepted, Accepted::Stored { conflict: false });
    let accepted = inbox.accept(shop.message("A1", "1@c.us", "hello")).await.unwrap();
    assert_eq!(accepted, Accepted::Stored { conflict: false });
}
