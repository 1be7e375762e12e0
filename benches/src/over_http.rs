//! The same apps behind real sockets: one server thread for each, 64 keep-alive connections, a closed loop, every request
//! freshly signed. Signing happens before the clock runs.
//!
//! Throughput depends on who shares the machine; the processor time of the server's thread is the steadier number.

use std::{
    array, fs,
    net::{Ipv4Addr, SocketAddr},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use axum::Router;
use bytes::Bytes;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    task::JoinSet,
};

use crate::{
    Group,
    apps::{self, App, Handled},
    client::{ask, connect, exchange, is_ok, wire},
    harness::{median, shown, spread},
    node,
    report::{
        Goal::{AtLeast, AtMost},
        Report,
    },
    request::{Family, Signer, message},
    stack::SIZES,
};

pub const CONNECTIONS: usize = 64;
const REQUESTS_EACH: usize = 100;

pub const GROUP: Group = Group {
    name: "http",
    about: "the same over HTTP/1.1: 64 keep-alive connections in a closed loop, one server thread",
    run,
    is_counted: false,
};

/// A running server, and the connections to it.
pub struct Running {
    name: &'static str,
    signer: Signer,
    connections: Vec<TcpStream>,
    /// `/proc/<process>/task/<thread>/schedstat`, where there is such a thing and one thread does the work.
    processor_time: String,
}

/// What one server did in one round.
pub struct Measured {
    per_second: f64,
    processor_us: Option<f64>,
    latencies: Vec<Duration>,
}

fn run(report: &mut Report) {
    let runtime = new_runtime();
    for (size, bytes) in SIZES {
        let what = format!("http, {size}");
        let body = message(bytes);
        let mut servers = Vec::new();
        for App { name, make, guards } in apps::ALL {
            let handled = Handled::default();
            let own = handled.clone();
            let mut server = start(name, || make(own), &runtime);
            if *guards {
                prove(&mut server, &runtime, &Told::Here(handled), &body);
            }
            servers.push(server);
        }
        let node = node::start();
        match &node {
            Ok(node) => {
                let mut server = node.connected(&runtime);
                prove(&mut server, &runtime, &Told::OverHttp, &body);
                servers.push(server);
            }
            Err(why) => report.left_out(&format!("{what}, {}", node::NAME), why),
        }
        let count = report.plan.rounds.div_ceil(2);
        let race = race(&mut servers, &runtime, count, REQUESTS_EACH, &body);
        race.print(&what);
        if bytes == 700 {
            judge(&what, &race, report);
        }
    }
}

/// Where to learn how often a server did its work.
enum Told {
    /// It is in this process.
    Here(Handled),
    /// It answers `GET /handled`.
    OverHttp,
}

impl Told {
    async fn count(&self, stream: &mut TcpStream) -> u64 {
        match self {
            Self::Here(handled) => handled.count(),
            Self::OverHttp => {
                let answer = exchange(stream, b"GET /handled HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
                let answer = String::from_utf8_lossy(&answer);
                let count = answer.lines().last().and_then(|body| body.parse().ok());
                count.expect("a number in the body")
            }
        }
    }
}

/// A server that lets everything through would be fast, and so would one that takes nothing.
fn prove(server: &mut Running, runtime: &Runtime, told: &Told, body: &Bytes) {
    let Running {
        name,
        signer,
        connections,
        ..
    } = server;
    let mut forged = signer.sign(body);
    let mut other = body.to_vec();
    other[20] ^= 1;
    *forged.body_mut() = Bytes::from(other);
    let good = wire(&signer.sign(body));
    let stream = connections.first_mut().expect("there are several");
    runtime.block_on(async {
        let answer = exchange(stream, &wire(&forged)).await;
        assert!(!is_ok(&answer), "{name}: a forged body is accepted");
        assert_eq!(told.count(stream).await, 0, "{name}: a forged body is handled");
        ask(stream, &good).await;
        ask(stream, &good).await;
        assert_eq!(
            told.count(stream).await,
            1,
            "{name}: what came twice is handled once"
        );
    });
}

fn judge(what: &str, race: &Race, report: &mut Report) {
    let extra = |[way, bare]: [&Measured; 2]| Some(way.processor_us? - bare.processor_us?);
    report.goal(
        format!("{what}, processor µs a request over the bare handler's"),
        race.over_rounds([apps::OURS, apps::BARE], extra).map(median),
        AtMost(3.5),
    );
    let names = [apps::OURS, apps::BY_HAND, apps::BARE];
    let ratios = race.over_rounds(names, |[ours, by_hand, bare]| {
        Some(extra([ours, bare])? / extra([by_hand, bare])?)
    });
    report.goal(
        format!("{what}, the same over what is by hand over the bare handler's"),
        ratios.map(median),
        AtMost(0.5),
    );
    for (other, least) in [(apps::BARE, 0.68), (apps::BY_HAND, 1.4), (node::NAME, 10.0)] {
        report.goal(
            format!("{what}, requests/s over `{other}`"),
            race.rate(apps::OURS, other),
            AtLeast(least),
        );
    }
}

/// Measures each server in each round, in rotated order.
pub fn race(
    servers: &mut [Running],
    runtime: &Runtime,
    count: usize,
    requests_each: usize,
    body: &Bytes,
) -> Race {
    let mut rounds: Vec<Vec<Measured>> = servers.iter().map(|_| Vec::new()).collect();
    // One round more: the first warms up.
    for round in 0..=count {
        for step in 0..servers.len() {
            let which = (round + step) % servers.len();
            let measured = measure(&mut servers[which], runtime, requests_each, body);
            if round > 0 {
                rounds[which].push(measured);
            }
        }
    }
    Race(servers.iter().map(|server| server.name).zip(rounds).collect())
}

pub fn new_runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

/// Starts a server on a thread of its own. It lives as long as the process.
pub fn start(
    name: &'static str,
    make: impl FnOnce() -> Router + Send + 'static,
    runtime: &Runtime,
) -> Running {
    let (address, processor_time) = serve(name, make);
    connected(name, address, processor_time, runtime)
}

/// Likewise; tells where it listens, and where its thread's time is counted. A profile can tell the threads by their names.
pub fn serve(name: &str, make: impl FnOnce() -> Router + Send + 'static) -> (SocketAddr, String) {
    let (tell, told) = mpsc::channel();
    let thread = thread::Builder::new().name(name.to_owned());
    let begun = thread.spawn(move || {
        new_runtime().block_on(async move {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
                .await
                .expect("a free port");
            let address = listener.local_addr().expect("it is bound");
            let thread = fs::read_link("/proc/thread-self").unwrap_or_default();
            let statistics = format!("/proc/{}/schedstat", thread.display());
            tell.send((address, statistics)).expect("somebody asked");
            axum::serve(listener, make()).await.expect("it serves");
        });
    });
    begun.expect("a thread");
    told.recv().expect("it starts")
}

/// A server that runs already.
pub fn connected(
    name: &'static str,
    address: SocketAddr,
    processor_time: String,
    runtime: &Runtime,
) -> Running {
    let connections = runtime.block_on(connect(address, CONNECTIONS));
    Running {
        name,
        signer: Signer::new(Family::Svix),
        connections,
        processor_time,
    }
}

fn measure(server: &mut Running, runtime: &Runtime, requests_each: usize, body: &Bytes) -> Measured {
    let work: Vec<(TcpStream, Vec<Vec<u8>>)> = std::mem::take(&mut server.connections)
        .into_iter()
        .map(|stream| {
            let requests = (0..requests_each)
                .map(|_| wire(&server.signer.sign(body)))
                .collect();
            (stream, requests)
        })
        .collect();
    let busy = processor_nanoseconds(&server.processor_time);
    let begun = Instant::now();
    let (connections, latencies) = runtime.block_on(async {
        let mut tasks = JoinSet::new();
        for (stream, requests) in work {
            tasks.spawn(ask_all(stream, requests));
        }
        let mut connections = Vec::new();
        let mut latencies = Vec::new();
        for (stream, times) in tasks.join_all().await {
            connections.push(stream);
            latencies.extend(times);
        }
        (connections, latencies)
    });
    let took = begun.elapsed();
    server.connections = connections;
    let count = (CONNECTIONS * requests_each) as f64;
    let processor_us = processor_nanoseconds(&server.processor_time)
        .zip(busy)
        .map(|(after, before)| (after - before) / 1e3 / count);
    Measured {
        per_second: count / took.as_secs_f64(),
        processor_us,
        latencies,
    }
}

/// Asks one request after the other on one connection.
async fn ask_all(mut stream: TcpStream, requests: Vec<Vec<u8>>) -> (TcpStream, Vec<Duration>) {
    let mut latencies = Vec::with_capacity(requests.len());
    for request in requests {
        let begun = Instant::now();
        ask(&mut stream, &request).await;
        latencies.push(begun.elapsed());
    }
    (stream, latencies)
}

/// How long a thread has run, as Linux counts it.
fn processor_nanoseconds(statistics: &str) -> Option<f64> {
    fs::read_to_string(statistics)
        .ok()?
        .split(' ')
        .next()?
        .parse()
        .ok()
}

/// All servers, with what they did in each round.
pub struct Race(Vec<(&'static str, Vec<Measured>)>);

impl Race {
    fn of(&self, name: &str) -> Option<&[Measured]> {
        let (_, rounds) = self.0.iter().find(|(other, _)| *other == name)?;
        Some(rounds)
    }

    /// A figure of each round, of what these did in it; none where something is not known.
    fn over_rounds<const N: usize>(
        &self,
        names: [&str; N],
        figure: impl Fn([&Measured; N]) -> Option<f64>,
    ) -> Option<Vec<f64>> {
        let ways: Option<Vec<&[Measured]>> = names.into_iter().map(|name| self.of(name)).collect();
        let ways = ways?;
        let count = ways.first()?.len();
        (0..count)
            .map(|round| figure(array::from_fn(|way| &ways[way][round])))
            .collect()
    }

    /// Ratios of their throughputs.
    fn rates(&self, one: &str, other: &str) -> Option<Vec<f64>> {
        self.over_rounds([one, other], |[one, other]| {
            Some(one.per_second / other.per_second)
        })
    }

    /// Median ratio of their throughputs.
    pub fn rate(&self, one: &str, other: &str) -> Option<f64> {
        self.rates(one, other).map(median)
    }

    /// Of all requests of all rounds.
    pub fn latency(&self, name: &str, percent: usize) -> Option<Duration> {
        let rounds = self.of(name)?.iter();
        let mut latencies: Vec<Duration> = rounds.flat_map(|round| round.latencies.iter().copied()).collect();
        latencies.sort_unstable();
        latencies.get(latencies.len() * percent / 100).copied()
    }

    pub fn print(&self, title: &str) {
        println!("\n### {title}\n");
        println!("| way | requests/s | ratio | ± | processor µs | p50 µs | p99 µs |");
        println!("|:--|--:|--:|--:|--:|--:|--:|");
        let first = self.0.first().map_or("", |(name, _)| name);
        for (name, measured) in &self.0 {
            let rates = self.rates(name, first).unwrap_or_default();
            let processor = self
                .over_rounds([name], |[way]| way.processor_us)
                .map_or("not known".to_owned(), |us| format!("{:.1}", median(us)));
            let [p50, p99] =
                [50, 99].map(|percent| self.latency(name, percent).unwrap_or_default().as_micros());
            println!(
                "| {name} | {:.0} | {:.2} | {} | {processor} | {p50} | {p99} |",
                median(measured.iter().map(|round| round.per_second).collect()),
                median(rates.clone()),
                shown(spread(rates)),
            );
        }
    }
}
