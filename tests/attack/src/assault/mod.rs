//! The ways to attack: what one connection does, over and over, and how many do it at once.

mod bodies;
mod heads;
mod http2;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::{io::AsyncReadExt, net::TcpStream, time::sleep};

use crate::{Failed, good::RATE};

/// One way to attack.
pub(crate) struct Assault {
    pub(crate) name: &'static str,
    /// At once.
    pub(crate) connections: usize,
    /// Between two tries of one of them.
    pause: Duration,
    one: fn(SocketAddr) -> BoxFuture<'static, std::io::Result<()>>,
}

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// Forgeries come ten times as often as good deliveries.
const FLOODERS: u64 = 20;

macro_rules! assault {
    ($name:literal, $connections:expr, $pause:expr, $one:path) => {
        Assault {
            name: $name,
            connections: $connections,
            pause: $pause,
            one: |address| Box::pin($one(address)),
        }
    };
}

/// One more way is one more row.
pub(crate) const ASSAULTS: &[Assault] = &[
    assault!("idle", 10_000, ms(200), heads::idle),
    assault!("slow heads", 2_000, ms(100), heads::slow),
    assault!("slow bodies", 2_000, ms(100), bodies::slow),
    assault!("many headers", 64, ms(50), heads::many),
    assault!("huge header", 64, ms(50), heads::huge),
    assault!("pipelining", 64, ms(50), heads::pipelined),
    assault!("1 TiB announced", 64, ms(50), bodies::tebibyte),
    assault!("100 MB", 32, ms(50), bodies::honest),
    assault!("100 MB chunked", 32, ms(50), bodies::chunked),
    assault!("held bodies", 48, ms(50), bodies::held),
    assault!("compressed", 32, ms(50), bodies::compressed),
    assault!(
        "forgeries",
        FLOODERS as usize,
        ms(1000 * FLOODERS / (10 * RATE)),
        bodies::forged
    ),
    assault!("rapid reset", 32, ms(50), http2::rapid_reset),
    assault!("continuation", 32, ms(50), http2::continuation),
    assault!("streams", 32, ms(50), http2::streams),
    assault!("pings", 32, ms(50), http2::pings),
];

/// Attacks for a while, and prints how often it tried.
pub(crate) fn run(name: &str, address: &str, seconds: &str) -> Result<(), Failed> {
    let assault = ASSAULTS
        .iter()
        .find(|assault| assault.name == name)
        .ok_or("no such assault")?;
    let address: SocketAddr = address.parse()?;
    let end = Instant::now() + Duration::from_secs(seconds.parse()?);
    let tries = Arc::new(AtomicU64::new(0));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        for number in 0..assault.connections {
            let tries = Arc::clone(&tries);
            let begin = Duration::from_micros(100) * u32::try_from(number).unwrap_or(0);
            let (one, pause) = (assault.one, assault.pause);
            tokio::spawn(async move {
                sleep(begin).await;
                loop {
                    // What becomes of it is the gateway's business.
                    let _ = one(address).await;
                    tries.fetch_add(1, Ordering::Relaxed);
                    sleep(pause).await;
                }
            });
        }
        tokio::time::sleep_until(end.into()).await;
    });
    runtime.shutdown_background();
    println!("{}", tries.load(Ordering::Relaxed));
    Ok(())
}

async fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The head of a delivery that nobody can tell from a good one before its body is here.
fn plausible(more: &str) -> String {
    let now = Timestamp::now().as_second();
    format!(
        "POST /hooks/shop HTTP/1.1\r\nhost: h\r\nsvix-id: msg_x\r\nsvix-timestamp: {now}\r\nsvix-signature: v1,AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n{more}\r\n\r\n"
    )
}

/// Reads to the end, whatever is said.
async fn until_closed(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut piece = [0; 4096];
    while stream.read(&mut piece).await? > 0 {}
    Ok(())
}
