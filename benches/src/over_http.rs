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
    harness::{Plan, median},
    request::{Family, Signer, message},
};

pub const CONNECTIONS: usize = 64;
const REQUESTS_EACH: usize = 100;

pub const GROUP: Group = Group {
    name: "http",
    about: "the same over HTTP/1.1: 64 keep-alive connections in a closed loop, one server thread",
    run,
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

fn run(plan: Plan) {
    let runtime = new_runtime();
    for (size, bytes) in [("700 B", 700), ("20 KiB", 20 * 1024)] {
        let mut servers: Vec<Running> = apps::ALL
            .iter()
            .map(|app| start(app.name, app.make, &runtime))
            .collect();
        let rounds = rounds(
            &mut servers,
            &runtime,
            plan.rounds.div_ceil(2),
            REQUESTS_EACH,
            bytes,
        );
        print(&format!("http, {size}"), &servers, &rounds);
    }
}

/// Measures each server in each round, in rotated order.
pub fn rounds(
    servers: &mut [Running],
    runtime: &Runtime,
    count: usize,
    requests_each: usize,
    bytes: usize,
) -> Vec<Vec<Measured>> {
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
    rounds
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
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
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
    let (address, processor_time) = told.recv().expect("it starts");
    connected(name, address, processor_time, runtime)
}

/// A server that runs already.
pub fn connected(
    name: &'static str,
    address: SocketAddr,
    processor_time: String,
    runtime: &Runtime,
) -> Running {
    let connections = runtime.block_on(async {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let stream = TcpStream::connect(address).await.expect("it listens");
            stream.set_nodelay(true).expect("a TCP stream");
            connections.push(stream);
        }
        connections
    });
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
            tasks.spawn(ask(stream, requests));
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
async fn ask(mut stream: TcpStream, requests: Vec<Vec<u8>>) -> (TcpStream, Vec<Duration>) {
    let mut latencies = Vec::with_capacity(requests.len());
    let mut answer = Vec::with_capacity(1024);
    for request in requests {
        let begun = Instant::now();
        stream.write_all(&request).await.expect("the server reads");
        answer.clear();
        while !is_whole(&answer) {
            let read = stream.read_buf(&mut answer).await.expect("the server answers");
            assert!(read > 0, "the server closed the connection");
        }
        assert!(
            answer.starts_with(b"HTTP/1.1 200"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
        latencies.push(begun.elapsed());
    }
    (stream, latencies)
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
fn wire(request: &Request<Bytes>) -> Vec<u8> {
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

pub fn print(title: &str, servers: &[Running], rounds: &[Vec<Measured>]) {
    println!("\n### {title}\n");
    println!("| way | requests/s | ratio | processor µs | p50 µs | p99 µs |");
    println!("|:--|--:|--:|--:|--:|--:|");
    for (server, measured) in servers.iter().zip(rounds) {
        let ratios = measured
            .iter()
            .zip(&rounds[0])
            .map(|(mine, first)| mine.per_second / first.per_second)
            .collect();
        let processor = measured
            .iter()
            .filter_map(|round| round.processor_us)
            .collect::<Vec<_>>();
        let processor = match processor.is_empty() {
            true => "not known".to_owned(),
            false => format!("{:.1}", median(processor)),
        };
        let mut latencies: Vec<Duration> = measured
            .iter()
            .flat_map(|round| round.latencies.iter().copied())
            .collect();
        latencies.sort_unstable();
        println!(
            "| {} | {:.0} | {:.2} | {processor} | {} | {} |",
            server.name,
            median(measured.iter().map(|round| round.per_second).collect()),
            median(ratios),
            latencies[latencies.len() / 2].as_micros(),
            latencies[latencies.len() * 99 / 100].as_micros(),
        );
    }
}
