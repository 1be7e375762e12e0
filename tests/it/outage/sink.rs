//! A receiver that goes away in every way there is. Ten minutes of it pass at once in the tests of the worker, on a
//! clock of theirs (`i3_while_a_sink_is_away_one_lane_asks_and_no_event_becomes_a_dead_letter`), and in real time in
//! [`long`](super::long).

use std::{thread, time::Duration};

use http::StatusCode;

use super::{CHATS, check, go_on};
use crate::rig::{FILE, Hook, Ledger, Mode, Node, Receiver, SQLITE, Traffic, covering};

/// What of the receiver's being away may stay in memory, in MiB: nothing that grows with what waits.
const GROWTH: u64 = 80;

const RETRIES: &str = "first_retry = \"100ms\"\nlongest_retry = \"500ms\"\ntimeout = \"1s\"";

/// Lets it be away for a while, in which everything else goes on.
fn away(traffic: &Traffic, node: &Node, receiver: &Receiver, what: Duration) {
    let (lines, handed) = (node.lines().len(), receiver.lines().len());
    let before = traffic.acknowledged();
    thread::sleep(what);
    traffic.goes_on(before);
    assert!(node.lines().len() > lines, "the other sink goes on");
    assert!(
        receiver.lines().len() <= handed + CHATS,
        "but for what was on its way nobody takes anything"
    );
}

#[test]
fn i3_a_receiver_that_refuses_hangs_and_fails_gets_everything_in_order_once_it_is_back() {
    let ledger = Ledger::default();
    let mut receiver = Receiver::new();
    receiver.answer(Mode::Up);
    let sinks = FILE.to_owned() + &receiver.sink("away", RETRIES);
    let mut node = Node::new("away", SQLITE, &sinks);
    // So large that what waits would be noticed, were it kept in memory: some 100 MiB.
    let hook = Hook {
        text: 128 << 10,
        ..Node::hook()
    };
    let traffic = Traffic::to(CHATS, &hook, &[node.start()], &ledger, Duration::from_millis(100));
    go_on(&traffic);
    let memory = node.memory();

    receiver.refuse();
    away(&traffic, &node, &receiver, Duration::from_secs(2));
    receiver.answer(Mode::Hanging);
    away(&traffic, &node, &receiver, Duration::from_secs(3));
    receiver.answer(Mode::Failing(StatusCode::SERVICE_UNAVAILABLE));
    away(&traffic, &node, &receiver, Duration::from_secs(1));
    receiver.answer(Mode::Failing(StatusCode::INTERNAL_SERVER_ERROR));
    away(&traffic, &node, &receiver, Duration::from_secs(1));
    receiver.answer(Mode::Up);
    go_on(&traffic);
    traffic.stop();

    let lines = covering(&ledger, || receiver.lines());
    ledger.check(&lines).unwrap();
    check(&node, &ledger);
    let now = node.memory();
    assert!(now <= memory + GROWTH, "{memory} MiB before, {now} MiB after");
}
