//! The same apps behind real sockets: one server thread for each, 64 keep-alive connections, a closed loop, every request
//! freshly signed. Signing happens before the clock runs.
//!
//! Throughput depends on who shares the machine; the processor time of the server's thread is the steadier number.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use axum::Router;
use bytes::Bytes;
use http::Request;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
    task::JoinSet,
};

use crate::{
    Group, apps,
    harness::median,
    node,
    report::{
        Goal::{AtLeast, AtMost},
        Report,
    },
    request::{Family, Signer, message},
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
    for (size, bytes) in [("700 B", 700), ("20 KiB", 20 * 1024)] {
        let mut servers: Vec<Running> = apps::ALL
            .iter()
            .map(|app| start(app.name, app.make, &runtime))
            .collect();
        let node = node::start();
        match node {
            Ok(ref node) => servers.push(node.connected(&runtime)),
            Err(ref why) => println!("\n{} is left out: {why}", node::NAME),
        }
        let count = report.plan.rounds.div_ceil(2);
        let race = race(&mut servers, &runtime, count, REQUESTS_EACH, bytes);
        let what = format!("http, {size}");
        race.print(&what);
        if bytes == 700 {
            judge(&what, &race, report);
        }
    }
}

fn judge(what: &str, race: &Race, report: &mut Report) {
    let extra = |name| Some(race.processor_us(name)? - race.processor_us(apps::BARE)?);
    let (ours, by_hand) = (extra(apps::OURS), extra(apps::BY_HAND));
    report.goal(
        format!("{what}, processor µs a request over the bare handler's"),
        ours,
        AtMost(3.5),
    );
    let ratio = ours.zip(by_hand).map(|(ours, by_hand)| ours / by_hand);
    report.goal(
        format!("{what}, the same over what is by hand over the bare handler's"),
        ratio,
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
    bytes: usize,
) -> Race {
    let body = message(bytes);
    let mut rounds: Vec<Vec<Measured>> = servers.iter().map(|_| Vec::new()).collect();
    // One round more: the first warms up.
    for round in 0..=count {
        for step in 0..servers.len() {
            let which = (round + step) % servers.len();
            let measured = measure(&mut servers[which], runtime, requests_each, &body);
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

/// So many connections.
pub async fn connect(server: SocketAddr, count: usize) -> Vec<TcpStream> {
    let mut connections = Vec::new();
    for _ in 0..count {
        let stream = TcpStream::connect(server).await.expect("it listens");
        stream.set_nodelay(true).expect("a TCP stream");
        connections.push(stream);
    }
    connections
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

/// Asks, and waits for the 200.
pub async fn ask(stream: &mut TcpStream, request: &[u8]) {
    stream.write_all(request).await.expect("the server reads");
    let mut answer = Vec::with_capacity(1024);
    while !is_whole(&answer) {
        let read = stream.read_buf(&mut answer).await.expect("the server answers");
        assert!(read > 0, "the server closed the connection");
    }
    assert!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
}

/// Whether an answer with a Content-Length has arrived in full.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return false;
    };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    answer.len() >= end + 4 + length
}

/// A request as it goes over the wire.
pub fn wire(request: &Request<Bytes>) -> Vec<u8> {
    let mut bytes = format!("POST {} HTTP/1.1\r\n", request.uri()).into_bytes();
    for (name, value) in request.headers() {
        bytes.extend_from_slice(name.as_str().as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(request.body());
    bytes
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

    /// Median ratio of their throughputs.
    pub fn rate(&self, one: &str, other: &str) -> Option<f64> {
        let pairs = self.of(one)?.iter().zip(self.of(other)?);
        Some(median(
            pairs
                .map(|(one, other)| one.per_second / other.per_second)
                .collect(),
        ))
    }

    /// Median of the rounds; none where it is not known.
    pub fn processor_us(&self, name: &str) -> Option<f64> {
        let rounds: Option<Vec<f64>> = self.of(name)?.iter().map(|round| round.processor_us).collect();
        rounds.map(median)
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
        println!("| way | requests/s | ratio | processor µs | p50 µs | p99 µs |");
        println!("|:--|--:|--:|--:|--:|--:|");
        let first = self.0.first().map_or("", |(name, _)| name);
        for (name, measured) in &self.0 {
            let processor = self
                .processor_us(name)
                .map_or("not known".to_owned(), |us| format!("{us:.1}"));
            let [p50, p99] =
                [50, 99].map(|percent| self.latency(name, percent).unwrap_or_default().as_micros());
            println!(
                "| {name} | {:.0} | {:.2} | {processor} | {p50} | {p99} |",
                median(measured.iter().map(|round| round.per_second).collect()),
                self.rate(name, first).unwrap_or_default(),
            );
        }
    }
}
