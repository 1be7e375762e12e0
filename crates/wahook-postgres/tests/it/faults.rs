//! The server dies, hangs, or loses its word; the wire is cut.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use wahook_core::guard::{Claim, GuardStore as _, Settled, StoreError, StoreErrorKind};
use wahook_postgres::{PostgresOptions, PostgresStore};
use wahook_services::{Postgres, Proxy};

use crate::common::{DUPLICATE, FRESH, LONG, SHORT, body, claim, client, count, key, open, token, until};

const DEADLINE: Duration = Duration::from_secs(1);
/// What a busy machine may add to a deadline.
const GRACE: Duration = Duration::from_secs(2);

fn options() -> PostgresOptions {
    PostgresOptions::default()
        .deadline(DEADLINE)
        .connect_timeout(Duration::from_secs(1))
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

/// Claims and completes names of its own until it is told to stop; returns those that were completed for certain, and
/// panics where a verb hangs or a mark is wrong.
struct Load {
    stop: Arc<AtomicBool>,
    completed: Arc<AtomicUsize>,
    tasks: Vec<tokio::task::JoinHandle<Vec<String>>>,
}

fn load(store: &Arc<PostgresStore>) -> Load {
    let (stop, completed) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let task = |task: usize| {
        let (store, stop, count) = (Arc::clone(store), Arc::clone(&stop), Arc::clone(&completed));
        async move {
            let mut completed = Vec::new();
            for at in 0.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let (name, holder) = (format!("load {task} {at}"), token());
                let asked = Instant::now();
                match store.claim(&key(&name), body(), holder, LONG).await {
                    Ok(claim) => assert_eq!(claim, FRESH, "nobody else asks for {name}"),
                    Err(_) => {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        continue;
                    }
                }
                // The holder knows of a claim; whatever happens, it is never told that it lost it.
                match store.complete(&key(&name), body(), holder, LONG).await {
                    Ok(settled) => {
                        assert_eq!(settled, Settled::Done, "{name}");
                        completed.push(name);
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(error) => assert!(!matches!(error.kind(), StoreErrorKind::Full)),
                }
                assert!(asked.elapsed() < (DEADLINE + GRACE) * 2, "{:?}", asked.elapsed());
            }
            completed
        }
    };
    let tasks = (0..16).map(|at| tokio::spawn(task(at))).collect();
    Load {
        stop,
        completed,
        tasks,
    }
}

impl Load {
    /// Returns when this many more were completed.
    async fn goes_on(&self, more: usize) {
        let enough = self.completed.load(Ordering::Relaxed) + more;
        let completed = async || self.completed.load(Ordering::Relaxed);
        until("the load goes on", completed, |count| *count >= enough).await;
    }

    async fn finish(self) -> Vec<String> {
        self.stop.store(true, Ordering::Relaxed);
        let mut completed = Vec::new();
        for task in self.tasks {
            completed.extend(task.await.expect("the load goes on through faults"));
        }
        completed
    }
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
    let store = open(&server.url_at(&proxy.address()), options()).await;
    let holder = token();
    assert_eq!(claim(&store, "held", holder).await, FRESH);
    for _ in 0..3 {
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

/// What was carried out although its answer was lost: the holder may say it again, and nothing is claimed twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g5_an_answer_that_is_lost_can_be_asked_for_again() {
    let server = Postgres::start(&[]).expect("a server");
    let proxy = Proxy::to(&server.address()).expect("a wire");
    let store = open(&server.url_at(&proxy.address()), options()).await;
    let other = open(&server.url(), options()).await;
    let (claimed, completed, released) = (token(), token(), token());
    assert_eq!(claim(&store, "completed", completed).await, FRESH);
    assert_eq!(claim(&store, "released", released).await, FRESH);
    proxy.drop_answers();
    let lost = store.claim(&key("claimed"), body(), claimed, LONG).await;
    assert_eq!(lost.expect_err("its answer is lost").kind(), StoreErrorKind::Slow);
    // Both are under way at once, each on a connection; none of the answers comes.
    let (complete, release) = (key("completed"), key("released"));
    let (one, two) = tokio::join!(
        store.complete(&complete, body(), completed, LONG),
        store.release(&release, body(), released)
    );
    one.expect_err("its answer is lost");
    two.expect_err("its answer is lost");
    // The first was carried out: to everybody else it is held.
    let seen = until(
        "it is held",
        async || claim(&other, "claimed", token()).await,
        |claim| matches!(claim, Claim::InFlight { .. } | Claim::Fresh { .. }),
    )
    .await;
    assert!(matches!(seen, Claim::InFlight { .. }), "{seen:?}");
    proxy.heal();
    let again = until(
        "the holder's claim",
        async || {
            store
                .claim(&key("claimed"), body(), claimed, LONG)
                .await
                .map_err(|error| error.kind())
        },
        Result::is_ok,
    )
    .await;
    assert_eq!(again, Ok(FRESH), "it is ours");
    assert_eq!(
        store
            .complete(&key("claimed"), body(), claimed, LONG)
            .await
            .unwrap(),
        Settled::Done
    );
    assert_eq!(
        store.complete(&complete, body(), completed, LONG).await.unwrap(),
        Settled::Done
    );
    assert_eq!(claim(&other, "completed", token()).await, DUPLICATE);
}

/// Leaves a connection with both statements prepared, so that nothing but a verb is said while answers are lost.
async fn warm(store: &PostgresStore) {
    let holder = token();
    assert_eq!(claim(store, "warm", holder).await, FRESH);
    store
        .release(&key("warm"), body(), holder)
        .await
        .expect("an answer");
}

/// A verb whose connection dies after the server carried it out is said again behind the caller's back: never with a
/// wrong answer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g5_a_verb_said_twice_by_the_store_is_answered_right_or_not_at_all() {
    let server = Postgres::start(&[]).expect("a server");
    let proxy = Arc::new(Proxy::to(&server.address()).expect("a wire"));
    let store = Arc::new(
        open(
            &server.url_at(&proxy.address()),
            options().deadline(Duration::from_secs(10)).connections(1),
        )
        .await,
    );
    let direct = open(&server.url(), options()).await;
    let watch = client(&server.url()).await;
    for round in 0..5 {
        let (name, holder) = (format!("round {round}"), token());
        warm(&store).await;
        // The server carries out the first try, its answer is lost, and then the connection is.
        proxy.drop_answers();
        let verb = tokio::spawn({
            let (store, name) = (Arc::clone(&store), name.clone());
            async move { store.claim(&key(&name), body(), holder, LONG).await }
        });
        let written = format!("SELECT count(*) FROM wahook_guard_record WHERE key = 'd:shop:{name}'");
        until(
            "the claim is written",
            async || count(&watch, &written).await,
            |n| *n == 1,
        )
        .await;
        proxy.heal();
        assert_eq!(
            verb.await.unwrap().expect("said again"),
            FRESH,
            "ours, by its token"
        );

        warm(&store).await;
        proxy.drop_answers();
        let verb = tokio::spawn({
            let (store, name) = (Arc::clone(&store), name.clone());
            async move { store.release(&key(&name), body(), holder).await }
        });
        let held =
            format!("SELECT count(*) FROM wahook_guard_record WHERE key = 'd:shop:{name}' AND until > now()");
        until(
            "it is given back",
            async || count(&watch, &held).await,
            |n| *n == 0,
        )
        .await;
        proxy.heal();
        match verb.await.unwrap() {
            Ok(settled) => assert_eq!(settled, Settled::Done, "it was ours"),
            Err(error) => assert_eq!(error.kind(), StoreErrorKind::Unavailable),
        }
        assert_eq!(claim(&direct, &name, token()).await, FRESH, "given back it is");
    }
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
