//! The configuration.

use std::{fmt, num::NonZeroUsize, sync::Arc, time::Duration};

use tower_layer::Layer;
use wahook_core::guard::{GuardStore, MemoryStore, RememberingStore};

use super::Dedupe;
use crate::{Observer, SystemClock, TracingObserver, random::random};

/// Handles each delivery once.
#[derive(Clone, Debug)]
pub struct DedupeLayer {
    pub(super) store: Arc<dyn GuardStore>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) handler_deadline: Duration,
    pub(super) lease: Duration,
    pub(super) in_flight_wait: Duration,
    pub(super) store_deadline: Duration,
    pub(super) dedupe_events: bool,
    pub(super) cancel_on_disconnect: bool,
}

impl DedupeLayer {
    /// Keeps claims in this store. A handler has 2.5 s, a lease lasts 10 s, a copy waits 1 s for the first to be done.
    ///
    /// What was in the hands of a process that is killed is taken again when its lease is over. So a lease has to be over
    /// while the provider still repeats, which Wawp does for 25 s by default (Wawp docs, webhooks, 2026-08).
    #[must_use]
    pub fn new(store: Arc<dyn GuardStore>) -> Self {
        Self {
            store,
            observer: Arc::new(TracingObserver),
            handler_deadline: Duration::from_millis(2_500),
            lease: Duration::from_secs(10),
            in_flight_wait: Duration::from_secs(1),
            store_deadline: Duration::from_millis(500),
            dedupe_events: false,
            cancel_on_disconnect: false,
        }
    }

    /// Another time for the handler, and another lease. The provider wants its answer within 3 to 5 s.
    ///
    /// # Errors
    ///
    /// The lease must be longer than the deadline: a handler that still works must not lose its claim (G5).
    pub fn timing(self, handler_deadline: Duration, lease: Duration) -> Result<Self, TimingError> {
        if handler_deadline >= lease {
            return Err(TimingError(()));
        }
        Ok(Self {
            handler_deadline,
            lease,
            ..self
        })
    }

    /// How long a copy waits for the first to be done, before the provider is asked to send it again.
    #[must_use]
    pub fn in_flight_wait(self, in_flight_wait: Duration) -> Self {
        Self {
            in_flight_wait,
            ..self
        }
    }

    /// How long one answer of the store may take, before it counts as down.
    #[must_use]
    pub fn store_deadline(self, store_deadline: Duration) -> Self {
        Self {
            store_deadline,
            ..self
        }
    }

    /// Claims the events as well: the same message in two deliveries is handled once (G10).
    #[must_use]
    pub fn dedupe_events(self) -> Self {
        Self {
            dedupe_events: true,
            ..self
        }
    }

    /// Stops the handler when the provider hangs up, and gives the claim back.
    #[must_use]
    pub fn cancel_on_disconnect(self) -> Self {
        Self {
            cancel_on_disconnect: true,
            ..self
        }
    }

    /// Somebody else to tell.
    #[must_use]
    pub fn observer(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer, ..self }
    }
}

impl<S> Layer<S> for DedupeLayer {
    type Service = Dedupe<S>;

    fn layer(&self, inner: S) -> Dedupe<S> {
        Dedupe {
            inner,
            settings: Arc::new(self.clone()),
        }
    }
}

/// A guard store in the memory of this process, for a million keys, by the machine's clock.
///
/// # Panics
///
/// If the system has no randomness to give.
#[must_use]
pub fn in_memory() -> Arc<MemoryStore> {
    Arc::new(MemoryStore::new(Arc::new(SystemClock::new()), KEYS, random()))
}

/// A store that processes share, which is not asked about what this process completed itself: a memory of a million
/// keys stands in front of it, by the machine's clock.
///
/// ```
/// use std::sync::Arc;
///
/// use wahook_core::guard::GuardStore;
/// use wahook_tower::{DedupeLayer, remembering};
/// # use wahook_tower::in_memory;
///
/// # let shared: Arc<dyn GuardStore> = in_memory();
/// // shared: a store on Redis, PostgreSQL or SQLite.
/// let layer = DedupeLayer::new(remembering(shared));
/// ```
///
/// # Panics
///
/// As [`in_memory`].
#[must_use]
pub fn remembering(shared: Arc<dyn GuardStore>) -> Arc<RememberingStore> {
    Arc::new(RememberingStore::new(
        shared,
        Arc::new(SystemClock::new()),
        KEYS,
        random(),
    ))
}

/// How many keys are kept in memory.
const KEYS: NonZeroUsize = NonZeroUsize::new(1_000_000).expect("not zero");

/// A lease that is not longer than the handler's deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimingError(());

impl fmt::Display for TimingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the lease must be longer than the handler's deadline")
    }
}

impl std::error::Error for TimingError {}

#[cfg(test)]
mod tests {
    use wahook_providers::PROVIDERS;

    use super::*;

    #[test]
    fn g4_a_lease_is_over_while_every_provider_still_repeats() {
        let settings = DedupeLayer::new(in_memory());
        let longest = settings.lease + settings.in_flight_wait;
        for row in PROVIDERS {
            let repeats = row.retries.by_default.unwrap_or(Duration::MAX);
            // Repetitions are seconds apart: one must fall behind the lease.
            assert!(longest * 2 < repeats, "{}: {longest:?} of {repeats:?}", row.id);
        }
    }
}
