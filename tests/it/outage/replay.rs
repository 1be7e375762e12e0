//! Replays through the whole program: marked, around the guard, counted as nobody's duplicates, and in order whatever
//! happens meanwhile (I4).

use std::{collections::BTreeMap, process::Output};

use super::traffic;
use crate::rig::{FILE, Ledger, Line, Mode, Node, Receiver, SQLITE, covering};

const RETRIES: &str = "first_retry = \"50ms\"\nlongest_retry = \"200ms\"";

/// What came for the first time, and what came as a replay.
fn parted(lines: Vec<Line>) -> (Vec<Line>, Vec<Line>) {
    lines.into_iter().partition(|line| line.replay_of.is_none())
}

/// Each replay says which delivery it repeats, and has the key of what it repeats.
fn are_replays_of(first: &[Line], replays: &[Line]) {
    let first: BTreeMap<_, _> = first.iter().map(|line| (line.message(), line)).collect();
    for replay in replays {
        let of = first[replay.message()];
        assert_eq!(replay.key, of.key);
        assert_eq!(replay.replay_of.as_deref(), Some(of.delivery()));
    }
}

fn duplicates(node: &Node) -> u64 {
    node.metric("wahook_deliveries_duplicate_total") + node.metric("wahook_events_duplicate_total")
}

#[test]
fn i4_replays_are_marked_go_around_the_guard_and_keep_their_order_over_retries_and_a_restart() {
    let ledger = Ledger::default();
    let mut receiver = Receiver::new();
    // Every few of them come again, at first and as replays.
    receiver.answer(Mode::Flaky(7));
    let sinks = FILE.to_owned() + &receiver.sink("flaky", RETRIES);
    let mut node = Node::new("replay", SQLITE, &sinks);
    let url = node.start();
    traffic(&url, &ledger).stop();
    covering(&ledger, || node.lines());
    let first = covering(&ledger, || receiver.lines());
    ledger.check(&first).unwrap();
    assert!(first.iter().any(|line| line.attempt > 1), "nothing came again");

    // Asked for while the receiver is away, begun before the gateway dies, ended after.
    let counted = duplicates(&node);
    receiver.refuse();
    let Output { status, stdout, .. } = node.verb(&["replay", "--all"]).output().unwrap();
    let said = String::from_utf8(stdout).unwrap();
    assert_eq!(status.code(), Some(0));
    let count = ledger.len();
    assert_eq!(
        said.trim(),
        format!("{count} events of {count} deliveries replayed")
    );
    assert_eq!(duplicates(&node), counted, "a replay is no duplicate");
    receiver.answer(Mode::Flaky(5));
    covering_replays(&ledger, || node.lines());
    node.kill();
    node.start();
    covering_replays(&ledger, || receiver.lines());
    assert_eq!(duplicates(&node), 0, "nor is what was left of it");

    // The provider's own copy of the same is one, after it was replayed as before.
    Node::hook().send(&url, 0, "chat0-0");
    assert_eq!(duplicates(&node), 1);
    ledger.acknowledged("after-0".to_owned());
    Node::hook().send(&url, 0, "after-0");
    for lines in [
        covering(&ledger, || node.lines()),
        covering(&ledger, || receiver.lines()),
    ] {
        let (first, mut replays) = parted(lines);
        ledger.check(&first).unwrap();
        are_replays_of(&first, &replays);
        // It was not there yet.
        replays.extend(first.into_iter().filter(|line| line.message() == "after-0"));
        ledger.check(&replays).unwrap();
    }
}

/// Waits until all that was acknowledged is there as a replay, too.
fn covering_replays(ledger: &Ledger, lines: impl Fn() -> Vec<Line>) {
    let replays = covering(ledger, || parted(lines()).1);
    ledger.check(&replays).unwrap();
}
