//! Two processes, 64 tasks in each, and the same 1,000 keys: each is fresh once in each of its lives, and once more for
//! each release and each lease that ran out.

mod judge;
#[path = "../../racer/record.rs"]
mod record;

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{RecvTimeoutError, Sender, channel},
    thread,
    time::Duration,
};

use serde_json::Value;
use tempfile::TempDir;

use self::record::KEYS;

/// A race in which nobody completes anything for so long stands still.
const STANDSTILL: Duration = Duration::from_secs(20);

/// A process of the race; it is killed when it is dropped.
struct Racer(Child);

impl Racer {
    fn start(store: &str, ledger: &Path, scope: &str, lines: Sender<Value>) -> (Self, ChildStdin) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_racer"))
            .env_clear()
            .arg(store)
            .arg(ledger)
            .arg(scope)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let _ = lines.send(serde_json::from_str(&line).unwrap());
            }
        });
        (Self(child), stdin)
    }
}

impl Drop for Racer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Runs a race on a store until each key had two lives, and tells all that was wrong with it.
fn race(store: &str, ledger: &Path) -> Vec<String> {
    // The store may know the keys of earlier runs.
    let mut random = [0; 8];
    getrandom::fill(&mut random).unwrap();
    let scope = format!("race-{:x}", u64::from_le_bytes(random));
    let (sender, lines) = channel();
    let mut racers: Vec<_> = (0..2)
        .map(|_| Racer::start(store, ledger, &scope, sender.clone()))
        .collect();
    drop(sender);
    for _ in 0..racers.len() {
        let line = lines
            .recv_timeout(STANDSTILL)
            .expect("both are ready before anybody begins");
        assert!(line["ready"].is_number(), "{line}");
    }
    for (_, stdin) in &mut racers {
        stdin.write_all(b"go\n").unwrap();
    }
    let mut wrong = Vec::new();
    let mut lives = HashMap::new();
    while wrong.is_empty() && (lives.len() < KEYS || lives.values().any(|lives| *lives < 2)) {
        let Ok(line) = lines.recv_timeout(STANDSTILL) else {
            wrong.push(format!(
                "nobody completes anything any more: {} keys of {KEYS}",
                lives.len()
            ));
            break;
        };
        wrong.extend(line["wrong"].as_str().map(str::to_owned));
        if let Some(key) = line["life"].as_u64() {
            *lives.entry(key).or_insert(0) += 1;
        }
    }
    // The end of their input ends them, each after what it is about.
    let racers: Vec<_> = racers.into_iter().map(|(racer, _)| racer).collect();
    loop {
        match lines.recv_timeout(STANDSTILL) {
            Ok(line) => wrong.extend(line["wrong"].as_str().map(str::to_owned)),
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => panic!("a process does not end: {wrong:#?}"),
        }
    }
    for mut racer in racers {
        let status = racer.0.wait().unwrap();
        if !status.success() {
            wrong.push(format!("a process failed: {status}"));
        }
    }
    wrong.extend(judge::judge(ledger));
    wrong
}

fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

fn each_key_is_fresh_once_per_life(store: &str) {
    let ledger = folder();
    let wrong = race(store, ledger.path());
    if !wrong.is_empty() {
        let (some, ledger) = (&wrong[..wrong.len().min(5)], ledger.keep());
        panic!(
            "{} are wrong, such as {some:#?}; see {}",
            wrong.len(),
            ledger.display()
        );
    }
}

#[test]
fn g1_each_key_is_fresh_once_per_life_for_two_processes_on_sqlite() {
    let folder = folder();
    let file = folder.path().join("guard.db");
    each_key_is_fresh_once_per_life(&format!("sqlite:{}", file.display()));
}

#[test]
#[ignore = "needs Redis: cargo xtask test"]
fn g1_each_key_is_fresh_once_per_life_for_two_processes_on_redis() {
    each_key_is_fresh_once_per_life(&wahook_services::shared_redis());
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn g1_each_key_is_fresh_once_per_life_for_two_processes_on_postgres() {
    each_key_is_fresh_once_per_life(&wahook_services::shared_postgres());
}

/// What the tests above would see if processes did not agree.
#[test]
fn two_processes_that_share_nothing_are_found_out() {
    assert!(!race("memory", folder().path()).is_empty());
}
