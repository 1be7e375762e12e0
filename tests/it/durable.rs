//! What was answered with 200 reaches every sink, once, in order: whatever happens to the gateway (I1–I3, I5).

use std::{thread, time::Duration};

use wahook_services::Disk;

use crate::rig::{FILE, Ledger, Line, Mode, Node, Receiver, SQLITE, Traffic, covering};

/// How many conversations send at once.
const CHATS: usize = 24;

#[test]
fn i1_i3_killed_fifty_times_under_load_nothing_acknowledged_is_lost_or_doubled() {
    let ledger = Ledger::default();
    let mut receiver = Receiver::new();
    // Every few requests fail: order holds over retries as well as over kills, and no kill counts as a failure.
    receiver.answer(Mode::Flaky(7));
    let retries = "first_retry = \"50ms\"\nlongest_retry = \"200ms\"";
    let sinks = FILE.to_owned() + &receiver.sink("flaky", retries);
    let mut node = Node::new("killed", SQLITE, &sinks);
    let url = node.start();
    let traffic = Traffic::start(CHATS, &Node::hook(), &url, &ledger);
    for _ in 0..50 {
        traffic.run_for(Duration::from_millis(40), Duration::from_millis(250));
        node.kill();
        node.start();
    }
    traffic.stop();
    let lines = covering(&ledger, || node.lines());
    ledger.check(&lines).unwrap();
    let lines = covering(&ledger, || receiver.lines());
    ledger.check(&lines).unwrap();
    assert_eq!(node.status()["dead"], 0);
}

#[test]
fn i1_with_a_disk_that_forgets_what_was_not_flushed_nothing_acknowledged_is_lost() {
    let lost = power_losses("forgetful", SQLITE, 12);
    assert_eq!(lost, Ok(()));
}

/// Shows that the test above can fail: without a flush before the answer it does.
#[test]
fn i1_without_the_flush_the_same_disk_loses_what_was_acknowledged() {
    let settings = "inbox = \"sqlite:inbox/inbox.db?synchronous=normal\"";
    let lost = power_losses("unflushed", settings, 12);
    assert!(lost.is_err(), "a guarantee of `process crash only` is one");
}

/// Runs under load on such a disk, which loses its power so many times.
fn power_losses(name: &str, settings: &str, times: usize) -> Result<(), String> {
    let ledger = Ledger::default();
    let mut node = Node::new(name, settings, FILE);
    let disk = Disk::over(node.folder()).unwrap();
    let url = node.start_on(&disk);
    let traffic = Traffic::start(CHATS, &Node::hook(), &url, &ledger);
    let mut writes = 0;
    for _ in 0..times {
        traffic.run_for(Duration::from_millis(100), Duration::from_millis(400));
        node.kill();
        writes += disk.lose_power().unwrap();
        node.start_on(&disk);
    }
    assert!(writes > 0, "a disk that lost nothing shows nothing");
    traffic.stop();
    ledger.check(&settled(&node, &ledger))
}

/// What is in the sink once all that was acknowledged is there, or once it stands still: what is lost does not come later.
fn settled(node: &Node, ledger: &Ledger) -> Vec<Line> {
    let mut lines = node.lines();
    loop {
        thread::sleep(Duration::from_secs(2));
        let before = lines.len();
        lines = node.lines();
        if ledger.is_covered_by(&lines) || lines.len() == before {
            return lines;
        }
    }
}
