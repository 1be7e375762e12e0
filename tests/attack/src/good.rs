//! The good traffic: deliveries at a steady rate, timed from when each was due, on connections that are kept and on new
//! ones. A kept connection that was closed meanwhile is opened anew, as every client does, and counted: it waited for its
//! next delivery for a tenth of a second, which nobody closes it for.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use http::Request;
use jiff::Timestamp;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    runtime::Runtime,
    task::JoinSet,
    time::{interval_at, timeout},
};
use wahook_core::{Secret, Secrets};
use wahook_providers::{Options, PROVIDERS};
use wahook_testkit::{Outgoing, Sender};

use crate::Failed;

pub(crate) const SECRET: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Who send at once: those with a kept connection, and those who open one each time.
const KEPT: u64 = 8;
const FRESH: u64 = 2;
/// From one delivery of a sender to its next.
const EVERY: Duration = Duration::from_millis(100);
/// How many deliveries come in a second.
pub(crate) const RATE: u64 = (KEPT + FRESH) * 10;
/// A provider would have given up.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Good {
    sender: Arc<Sender>,
    address: SocketAddr,
    next: Arc<AtomicU64>,
    accepted: AtomicU64,
    runtime: Runtime,
}

/// What was answered.
#[derive(Clone, Default)]
pub(crate) struct Answers {
    times: Vec<Duration>,
    /// What was not 200, and how often.
    pub(crate) refused: BTreeMap<String, u64>,
    /// Kept connections that were closed, maybe with a delivery on its way.
    pub(crate) lost: u64,
}

impl Answers {
    pub(crate) fn add(&mut self, more: &Self) {
        self.times.extend_from_slice(&more.times);
        for (why, count) in &more.refused {
            *self.refused.entry(why.clone()).or_default() += count;
        }
        self.lost += more.lost;
    }

    pub(crate) fn p99(&self) -> Duration {
        self.at(99)
    }

    fn at(&self, percent: usize) -> Duration {
        let mut times = self.times.clone();
        times.sort_unstable();
        let place = times.len() * percent / 100;
        times
            .get(place.min(times.len().saturating_sub(1)))
            .copied()
            .unwrap_or(PATIENCE)
    }

    pub(crate) fn said(&self) -> String {
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        let refused: u64 = self.refused.values().sum();
        format!(
            "{} good, {refused} refused, {} closed; p50 {:.1} ms, p99 {:.1} ms",
            self.times.len(),
            self.lost,
            ms(self.at(50)),
            ms(self.p99())
        )
    }
}

impl Good {
    pub(crate) fn new(address: SocketAddr) -> Result<Self, Failed> {
        let row = PROVIDERS
            .iter()
            .find(|row| row.id == "wazapin")
            .ok_or("no such provider")?;
        let endpoint = (row.build)("shop", Secrets::try_from(SECRET)?, &Options::default())?;
        let url = format!("http://{address}/hooks/shop").parse()?;
        Ok(Self {
            sender: Arc::new(Sender::new(endpoint, Secret::new(SECRET)?, url)),
            address,
            next: Arc::default(),
            accepted: AtomicU64::new(0),
            runtime: Runtime::new()?,
        })
    }

    /// How many were answered with 200 so far.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    pub(crate) fn run_for(&self, time: Duration) -> Answers {
        let all = self.runtime.block_on(async {
            let began = Instant::now();
            let mut senders = JoinSet::new();
            for number in 0..KEPT + FRESH {
                let one = One {
                    sender: Arc::clone(&self.sender),
                    address: self.address,
                    next: Arc::clone(&self.next),
                    keeps: number < KEPT,
                    connection: None,
                    lost: 0,
                };
                // Not all at the same moment.
                let first = began + EVERY * u32::try_from(number).unwrap_or(0) / 10;
                senders.spawn(one.send_until(first, began + time));
            }
            let mut all = Answers::default();
            while let Some(answers) = senders.join_next().await {
                all.add(&answers.unwrap_or_default());
            }
            all
        });
        self.accepted.fetch_add(all.times.len() as u64, Ordering::Relaxed);
        all
    }
}

struct One {
    sender: Arc<Sender>,
    address: SocketAddr,
    next: Arc<AtomicU64>,
    keeps: bool,
    connection: Option<TcpStream>,
    lost: u64,
}

impl One {
    async fn send_until(mut self, first: Instant, end: Instant) -> Answers {
        let mut answers = Answers::default();
        let mut turns = interval_at(first.into(), EVERY);
        loop {
            let due = turns.tick().await.into_std();
            if due >= end {
                answers.lost = self.lost;
                return answers;
            }
            let request = self.request();
            match timeout(PATIENCE, self.send(&request)).await {
                Ok(Ok(200)) => answers.times.push(due.elapsed()),
                Ok(Ok(status)) => *answers.refused.entry(status.to_string()).or_default() += 1,
                Ok(Err(error)) => *answers.refused.entry(error.to_string()).or_default() += 1,
                Err(_) => *answers.refused.entry("no answer".to_owned()).or_default() += 1,
            }
        }
    }

    fn request(&self) -> Vec<u8> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let text = "x".repeat(1_500);
        let body = format!(
            r#"{{"message_id":"m{number}","conversation_id":"v{}","contact_id":"p1","channel_id":"wzp_demo1","direction":"inbound","msg_type":"text","text":"{text}"}}"#,
            number % 50
        );
        let outgoing = Outgoing::new(format!("msg_{number}"), body);
        match self.sender.request(&outgoing, Timestamp::now()) {
            Ok(request) => as_sent(&request),
            Err(_) => Vec::new(),
        }
    }

    async fn send(&mut self, request: &[u8]) -> io::Result<u16> {
        if let Some(kept) = self.connection.take() {
            if let Ok(status) = self.ask(kept, request).await {
                return Ok(status);
            }
            self.lost += 1;
        }
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        self.ask(stream, request).await
    }

    async fn ask(&mut self, mut stream: TcpStream, request: &[u8]) -> io::Result<u16> {
        stream.write_all(request).await?;
        let mut said = Vec::new();
        loop {
            if stream.read_buf(&mut said).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let text = String::from_utf8_lossy(&said);
            if let Some((head, body)) = text.split_once("\r\n\r\n") {
                let head = head.to_ascii_lowercase();
                let length = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
                if body.len() >= length.unwrap_or(0) {
                    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
                    self.connection = self.keeps.then_some(stream);
                    return status.ok_or_else(|| io::ErrorKind::InvalidData.into());
                }
            }
        }
    }
}

fn as_sent(request: &Request<bytes::Bytes>) -> Vec<u8> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut sent = format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: {}\r\n",
        request.body().len()
    )
    .into_bytes();
    for (name, value) in request.headers() {
        if name != http::header::HOST && name != http::header::CONTENT_LENGTH {
            sent.extend_from_slice(name.as_str().as_bytes());
            sent.extend_from_slice(b": ");
            sent.extend_from_slice(value.as_bytes());
            sent.extend_from_slice(b"\r\n");
        }
    }
    sent.extend_from_slice(b"\r\n");
    sent.extend_from_slice(request.body());
    sent
}
