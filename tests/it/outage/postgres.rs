//! An inbox in PostgreSQL: its server ends, crashes and freezes, somebody locks its table, one of two gateways dies.

use std::{
    process::Command,
    sync::mpsc::{Sender, channel},
    thread,
    time::Duration,
};

use tokio_postgres::NoTls;
use wahook_services::{Postgres, Server};

use super::{CHATS, LONG, check, go_on, traffic};
use crate::rig::{FILE, Ledger, Mode, Node, Receiver, Traffic, covering};

fn inbox_on(server: &Server) -> String {
    format!("inbox = \"{}\"", server.url())
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn i5_postgres_is_restarted_crashes_and_freezes_under_load() {
    let server = Postgres::start(&[]).unwrap();
    let ledger = Ledger::default();
    let mut node = Node::new("restarted", &inbox_on(&server), FILE);
    let traffic = traffic(&node.start(), &ledger);

    // What `pg_ctl stop -m immediate` sends: it aborts all connections without a word to them.
    let id = server.pid().unwrap().to_string();
    assert!(
        Command::new("kill")
            .args(["-QUIT", &id])
            .status()
            .unwrap()
            .success()
    );
    traffic.stands_still(CHATS as u64);
    server.restart().unwrap();
    traffic.goes_on(traffic.acknowledged());
    go_on(&traffic);

    server.kill();
    traffic.stands_still(CHATS as u64);
    server.restart().unwrap();
    traffic.goes_on(traffic.acknowledged());
    go_on(&traffic);

    server.freeze();
    traffic.stands_still(CHATS as u64);
    thread::sleep(Duration::from_secs(3)); // longer than any verb of the inbox may take
    server.thaw();
    traffic.goes_on(traffic.acknowledged());
    go_on(&traffic);

    traffic.stop();
    check(&node, &ledger);
}

/// Locks the table of deliveries as a migration does, until what is returned is dropped.
fn lock(server: &Server) -> Sender<()> {
    let url = server.url();
    let (unlock, unlocked) = channel::<()>();
    let (tell, locked) = channel();
    thread::spawn(move || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let (client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            tokio::spawn(connection);
            let lock = "BEGIN; LOCK TABLE wahook_inbox_delivery IN ACCESS EXCLUSIVE MODE";
            client.batch_execute(lock).await.unwrap();
            client
        });
        tell.send(()).unwrap();
        let _ = unlocked.recv();
        drop(client);
    });
    locked.recv().unwrap();
    unlock
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn i5_a_table_that_is_locked_for_35_s_loses_and_doubles_nothing() {
    let server = Postgres::start(&[]).unwrap();
    let ledger = Ledger::default();
    let mut node = Node::new("locked-table", &inbox_on(&server), FILE);
    let traffic = traffic(&node.start(), &ledger);
    let lock = lock(&server);
    traffic.stands_still(CHATS as u64);
    let acknowledged = traffic.acknowledged();
    thread::sleep(LONG);
    assert_eq!(traffic.acknowledged(), acknowledged);
    drop(lock);
    traffic.goes_on(acknowledged);
    go_on(&traffic);
    traffic.stop();
    check(&node, &ledger);
}

/// Each has a file of its own, as a file sink wants it, and both hand over to one receiver, which sees the order across
/// them. The one that is killed is the one that reads, and hands over at that moment: both parts have a lease to end.
#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn i6_of_two_gateways_under_load_one_is_killed_and_the_other_takes_over() {
    let server = Postgres::start(&[]).unwrap();
    let ledger = Ledger::default();
    let mut receiver = Receiver::new();
    receiver.answer(Mode::Up);
    let sinks = FILE.to_owned() + &receiver.sink("shared", "");
    let mut nodes = ["one", "other"].map(|name| Node::new(name, &inbox_on(&server), &sinks));
    let urls = nodes.each_mut().map(Node::start);
    let traffic = Traffic::to(CHATS, &Node::hook(), &urls, &ledger, Duration::ZERO);
    for _ in 0..3 {
        go_on(&traffic);
    }
    let read = nodes.each_ref().map(|node| node.metric("wahook_events_total"));
    let [reader, other] = if read[0] > read[1] { [0, 1] } else { [1, 0] };
    receiver.answer(Mode::Hanging);
    go_on(&traffic);
    nodes[reader].kill();
    receiver.answer(Mode::Up);
    go_on(&traffic);
    traffic.stop();
    let shared = covering(&ledger, || receiver.lines());
    ledger.check(&shared).unwrap();
    assert!(shared.iter().any(|line| line.attempt > 1), "it held nothing");
    covering(&ledger, || nodes.each_ref().map(Node::lines).concat());
    let [one, two] = nodes.each_ref().map(Node::lines);
    ledger.check_union(&[&one, &two]).unwrap();
    assert_eq!(nodes[other].status()["dead"], 0);
}
