//! What the inbox costs. Not run by itself; figures are ratios within one run:
//!
//! ```text
//! cargo test --release -p wahook-sqlite --test it inbox_speed -- --ignored --nocapture --test-threads 1
//! ```

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use rusqlite::{Connection, params};
use wahook_core::{
    guard::{Settled, Token},
    inbox::{Accepted, Desk as _, FiledEvent, Inbox, Incoming, Reading, Want},
};
use wahook_sqlite::{SqliteInbox, SqliteInboxOptions};

use crate::{
    inbox_kit::{Desk, LEASE, all_done, event},
    kit::WallClock,
};

const TASKS: usize = 64;

fn deliveries(desk: &mut Desk, from: usize, count: usize) -> Vec<Incoming> {
    let body = |number: usize| format!("{number:0>700}");
    let numbers = from..from + count;
    numbers
        .map(|number| desk.shop.body(&format!("id_{number}"), body(number)))
        .collect()
}

async fn accept_all(inbox: &Arc<SqliteInbox>, deliveries: Vec<Incoming>) -> (f64, Vec<Duration>) {
    let count = deliveries.len();
    let mut shares: Vec<Vec<Incoming>> = (0..TASKS).map(|_| Vec::new()).collect();
    for (number, one) in deliveries.into_iter().enumerate() {
        shares[number % TASKS].push(one);
    }
    let started = Instant::now();
    let tasks: Vec<_> = shares
        .into_iter()
        .map(|share| {
            let inbox = inbox.clone();
            tokio::spawn(async move {
                let mut waits = Vec::with_capacity(share.len());
                for one in share {
                    let asked = Instant::now();
                    let answer = inbox.accept(one).await.unwrap();
                    assert!(matches!(answer, Accepted::Stored { .. }));
                    waits.push(asked.elapsed());
                }
                waits
            })
        })
        .collect();
    let mut waits = Vec::with_capacity(count);
    for task in tasks {
        waits.extend(task.await.unwrap());
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = count as f64 / started.elapsed().as_secs_f64();
    waits.sort_unstable();
    (rate, waits)
}

/// One transaction for each, with a unique key, as one writes it first.
fn one_by_one(path: &Path, deliveries: &[Incoming]) -> f64 {
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA journal_mode = wal; PRAGMA synchronous = full;
             CREATE TABLE inbox (id INTEGER PRIMARY KEY, key TEXT UNIQUE, head BLOB, body BLOB);",
        )
        .unwrap();
    let started = Instant::now();
    for one in deliveries {
        let delivery = one.delivery();
        connection
            .prepare_cached("INSERT INTO inbox (key, head, body) VALUES (?1, ?2, ?3)")
            .unwrap()
            .execute(params![
                one.key().as_str(),
                delivery.to_head(),
                &delivery.body[..]
            ])
            .unwrap();
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = deliveries.len() as f64 / started.elapsed().as_secs_f64();
    rate
}

/// Reads all there is, in batches; each delivery is one event, and so many share a lane.
async fn read_all(inbox: &SqliteInbox, events_in_a_lane: i64) -> f64 {
    let reader = Token::new([9; 16]);
    let started = Instant::now();
    let mut count = 0;
    loop {
        let unread = inbox.unread(reader, 256, 1 << 20, LEASE).await.unwrap();
        if unread.is_empty() {
            break;
        }
        count += unread.len();
        let readings = unread.iter().map(|unread| {
            let position = unread.stored.position;
            let key = format!("v1:waping:dev_1:message:{position:032}");
            let lane = format!("15550{:08}", position / events_in_a_lane);
            let event: FiledEvent = event(&key, &lane);
            Reading {
                position,
                events: Some(vec![event]),
                memory: Duration::from_secs(604_800),
            }
        });
        let readings = readings.collect();
        inbox.file(reader, readings).await.unwrap().unwrap();
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = count as f64 / started.elapsed().as_secs_f64();
    rate
}

async fn hand_over_all(inbox: &Arc<SqliteInbox>) -> f64 {
    let started = Instant::now();
    let takers = (1..=4).map(|taker| {
        let inbox = inbox.clone();
        tokio::spawn(async move {
            let token = Token::new([taker; 16]);
            let want = Want {
                lanes: 64,
                events: 16,
                bytes: 1 << 22,
            };
            let mut done = 0;
            loop {
                let lanes = inbox.take("till", token, want, LEASE).await.unwrap().lanes;
                if lanes.is_empty() {
                    return done;
                }
                let settled = lanes.into_iter().map(|lane| {
                    let inbox = inbox.clone();
                    tokio::spawn(async move {
                        let count = lane.entries.len();
                        assert_eq!(inbox.settle(token, all_done(&lane)).await.unwrap(), Settled::Done);
                        count
                    })
                });
                let settled: Vec<_> = settled.collect();
                for one in settled {
                    done += one.await.unwrap();
                }
            }
        })
    });
    let takers: Vec<_> = takers.collect();
    let mut count = 0;
    for taker in takers {
        count += taker.await.unwrap();
    }
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = count as f64 / started.elapsed().as_secs_f64();
    rate
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn accepting_against_one_transaction_each() {
    let mut desk = Desk::new();
    let inbox = Arc::new(desk.open().await);
    let count = 100_000;
    let all = deliveries(&mut desk, 0, count);
    let before = one_by_one(&desk.directory.path().join("bare.db"), &all[..20_000]);
    let (rate, waits) = accept_all(&inbox, all).await;
    let of = |part: usize| waits[waits.len() * part / 1_000 - 1];
    eprintln!(
        "accepted/s: {rate:.0}, p50 {:?}, p99 {:?}, p99.9 {:?}, commits {}; one transaction each: {before:.0}; {:.1} times",
        of(500),
        of(990),
        of(999),
        inbox.commits(),
        rate / before
    );
    let filed = read_all(&inbox, 2).await;
    let handed = hand_over_all(&inbox).await;
    eprintln!("filed/s: {filed:.0}, handed over/s: {handed:.0}");
}

/// `WAHOOK_INBOX` names a directory that is kept, for the next.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn fill_a_million() {
    let Ok(directory) = std::env::var("WAHOOK_INBOX") else {
        return;
    };
    let mut desk = Desk::new();
    let options = SqliteInboxOptions::new(Arc::new(WallClock)).deadline(LEASE);
    let inbox = SqliteInbox::open(Path::new(&directory).join("inbox.db"), options).await;
    let inbox = Arc::new(inbox.unwrap());
    for from in (0..1_000_000).step_by(50_000) {
        let some = deliveries(&mut desk, from, 50_000);
        let (rate, _) = accept_all(&inbox, some).await;
        let filed = read_all(&inbox, 5).await;
        eprintln!("{from}: accepted/s {rate:.0}, filed/s {filed:.0}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn open_a_million() {
    let Ok(directory) = std::env::var("WAHOOK_INBOX") else {
        return;
    };
    let options = SqliteInboxOptions::new(Arc::new(WallClock)).deadline(LEASE);
    let started = Instant::now();
    let inbox = SqliteInbox::open(Path::new(&directory).join("inbox.db"), options)
        .await
        .unwrap();
    let opened = started.elapsed();
    let started = Instant::now();
    let status = inbox.status().await.unwrap();
    let asked = started.elapsed();
    let process = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let memory: Vec<_> = process
        .lines()
        .filter(|line| line.starts_with("VmRSS") || line.starts_with("VmHWM"))
        .collect();
    eprintln!("opened in {opened:?}, status in {asked:?}, {memory:?}, {status:?}");
}
