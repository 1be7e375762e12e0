//! A disk that is full: under the inbox, and under a file sink.

use std::{fs, thread, time::Duration};

use wahook_services::Disk;

use super::{CHATS, check, go_on, traffic};
use crate::rig::{FILE, Ledger, Node, SQLITE, wait_until};

#[test]
fn i5_while_the_disk_of_the_inbox_is_full_nothing_is_acknowledged_and_nothing_is_lost() {
    let ledger = Ledger::default();
    let mut node = Node::new("full-inbox", SQLITE, FILE);
    let disk = Disk::over(&node.inbox()).unwrap();
    let url = node.start_on(&disk);
    let traffic = traffic(&url, &ledger);
    for _ in 0..3 {
        disk.set_full(true).unwrap();
        traffic.stands_still(5 * CHATS as u64);
        assert!(!node.is_ready(), "it says that it has no room");
        disk.set_full(false).unwrap();
        traffic.goes_on(traffic.acknowledged());
        go_on(&traffic);
    }
    traffic.stop();
    check(&node, &ledger);
}

#[test]
fn i5_while_the_disk_of_a_file_sink_is_full_the_sink_waits_and_no_line_is_torn() {
    let ledger = Ledger::default();
    let mut node = Node::new("full-sink", SQLITE, FILE);
    let disk = Disk::over(&node.sink()).unwrap();
    let url = node.start_on(&disk);
    let traffic = traffic(&url, &ledger);
    for _ in 0..3 {
        disk.set_full(true).unwrap();
        wait_until("the sink waits", Duration::from_secs(10), || {
            node.metric("wahook_sink_paused") == 1
        });
        let (lines, acknowledged) = (node.lines().len(), traffic.acknowledged());
        thread::sleep(Duration::from_secs(1)); // it asks again several times meanwhile
        let more = node.lines().len() - lines;
        assert!(
            more <= 4,
            "its lanes stand still but for what the last block had room for: {more}"
        );
        traffic.goes_on(acknowledged);
        disk.set_full(false).unwrap();
        wait_until("the sink goes on", Duration::from_secs(10), || {
            node.lines().len() > lines
        });
    }
    traffic.stop();
    check(&node, &ledger);
    // Every line was read above; there is nothing else.
    let text = fs::read(node.sink().join("events.jsonl")).unwrap();
    assert!(text.ends_with(b"\n"), "half a line at the end");
}
