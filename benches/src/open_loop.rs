//! Requests that come whether the server keeps up or not: each is due at its time, and its latency counts from there, so
//! that a server that stands still is not spared the requests it kept from being sent.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use tokio::{task::JoinSet, time::sleep_until};

use crate::{
    client::{ask, connect, wire},
    over_http::new_runtime,
    request::{Family, Signer, numbered},
};

/// More than a server has in hand that keeps up: none is sent late for want of a connection.
const CONNECTIONS: usize = 256;

/// What came of it. Each request was answered 200.
pub struct Answered {
    /// From the first that was due to the last answer.
    pub took: Duration,
    /// In ascending order.
    pub latencies: Vec<Duration>,
}

impl Answered {
    pub fn percentile(&self, percent: usize) -> Duration {
        let at = self.latencies.len() * percent / 100;
        self.latencies.get(at).copied().unwrap_or_default()
    }
}

/// Sends so many messages, each another one, at this rate.
pub fn send(server: SocketAddr, per_second: u32, count: u64, bytes: usize) -> Answered {
    new_runtime().block_on(async {
        let streams = connect(server, CONNECTIONS).await;
        let begun = Instant::now();
        let mut lanes = JoinSet::new();
        for (lane, mut stream) in (0..count).zip(streams) {
            lanes.spawn(async move {
                let signer = Signer::new(Family::Svix);
                let mut latencies = Vec::new();
                for number in (lane..count).step_by(CONNECTIONS) {
                    let due = begun + Duration::from_secs_f64(number as f64 / f64::from(per_second));
                    sleep_until(due.into()).await;
                    let id = format!("msg_2f8Zk1mQx7wT{number:014}");
                    let request = wire(&signer.signed(&id, &numbered(number, bytes)));
                    ask(&mut stream, &request).await;
                    latencies.push(due.elapsed());
                }
                latencies
            });
        }
        let mut latencies = lanes.join_all().await.concat();
        let took = begun.elapsed();
        latencies.sort_unstable();
        Answered { took, latencies }
    })
}
