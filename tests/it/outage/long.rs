//! Long runs, by hand: they print figures and assert no times. `WAHOOK_LONG` says how long, or how many; without it they
//! do nothing.
//!
//! ```text
//! WAHOOK_LONG=60      cargo test --release --locked -p wahook-e2e -- --ignored --exact --nocapture outage::long::full_speed
//! WAHOOK_LONG=60 WAHOOK_RATE=10500 …the same
//! WAHOOK_LONG=1000000 cargo test --release --locked -p wahook-e2e -- --ignored --exact --nocapture outage::long::many_waiting
//! WAHOOK_LONG=600     cargo test --release --locked -p wahook-e2e -- --ignored --exact --nocapture outage::long::sink_down
//! ```
//!
//! Senders and receivers are on the same machine and take their part of it.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use jiff::{Timestamp, ToSpan};
use wahook_core::inbox::{Inbox, Incoming};
use wahook_sqlite::{SqliteInbox, SqliteInboxOptions};
use wahook_testkit::{Sender, inbox::Deliveries};
use wahook_tower::SystemClock;

use crate::rig::{FILE, Ledger, Mode, Node, Receiver, SQLITE, Traffic, wait_until};

/// So long may anything take here that nobody measures.
const DAY: Duration = Duration::from_secs(86_400);

/// What may be in memory while a sink is away, in MiB, beside what the gateway begins with: keys are, events are not.
const GROWTH: u64 = 128;

/// What `WAHOOK_LONG` says.
fn wanted() -> Option<u64> {
    let wanted = std::env::var("WAHOOK_LONG").ok()?;
    Some(wanted.parse().expect("WAHOOK_LONG is a number"))
}

fn confirmed(node: &Node) -> u64 {
    node.metric("wahook_sink_events_total")
}

fn waiting(node: &Node) -> u64 {
    node.metric("wahook_inbox_unread") + node.metric("wahook_sink_waiting")
}

#[expect(clippy::cast_precision_loss, reason = "a rate")]
fn rate(count: u64, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// From the provider's request to the flushed line in a file: with so many deliveries in a second as `WAHOOK_RATE` says,
/// or else with as many as are accepted, of which some wait then, since to accept comes first.
#[test]
#[ignore = "a measurement, by hand: see the head of its file"]
fn full_speed() {
    let Some(seconds) = wanted() else { return };
    let ledger = Ledger::default();
    let mut node = Node::new("speed", SQLITE, FILE);
    let url = node.start();
    let began = Instant::now();
    let rate_wanted =
        std::env::var("WAHOOK_RATE").map(|rate| rate.parse::<f64>().expect("WAHOOK_RATE is a number"));
    let every = rate_wanted.map_or(Duration::ZERO, |rate| Duration::from_secs_f64(256.0 / rate));
    let traffic = Traffic::to(256, &Node::hook(), &[url], &ledger, every);
    let (mut accepted, mut handed, mut looked) = (0, 0, began);
    while began.elapsed() < Duration::from_secs(seconds) {
        thread::sleep(Duration::from_secs(seconds.min(10)));
        let (a, h, took) = (traffic.acknowledged(), confirmed(&node), looked.elapsed());
        println!(
            "{:4} s: {:6.0} accepted/s, {:6.0} in the file/s, {:6} waiting, {} MiB",
            began.elapsed().as_secs(),
            rate(a - accepted, took),
            rate(h - handed, took),
            a - h,
            node.memory(),
        );
        (accepted, handed, looked) = (a, h, Instant::now());
    }
    traffic.stop();
    wait_until("all of it is in the file", DAY, || {
        confirmed(&node) >= ledger.len() as u64
    });
    println!(
        "{} events from request to file: {:.0}/s",
        ledger.len(),
        rate(ledger.len() as u64, began.elapsed())
    );
    ledger.check(&node.lines()).unwrap();
}

/// Starts on an inbox in which so many wait for a sink that is away: before they were read, and after.
#[test]
#[ignore = "a measurement, by hand: see the head of its file"]
fn many_waiting() {
    let Some(count) = wanted() else { return };
    let receiver = Receiver::new();
    let mut node = Node::new("million", SQLITE, &receiver.sink("away", ""));
    fill(&node, usize::try_from(count).unwrap());
    start(&mut node, "unread");
    let began = Instant::now();
    // And the first that came after the start.
    wait_until("all were read", DAY, || {
        node.metric("wahook_sink_waiting") > count
    });
    println!(
        "read in {:.1} s, {} MiB",
        began.elapsed().as_secs_f64(),
        node.memory()
    );
    node.kill();
    start(&mut node, "in-their-lanes");
}

fn start(node: &mut Node, what: &str) {
    let began = Instant::now();
    let url = node.start();
    let listens = began.elapsed();
    wait_until("it is ready", DAY, || node.is_ready());
    let ready = began.elapsed();
    Node::hook().send(&url, 0, &format!("{what}-0"));
    println!(
        "{what}: it listens after {listens:.1?}, ready after {ready:.1?}, first delivery acknowledged after {:.1?}, {} MiB",
        began.elapsed(),
        node.memory(),
    );
}

/// Puts deliveries into the inbox, five in each conversation, each signed and verified as if it had come.
fn fill(node: &Node, count: usize) {
    const AT_ONCE: usize = 1_000;
    let hook = Node::hook();
    let url = "https://example.com/hooks/shop".parse().unwrap();
    let since = Timestamp::now() - i64::try_from(count).unwrap().seconds();
    let mut deliveries =
        Deliveries::from_sender(Sender::new(hook.endpoint.clone(), hook.secret.clone(), url))
            .arriving_at(since);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let options = SqliteInboxOptions::new(Arc::new(SystemClock::new())).deadline(DAY);
        let inbox = SqliteInbox::open(node.inbox().join("inbox.db"), options).await;
        let inbox = Arc::new(inbox.unwrap());
        for from in (0..count).step_by(AT_ONCE) {
            let mut accepting = tokio::task::JoinSet::new();
            for number in from..count.min(from + AT_ONCE) {
                let outgoing = hook.outgoing(number / 5, &format!("chat{}-{number}", number / 5));
                let incoming: Incoming = deliveries.body(&format!("msg_{number}"), outgoing.body);
                let inbox = Arc::clone(&inbox);
                accepting.spawn(async move { inbox.accept(incoming).await.unwrap() });
            }
            while let Some(accepted) = accepting.join_next().await {
                accepted.unwrap();
            }
        }
    });
}

/// A sink that is away under load, beside one that is there.
#[test]
#[ignore = "a measurement, by hand: see the head of its file"]
fn sink_down() {
    let Some(seconds) = wanted() else { return };
    let ledger = Ledger::default();
    let mut receiver = Receiver::new();
    let mut node = Node::new(
        "down",
        SQLITE,
        &(FILE.to_owned() + &receiver.sink("away", "longest_retry = \"10s\"")),
    );
    let url = node.start();
    let memory = node.memory();
    println!("{:5} s: {:7} waiting, {memory} MiB", 0, 0);
    let began = Instant::now();
    let pause = Duration::from_millis(50);
    let traffic = Traffic::to(24, &Node::hook(), &[url], &ledger, pause);
    while began.elapsed() < Duration::from_secs(seconds) {
        thread::sleep(Duration::from_secs(seconds.min(60)));
        println!(
            "{:5} s: {:7} waiting, {} MiB",
            began.elapsed().as_secs(),
            waiting(&node),
            node.memory()
        );
    }
    assert!(node.memory() <= memory + GROWTH, "what waits is not in memory");
    receiver.answer(Mode::Up);
    let back = Instant::now();
    traffic.stop();
    wait_until("all of it was handed over", DAY, || waiting(&node) == 0);
    println!(
        "{} events handed over, {:.1} s after the receiver was back, {} MiB",
        ledger.len(),
        back.elapsed().as_secs_f64(),
        node.memory()
    );
    ledger.check(&receiver.lines()).unwrap();
    ledger.check(&node.lines()).unwrap();
    assert_eq!(node.status()["dead"], 0);
}
