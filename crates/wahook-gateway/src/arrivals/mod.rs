//! What came to the endpoints lately, for those who watch: a bounded memory, gone with the process. What keeps is the inbox.
//!
//! The gateway has it by itself. An app with an inbox of its own mounts the same page beside its endpoints:
//!
//! ```no_run
//! # use std::{error::Error, sync::Arc};
//! # use wahook_core::{Secret, inbox::{Desk, Inbox}};
//! # use wahook_gateway::admin::Reader;
//! # async fn doc(inbox: Arc<wahook_sqlite::SqliteInbox>, secret: String, token: Secret) -> Result<axum::Router, Box<dyn Error>> {
//! use wahook_axum::accept;
//! use wahook_gateway::{admin::{self, AdminState}, arrivals::Arrivals};
//! use wahook_tower::{Intake, SystemClock, TracingObserver};
//!
//! let clock = Arc::new(SystemClock::new());
//! let arrivals = Arrivals::new(clock.clone());
//! let shop = wahook_providers::wazapin::endpoint("shop", secret)?;
//! let intake = Intake::new(shop.clone(), inbox.clone()).observer(arrivals.of_tower(Arc::new(TracingObserver::default())));
//!
//! let state = AdminState::new(inbox, clock, [7; 16]) // random, and the same after a restart
//!     .arrivals(arrivals.clone())
//!     .reader(Reader::of([shop.clone()]))
//!     .token(token);
//! tokio::spawn(admin::sample(state.clone())); // how full the inbox was, for the pictures
//! let app = axum::Router::new()
//!     .route("/hooks/shop", accept(intake).layer(arrivals.watching(&shop)))
//!     .nest("/ops", admin::router(state));
//! # Ok(app) }
//! ```
//!
//! It takes itself for a listener of 127.0.0.1 unless [`AdminState::listening_on`](crate::admin::AdminState::listening_on)
//! says otherwise: then all that it shows needs the token.
//!
//! ```text
//! request ─service→ answer          journal: one line each, of the last 2,000
//!              └─observer (tower)   quarantine: what was refused, and why
//! ```

mod journal;
mod pace;
mod quarantine;
mod service;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::StatusCode;
use wahook_core::{Clock, Endpoint};
use wahook_tower::{Observer, Signal};

pub use self::service::{WatchLayer, Watched};
use self::{journal::Journal, quarantine::Quarantine};
pub(crate) use self::{
    journal::{Arrival, Batch, Outcome},
    pace::{Pace, SLOT, Sample, Slot},
    quarantine::Refused,
};

/// What came lately. Its clones share it.
#[derive(Clone, Debug)]
pub struct Arrivals(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Arc<dyn Clock>,
    tickets: AtomicU64,
    journal: Journal,
    quarantine: Mutex<Quarantine>,
    pace: Mutex<Pace>,
}

/// Which request it is; in its extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ticket(u64);

impl Arrivals {
    /// Nothing has come yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        // Beyond those of a process before: an address of a page leads to another request no more. A page counts to 2⁵³.
        let first = clock.now().as_millisecond().unsigned_abs().saturating_mul(1_000);
        Self(Arc::new(Inner {
            clock,
            tickets: AtomicU64::new(first),
            journal: Journal::default(),
            quarantine: Mutex::default(),
            pace: Mutex::default(),
        }))
    }

    /// A layer around whatever answers the requests to this endpoint; around everything else, so that what is refused is
    /// seen as well.
    #[must_use]
    pub fn watching(&self, endpoint: &Endpoint) -> WatchLayer {
        WatchLayer::new(endpoint, self.clone())
    }

    fn ticket(&self) -> Ticket {
        Ticket(self.0.tickets.fetch_add(1, Ordering::Relaxed))
    }

    /// Keeps what is refused, and hands everything on to `next`, such as the log.
    #[must_use]
    pub fn of_tower(&self, next: Arc<dyn Observer>) -> Arc<dyn Observer> {
        Arc::new(Keeping {
            arrivals: self.clone(),
            next,
        })
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.0.journal
    }

    /// What was refused, the newest first, older than this one: so many at most.
    pub(crate) fn refused(&self, before: Option<u64>, limit: usize) -> Vec<Arc<Refused>> {
        self.quarantine(|quarantine| quarantine.newest(before, limit))
    }

    /// One of them.
    pub(crate) fn refused_one(&self, id: u64) -> Option<Arc<Refused>> {
        self.quarantine(|quarantine| quarantine.one(id))
    }

    /// A request came to a path where no endpoint is. Strangers decide how many do: only some of them are written down.
    pub(crate) fn nobody(&self) {
        let now = self.0.clock.elapsed();
        if !self.quarantine(|quarantine| quarantine.has_time(now, None)) {
            return;
        }
        self.write(Arrival {
            id: self.ticket().0,
            at: self.0.clock.now(),
            endpoint: Arc::from(""),
            provider: "",
            took: Duration::ZERO,
            status: Some(StatusCode::NOT_FOUND),
            outcome: Outcome::NoEndpoint,
            reason: None,
            receipt: None,
            first: None,
        });
    }

    fn write(&self, arrival: Arrival) {
        self.pace(|pace, now| pace.came(now, &arrival));
        self.0.journal.write(arrival);
    }

    /// How it went over the last half hour.
    pub(crate) fn pace<T>(&self, ask: impl FnOnce(&mut Pace, Duration) -> T) -> T {
        let mut pace = self.0.pace.lock().unwrap_or_else(PoisonError::into_inner);
        ask(&mut pace, self.0.clock.elapsed())
    }

    /// Keeps how long after they happened events come, and hands everything on to `next`.
    #[must_use]
    pub fn of_worker(&self, next: Arc<dyn wahook_worker::Observer>) -> Arc<dyn wahook_worker::Observer> {
        Arc::new(Listening {
            arrivals: self.clone(),
            next,
        })
    }

    fn quarantine<T>(&self, ask: impl FnOnce(&mut Quarantine) -> T) -> T {
        let mut quarantine = self.0.quarantine.lock().unwrap_or_else(PoisonError::into_inner);
        ask(&mut quarantine)
    }
}

#[derive(Debug)]
struct Listening {
    arrivals: Arrivals,
    next: Arc<dyn wahook_worker::Observer>,
}

impl wahook_worker::Observer for Listening {
    fn observe(&self, signal: &wahook_worker::Signal<'_>) {
        if let wahook_worker::Signal::Gap { endpoint, gap } = signal {
            self.arrivals.pace(|pace, now| pace.gap(now, endpoint, *gap));
        }
        self.next.observe(signal);
    }
}

#[derive(Debug)]
struct Keeping {
    arrivals: Arrivals,
    next: Arc<dyn Observer>,
}

impl Observer for Keeping {
    fn observe(&self, endpoint: &str, signal: &Signal<'_>) {
        match signal {
            Signal::Refused {
                refusal,
                request: Some(request),
            } => {
                let clock = &self.arrivals.0.clock;
                if let Some(Ticket(id)) = request.extensions().get() {
                    self.arrivals.quarantine(|quarantine| {
                        quarantine.take(*id, clock.now(), clock.elapsed(), refusal, *request);
                    });
                }
            }
            Signal::Hint { hint, request } => {
                if let Some(Ticket(id)) = request.extensions().get() {
                    self.arrivals
                        .quarantine(|quarantine| quarantine.hint(*id, hint.to_string()));
                }
            }
            _ => {}
        }
        self.next.observe(endpoint, signal);
    }
}
