//! The gateway as it is deployed, all the way: signed requests that come whether it keeps up or not, from a second
//! process, into the SQLite inbox, through the lanes, into a file; and in the end each event is in that file, once.

use std::{
    collections::HashSet,
    fs::{self, File},
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde::Deserialize;
use wahook_services::free_port;

use crate::{
    Group,
    program::{Output, Program, build},
    report::{
        Goal::{AtLeast, AtMost},
        Report,
    },
    request::SECRET,
};

pub const GROUP: Group = Group {
    name: "gateway",
    about: "`wahook serve` under `wahook send`: accepted, read, in lanes, in a file, done; SQLite with synchronous = FULL",
    run,
    is_counted: false,
};

/// Deliveries in a second: beyond the goal, so that a moment of rest is no miss.
const RATE: u32 = 10_300;

const GOAL: f64 = 10_000.0;

/// What `wahook send --json` says.
#[derive(Deserialize)]
struct Sent {
    ok: bool,
    sent: u64,
    events_acknowledged: u64,
    events_handled: u64,
    seconds: f64,
    p50_ms: f64,
    p99_ms: f64,
}

/// What one line of the file says.
#[derive(Deserialize)]
struct Line {
    key: String,
}

fn run(report: &mut Report) {
    let seconds = if report.plan.is_quick() { 5 } else { 60 };
    let wahook = built();
    let folder = tempfile::tempdir().expect("a place for files");
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
    let begun = Instant::now();
    let sender = Command::new(&wahook)
        .args(["send", "wazapin", "message.new", "--json", "--concurrency", "256"])
        .args(["--to", &format!("{url}/hooks/shop"), "--secret", SECRET])
        .args(["--rate", &RATE.to_string()])
        .args(["--count", &(RATE * seconds).to_string()])
        .args(["--observe", &format!("http://127.0.0.1:{admin}/metrics")])
        .args(["--observe-at", "wahook_sink_events_total"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the sender starts");
    let quarter = Duration::from_secs(u64::from(seconds)) / 4;
    thread::sleep(quarter);
    let early = memory(gateway.id());
    let output = sender.wait_with_output().expect("it ends");
    let took = begun.elapsed();
    let late = memory(gateway.id());
    let sent: Sent = serde_json::from_slice(&output.stdout).expect("what it says");
    let (lines, keys) = ledger(&events);
    println!("\n### gateway, {seconds} s\n");
    println!(
        "| deliveries/s due | acknowledged/s | p50 ms | p99 ms | in the file/s | MiB after a quarter | MiB at the end |"
    );
    println!("|--:|--:|--:|--:|--:|--:|--:|");
    let accepted = sent.events_acknowledged as f64 / sent.seconds;
    println!(
        "| {RATE} | {accepted:.0} | {} | {} | {:.0} | {early:.0} | {late:.0} |",
        sent.p50_ms,
        sent.p99_ms,
        sent.events_handled as f64 / took.as_secs_f64(),
    );
    assert!(
        sent.ok && sent.sent == u64::from(RATE * seconds),
        "an answer was not 200, or an event got lost"
    );
    assert_eq!(
        (lines, keys),
        (sent.events_acknowledged, sent.events_acknowledged),
        "each once"
    );
    println!(
        "\n{} events acknowledged, {lines} lines in the file with {keys} keys.",
        sent.events_acknowledged
    );
    report.goal(
        "gateway, events/s from request to file",
        Some(accepted),
        AtLeast(GOAL),
    );
    let growth = (late - early) * 1024.0 * 1024.0 / (0.75 * sent.events_acknowledged as f64);
    report.goal(
        "gateway, bytes of memory for an event that is done",
        Some(growth),
        AtMost(100.0),
    );
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
