//! Several processes on one file, and one that is killed.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use wahook_core::{
    Clock,
    guard::{Claim, GuardStore, Settled},
};
use wahook_sqlite::{SqliteOptions, SqliteStore};
use wahook_testkit::ManualClock;

use crate::kit::{DUPLICATE, FRESH, PATIENT, Place, WallClock, body, claim, key, rand};

const KEYS: usize = 1_000;
const TASKS: usize = 64;
const LEASE: Duration = Duration::from_secs(600);

/// What a child is told to do.
const TOLD: &str = "WAHOOK_SQLITE_TEST_CHILD";
const FILE: &str = "WAHOOK_SQLITE_TEST_FILE";

/// Starts this test binary again, to do one thing in a process of its own.
fn child(what: &str, file: &Path) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            "processes::in_a_process_of_its_own",
            "--ignored",
            "--nocapture",
        ])
        .env(TOLD, what)
        .env(FILE, file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command.spawn().unwrap()
}

#[test]
#[ignore = "other tests run it in a process of its own"]
fn in_a_process_of_its_own() {
    let (Ok(told), Ok(file)) = (std::env::var(TOLD), std::env::var(FILE)) else {
        return;
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let options = SqliteOptions::new(Arc::new(WallClock)).deadline(PATIENT);
        let store = Arc::new(SqliteStore::open(file, options).await.unwrap());
        match told.as_str() {
            "race" => race(&store).await,
            "fill" => fill(&store).await,
            other => panic!("no such thing to do: {other}"),
        }
    });
}

/// Claims all keys, each task in another order, completes what is fresh, and says which those were.
async fn race(store: &Arc<SqliteStore>) {
    println!("ready");
    let mut go = String::new();
    std::io::stdin().read_line(&mut go).unwrap();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                for step in 0..KEYS {
                    // 7 and 1,000 have no factor in common, so each task meets every key.
                    let number = (task * 16 + step * 7) % KEYS;
                    let token = wahook_core::guard::Token::new(rand());
                    let key = key(number);
                    if store.claim(&key, body(), token, LEASE).await.unwrap() == FRESH {
                        println!("fresh {number}");
                        let settled = store.complete(&key, body(), token, LEASE).await.unwrap();
                        assert_eq!(settled, Settled::Done);
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    println!("end");
}

/// Claims and completes until it is killed, and says what was answered.
async fn fill(store: &Arc<SqliteStore>) {
    for number in 0_u32.. {
        let token = wahook_core::guard::Token::new(rand());
        let (claimed, done) = (key(format!("claimed {number}")), key(format!("done {number}")));
        store.claim(&claimed, body(), token, LEASE).await.unwrap();
        store.claim(&done, body(), token, LEASE).await.unwrap();
        store.complete(&done, body(), token, 2 * LEASE).await.unwrap();
        println!("answered {number}");
    }
}

#[test]
fn g1_two_processes_race_and_each_key_is_fresh_once() {
    let place = Place::new();
    let mut children = [child("race", &place.path()), child("race", &place.path())];
    let mut outputs: Vec<_> = children
        .iter_mut()
        .map(|child| {
            BufReader::new(child.stdout.take().unwrap())
                .lines()
                .map(Result::unwrap)
        })
        .collect();
    for output in &mut outputs {
        // The test harness of the child has its own lines.
        assert!(output.any(|line| line.ends_with("ready")));
    }
    for child in &mut children {
        child.stdin.take().unwrap().write_all(b"go\n").unwrap();
    }
    let mut fresh = vec![0; KEYS];
    let readers: Vec<_> = outputs
        .into_iter()
        .map(|output| std::thread::spawn(move || output.collect::<Vec<_>>()))
        .collect();
    for reader in readers {
        let lines = reader.join().unwrap();
        assert!(
            lines.iter().any(|line| line == "end"),
            "a process failed: {:?}",
            lines.last()
        );
        let numbers: Vec<usize> = lines
            .iter()
            .filter_map(|line| line.strip_prefix("fresh ")?.parse().ok())
            .collect();
        for number in numbers {
            fresh[number] += 1;
        }
    }
    for child in &mut children {
        assert!(child.wait().unwrap().success());
    }
    let wrong: Vec<_> = fresh
        .iter()
        .enumerate()
        .filter(|(_, times)| **times != 1)
        .collect();
    // Who is first may have them all: hundreds of claims share a commit.
    assert!(wrong.is_empty(), "(key, times fresh): {wrong:?}");
}

#[tokio::test]
async fn g4_a_process_that_is_killed_loses_nothing_and_its_leases_end() {
    let place = Place::new();
    let mut killed = child("fill", &place.path());
    let mut lines = BufReader::new(killed.stdout.take().unwrap()).lines();
    let number = |line: &str| line.strip_prefix("answered ")?.parse::<u32>().ok();
    let mut last = None;
    while last < Some(50) {
        let line = lines.next().expect("it goes on until it is killed").unwrap();
        last = last.max(number(&line));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    // What it said before it died.
    last = last.max(lines.map_while(Result::ok).filter_map(|line| number(&line)).max());
    let last = last.unwrap();
    let clock = Arc::new(ManualClock::new(WallClock.now()));
    let options = SqliteOptions::new(clock.clone()).deadline(PATIENT);
    let store = SqliteStore::open(place.path(), options).await.unwrap();
    for number in 0..=last {
        let in_flight = claim(&store, &key(format!("claimed {number}"))).await.unwrap();
        assert!(
            matches!(in_flight, Claim::InFlight { .. }),
            "{number}: {in_flight:?}"
        );
        assert_eq!(
            claim(&store, &key(format!("done {number}"))).await.unwrap(),
            DUPLICATE,
            "{number}"
        );
    }
    clock.advance(LEASE);
    assert_eq!(
        claim(&store, &key(format!("claimed {last}"))).await.unwrap(),
        FRESH
    );
    assert_eq!(
        claim(&store, &key(format!("done {last}"))).await.unwrap(),
        DUPLICATE
    );
}
