//! Outages of everything the gateway stands on, under load: what was answered with 200 reaches every sink, once and in
//! order, and it goes on without anybody's help (I3, I5, I6).
//!
//! Senders repeat as providers do, on anything but 2xx and with growing pauses, which are scaled down. Where an outage
//! lasts 35 s, it does so in real time: longer than any lease (30 s), which run on the clock of the process or of the
//! database and cannot be moved from outside.

mod disk;
mod locked;
mod long;
mod postgres;
mod replay;
mod sink;

use std::time::Duration;

use crate::rig::{Ledger, Node, Traffic, covering};

/// How many conversations send at once.
const CHATS: usize = 16;

/// Longer than any lease.
const LONG: Duration = Duration::from_secs(35);

/// Traffic to one node that has been going on for a moment.
fn traffic(url: &str, ledger: &Ledger) -> Traffic {
    let traffic = Traffic::start(CHATS, &Node::hook(), url, ledger);
    go_on(&traffic);
    traffic
}

/// Lets it go on for a moment, in which something is acknowledged.
fn go_on(traffic: &Traffic) {
    traffic.run_for(Duration::from_millis(400), Duration::from_millis(600));
}

/// Once all that was acknowledged is in the node's file sink: whether it is there as it should be.
#[track_caller]
fn check(node: &Node, ledger: &Ledger) {
    let lines = covering(ledger, || node.lines());
    ledger.check(&lines).unwrap();
    assert_eq!(node.status()["dead"], 0, "nobody is to blame for an outage");
}
