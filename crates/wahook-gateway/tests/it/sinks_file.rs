//! Events in a file: on a disk that is full, broken or loses its power, under a process that is killed, and beside
//! others who move the file away.
//!
//! Longer than 400 lines: whatever a disk can do to one file.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader, Write},
    num::{NonZeroU32, NonZeroU64},
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use serde_json::Value;
use wahook_core::sink::{Sink, SinkErrorKind};
use wahook_gateway::sinks::{FileOptions, FileSink};
use wahook_services::Disk;
use wahook_testkit::ManualClock;

use super::sinks_common::{AWAY, all, clock, error, event, events, folder, form};

fn open(path: &Path) -> FileSink {
    FileSink::open(FileOptions::new(path), clock()).unwrap()
}

/// The numbers of the messages in a file, whose lines must all be whole.
fn numbers(path: &Path) -> Vec<u64> {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'), "a line is cut");
    let number = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        let id = event["data"]["message_id"].as_str().unwrap();
        id.strip_prefix('m').unwrap().parse().unwrap()
    };
    text.lines().map(number).collect()
}

fn names(folder: &Path) -> Vec<String> {
    let name = |entry: std::io::Result<fs::DirEntry>| entry.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(name).collect();
    names.sort();
    names
}

/// Hands over until the writer before this one is gone.
async fn soon(sink: &dyn Sink, number: u64) {
    let until = Instant::now() + Duration::from_secs(20);
    while sink.deliver(&[event(number)]).await.error.is_some() {
        assert!(Instant::now() < until);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn i3_lines_are_there_when_it_is_said_and_for_their_owner_only() {
    let path = folder("file").join("events.jsonl");
    let sink = open(&path);
    all(&sink, &events(0..3)).await;
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines, (0..3).map(form).collect::<Vec<_>>());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    all(&sink, &[]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn i3_lanes_share_the_file_and_keep_their_order() {
    let path = folder("lanes").join("events.jsonl");
    let sink = Arc::new(open(&path));
    let lanes = (0..64).map(|lane| {
        let sink = Arc::clone(&sink);
        tokio::spawn(async move {
            for first in (0..20).step_by(4) {
                all(&*sink, &events((first..first + 4).map(|at| lane * 100 + at))).await;
            }
        })
    });
    assert!(join_all(lanes).await.iter().all(Result::is_ok));
    let written = numbers(&path);
    assert_eq!(written.len(), 64 * 20);
    for lane in 0..64 {
        let of_lane = written.iter().copied().filter(|number| number / 100 == lane);
        assert!(of_lane.eq((0..20).map(|at| lane * 100 + at)), "lane {lane}");
    }
}

#[tokio::test]
async fn i3_files_are_put_aside_by_size_and_the_oldest_removed() {
    let folder = folder("sizes");
    let path = folder.join("events.jsonl");
    // Somebody else's.
    for other in [
        "events.jsonl.1",
        "events.jsonl.abcdef",
        "events.jsonl.gz",
        "other.000009",
    ] {
        fs::write(folder.join(other), "").unwrap();
    }
    let line = serde_json::to_vec(&event(1)).unwrap().len() as u64 + 1;
    let mut options = FileOptions::new(&path);
    options.max_bytes = NonZeroU64::new(2 * line + 10).unwrap();
    options.keep = NonZeroU32::new(2);
    let sink = FileSink::open(options.clone(), clock()).unwrap();
    for number in 0..9 {
        all(&sink, &[event(number)]).await;
    }
    assert_eq!(numbers(&path), [8]);
    assert_eq!(numbers(&folder.join("events.jsonl.000004")), [6, 7]);
    assert_eq!(numbers(&folder.join("events.jsonl.000003")), [4, 5]);
    // What is handed over at once stays together, and its file is put aside whole.
    all(&sink, &events(10..15)).await;
    assert_eq!(numbers(&path), (10..15).collect::<Vec<_>>());
    assert_eq!(numbers(&folder.join("events.jsonl.000005")), [8]);
    drop(sink);
    let sink = FileSink::open(options, clock()).unwrap();
    soon(&sink, 15).await;
    assert_eq!(numbers(&path), [15]);
    assert_eq!(
        names(&folder),
        [
            "events.jsonl",
            "events.jsonl.000005",
            "events.jsonl.000006",
            "events.jsonl.1",
            "events.jsonl.abcdef",
            "events.jsonl.gz",
            "other.000009"
        ]
    );
}

#[tokio::test]
async fn i3_nothing_is_removed_unless_somebody_says_so() {
    let folder = folder("kept");
    let mut options = FileOptions::new(folder.join("events.jsonl"));
    options.max_bytes = NonZeroU64::MIN;
    let sink = FileSink::open(options, clock()).unwrap();
    for number in 0..12 {
        all(&sink, &[event(number)]).await;
    }
    assert_eq!(names(&folder).len(), 12);
}

#[tokio::test]
async fn i3_a_file_is_put_aside_when_it_is_old() {
    let folder = folder("ages");
    let path = folder.join("events.jsonl");
    let time = Arc::new(ManualClock::new(clock().now()));
    let mut options = FileOptions::new(&path);
    options.max_age = Some(Duration::from_secs(3600));
    let sink = FileSink::open(options, Arc::clone(&time) as _).unwrap();
    // The age of an empty file does not count.
    time.advance(Duration::from_secs(7200));
    all(&sink, &[event(1)]).await;
    time.advance(Duration::from_secs(3599));
    all(&sink, &[event(2)]).await;
    assert_eq!(numbers(&path), [1, 2]);
    time.advance(Duration::from_secs(1));
    all(&sink, &[event(3)]).await;
    assert_eq!(numbers(&path), [3]);
    assert_eq!(numbers(&folder.join("events.jsonl.000001")), [1, 2]);
}

#[tokio::test]
async fn i3_a_line_that_was_cut_is_cut_off() {
    let folder = folder("torn");
    let path = folder.join("events.jsonl");
    let whole = format!("{}\n", form(1));
    let next = form(2).to_string();
    for torn in [
        &next[..1],
        &next[..next.len() - 1],
        &next,
        "\0\0\0\0",
        &"x".repeat(100_000),
        "\u{fffd}",
    ] {
        fs::write(&path, format!("{whole}{torn}")).unwrap();
        let sink = open(&path);
        all(&sink, &[event(3)]).await;
        assert_eq!(numbers(&path), [1, 3]);
        drop(sink);
        fs::remove_file(&path).unwrap();
    }
    // No line at all.
    fs::write(&path, &next).unwrap();
    all(&open(&path), &[event(3)]).await;
    assert_eq!(numbers(&path), [3]);
}

#[tokio::test]
async fn i3_who_moves_empties_or_removes_the_file_is_noticed() {
    let folder = folder("moved");
    let path = folder.join("events.jsonl");
    let sink = open(&path);
    all(&sink, &[event(1)]).await;
    fs::rename(&path, folder.join("elsewhere")).unwrap();
    all(&sink, &[event(2)]).await;
    assert_eq!(
        (numbers(&folder.join("elsewhere")), numbers(&path)),
        (vec![1], vec![2])
    );
    fs::remove_file(&path).unwrap();
    all(&sink, &[event(3)]).await;
    assert_eq!(numbers(&path), [3]);
    // As `copytruncate` does.
    fs::OpenOptions::new()
        .write(true)
        .open(&path)
        .unwrap()
        .set_len(0)
        .unwrap();
    all(&sink, &[event(4)]).await;
    assert_eq!(numbers(&path), [4]);
    // Another file in its place, whose end somebody cut.
    fs::remove_file(&path).unwrap();
    fs::write(&path, format!("{}\n{{\"half", form(5))).unwrap();
    all(&sink, &[event(6)]).await;
    assert_eq!(numbers(&path), [5, 6]);
}

#[tokio::test]
async fn i5_a_folder_that_goes_away_makes_it_unavailable_until_it_is_back() {
    let folder = folder("gone").join("inner");
    fs::create_dir(&folder).unwrap();
    let path = folder.join("events.jsonl");
    let sink = open(&path);
    all(&sink, &[event(1)]).await;
    fs::rename(&folder, folder.with_extension("away")).unwrap();
    let (done, kind, text) = error(&sink, &[event(2)]).await;
    assert_eq!((done, kind), (0, AWAY));
    assert!(text.contains("events.jsonl"), "{text}");
    fs::create_dir(&folder).unwrap();
    all(&sink, &[event(2)]).await;
    assert_eq!(numbers(&path), [2]);
}

#[tokio::test]
async fn i6_one_writer_at_a_time() {
    let path = folder("two").join("events.jsonl");
    let one = open(&path);
    all(&one, &[event(1)]).await;
    let two = open(&path);
    let (_, kind, text) = error(&two, &[event(2)]).await;
    assert_eq!(kind, AWAY);
    assert!(text.contains("another writer"), "{text}");
    drop(one);
    soon(&two, 2).await;
    assert_eq!(numbers(&path), [1, 2]);
}

#[test]
fn i3_what_cannot_be_a_file_is_refused() {
    let folder = folder("no-file");
    let pipe = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    fs::write(folder.join("file"), "").unwrap();
    for (path, said) in [
        (folder.join("none/events.jsonl"), "does not exist: make it first"),
        (folder.clone(), "cannot be a file"),
        (pipe, "cannot be a file"),
        (folder.join("file/events.jsonl"), "cannot be a file"),
        (PathBuf::from("/dev/null"), "cannot be a file"),
        (PathBuf::new(), "none"),
    ] {
        let error = FileSink::open(FileOptions::new(&path), clock()).unwrap_err();
        assert!(error.to_string().contains(said), "{}: {error}", path.display());
    }
}

/// A process that writes for ever and says what was confirmed.
struct Writing {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Writing {
    fn start(path: &Path, disk: Option<&Disk>, max_bytes: u64) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["sinks_file::writes_for_ever", "--exact", "--nocapture"])
            .env("WAHOOK_TEST_FILE", path)
            .env("WAHOOK_TEST_BYTES", max_bytes.to_string())
            .stdout(Stdio::piped());
        if let Some(disk) = disk {
            disk.on(&mut command);
        }
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        Self { child, said }
    }

    /// What it says next: the number of an event that was confirmed, or `None` for an error.
    fn next(&mut self) -> Option<Option<u64>> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.said.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            match line.trim_end().split_once(' ') {
                Some(("done", number)) => return Some(Some(number.parse().unwrap())),
                Some(("away", _)) => return Some(None),
                _ => {}
            }
        }
    }

    /// Reads until this is said.
    fn until(&mut self, confirmed: &mut BTreeSet<u64>, enough: impl Fn(Option<u64>) -> bool) {
        loop {
            let said = self.next().unwrap();
            confirmed.extend(said);
            if enough(said) {
                return;
            }
        }
    }

    /// Kills it in the midst of its work, and reads what it still said.
    fn kill(mut self, confirmed: &mut BTreeSet<u64>) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        while let Some(said) = self.next() {
            confirmed.extend(said);
        }
    }
}

/// What `Writing` runs; nothing by itself.
#[test]
fn writes_for_ever() {
    let Some(path) = std::env::var_os("WAHOOK_TEST_FILE") else {
        return;
    };
    let mut options = FileOptions::new(path);
    options.max_bytes = std::env::var("WAHOOK_TEST_BYTES").unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let sink = Arc::new(FileSink::open(options, clock()).unwrap());
        let start = clock().now().as_microsecond().unsigned_abs() * 1000;
        let lanes = (0..8).map(|lane| {
            let sink = Arc::clone(&sink);
            tokio::spawn(async move {
                let mut number = start + lane * 1_000_000_000;
                loop {
                    let lines = events(number..number + 3);
                    let delivered = sink.deliver(&lines).await;
                    if let Some(error) = delivered.error {
                        assert!(matches!(error.kind(), SinkErrorKind::Unavailable { .. }));
                        writeln!(std::io::stdout(), "away {number}").unwrap();
                        tokio::time::sleep(Duration::from_millis(2)).await;
                        continue;
                    }
                    for done in number..number + 3 {
                        writeln!(std::io::stdout(), "done {done}").unwrap();
                    }
                    number += 3;
                }
            })
        });
        join_all(lanes).await;
    });
}

/// All that is in the file and in those put aside, opened once more as after a crash.
fn found(path: &Path) -> Vec<u64> {
    drop(open(path));
    let folder = path.parent().unwrap();
    let files = names(folder)
        .into_iter()
        .filter(|name| name.starts_with("events.jsonl"));
    files.flat_map(|name| numbers(&folder.join(name))).collect()
}

#[test]
fn i3_a_killed_process_leaves_what_was_confirmed_and_no_cut_line() {
    let path = folder("killed").join("events.jsonl");
    let mut confirmed = BTreeSet::new();
    for round in 1..=10 {
        // Small files, so that it is killed while it puts one aside, too.
        let mut writing = Writing::start(&path, None, 20_000);
        let enough = confirmed.len() + round * 37;
        while confirmed.len() < enough {
            confirmed.extend(writing.next().unwrap());
        }
        writing.kill(&mut confirmed);
        let found: BTreeSet<_> = found(&path).into_iter().collect();
        assert!(found.is_superset(&confirmed), "round {round}");
    }
}

#[test]
fn i1_a_power_cut_leaves_what_was_confirmed_and_no_cut_line() {
    let folder = folder("power");
    let disk = Disk::over(&folder).unwrap();
    let path = folder.join("events.jsonl");
    let mut confirmed = BTreeSet::new();
    for _ in 0..3 {
        let mut writing = Writing::start(&path, Some(&disk), 50_000);
        let enough = confirmed.len() + 300;
        while confirmed.len() < enough {
            confirmed.extend(writing.next().unwrap());
        }
        writing.kill(&mut confirmed);
        disk.lose_power().unwrap();
        let found: BTreeSet<_> = found(&path).into_iter().collect();
        assert!(found.is_superset(&confirmed));
    }
}

#[test]
fn i5_a_full_or_broken_disk_is_waited_for_and_leaves_no_cut_line() {
    let folder = folder("full");
    let disk = Disk::over(&folder).unwrap();
    let path = folder.join("events.jsonl");
    let mut confirmed = BTreeSet::new();
    let mut writing = Writing::start(&path, Some(&disk), 1 << 30);
    writing.until(&mut confirmed, |said| said.is_some());
    for _ in 0..3 {
        for switch in [Disk::set_full, Disk::set_broken] {
            switch(&disk, true).unwrap();
            writing.until(&mut confirmed, |said| said.is_none());
            writing.until(&mut confirmed, |said| said.is_none());
            switch(&disk, false).unwrap();
            for _ in 0..20 {
                writing.until(&mut confirmed, |said| said.is_some());
            }
        }
    }
    writing.kill(&mut confirmed);
    disk.lose_power().unwrap();
    let found = found(&path);
    assert!(
        found
            .iter()
            .copied()
            .collect::<BTreeSet<_>>()
            .is_superset(&confirmed)
    );
    assert!(fs::metadata(&path).unwrap().size() > 0);
}

/// `WAHOOK_MEASURE=1 cargo test --release -p wahook-gateway --test it -- --nocapture measure_lines`
#[tokio::test(flavor = "multi_thread")]
async fn measure_lines_a_second() {
    if std::env::var_os("WAHOOK_MEASURE").is_none() {
        return;
    }
    for (lanes, together) in [(64, 1), (512, 1), (1024, 8)] {
        let path = folder("speed").join("events.jsonl");
        let sink = Arc::new(open(&path));
        let start = Instant::now();
        let tasks = (0..lanes).map(|lane| {
            let sink = Arc::clone(&sink);
            tokio::spawn(async move {
                let batch = events((0..together).map(|at| lane * 100 + at));
                for _ in 0..200 {
                    all(&*sink, &batch).await;
                }
            })
        });
        join_all(tasks).await;
        let lines = lanes * together * 200;
        let rate = lines as f64 / start.elapsed().as_secs_f64();
        let bytes = fs::metadata(&path).unwrap().len();
        println!(
            "{lanes} lanes, {together} at once: {rate:.0} lines/s, {} MB",
            bytes / 1_000_000
        );
    }
}
