//! The server dies, hangs, or loses its word; the wire is cut.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use wahook_core::guard::{Claim, GuardStore as _, Settled, StoreError, StoreErrorKind};
use wahook_postgres::{PostgresOptions, PostgresStore};
use wahook_services::{Postgres, Proxy, shared_postgres};

use crate::{
    common::{DUPLICATE, FRESH, LONG, SHORT, body, claim, client, count, key, open, schema, token, until},
    load::load,
};

pub(crate) const DEADLINE: Duration = Duration::from_secs(1);
/// What a busy machine may add to a deadline.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

pub(crate) fn options() -> PostgresOptions {
    PostgresOptions::default()
        .deadline(DEADLINE)
        .connect_deadline(Duration::from_secs(1))
}

async fn ask(store: &PostgresStore, name: &str) -> Result<Claim, StoreError> {
    let asked = Instant::now();
    let answer = store.claim(&key(name), body(), token(), LONG).await;
    assert!(
        asked.elapsed() < DEADLINE + GRACE,
        "a verb hung for {:?}",
        asked.elapsed()
    );
    answer
}

async fn until_it_answers(store: &PostgresStore, name: &str) -> Claim {
    let answer = until("it answers", async || ask(store, name).await, Result::is_ok).await;
    answer.expect("an answer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g8_a_server_that_is_killed_and_comes_back_has_forgotten_nothing() {
    let server = Postgres::start(&[]).expect("a server");
    let store = Arc::new(open(&server.url(), options()).await);
    let (done, held, short) = (token(), token(), token());
    assert_eq!(claim(&store, "done", done).await, FRESH);
    assert_eq!(
        store.complete(&key("done"), body(), done, LONG).await.unwrap(),
        Settled::Done
    );
    assert_eq!(claim(&store, "held", held).await, FRESH);
    assert_eq!(
        store.claim(&key("short"), body(), short, SHORT).await.unwrap(),
        FRESH
    );
    let load = load(&store);
    for _ in 0..3 {
        load.goes_on(50).await;
        server.kill();
        let error = ask(&store, "down").await.expect_err("it is down");
        assert!(matches!(
            error.kind(),
            StoreErrorKind::Unavailable | StoreErrorKind::Slow
        ));
        server.restart().expect("it comes back");
        until_it_answers(&store, "up").await;
    }
    let completed = load.finish().await;
    assert!(!completed.is_empty());
    for name in &completed {
        assert_eq!(
            claim(&store, name, token()).await,
            DUPLICATE,
            "{name} was completed"
        );
    }
    assert_eq!(claim(&store, "done", token()).await, DUPLICATE);
    assert!(matches!(
        claim(&store, "held", token()).await,
        Claim::InFlight { .. }
    ));
    assert_eq!(claim(&store, "short", token()).await, FRESH);
    assert_eq!(
        store.complete(&key("held"), body(), held, LONG).await.unwrap(),
        Settled::Done
    );
    assert_eq!(
        store.complete(&key("short"), body(), short, LONG).await.unwrap(),
        Settled::Lost
    );
}

/// Connections that the server ends under load are replaced, and hardly a caller notices.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g8_connections_that_are_ended_are_replaced() {
    let server = Postgres::start(&[]).expect("a server");
    let store = Arc::new(open(&server.url(), options()).await);
    let client = client(&server.url()).await;
    let load = load(&store);
    for _ in 0..20 {
        load.goes_on(10).await;
        let end =
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'wahook'";
        count(&client, end).await;
    }
    let completed = load.finish().await;
    for name in &completed {
        assert_eq!(
            claim(&store, name, token()).await,
            DUPLICATE,
            "{name} was completed"
        );
    }
    // One that was ended while nobody asked is not even noticed.
    let end =
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'wahook'";
    for at in 0..10 {
        count(&client, end).await;
        let fresh = store
            .claim(&key(&format!("idle {at}")), body(), token(), LONG)
            .await;
        assert_eq!(fresh.expect("it connects anew"), FRESH);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g8_a_wire_that_is_cut_is_unavailable_until_it_is_mended() {
    let server = Postgres::start(&[]).expect("a server");
    let proxy = Proxy::to(&server.address()).expect("a wire");
    // What is refused needs no deadline; a new connection takes its time on a busy machine.
    let patient = options()
        .deadline(Duration::from_secs(20))
        .connect_deadline(Duration::from_secs(10));
    let store = open(&server.url_at(&proxy.address()), patient).await;
    let holder = token();
    assert_eq!(claim(&store, "held", holder).await, FRESH);
    for _ in 0..15 {
        proxy.cut();
        for _ in 0..3 {
            let error = ask(&store, "cut").await.expect_err("it is cut");
            assert_eq!(error.kind(), StoreErrorKind::Unavailable);
        }
        proxy.heal();
        assert_ne!(ask(&store, "held").await.expect("at once"), FRESH);
    }
    assert_eq!(
        store.complete(&key("held"), body(), holder, LONG).await.unwrap(),
        Settled::Done
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g8_a_wire_that_stalls_is_slow_until_it_moves() {
    let server = Postgres::start(&[]).expect("a server");
    let proxy = Proxy::to(&server.address()).expect("a wire");
    let store = Arc::new(open(&server.url_at(&proxy.address()), options()).await);
    let holder = token();
    assert_eq!(claim(&store, "held", holder).await, FRESH);
    proxy.stall();
    let asked = Instant::now();
    let verbs: Vec<_> = (0..64)
        .map(|at| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { ask(&store, &format!("stalled {at}")).await })
        })
        .collect();
    for verb in verbs {
        let error = verb.await.expect("in time").expect_err("it stalls");
        assert_eq!(error.kind(), StoreErrorKind::Slow);
    }
    assert!(asked.elapsed() >= DEADLINE);
    // By now there is no connection left, and none to be had.
    ask(&store, "still stalled").await.expect_err("it stalls");
    proxy.heal();
    assert!(matches!(
        until_it_answers(&store, "held").await,
        Claim::InFlight { .. }
    ));
    assert_eq!(
        store.complete(&key("held"), body(), holder, LONG).await.unwrap(),
        Settled::Done
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g8_a_server_that_hangs_is_slow_until_it_goes_on() {
    let server = Postgres::start(&[]).expect("a server");
    let store = Arc::new(open(&server.url(), options()).await);
    let load = load(&store);
    for round in 0..2 {
        load.goes_on(50).await;
        // This stops the process that takes connections; sessions that are there go on. Both must end in time.
        server.freeze();
        for _ in 0..3 {
            drop(ask(&store, &format!("frozen {round}")).await);
        }
        server.thaw();
        until_it_answers(&store, &format!("thawed {round}")).await;
    }
    for name in load.finish().await {
        assert_eq!(
            claim(&store, &name, token()).await,
            DUPLICATE,
            "{name} was completed"
        );
    }
}

/// A store without a runtime to work in fails in time, and dropping it ends its sessions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g5_a_store_that_is_dropped_leaves_no_session() {
    let server = Postgres::start(&[]).expect("a server");
    let store = open(&server.url(), options()).await;
    assert_eq!(claim(&store, "one", token()).await, FRESH);
    let client = client(&server.url()).await;
    let sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'wahook'";
    assert!(count(&client, sessions).await > 0);
    drop(store);
    until(
        "its sessions end",
        async || count(&client, sessions).await,
        |n| *n == 0,
    )
    .await;

    let url = server.url();
    let orphan = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(open(&url, options()))
    });
    let orphan = orphan.join().expect("it opens");
    ask(&orphan, "orphan").await.expect_err("nobody does its work");
}

/// A deadline that no clock can hold is none, and no panic.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g8_a_deadline_without_end_is_a_deadline() {
    let options = schema().deadline(Duration::MAX).connect_deadline(Duration::MAX);
    let store = open(&shared_postgres(), options).await;
    assert_eq!(claim(&store, "one", token()).await, FRESH);
}
