//! What the tests of the whole gateway stand on: processes, senders that do not give up, receivers, and a ledger of who
//! was told what.

mod ledger;
mod node;
mod receiver;
mod traffic;

use std::{
    thread,
    time::{Duration, Instant},
};

pub(crate) use self::{
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
