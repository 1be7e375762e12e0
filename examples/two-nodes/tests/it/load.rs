//! Duplicate load over two nodes.

use std::sync::Arc;

use tokio::{sync::Semaphore, task::JoinSet};
use wahook_testkit::Outgoing;

use crate::{
    by_key,
    node::{Line, Node},
    provider::{Provider, events, shuffle},
};

const EVENTS: u64 = 300;
const AT_ONCE: usize = 48;

/// Each event three or four times, half of the fourth as another delivery that says the same.
fn copies(events: &[(String, Outgoing)]) -> Vec<Outgoing> {
    let mut all = Vec::new();
    for (number, (_, outgoing)) in events.iter().enumerate() {
        all.extend([outgoing, outgoing, outgoing].map(Clone::clone));
        match number % 4 {
            0 => all.push(outgoing.clone()),
            1 => all.push(Outgoing::new(
                format!("{}again", outgoing.id),
                outgoing.body.clone(),
            )),
            _ => {}
        }
    }
    shuffle(&mut all);
    all
}

/// All copies to both nodes, until each was taken; what the nodes wrote.
async fn run(nodes: [Node; 2], events: &[(String, Outgoing)]) -> Vec<Line> {
    let provider = Provider::of(&[&nodes[0], &nodes[1]]);
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut sendings = JoinSet::new();
    for outgoing in copies(events) {
        let (provider, places) = (Arc::clone(&provider), Arc::clone(&places));
        sendings.spawn(async move {
            let _place = places.acquire().await.unwrap();
            provider.deliver(&outgoing, |_| {}).await;
        });
    }
    while let Some(done) = sendings.join_next().await {
        done.unwrap();
    }
    nodes.into_iter().flat_map(Node::kill).collect()
}

/// With some work, so that copies meet those that are in flight.
fn start(store: &str) -> [Node; 2] {
    [(); 2].map(|()| Node::start(store, &["--work", "10ms"]))
}

async fn each_event_is_handled_once(store: &str) {
    let events = events(EVENTS);
    let nodes = start(store);
    let ports = nodes.each_ref().map(|node| node.port);
    let lines = run(nodes, &events).await;
    let handled = by_key(&lines);
    for (key, _) in &events {
        let nodes = handled.get(key.as_str()).map(Vec::as_slice).unwrap_or_default();
        assert_eq!(nodes.len(), 1, "{key} was handled by {nodes:?}");
    }
    assert_eq!(handled.len(), events.len(), "what was not sent was not handled");
    for port in ports {
        assert!(
            lines.iter().any(|line| line.node == port),
            "a node had nothing to do"
        );
    }
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn g1_two_nodes_on_one_redis_handle_each_event_once() {
    each_event_is_handled_once(&wahook_services::shared_redis()).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g1_two_nodes_on_one_postgres_handle_each_event_once() {
    each_event_is_handled_once(&wahook_services::shared_postgres()).await;
}

/// What the tests above would see if the store did nothing: the same load shows it.
#[tokio::test]
async fn two_nodes_that_share_nothing_handle_events_twice() {
    let events = events(EVENTS);
    let lines = run(start("memory"), &events).await;
    let handled = by_key(&lines);
    let twice = handled.values().filter(|nodes| nodes.len() == 2).count();
    assert!(twice > events.len() / 2, "{twice} of {}", events.len());
    assert!(
        handled.values().all(|nodes| nodes.len() <= 2),
        "once at each node"
    );
}
