//! An inbox in SQLite that does not answer: somebody else has its lock, or its disk hangs.

use std::{thread, time::Duration};

use rusqlite::Connection;
use wahook_services::Disk;

use super::{CHATS, LONG, check, go_on, traffic};
use crate::rig::{FILE, Ledger, Node, SQLITE, Traffic};

/// Under load, keeps the inbox from answering for as long as an outage lasts here, in real time. Until it answers again
/// nobody is told that a delivery was stored.
fn unanswered<T>(traffic: &Traffic, begin: impl FnOnce() -> T, end: impl FnOnce(T)) {
    let outage = begin();
    traffic.stands_still(CHATS as u64);
    let acknowledged = traffic.acknowledged();
    thread::sleep(LONG);
    assert_eq!(traffic.acknowledged(), acknowledged);
    end(outage);
    traffic.goes_on(acknowledged);
    go_on(traffic);
}

/// As somebody does who looks into the file with `sqlite3` and forgets a transaction.
fn lock(node: &Node) -> Connection {
    let file = Connection::open(node.inbox().join("inbox.db")).unwrap();
    file.busy_timeout(LONG).unwrap();
    file.execute_batch("BEGIN IMMEDIATE").unwrap();
    file
}

/// Both at the same time, each with a gateway of its own: 35 s of waiting are enough.
#[test]
fn i5_an_inbox_that_is_locked_or_hangs_for_35_s_loses_and_doubles_nothing() {
    let is_locked = || {
        let ledger = Ledger::default();
        let mut node = Node::new("locked", SQLITE, FILE);
        let traffic = traffic(&node.start(), &ledger);
        unanswered(&traffic, || lock(&node), drop);
        traffic.stop();
        check(&node, &ledger);
    };
    let hangs = || {
        let ledger = Ledger::default();
        let mut node = Node::new("hanging", SQLITE, FILE);
        // The sink is on that disk, too, and most of the time in the middle of a flush: what was written and not
        // confirmed when its lease ended comes again, and says so.
        let disk = Disk::over(node.folder()).unwrap();
        let disk = disk.slow(Duration::from_millis(5));
        let traffic = traffic(&node.start_on(&disk), &ledger);
        unanswered(
            &traffic,
            || disk.set_hanging(true).unwrap(),
            |()| disk.set_hanging(false).unwrap(),
        );
        traffic.stop();
        check(&node, &ledger);
    };
    thread::scope(|scope| {
        scope.spawn(is_locked);
        hangs();
    });
}

#[test]
fn i5_an_inbox_that_somebody_else_has_locked_is_not_opened_and_the_error_says_why() {
    let mut node = Node::new("locked-before", SQLITE, FILE);
    node.start();
    node.kill();
    let lock = lock(&node);
    let (code, said) = node.start_in_vain();
    assert_eq!(code, Some(3), "{said}");
    let said = said.trim_end();
    assert!(said.starts_with("error: cannot open the inbox "), "{said}");
    assert!(said.contains("locked") && !said.contains('\n'), "{said}");
    drop(lock);
    node.start();
}
