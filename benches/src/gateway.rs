//! The gateway as it is deployed, all the way: signed requests that come whether it keeps up or not, from a second
//! process, into the SQLite inbox, through the lanes, into a file; and in the end each event is in that file, once.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use serde::Deserialize;
use wahook_services::free_port;

use crate::{
    Group,
    open_loop::send,
    program::{Output, Program, build, folder},
    report::{
        Goal::{AtLeast, AtMost},
        Report,
    },
    request::SECRET,
};

pub const GROUP: Group = Group {
    name: "gateway",
    about: "`wahook serve` under requests that come at a fixed rate: accepted, read, in lanes, in a file, done; SQLite with synchronous = FULL",
    run,
    is_counted: false,
};

/// Deliveries in a second: beyond the goal, so that a moment of rest is no miss.
const RATE: u32 = 10_300;

const GOAL: f64 = 10_000.0;

/// For the next events to come into the file.
const PATIENCE: Duration = Duration::from_secs(60);

/// What one line of the file says.
#[derive(Deserialize)]
struct Line {
    key: String,
}

fn run(report: &mut Report) {
    let seconds = if report.plan.is_quick() { 5 } else { 60 };
    let wahook = built();
    let folder = folder().expect("a place for files");
    let admin = free_port().expect("a free port");
    let config = folder.path().join("wahook.toml");
    let events = folder.path().join("events.jsonl");
    let toml = format!(
        r#"inbox = "sqlite:inbox.db"

[admin]
listen = "127.0.0.1:{admin}"

[log]
filter = "wahook=warn"

[[endpoint]]
name = "shop"
provider = "wazapin"
secret = "{SECRET}"

[[sink]]
name = "log"
type = "file"
path = "events.jsonl"
rotate_bytes = 1_000_000_000_000
"#
    );
    fs::write(&config, toml).expect("a place for files");
    let mut serve = Command::new(&wahook);
    serve
        .args(["serve", "--listen", "127.0.0.1:0", "--config"])
        .arg(&config);
    let (gateway, url) = Program::start(&mut serve, Output::Errors, |line| {
        line.strip_prefix("listening on ").map(str::to_owned)
    })
    .expect("the gateway starts");
    let address = url.trim_start_matches("http://").parse().expect("an address");
    let quarter = Duration::from_secs(u64::from(seconds)) / 4;
    let process = gateway.id();
    let early = thread::spawn(move || {
        thread::sleep(quarter);
        memory(process)
    });
    let count = u64::from(RATE * seconds);
    let begun = Instant::now();
    let sent = send(address, RATE, count, 700);
    until_written(&events, count);
    let took = begun.elapsed();
    let (early, late) = (early.join().expect("it looks"), memory(process));
    let (lines, keys) = ledger(&events);
    println!("\n### gateway, {seconds} s\n");
    println!(
        "| deliveries/s due | acknowledged/s | p50 ms | p99 ms | in the file/s | MiB after a quarter | MiB at the end |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    let [accepted, done] = [sent.took, took].map(|time| count as f64 / time.as_secs_f64());
    let [p50, p99] = [50, 99].map(|percent| sent.percentile(percent).as_secs_f64() * 1e3);
    println!("| {RATE} | {accepted:.0} | {p50:.1} | {p99:.1} | {done:.0} | {early:.0} | {late:.0} |");
    assert_eq!((lines, keys), (count, count), "each once");
    println!("\n{count} events acknowledged, {lines} lines in the file with {keys} keys.");
    report.goal(
        "gateway, events/s from request to file",
        Some(accepted.min(done)),
        AtLeast(GOAL),
    );
    let growth = (late - early) * 1024.0 * 1024.0 / (0.75 * count as f64);
    report.goal(
        "gateway, bytes of memory for an event that is done",
        Some(growth),
        AtMost(100.0),
    );
}

/// Waits until so many lines are in the file.
fn until_written(file: &Path, count: u64) {
    let (mut came, mut lines, mut bytes) = (Instant::now(), 0, vec![0; 1 << 20]);
    let mut file = File::open(file).expect("it was begun");
    while lines < count {
        let read = file.read(&mut bytes).expect("it can be read");
        lines += bytes[..read].iter().filter(|byte| **byte == b'\n').count() as u64;
        if read > 0 {
            came = Instant::now();
            continue;
        }
        assert!(
            came.elapsed() < PATIENCE,
            "{lines} of {count} events are in the file"
        );
        thread::sleep(Duration::from_millis(20));
    }
}

/// How many lines, and how many keys among them.
fn ledger(file: &Path) -> (u64, u64) {
    let mut keys = HashSet::new();
    let mut lines = 0;
    for line in BufReader::new(File::open(file).expect("it was written")).lines() {
        let line: Line = serde_json::from_str(&line.expect("text")).expect("an event");
        keys.insert(line.key);
        lines += 1;
    }
    (lines, keys.len() as u64)
}

/// The program as it is released.
fn built() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    build(&root, &["--package", "wahook-gateway", "--target-dir", "target"]);
    root.join("target/release/wahook")
}

/// What a process has in memory, in MiB.
fn memory(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kibibytes = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok());
    kibibytes.unwrap_or_default() / 1024.0
}
