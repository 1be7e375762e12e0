//! What the inbox does in a second, beside the obvious: an INSERT for each delivery through a pool.
//!
//! `cargo nextest run --release -p wahook-postgres --run-ignored all inbox::speed --no-capture`

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use wahook_core::inbox::{Accepted, Inbox, Incoming};
use wahook_services::Postgres;
use wahook_testkit::inbox::Deliveries;

use super::{done, event, file, take};
use crate::common::{client, token};

const TASKS: usize = 64;
const EACH: usize = 50;

/// Distinct deliveries for each task, made beforehand; each round has keys of its own.
fn deliveries(round: usize) -> Vec<Vec<Incoming>> {
    let mut shop = Deliveries::of("wawp", &format!("shop{round}"));
    let mut all = |task: usize| -> Vec<Incoming> {
        (0..EACH)
            .map(|_| shop.message("A1", &format!("{task}@c.us"), &"x".repeat(500)))
            .collect()
    };
    (0..TASKS).map(&mut all).collect()
}

async fn in_tasks<Ran: Future<Output = ()> + Send + 'static>(
    all: Vec<Vec<Incoming>>,
    each: impl Fn(Vec<Incoming>) -> Ran,
) -> f64 {
    let begun = Instant::now();
    let tasks: Vec<_> = all.into_iter().map(|some| tokio::spawn(each(some))).collect();
    for task in tasks {
        task.await.expect("it goes on");
    }
    (TASKS * EACH) as f64 / begun.elapsed().as_secs_f64()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn deliveries_and_events_a_second() {
    let server = Postgres::start(&[]).expect("a server");
    let url = server.url();
    let options = wahook_postgres::PostgresOptions::default().deadline(Duration::from_secs(10));
    let inbox = wahook_postgres::PostgresInbox::connect(&url, options)
        .await
        .unwrap();
    let inbox = Arc::new(inbox);
    let admin = client(&url).await;
    let table = "CREATE TABLE plain (id bytea PRIMARY KEY, head bytea NOT NULL, body bytea NOT NULL)";
    admin.batch_execute(table).await.unwrap();
    // As many connections as the inbox has.
    let mut pool = Vec::new();
    for _ in 0..4 {
        pool.push(tokio::sync::Mutex::new(client(&url).await));
    }
    let pool = Arc::new((pool, AtomicUsize::new(0)));
    let reader = token();
    for round in 0..3 {
        let plain = in_tasks(deliveries(round), |some| {
            let pool = pool.clone();
            async move {
                for incoming in some {
                    let at = pool.1.fetch_add(1, Ordering::Relaxed) % pool.0.len();
                    let delivery = incoming.delivery();
                    let (head, body) = (delivery.to_head(), delivery.body.to_vec());
                    let id = token().as_bytes().to_vec();
                    let connection = pool.0[at].lock().await;
                    let sql = "INSERT INTO plain VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
                    let typed = tokio_postgres::types::Type::BYTEA;
                    let values: [(&(dyn tokio_postgres::types::ToSql + Sync), _); 3] =
                        [(&id, typed.clone()), (&head, typed.clone()), (&body, typed)];
                    connection.execute_typed(sql, &values).await.unwrap();
                }
            }
        })
        .await;
        let accepted = in_tasks(deliveries(round), |some| {
            let inbox = inbox.clone();
            async move {
                for incoming in some {
                    let accepted = inbox.accept(incoming).await.unwrap();
                    assert!(matches!(accepted, Accepted::Stored { .. }));
                }
            }
        })
        .await;
        let (begun, count) = (Instant::now(), AtomicUsize::new(0));
        let says = |_: &_| {
            let number = count.fetch_add(1, Ordering::Relaxed);
            vec![event(
                &format!("{round} {number}"),
                &format!("lane {}", number % 500),
            )]
        };
        while file(&inbox, reader, 256, says).await > 0 {}
        assert_eq!(count.load(Ordering::Relaxed), TASKS * EACH);
        let filed = (TASKS * EACH) as f64 / begun.elapsed().as_secs_f64();
        let handing = Instant::now();
        loop {
            let (token, lanes) = take(&inbox, 64).await;
            if lanes.is_empty() {
                break;
            }
            let lanes = lanes.into_iter().map(|lane| {
                let inbox = inbox.clone();
                tokio::spawn(async move { done(&inbox, token, &lane).await })
            });
            for lane in lanes.collect::<Vec<_>>() {
                lane.await.unwrap();
            }
        }
        let handed = (TASKS * EACH) as f64 / handing.elapsed().as_secs_f64();
        let whole = (TASKS * EACH) as f64 / begun.elapsed().as_secs_f64();
        println!(
            "round {round}: INSERT {plain:.0}/s, accepted {accepted:.0}/s (x {:.1}); filed {filed:.0}/s, \
             taken and settled {handed:.0}/s, together {whole:.0} events/s",
            accepted / plain
        );
    }
}
