//! A node is killed in the middle of its work.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
};

use tokio::{
    sync::{Semaphore, mpsc::unbounded_channel},
    task::JoinSet,
};

use crate::{
    by_key,
    node::Node,
    provider::{Answer, Provider, Sent, events, shuffle},
};

const EVENTS: u64 = 200;
const COPIES: usize = 3;
const AT_ONCE: usize = 48;

/// So many deliveries the node has taken when it is killed.
const BEFORE: usize = 40;

/// A claim outlives its node by 3 s at most, so that the test need not wait longer.
const OPTIONS: &[&str] = &["--work", "200ms", "--lease", "3s"];

/// What the provider knows of an event.
#[derive(Default)]
struct Known {
    /// Answered 200 before the kill was asked for.
    done_before: HashSet<String>,
    /// Asked of a node that died over it.
    broken: HashSet<String>,
    /// Put off after the kill: somebody still had a claim on it.
    put_off: HashSet<String>,
    is_killed: bool,
}

impl Known {
    fn hear(&mut self, key: &str, sent: &Sent) {
        let events = match (sent.answer, self.is_killed) {
            (Answer::Taken, false) => &mut self.done_before,
            (Answer::Later, true) => &mut self.put_off,
            (Answer::Broken, _) => &mut self.broken,
            (Answer::Taken, true) | (Answer::Later, false) => return,
        };
        events.insert(key.to_owned());
    }
}

async fn a_killed_node_loses_nothing(store: &str) {
    let (dying, other) = (Node::start(store, OPTIONS), Node::start(store, OPTIONS));
    let dying_port = dying.port;
    let provider = Provider::of(&[&dying, &other]);
    let events = events(EVENTS);
    let mut copies: Vec<_> = events
        .iter()
        .flat_map(|event| vec![event.clone(); COPIES])
        .collect();
    shuffle(&mut copies);

    let known = Arc::new(Mutex::new(Known::default()));
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let (taken, mut takings) = unbounded_channel();
    let mut sendings = JoinSet::new();
    for (key, outgoing) in copies {
        let (provider, places) = (Arc::clone(&provider), Arc::clone(&places));
        let (known, taken) = (Arc::clone(&known), taken.clone());
        sendings.spawn(async move {
            let _place = places.acquire().await.unwrap();
            let told = |sent: &Sent| {
                known.lock().unwrap().hear(&key, sent);
                if sent.node == dying_port && sent.answer == Answer::Taken {
                    let _ = taken.send(());
                }
            };
            provider.deliver(&outgoing, told).await;
        });
    }
    for _ in 0..BEFORE {
        takings.recv().await.unwrap();
    }
    known.lock().unwrap().is_killed = true;
    let mut lines = tokio::task::spawn_blocking(|| dying.kill()).await.unwrap();
    while let Some(done) = sendings.join_next().await {
        done.unwrap();
    }
    lines.extend(other.kill());

    let (handled, known) = (by_key(&lines), known.lock().unwrap());
    for (key, _) in &events {
        let nodes = handled.get(key.as_str()).map(Vec::as_slice).unwrap_or_default();
        assert!(!nodes.is_empty(), "{key} was lost");
        assert!(
            nodes.len() <= 2,
            "{key}: once for each node at most, not {nodes:?}"
        );
        if nodes.len() == 2 {
            assert!(
                known.broken.contains(key),
                "{key} was not in flight and was handled by {nodes:?}"
            );
            assert!(
                !known.done_before.contains(key),
                "{key} was done and was handled by {nodes:?}"
            );
        }
    }
    assert_eq!(handled.len(), events.len(), "what was not sent was not handled");
    // The test saw what it is about: claims of the dead, which kept the other node away until their leases were over.
    let left_behind = known.broken.intersection(&known.put_off).count();
    assert!(
        left_behind > 0,
        "the node died without a claim: {} broken",
        known.broken.len()
    );
}

#[tokio::test]
#[ignore = "needs Redis: cargo xtask test"]
async fn g4_a_node_killed_in_mid_claim_loses_nothing_on_redis() {
    a_killed_node_loses_nothing(&wahook_services::shared_redis()).await;
}

#[tokio::test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
async fn g4_a_node_killed_in_mid_claim_loses_nothing_on_postgres() {
    a_killed_node_loses_nothing(&wahook_services::shared_postgres()).await;
}
