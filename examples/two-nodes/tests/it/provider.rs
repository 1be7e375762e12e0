//! A provider with a load balancer before two nodes: it sends until the answer is 200, and comes again when it is told to.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, StatusCode, header::RETRY_AFTER};
use http_body_util::{BodyExt, Full};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use tokio::time::{Instant, sleep, timeout};
use wahook::{Clock, Endpoint, Secret, guard::Prepared, tower::SystemClock, wazapin};
use wahook_testkit::{Outgoing, Sender, sample};

use crate::node::{Node, SECRET};

/// How long it keeps trying.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came of one sending of a delivery, answer by answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// 200.
    Taken,
    /// 503 with `Retry-After`.
    Later,
    /// The connection broke, or there was none.
    Broken,
}

/// One sending, and which node gave the answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    pub(crate) node: u16,
    pub(crate) answer: Answer,
}

pub(crate) struct Provider {
    client: Client<HttpConnector, Full<Bytes>>,
    nodes: Vec<(u16, Sender)>,
    next: AtomicUsize,
}

impl Provider {
    pub(crate) fn of(nodes: &[&Node]) -> Arc<Self> {
        let sender = |node: &&Node| {
            let secret = Secret::new(SECRET).unwrap();
            (
                node.port,
                Sender::new(shop(), secret, node.url().parse().unwrap()),
            )
        };
        Arc::new(Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            nodes: nodes.iter().map(sender).collect(),
            next: AtomicUsize::new(0),
        })
    }

    /// Sends a delivery, now to this node and now to that one, until it is taken. `told` hears of each answer at once.
    pub(crate) async fn deliver(&self, outgoing: &Outgoing, told: impl Fn(&Sent)) {
        let ends = Instant::now() + PATIENCE;
        let mut sent = Vec::new();
        loop {
            let turn = self.next.fetch_add(1, Ordering::Relaxed);
            let (node, sender) = &self.nodes[turn % self.nodes.len()];
            let (answer, pause) = self.send(sender, outgoing).await;
            let one = Sent { node: *node, answer };
            told(&one);
            sent.push(one);
            if one.answer == Answer::Taken {
                return;
            }
            assert!(Instant::now() < ends, "never taken: {sent:?}");
            sleep(pause).await;
        }
    }

    /// Each attempt is signed anew, as its time is signed too.
    async fn send(&self, sender: &Sender, outgoing: &Outgoing) -> (Answer, Duration) {
        let request = sender.request(outgoing, SystemClock::new().now()).unwrap();
        let answer = timeout(PATIENCE, self.client.request(request.map(Full::new))).await;
        let Ok(response) = answer.expect("an answer in time") else {
            return (Answer::Broken, Duration::from_millis(20));
        };
        let (status, headers) = (response.status(), response.headers().clone());
        // Read to the end, so that the connection can be used again.
        if response.into_body().collect().await.is_err() {
            return (Answer::Broken, Duration::from_millis(20));
        }
        match status {
            StatusCode::OK => (Answer::Taken, Duration::ZERO),
            StatusCode::SERVICE_UNAVAILABLE => (Answer::Later, retry_after(&headers)),
            other => panic!("no such answer was promised: {other}"),
        }
    }
}

fn retry_after(headers: &HeaderMap) -> Duration {
    let seconds = headers.get(RETRY_AFTER).expect("503 says when to come again");
    Duration::from_secs(seconds.to_str().unwrap().parse().unwrap())
}

fn shop() -> Endpoint {
    wazapin::endpoint("shop", SECRET).unwrap()
}

/// So many deliveries, each of one event that was never seen before, with the keys of their events.
pub(crate) fn events(count: u64) -> Vec<(String, Outgoing)> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).unwrap();
    // The store keeps what earlier runs said, so each run says something else.
    let first = u64::from_le_bytes(random) & !0xFFFF;
    let sample = sample("wazapin", "message.new").unwrap();
    (first..first + count)
        .map(|number| {
            let outgoing = Outgoing::personalise(&sample, number);
            (key(&outgoing), outgoing)
        })
        .collect()
}

/// The key of a delivery's event, as the library reads it in this process.
fn key(outgoing: &Outgoing) -> String {
    let (endpoint, at) = (shop(), SystemClock::new().now());
    let sender = Sender::new(
        endpoint.clone(),
        Secret::new(SECRET).unwrap(),
        "/".parse().unwrap(),
    );
    let (head, body) = sender.request(outgoing, at).unwrap().into_parts();
    let mut check = endpoint.begin(&head, at).unwrap();
    check.update(body);
    let verified = check.finish().map_err(|(refusal, _)| refusal).unwrap();
    let prepared = Prepared::new(verified, &head.headers, [0; 10]);
    let events = endpoint.provider().read(prepared.delivery());
    let [event] = events.as_slice() else {
        panic!("one event: {events:?}")
    };
    event.key.to_string()
}

/// In an order that nobody chose.
pub(crate) fn shuffle<T>(all: &mut [T]) {
    for last in (1..all.len()).rev() {
        let mut random = [0; 8];
        getrandom::fill(&mut random).unwrap();
        let other = u64::from_le_bytes(random) % (last as u64 + 1);
        all.swap(last, usize::try_from(other).unwrap());
    }
}
