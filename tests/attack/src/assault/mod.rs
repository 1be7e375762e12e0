//! The ways to attack: what one connection does, over and over, and how many do it at once.

mod bodies;
mod heads;
mod http2;

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicU64, Ordering},
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
    /// Whether it keeps them open for as long as it may, so that they can be counted.
    pub(crate) stays: bool,
    /// What it says that it will send at once, and does not.
    pub(crate) announced_mib: u64,
    /// Between two tries of one of them.
    pause: Duration,
    one: fn(SocketAddr) -> BoxFuture<'static, std::io::Result<()>>,
}

impl Assault {
    const fn stays(self) -> Self {
        Self { stays: true, ..self }
    }

    const fn announces(self, mib_each: u64) -> Self {
        Self {
            announced_mib: mib_each * self.connections as u64,
            ..self
        }
    }
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
            stays: false,
            announced_mib: 0,
            pause: $pause,
            one: |address| Box::pin($one(address)),
        }
    };
}

/// One more way is one more row.
pub(crate) const ASSAULTS: &[Assault] = &[
    assault!("idle", 10_000, ms(200), heads::idle).stays(),
    assault!("slow heads", 2_000, ms(100), heads::slow).stays(),
    assault!("slow bodies", 2_000, ms(100), bodies::slow).stays(),
    assault!("many headers", 64, ms(50), heads::many),
    assault!("huge header", 64, ms(50), heads::huge),
    assault!("pipelining", 64, ms(50), heads::pipelined),
    assault!("4 MiB announced", 1_000, ms(50), bodies::announced)
        .stays()
        .announces(4),
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

/// How many connections there were.
static CONNECTED: AtomicU64 = AtomicU64::new(0);

/// Attacks for a while, and prints how many connections there were and how much of a processor that took, in milliseconds.
pub(crate) fn run(name: &str, address: &str, seconds: &str) -> Result<(), Failed> {
    let assault = ASSAULTS
        .iter()
        .find(|assault| assault.name == name)
        .ok_or("no such assault")?;
    let address: SocketAddr = address.parse()?;
    let end = Instant::now() + Duration::from_secs(seconds.parse()?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        for number in 0..assault.connections {
            let begin = Duration::from_micros(100) * u32::try_from(number).unwrap_or(0);
            let (one, pause) = (assault.one, assault.pause);
            tokio::spawn(async move {
                sleep(begin).await;
                loop {
                    // What becomes of it is the gateway's business.
                    let _ = one(address).await;
                    sleep(pause).await;
                }
            });
        }
        tokio::time::sleep_until(end.into()).await;
    });
    runtime.shutdown_background();
    println!(
        "{} {}",
        CONNECTED.load(Ordering::Relaxed),
        processor_time().as_millis()
    );
    Ok(())
}

/// What this process took of the processor so far.
fn processor_time() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let taken = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        taken.tv_sec.unsigned_abs(),
        u32::try_from(taken.tv_nsec).unwrap_or(0),
    )
}

/// Takes so much of the processor as an attacker did, in the same time, and talks to nobody.
pub(crate) fn burn(taken: &str, seconds: &str) -> Result<(), Failed> {
    const TURN: Duration = Duration::from_millis(10);
    let taken = Duration::from_millis(taken.parse()?);
    let whole = Duration::from_secs(seconds.parse()?);
    let began = Instant::now();
    while began.elapsed() < whole {
        let due = taken.mul_f64((began.elapsed() + TURN).div_duration_f64(whole).min(1.0));
        while processor_time() < due {
            std::hint::spin_loop();
        }
        std::thread::sleep(TURN);
    }
    Ok(())
}

async fn connect(address: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(address).await?;
    CONNECTED.fetch_add(1, Ordering::Relaxed);
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
