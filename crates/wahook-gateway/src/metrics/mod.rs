//! What is counted and measured, in the text form that Prometheus reads.
//!
//! Names begin with `wahook_`. Labels are bounded: endpoints and sinks come from the configuration, what providers say is
//! cut to a set of plain words, and accounts are shown as keyed hashes unless the configuration names them (P).
//!
//! ```text
//! listener ─of_tower─┐
//! inbox ───of_inbox──┼→ Metrics ─text→ GET /metrics
//! workers ─of_worker─┘        ↑ Desk::status
//! ```

mod bounds;
mod families;
mod gauges;
mod inbox;
mod tower;
mod worker;

use std::{
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use prometheus_client::{encoding::text, registry::Registry};
use wahook_core::{Clock, inbox::Status};

pub(crate) use self::bounds::is_plain;
use self::{
    bounds::{Accounts, Names, Words},
    families::Families,
};
use crate::{admin::Health, config::Route};

/// The media type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is counted. Cheap to clone; clones count together.
///
/// ```
/// # use std::sync::Arc;
/// use wahook_gateway::metrics::Metrics;
///
/// # let clock = Arc::new(wahook_testkit::ManualClock::default());
/// let metrics = Metrics::new(clock, [7; 16]);
/// let observer = metrics.of_tower(Arc::new(wahook_tower::TracingObserver::default()));
/// observer.observe("shop", &wahook_tower::Signal::Stored);
/// assert!(metrics.text(None).contains("wahook_deliveries_accepted_total{endpoint=\"shop\"} 1"));
/// ```
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    clock: Arc<dyn Clock>,
    hash_key: [u8; 16],
    registry: Registry,
    families: Families,
    /// What providers say that is counted by its name.
    words: Words,
    accounts: Mutex<Accounts>,
    /// Who is told when the workers cannot go on.
    health: OnceLock<Arc<Health>>,
}

impl Metrics {
    /// Nothing is counted yet. `hash_key` is random and of this installation.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, hash_key: [u8; 16]) -> Self {
        let mut registry = Registry::with_prefix("wahook");
        let families = Families::new(&mut registry);
        Self(Arc::new(Inner {
            clock,
            hash_key,
            registry,
            families,
            words: Words::default(),
            accounts: Mutex::default(),
            health: OnceLock::new(),
        }))
    }

    /// Shows the accounts of these endpoints under names of the operator's own. Others are shown as keyed hashes.
    pub fn name_accounts(&self, routes: &[Route]) {
        let mut names = Names::new();
        for route in routes {
            let of_scope = names.entry(route.endpoint.event_scope().to_owned()).or_default();
            let of_route = route.accounts.iter();
            of_scope.extend(of_route.map(|(account, name)| (account.clone(), name.clone())));
        }
        self.0.accounts().name(names);
    }

    /// A certificate is shown that ends at this moment, if that can be read; the end of an older one is nobody's.
    pub(crate) fn tls_ends(&self, at: Option<Timestamp>) {
        let family = &self.0.families.tls_ends;
        if let Some(at) = at {
            family.get_or_create(&Vec::new()).set(at.as_second());
        } else {
            family.clear();
        }
    }

    /// The configuration was read, and is in effect or not.
    pub(crate) fn configuration_read(&self, in_effect: bool) {
        let Families {
            reload_ok, reload_at, ..
        } = &self.0.families;
        reload_ok.get_or_create(&Vec::new()).set(i64::from(in_effect));
        if in_effect {
            let now = self.0.clock.now().as_second();
            reload_at.get_or_create(&Vec::new()).set(now);
        }
    }

    /// A TLS handshake failed.
    pub(crate) fn tls_failed(&self, reason: &'static str) {
        self.0
            .families
            .tls_failed
            .get_or_create(&vec![("reason", reason)])
            .inc();
    }

    /// A request to the admin API was refused.
    pub(crate) fn admin_refused(&self, kind: &'static str) {
        self.0
            .families
            .admin_refused
            .get_or_create(&vec![("kind", kind)])
            .inc();
    }

    /// How long each account is silent now, and as a rule.
    pub(crate) fn silences(&self) -> Vec<Silence> {
        let now = self.0.clock.elapsed();
        let accounts = self.0.accounts();
        let silence = |(endpoint, account, heard): (&str, &str, bounds::Heard)| Silence {
            endpoint: endpoint.to_owned(),
            account: account.to_owned(),
            silent: now.saturating_sub(heard.last),
            usual: heard.usual,
        };
        accounts.all().map(silence).collect()
    }

    /// The text; with the gauges of the inbox, if it answered.
    #[must_use]
    pub fn text(&self, status: Option<&Status>) -> String {
        let now = self.0.clock.now();
        let mut gauges = Registry::with_prefix("wahook");
        if let Some(status) = status {
            gauges::of_status(&mut gauges, status, now);
        }
        gauges::of_accounts(&mut gauges, &self.0.accounts(), self.0.clock.elapsed());
        let mut out = String::with_capacity(16 << 10);
        // Writing to a text cannot fail.
        let _ = text::encode_registry(&mut out, &self.0.registry);
        let _ = text::encode_registry(&mut out, &gauges);
        let _ = text::encode_eof(&mut out);
        out
    }
}

/// How long nothing came of an account.
#[derive(Clone, Debug)]
pub(crate) struct Silence {
    pub(crate) endpoint: String,
    /// Its configured name, or a keyed hash.
    pub(crate) account: String,
    pub(crate) silent: Duration,
    /// How long it is silent as a rule; none before it was heard twice.
    pub(crate) usual: Option<Duration>,
}

impl Inner {
    fn accounts(&self) -> std::sync::MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wahook_testkit::ManualClock;

    use super::*;

    fn metrics() -> (Metrics, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::default());
        (Metrics::new(Arc::clone(&clock) as _, [7; 16]), clock)
    }

    #[test]
    fn a_certificate_whose_end_is_unknown_does_not_end_with_the_one_before() {
        let (metrics, clock) = metrics();
        let sample = "wahook_tls_certificate_ends_timestamp_seconds{} ";
        metrics.tls_ends(Some(clock.now()));
        assert!(metrics.text(None).contains(sample));
        metrics.tls_ends(None);
        assert!(!metrics.text(None).contains(sample));
    }

    #[test]
    fn a_configuration_that_cannot_be_used_is_counted_and_leaves_the_time_of_the_one_in_effect() {
        let (metrics, clock) = metrics();
        let now = |metrics: &Metrics| {
            let text = metrics.text(None);
            let sample = |name: &str| {
                let line = text.lines().find_map(|line| line.strip_prefix(name));
                line.map(|value| value.trim().parse::<i64>().unwrap())
            };
            (
                sample("wahook_config_last_reload_successful{}"),
                sample("wahook_config_last_reload_success_timestamp_seconds{}"),
            )
        };
        assert_eq!(now(&metrics), (None, None));
        let first = clock.now().as_second();
        metrics.configuration_read(true);
        clock.advance(Duration::from_secs(60));
        metrics.configuration_read(false);
        assert_eq!(now(&metrics), (Some(0), Some(first)));
        metrics.configuration_read(true);
        assert_eq!(now(&metrics), (Some(1), Some(first + 60)));
    }
}
