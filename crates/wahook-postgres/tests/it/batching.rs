//! Verbs that share a statement share no fate.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use wahook_core::guard::{Claim, Digest, GuardStore, MemoryStore, Settled, StoreErrorKind, Token};
use wahook_postgres::PostgresStore;
use wahook_services::{Postgres, shared_postgres};
use wahook_testkit::ManualClock;

use crate::common::{
    DUPLICATE, FRESH, LONG, body, claim, client, count, key, name, open, random, schema, token, until,
};

const TASKS: u64 = 64;

/// What a verb answered, without what depends on the clock.
fn shape(claim: Claim) -> &'static str {
    match claim {
        Claim::Fresh { conflict: true } => "fresh, conflict",
        Claim::Fresh { .. } => "fresh",
        Claim::Duplicate { conflict: true } => "duplicate, conflict",
        Claim::Duplicate { .. } => "duplicate",
        Claim::InFlight { conflict: true, .. } => "in flight, conflict",
        _ => "in flight",
    }
}

async fn step(store: &dyn GuardStore, dice: u64, name: &str, holders: &[Token; 3]) -> String {
    let key = key(&format!("{name} {}", dice % 3));
    let digest = Digest::of(&[u8::from((dice / 3).is_multiple_of(5))]);
    let holder = holders[usize::try_from(dice / 15 % 3).unwrap()];
    match dice / 45 % 8 {
        0..5 => shape(store.claim(&key, digest, holder, LONG).await.expect("a claim")).to_owned(),
        5 => format!(
            "{:?}",
            store
                .complete(&key, digest, holder, LONG)
                .await
                .expect("complete")
        ),
        _ => format!(
            "{:?}",
            store.release(&key, digest, holder).await.expect("release")
        ),
    }
}

/// Each task has keys of its own and a model of them in memory: whatever statement its verbs get into, and with whom,
/// the answers are those of a store that does one thing after the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g1_mixed_verbs_of_many_tasks_are_answered_as_one_after_the_other() {
    let store = Arc::new(open(&shared_postgres(), schema()).await);
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let clock = Arc::new(ManualClock::default());
                let model = MemoryStore::new(clock, NonZeroUsize::new(1000).unwrap(), [7; 16]);
                let holders = [token(), token(), token()];
                for at in 0..150 {
                    let (dice, name) = (random(), format!("task {task}"));
                    let wanted = step(&model, dice, &name, &holders).await;
                    let found = step(&*store, dice, &name, &holders).await;
                    assert_eq!(found, wanted, "task {task}, step {at}, dice {dice}");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("answers as the model does");
    }
}

/// Copies that wait together are one row: one of them is fresh, and the others cost no write.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g1_a_duplicate_costs_no_write_and_complete_touches_no_index() {
    const KEYS: usize = 200;
    let (url, schema) = (shared_postgres(), name());
    let store = Arc::new(open(&url, wahook_postgres::PostgresOptions::default().schema(&schema)).await);
    for at in 0..KEYS {
        let name = format!("copies {at}");
        let first = token();
        let mut copies = Vec::new();
        for copy in 0..8 {
            let (store, name) = (Arc::clone(&store), name.clone());
            let token = if copy == 0 { first } else { token() };
            copies.push(tokio::spawn(
                async move { (token, claim(&store, &name, token).await) },
            ));
        }
        let mut holder = None;
        for copy in copies {
            match copy.await.expect("a claim") {
                (token, FRESH) => assert!(holder.replace(token).is_none(), "two hold {name}"),
                (_, Claim::InFlight { left, .. }) => assert!(left > LONG / 2 && left <= LONG),
                other => panic!("{other:?}"),
            }
        }
        let holder = holder.expect("one of them has it");
        assert_eq!(
            store.complete(&key(&name), body(), holder, LONG).await.unwrap(),
            Settled::Done
        );
        assert_eq!(claim(&store, &name, token()).await, DUPLICATE);
    }
    // The server counts a session's rows when it ends.
    drop(store);
    let client = client(&url).await;
    let written = |column: &str| {
        format!(
            "SELECT {column} FROM pg_stat_user_tables WHERE schemaname = '{schema}' AND relname = 'wahook_guard_record'"
        )
    };
    let wanted = i64::try_from(KEYS).unwrap();
    let inserted = until(
        "inserts",
        async || count(&client, &written("n_tup_ins")).await,
        |n| *n >= wanted,
    )
    .await;
    assert_eq!(inserted, wanted);
    let updated = until(
        "updates",
        async || count(&client, &written("n_tup_upd")).await,
        |n| *n >= wanted,
    )
    .await;
    assert_eq!(updated, wanted, "one for each `complete`");
    let hot = count(&client, &written("n_tup_hot_upd")).await;
    assert!(hot * 10 > updated * 9, "{hot} of {updated} stayed in their page");
}

/// Two processes claim and settle the same keys in statements that overlap, while leases end all the time: no deadlock
/// (it would take the server a second to find one), no error.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g1_two_processes_on_the_same_keys_never_wait_in_a_circle() {
    const KEYS: u64 = 40;
    // A busy machine is no deadlock: the server's log tells.
    let server = Postgres::start(&[]).expect("a server");
    let (url, options) = (server.url(), schema().deadline(Duration::from_secs(10)));
    let stores = [
        Arc::new(open(&url, options.clone()).await),
        Arc::new(open(&url, options).await),
    ];
    let fresh = Arc::new(AtomicUsize::new(0));
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = Arc::clone(&stores[usize::from(task % 2 == 0)]);
            let fresh = Arc::clone(&fresh);
            tokio::spawn(async move {
                for _ in 0..100 {
                    let (key, token) = (key(&(random() % KEYS).to_string()), token());
                    let lease = Duration::from_micros(random() % 4000);
                    if let Claim::Fresh { .. } = store.claim(&key, body(), token, lease).await? {
                        fresh.fetch_add(1, Ordering::Relaxed);
                        match random() % 3 {
                            0 => drop(store.complete(&key, body(), token, lease).await?),
                            1 => drop(store.release(&key, body(), token).await?),
                            _ => {}
                        }
                    }
                }
                Ok::<_, wahook_core::guard::StoreError>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic").expect("no verb fails");
    }
    assert!(fresh.load(Ordering::Relaxed) > 500, "leases ended all the time");
    let log = server.log();
    assert!(!log.contains("deadlock"), "{log}");
}

/// Of two processes that claim a thousand keys at once, each in its own order, one has each key.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g1_of_two_stores_one_has_each_key() {
    const KEYS: usize = 1000;
    let (url, options) = (shared_postgres(), schema());
    let stores = [
        Arc::new(open(&url, options.clone()).await),
        Arc::new(open(&url, options).await),
    ];
    let fresh: Arc<Vec<AtomicUsize>> = Arc::new((0..KEYS).map(|_| AtomicUsize::new(0)).collect());
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let (store, fresh) = (Arc::clone(&stores[task % 2]), Arc::clone(&fresh));
            tokio::spawn(async move {
                for step in 0..KEYS / 8 {
                    // Eight tasks at a time go over the same keys; 7 and 1000 have no common factor.
                    let at = (task / 8 * (KEYS / 8) + step * 7 + task) % KEYS;
                    if claim(&store, &at.to_string(), token()).await == FRESH {
                        fresh[at].fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no verb fails");
    }
    let counts: Vec<_> = fresh.iter().map(|count| count.load(Ordering::Relaxed)).collect();
    assert!(counts.iter().all(|count| *count <= 1), "{counts:?}");
    assert!(counts.iter().sum::<usize>() > KEYS / 2);
}

/// A row that the server will not take fails alone, however often it comes along with others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g1_a_row_that_is_refused_fails_alone() {
    let (url, schema) = (shared_postgres(), name());
    let options = wahook_postgres::PostgresOptions::default().schema(&schema);
    let store = Arc::new(open(&url, options.connections(2)).await);
    let poison = "ALTER TABLE {schema}.wahook_guard_record ADD CHECK (position('poison'::bytea IN key) = 0)";
    client(&url)
        .await
        .batch_execute(&poison.replace("{schema}", &schema))
        .await
        .expect("a constraint");
    for round in 0..5 {
        let claims: Vec<_> = (0..64)
            .map(|at| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let name = format!("{round} {at} {}", if at % 16 == 3 { "poison" } else { "" });
                    store.claim(&key(&name), body(), token(), LONG).await
                })
            })
            .collect();
        for (at, task) in claims.into_iter().enumerate() {
            match task.await.expect("no panic") {
                Ok(claim) => assert!(at % 16 != 3 && claim == FRESH),
                Err(error) => {
                    assert_eq!((at % 16, error.kind()), (3, StoreErrorKind::Unavailable));
                    assert!(
                        !format!("{error:?}").contains("poison"),
                        "no key in an error: {error:?}"
                    );
                }
            }
        }
    }
}

/// A statement that waits for another session's lock is given up at the deadline, and leaves no lock behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g8_a_lock_that_is_held_makes_a_verb_slow_and_no_more() {
    let server = Postgres::start(&[]).expect("a server");
    let options = schema().deadline(Duration::from_secs(1)).connections(2);
    let store = open(&server.url(), options).await;
    let name = format!("{store:?}");
    let name = name.split('"').nth(1).expect("the schema").to_owned();
    let other = client(&server.url()).await;
    let lock = format!("BEGIN; LOCK TABLE {name}.wahook_guard_record IN ACCESS EXCLUSIVE MODE");
    other.batch_execute(&lock).await.expect("a lock");
    let asked = std::time::Instant::now();
    let error = store
        .claim(&key("a"), body(), token(), LONG)
        .await
        .expect_err("it is locked");
    assert_eq!(error.kind(), StoreErrorKind::Slow);
    assert!(asked.elapsed() < Duration::from_secs(3), "{:?}", asked.elapsed());
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid <> pg_backend_pid()";
    until(
        "the statement is called off",
        async || count(&other, waiting).await,
        |n| *n == 0,
    )
    .await;
    other.batch_execute("COMMIT").await.expect("commit");
    let again = async || {
        store
            .claim(&key("a"), body(), token(), LONG)
            .await
            .map_err(|error| error.kind())
    };
    // The first one was called off and so left no lease either.
    assert_eq!(until("it answers", again, Result::is_ok).await, Ok(FRESH));
}

/// The order in which one caller's verbs of a key go out is the order in which it asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g4_verbs_of_one_key_do_not_overtake_each_other() {
    let store: PostgresStore = open(&shared_postgres(), schema()).await;
    for at in 0..50 {
        let (name, holder, next) = (format!("order {at}"), token(), token());
        let key = key(&name);
        // Asked for at once, in this order.
        let (first, released, second, completed) = tokio::join!(
            store.claim(&key, body(), holder, LONG),
            store.release(&key, body(), holder),
            store.claim(&key, body(), next, LONG),
            store.complete(&key, body(), next, LONG),
        );
        assert_eq!(first.unwrap(), FRESH);
        assert_eq!(released.unwrap(), Settled::Done);
        assert_eq!(second.unwrap(), FRESH);
        assert_eq!(completed.unwrap(), Settled::Done);
    }
}

/// Whoever holds a record and says its claim again has it, whichever claims of others it waits with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g4_the_holder_finds_its_claim_among_copies() {
    let store = open(&shared_postgres(), schema()).await;
    for at in 0..20 {
        let (key, holder) = (key(&at.to_string()), token());
        let ask = |token| store.claim(&key, body(), token, LONG);
        let (first, other, again, another, once_more) =
            tokio::join!(ask(holder), ask(token()), ask(holder), ask(token()), ask(holder));
        for claim in [first, again, once_more] {
            assert_eq!(claim.unwrap(), FRESH);
        }
        for claim in [other, another] {
            assert!(matches!(claim.unwrap(), Claim::InFlight { .. }));
        }
        let (other, again) = tokio::join!(ask(token()), ask(holder));
        assert!(matches!(other.unwrap(), Claim::InFlight { .. }));
        assert_eq!(again.unwrap(), FRESH);
    }
}
