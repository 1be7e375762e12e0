//! The demo as a user runs it.

use std::{fs, path::Path, process::Stdio, time::Duration};

use serde_json::Value;
use wahook_providers::PROVIDERS;

use super::program::{command, folder, text};

/// Runs it with its folder below this one, and stops it, if so wished, once it has events in its file.
fn demo(temporary: &Path, args: &[&str], stop: bool) -> (Option<i32>, Value) {
    let child = command(&[&["demo", "--json", "--seed", "7"], args].concat())
        .env("TMPDIR", temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    if stop {
        while !has_events(temporary) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let id = child.id().to_string();
        assert!(command_kill(&id), "it ended by itself");
    }
    let output = child.wait_with_output().unwrap();
    assert_eq!(text(&output.stderr), "", "no terminal, no progress");
    (
        output.status.code(),
        serde_json::from_slice(&output.stdout).unwrap(),
    )
}

fn has_events(temporary: &Path) -> bool {
    let folders = fs::read_dir(temporary)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    folders
        .filter_map(|folder| fs::metadata(folder.join("events.jsonl")).ok())
        .any(|file| file.len() > 0)
}

fn command_kill(id: &str) -> bool {
    std::process::Command::new("kill")
        .args(["-INT", id])
        .status()
        .unwrap()
        .success()
}

#[test]
fn all_promises_hold_and_nothing_is_left_behind() {
    let temporary = folder("demo");
    let (code, report) = demo(&temporary, &["--seconds", "3"], false);
    assert_eq!((code, &report["ok"]), (Some(0), &Value::Bool(true)), "{report:#}");
    assert_eq!(report["unanswered"], 0);
    for row in PROVIDERS {
        let provider = &report["providers"][row.id];
        assert!(provider["accepted"].as_u64() > Some(0), "{}: {report:#}", row.id);
    }
    for promise in report["promises"].as_array().unwrap() {
        assert_eq!(promise["broken"], 0, "{promise}");
        assert!(promise["held"].as_u64() > Some(0), "{promise}");
        assert_eq!(promise["tested"], true, "{promise}");
    }
    assert_eq!(
        (&report["verdict"], &report["waiting"]),
        (&"kept".into(), &0.into())
    );
    assert_eq!(report["promises_not_tested"], 0);
    // However short it plays, the receiver fails in each of its ways.
    let http = &report["sinks"][1];
    for way in ["again", "not_taken", "dead_letters"] {
        assert!(http[way].as_u64() > Some(0), "{way}: {http}");
    }
    assert_eq!(report["sinks"][0]["again"], 0);
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

#[test]
fn what_is_stopped_tells_what_there_was_and_cleans_up() {
    let temporary = folder("demo-stopped");
    let (code, report) = demo(&temporary, &["--seconds", "3600"], true);
    assert_eq!(code, Some(0), "{report:#}");
    assert_eq!(report["stopped"], true);
    assert!(report["accepted"].as_u64() > Some(0), "{report:#}");
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

#[test]
fn what_is_stopped_before_anything_was_accepted_proves_nothing() {
    let temporary = folder("demo-at-once");
    let child = command(&["demo", "--json", "--seconds", "3600"])
        .env("TMPDIR", &temporary)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // It listens to signals before it makes its folder, and opens an inbox after.
    while fs::read_dir(&temporary).unwrap().next().is_none() {
        std::thread::yield_now();
    }
    assert!(command_kill(&child.id().to_string()), "it ended by itself");
    let output = child.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let nothing = report["accepted"] == 0;
    // A machine may stand still just here, and then something was accepted.
    let expected = if nothing { Some(3) } else { Some(0) };
    assert_eq!(output.status.code(), expected, "{report:#}");
    assert_eq!(report["ok"], !nothing, "{report:#}");
    assert_eq!(text(&output.stderr).contains("nothing was accepted"), nothing);
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

#[test]
fn p_what_is_kept_is_kept_for_its_owner() {
    use std::os::unix::fs::PermissionsExt;
    let temporary = folder("demo-kept");
    let (_, report) = demo(&temporary, &["--seconds", "1", "--keep"], false);
    let kept = Path::new(report["kept"].as_str().unwrap()).to_path_buf();
    assert_eq!(fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o700);
    let lines = fs::read_to_string(kept.join("events.jsonl")).unwrap();
    assert_eq!(lines.lines().count() as u64, report["sinks"][0]["handed_over"]);
    assert!(kept.join("inbox.db").is_file());
}

#[test]
fn seconds_that_make_no_sense_are_wrong_use() {
    for seconds in ["0", "3601", "-1", "soon"] {
        let output = command(&["demo", "--seconds", seconds]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{seconds}");
    }
    // Where no folder can be made, it says what to do.
    let output = command(&["demo"]).env("TMPDIR", "/nowhere").output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(
        text(&output.stderr).contains("TMPDIR"),
        "{}",
        text(&output.stderr)
    );
}
