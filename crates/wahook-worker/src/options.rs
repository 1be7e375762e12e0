//! How much at once, for how long, who is told.

use std::{sync::Arc, time::Duration};

use wahook_core::{
    Clock,
    inbox::{Desk, Retention},
};

use crate::{Observer, TracingObserver, clock::SystemClock};

/// How much at once, for how long, who is told. The defaults are for one process of two cores.
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) lease: Duration,
    pub(crate) lanes: usize,
    pub(crate) events: usize,
    pub(crate) bytes: usize,
    pub(crate) deadline: Duration,
    pub(crate) poll: Duration,
    pub(crate) sweeps: Option<Sweeps>,
}

#[derive(Clone, Debug)]
pub(crate) struct Sweeps {
    pub(crate) desk: Arc<dyn Desk>,
    pub(crate) retention: Retention,
    pub(crate) every: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock::new()),
            observer: Arc::new(TracingObserver),
            lease: Duration::from_secs(30),
            lanes: 64,
            events: 32,
            bytes: 32 << 20,
            deadline: Duration::from_secs(30),
            poll: Duration::from_millis(500),
            sweeps: None,
        }
    }
}

impl Options {
    /// Whom to tell what happens. By default `tracing`.
    #[must_use]
    pub fn observer(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer, ..self }
    }

    /// Another clock. It tells how old events are; leases and delays run on tokio's.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// For how long lanes, and the part of the reader, are taken (30 s): what a process that died held waits so long.
    /// Hand-overs that take longer renew it. One second at least, one day at most.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self {
            lease: lease.clamp(Duration::from_secs(1), Duration::from_secs(86_400)),
            ..self
        }
    }

    /// So many lanes of one sink at once (64).
    #[must_use]
    pub fn lanes(self, lanes: usize) -> Self {
        Self {
            lanes: lanes.max(1),
            ..self
        }
    }

    /// So many events of a lane in one hand-over (32).
    #[must_use]
    pub fn events(self, events: usize) -> Self {
        Self {
            events: events.max(1),
            ..self
        }
    }

    /// So many bytes of bodies at once, for each sink and for the reader (32 MiB), but one delivery at least.
    #[must_use]
    pub fn bytes(self, bytes: usize) -> Self {
        Self {
            bytes: bytes.max(1),
            ..self
        }
    }

    /// A hand-over that takes longer than this, times its events, has failed (30 s).
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// How often to look where nothing was heard (500 ms): what other processes put in is found then.
    #[must_use]
    pub fn poll(self, poll: Duration) -> Self {
        Self {
            poll: poll.max(Duration::from_millis(1)),
            ..self
        }
    }

    /// Removes what is finished and old enough, in small steps, every so often.
    #[must_use]
    pub fn retention(self, desk: Arc<dyn Desk>, retention: Retention, every: Duration) -> Self {
        Self {
            sweeps: Some(Sweeps {
                desk,
                retention,
                every: every.max(Duration::from_millis(1)),
            }),
            ..self
        }
    }
}
