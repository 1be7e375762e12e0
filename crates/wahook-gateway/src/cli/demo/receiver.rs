//! The other side of the HTTP sink: takes events, and fails as receivers do. What it does to an event follows from the
//! event and the seed, but for a few of the first: however short it plays, each way of failing is tried.

use std::{
    collections::HashSet,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::{DefaultBodyLimit, State},
    routing::post,
};
use bytes::Bytes;
use http::StatusCode;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep},
};

use super::{arrival::Arrival, ledger::Taking, mark::Mark, sending::Book};
use crate::{Failure, admin};

/// How long the sink waits for an answer.
pub(super) const TIMEOUT: Duration = Duration::from_secs(1);
/// An answer that the sink does not wait for.
const TOO_LATE: Duration = Duration::from_millis(1500);
/// How often it looks whether the process goes on, …
const PULSE: Duration = Duration::from_millis(50);
/// … and how late it may be. Well below what the sink waits: an answer may be late in several places.
const STALL: Duration = Duration::from_millis(250);
/// Of so many events …
const OF: u64 = 1000;
/// … so many are never taken until it is mended, …
const POISON: u64 = 2;
/// … so many are not taken the first time, …
const BROKEN: u64 = 8;
/// … and so many are taken, and their answer gets lost the first time.
const LOST: u64 = 2;

/// A receiver that listens.
#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    book: Arc<Book>,
    /// Its place in the ledger.
    sink: usize,
    seed: u64,
    is_away: AtomicBool,
    is_mended: AtomicBool,
    poison: Mutex<HashSet<Mark>>,
}

/// What is in store for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trial {
    /// It is never taken until the receiver is mended.
    Poison,
    /// It is not taken the first time.
    Break,
    /// It is taken, and its answer gets lost the first time.
    LostAnswer,
}

impl Trial {
    /// What chance has in store.
    fn drawn(event: Mark, seed: u64) -> Option<Self> {
        match event.draw(seed, OF) {
            draw if draw < POISON => Some(Self::Poison),
            draw if draw < POISON + BROKEN => Some(Self::Break),
            draw if draw < POISON + BROKEN + LOST => Some(Self::LostAnswer),
            _ => None,
        }
    }
}

/// What it does to an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Takes,
    /// 500: it is about this event.
    Breaks,
    /// Takes it, and says so too late.
    AnswersLate,
    /// 503: it is about all of them.
    Away,
}

impl Receiver {
    /// Listens on a free port of this machine.
    pub(super) async fn start(book: Arc<Book>, sink: usize, seed: u64) -> Result<Self, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let cannot = |error| Failure::io(format!("cannot listen on this machine: {error}"));
        let listener = listener.map_err(cannot)?;
        let address = listener.local_addr().map_err(cannot)?;
        let shared = Arc::new(Shared {
            book,
            sink,
            seed,
            is_away: AtomicBool::new(false),
            is_mended: AtomicBool::new(false),
            poison: Mutex::default(),
        });
        let router = Router::new()
            .route("/events", post(take))
            .layer(DefaultBodyLimit::max(LARGEST))
            .with_state(Arc::clone(&shared));
        let (stop, mut stopped) = watch::channel(false);
        let serving = admin::serve(listener, router, async move {
            let _ = stopped.wait_for(|stop| *stop).await;
        });
        let watched = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            tokio::select! {
                () = serving => {}
                () = watched.feel_pulse() => {}
            }
        });
        Ok(Self {
            address,
            shared,
            stop,
            task,
        })
    }

    /// From here on, until it is back, it takes nothing.
    pub(super) fn go_away(&self, away: bool) {
        self.shared.is_away.store(away, Ordering::Relaxed);
    }

    /// From here on it takes everything.
    pub(super) fn mend(&self) {
        self.shared.is_mended.store(true, Ordering::Relaxed);
        self.go_away(false);
    }

    /// What it did not take, however often it came.
    pub(super) fn poison(&self) -> Vec<Mark> {
        self.shared.poison().iter().copied().collect()
    }

    pub(super) async fn close(self) {
        let _ = self.stop.send(true);
        let _ = self.task.await;
    }
}

/// More than a body may be, written as JSON.
const LARGEST: usize = 16 << 20;

impl Shared {
    fn poison(&self) -> std::sync::MutexGuard<'_, HashSet<Mark>> {
        self.poison.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mood(&self, arrival: Arrival) -> Mood {
        if self.is_mended.load(Ordering::Relaxed) {
            return Mood::Takes;
        }
        if self.is_away.load(Ordering::Relaxed) {
            return Mood::Away;
        }
        let first = arrival.attempt <= 1;
        let appointed = self.book.trials().get(&arrival.event).copied();
        match appointed.or_else(|| Trial::drawn(arrival.event, self.seed)) {
            Some(Trial::Poison) => {
                self.poison().insert(arrival.event);
                Mood::Breaks
            }
            Some(Trial::Break) if first => Mood::Breaks,
            Some(Trial::LostAnswer) if first => Mood::AnswersLate,
            _ => Mood::Takes,
        }
    }

    /// Notices when everything stood still: a sink may have waited for an answer that was there in time.
    async fn feel_pulse(&self) {
        let mut last = Instant::now();
        loop {
            sleep(PULSE).await;
            if last.elapsed() > PULSE + STALL {
                self.book.ledger().stood_still(self.book.now());
            }
            last = Instant::now();
        }
    }
}

async fn take(State(shared): State<Arc<Shared>>, body: Bytes) -> StatusCode {
    let arrival = Arrival::read(&body);
    let mood = arrival.map_or(Mood::Breaks, |arrival| shared.mood(arrival));
    let taking = match mood {
        Mood::Takes => Taking::Taken,
        Mood::AnswersLate => Taking::TakenLate,
        Mood::Breaks | Mood::Away => Taking::NotTaken,
    };
    let when = Some(shared.book.now());
    shared.book.ledger().arrived(shared.sink, arrival, taking, when);
    match mood {
        Mood::Takes => StatusCode::NO_CONTENT,
        Mood::Breaks => StatusCode::INTERNAL_SERVER_ERROR,
        Mood::Away => StatusCode::SERVICE_UNAVAILABLE,
        Mood::AnswersLate => {
            sleep(TOO_LATE).await;
            StatusCode::NO_CONTENT
        }
    }
}
