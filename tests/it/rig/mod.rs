//! What the tests of the whole gateway stand on: processes, senders that do not give up, receivers, and a ledger of who
//! was told what.

mod client;
mod ledger;
mod node;
mod receiver;
mod traffic;

use std::{
    thread,
    time::{Duration, Instant},
};

pub(crate) use self::{
    client::Client,
    ledger::{Ledger, Line},
    node::{FILE, Node, SQLITE},
    receiver::{Mode, Receiver},
    traffic::{Hook, Traffic},
};

/// Waits until something is so. Processes are watched here: no clock of ours moves them.
#[track_caller]
pub(crate) fn wait_until(what: &str, most: Duration, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + most;
    while !is_so() {
        assert!(Instant::now() < deadline, "within {most:?}: {what}");
        thread::sleep(Duration::from_millis(20));
    }
}

/// How long what was acknowledged may take to reach a sink once all is well: a lease, and time to work it off.
const CATCH_UP: Duration = Duration::from_secs(60);

/// Waits until all that was acknowledged is in these lines, or for as long as it may take, and tells what is there.
pub(crate) fn covering(ledger: &Ledger, lines: impl Fn() -> Vec<Line>) -> Vec<Line> {
    assert!(ledger.len() > 0, "nothing was acknowledged at all");
    let deadline = Instant::now() + CATCH_UP;
    loop {
        let lines = lines();
        if ledger.is_covered_by(&lines) || Instant::now() > deadline {
            return lines;
        }
        thread::sleep(Duration::from_millis(100));
    }
}
