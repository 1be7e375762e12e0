//! `wahook demo`: a gateway of its own, traffic with every fault, and a comparison of what went in with what came out.
//!
//! ```text
//! traffic ─sending→ gateway ─workers→ sinks
//!     └───────────→ Ledger ←────────────┘     → report
//! ```

mod arrival;
mod customers;
mod ledger;
mod mark;
mod operator;
mod progress;
mod reading;
mod receiver;
mod report;
mod sending;
mod stage;
mod traffic;

use std::{fs, path::Path, sync::Arc, time::Duration};

use tempfile::TempDir;
use wahook_core::Clock;
use wahook_tower::SystemClock;

use self::{
    progress::Progress,
    report::{Report, Run, Verdict},
    sending::Book,
    stage::{CAP, SINKS, Stage},
    traffic::Traffic,
};
use super::{client::Client, signals::Signals};
use crate::{Failure, Outcome, output, random::random};

/// Shows what the gateway promises: a minute of traffic with every fault, in a folder that is gone afterwards. Exit code 1
/// if a promise was broken, 3 if it did not come to the end or nothing was accepted.
#[derive(Debug, clap::Args)]
#[command(after_long_help = AFTER_HELP)]
pub(super) struct Args {
    /// How long to send.
    #[arg(long, value_name = "N", default_value = "60", value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,

    /// The same number sends the same deliveries in the same order. Without it every call has its own.
    #[arg(long, value_name = "N")]
    seed: Option<u64>,

    /// Keep the folder with the inbox, the secrets and what the file sink got.
    #[arg(long)]
    keep: bool,
}

const AFTER_HELP: &str = "\
It needs nothing: no configuration, no network, no port of your choosing. In a folder of its own it starts the gateway \
that `wahook serve` starts, with an endpoint for each provider, an inbox in SQLite that is flushed before each answer, a \
file sink, and an HTTP sink whose receiver breaks, goes away and answers too late now and then.

All sample events of all providers are sent over real connections, signed as each provider signs, some 300 requests a \
second: copies one by one and at once, changed, old, forged, halved, too large and too slow ones, other bodies under \
known keys, unknown events, and what is no JSON. Then dead letters are put back, and some events are replayed.

At the end everything that was sent and answered is compared with everything that came to the sinks and with what the \
gateway counted. A promise that nothing put to the test counts as not tested. Ctrl-C stops sending and tells what there is so far; a second Ctrl-C ends it at once. The folder is \
made where TMPDIR says, and takes about half a megabyte for each second.";

pub(super) fn run(args: &Args, json: bool) -> Result<Outcome, Failure> {
    let seed = match args.seed {
        Some(seed) => seed,
        // Short enough to be typed.
        None => u64::from(u32::from_be_bytes(random()?)),
    };
    let runtime = super::runtime()?;
    let entered = runtime.enter();
    // Before anything is made: whoever stops it leaves nothing behind.
    let signals = Signals::new()?;
    drop(entered);
    let folder = stage::folder(args.keep)?;
    let path = folder.path().to_path_buf();
    let done = runtime.block_on(perform(args, seed, &path, signals));
    // What is still at work, after an error or a second signal, ends before the folder goes.
    runtime.shutdown_timeout(SHUTDOWN);
    if !args.keep {
        remove(folder);
    }
    let report = match done {
        Ok(report) => report,
        Err(failure) => {
            if args.keep {
                output::notice(&format!("kept in {}", path.display()));
            }
            return Err(failure);
        }
    };
    if json {
        output::json(&report.json())?;
    } else {
        output::text(&report.table())?;
    }
    match report.verdict() {
        Verdict::Kept => Ok(Outcome::Done),
        Verdict::Broken => Ok(Outcome::NotSo),
        Verdict::Unfinished => Err(Failure::io(
            "not finished: events still wait, and none of them moves; is the disk very slow or full?",
        )),
        Verdict::Untested => Err(Failure::io(
            "nothing was accepted, so nothing was put to the test; let it run longer",
        )),
    }
}

/// How long threads may take to end.
const SHUTDOWN: Duration = Duration::from_secs(5);

fn remove(folder: TempDir) {
    let path = folder.path().to_path_buf();
    // Once more for what a thread that was just ending wrote meanwhile.
    if folder.close().is_err()
        && let Err(error) = fs::remove_dir_all(&path)
    {
        let path = path.display();
        output::notice(&format!(
            "{path} could not be removed: {error}; remove it by hand"
        ));
    }
}

async fn perform(args: &Args, seed: u64, folder: &Path, signals: Signals) -> Result<Report, Failure> {
    let second = signals.clone();
    tokio::select! {
        done = play(args, seed, folder, signals) => done,
        () = second.stop_asked(2) => Err(Failure::io("stopped at once, on the second signal")),
    }
}

async fn play(args: &Args, seed: u64, folder: &Path, signals: Signals) -> Result<Report, Failure> {
    let length = Duration::from_secs(args.seconds);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let book = Arc::new(Book::new(&SINKS));
    let progress = Progress::new(length);
    let stage = Stage::open(folder, &book, &clock, seed).await?;
    let assurance = stage.boxed()?.opened.assurance().clone();

    let traffic = Traffic::new(&stage.endpoints, &stage.base, CAP, seed)?;
    let base = stage
        .base
        .parse()
        .map_err(|_| Failure::io("the gateway has no address"))?;
    let client = Client::new(&base, PATIENCE)?;
    let outage = Outage::within(length);
    let stop = async {
        let mut hang_up = signals.clone();
        tokio::select! {
            () = signals.stop_asked(1) => {}
            // The terminal is gone.
            () = hang_up.reload_asked() => {}
        }
    };
    let sent_for = sending::send(traffic, &book, client, clock, length, stop, |elapsed| {
        stage.receiver.go_away(outage.is_now(elapsed));
        progress.sending(elapsed, book.ledger().progress());
    })
    .await?;

    let claims = operator::finish(&stage, &book, |left| progress.waiting(left)).await?;
    stage.close(&book).await?;
    let mut ledger = book.ledger();
    let tally = ledger.judge(&claims);
    let run = Run {
        seed,
        sent_for,
        stopped: sent_for < length,
        inbox: format!("sqlite, {}", assurance.guarantee),
        kept: args.keep.then(|| folder.to_path_buf()),
    };
    Ok(Report::new(run, &ledger, &claims, tally, &book.took()))
}

/// How long an answer is waited for; beyond what the gateway's own limits allow.
const PATIENCE: Duration = Duration::from_secs(30);

/// When the receiver of the HTTP sink is away.
struct Outage {
    from: Duration,
    until: Duration,
}

impl Outage {
    /// A twentieth of the time, three seconds at most, before the middle.
    fn within(length: Duration) -> Self {
        let from = length * 2 / 5;
        Self {
            from,
            until: from + (length / 20).min(Duration::from_secs(3)),
        }
    }

    fn is_now(&self, elapsed: Duration) -> bool {
        (self.from..self.until).contains(&elapsed)
    }
}
