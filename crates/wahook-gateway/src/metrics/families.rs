//! What is counted while it happens: one field for each name.

use prometheus_client::{
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::Registry,
};

/// Names and values; names are ours, values are bounded by whoever gives them.
pub(super) type Labels = Vec<(&'static str, String)>;
pub(super) type Counters = Family<Labels, Counter>;
pub(super) type Histograms = Family<Labels, Histogram, fn() -> Histogram>;

#[derive(Debug)]
pub(super) struct Families {
    // At the listener.
    pub(super) accepted: Counters,
    pub(super) duplicates: Counters,
    pub(super) conflicts: Counters,
    pub(super) refused: Counters,
    pub(super) challenges: Counters,
    pub(super) tls_ends: Family<Labels, Gauge>,
    pub(super) tls_failed: Family<Vec<(&'static str, &'static str)>, Counter>,
    pub(super) not_stored: Counters,
    pub(super) reload_ok: Family<Labels, Gauge>,
    pub(super) reload_at: Family<Labels, Gauge>,
    // At the inbox.
    pub(super) accept_seconds: Histograms,
    pub(super) bytes_in_flight: Gauge,
    // At the workers.
    pub(super) events: Counters,
    pub(super) event_duplicates: Counter,
    pub(super) unknown: Counters,
    pub(super) malformed: Counters,
    pub(super) untaken: Counters,
    pub(super) unreadable: Counters,
    pub(super) gap_seconds: Histograms,
    pub(super) delivered: Counters,
    pub(super) sink_seconds: Histograms,
    pub(super) age_seconds: Histograms,
    pub(super) sink_failures: Counters,
    pub(super) died: Counters,
    pub(super) repeated: Counters,
    pub(super) paused: Family<Labels, Gauge>,
    pub(super) panics: Counters,
    pub(super) swept: Counter,
    // At the admin listener.
    pub(super) admin_refused: Family<Vec<(&'static str, &'static str)>, Counter>,
}

impl Families {
    #[expect(clippy::too_many_lines, reason = "a list of names with what they mean")]
    pub(super) fn new(registry: &mut Registry) -> Self {
        let build = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The release that runs", build);
        Self {
            accepted: counters(
                registry,
                "deliveries_accepted",
                "Deliveries that were stored and acknowledged",
            ),
            duplicates: counters(
                registry,
                "deliveries_duplicate",
                "Deliveries that were there already, and were acknowledged",
            ),
            conflicts: counters(
                registry,
                "deliveries_conflict",
                "Deliveries with another body under a known key; `handled` tells whether they were kept",
            ),
            refused: counters(
                registry,
                "requests_refused",
                "Requests that were refused, by reason; most are not the provider's",
            ),
            challenges: counters(
                registry,
                "challenges_answered",
                "Challenges of providers that were answered",
            ),
            // A family, so that it is not there where there is no TLS.
            tls_ends: register(
                registry,
                "tls_certificate_ends_timestamp_seconds",
                "When the certificate that is shown ends, in seconds since 1970",
            ),
            tls_failed: register(
                registry,
                "tls_handshakes_failed",
                "Connections that ended in their TLS handshake, by reason; `untrusted` means that our certificate was refused",
            ),
            not_stored: counters(
                registry,
                "deliveries_not_stored",
                "Deliveries that were not acknowledged since the inbox was full or did not answer; the provider sends them again",
            ),
            // Families, so that they are not there where nothing was configured.
            reload_ok: register(
                registry,
                "config_last_reload_successful",
                "1 while the configuration as it was read last is in effect, 0 while it cannot be used and an older one is",
            ),
            reload_at: register(
                registry,
                "config_last_reload_success_timestamp_seconds",
                "When the configuration that is in effect was read, in seconds since 1970",
            ),
            accept_seconds: histograms(
                registry,
                "accept_seconds",
                "How long the inbox took to store a delivery, flush included",
                || {
                    buckets(&[
                        0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0,
                    ])
                },
            ),
            bytes_in_flight: register(
                registry,
                "accept_in_flight_bytes",
                "Bytes of bodies that are being stored right now",
            ),
            events: counters(registry, "events", "Events that deliveries said, by kind"),
            event_duplicates: register(
                registry,
                "events_duplicate",
                "Events that were said before, in another delivery, and were put in no lane",
            ),
            unknown: counters(
                registry,
                "events_unknown",
                "Events without neutral words, by the provider's name; at most 50 names of each endpoint, the rest is `other`",
            ),
            malformed: counters(
                registry,
                "events_malformed",
                "Events that are not what they say they are",
            ),
            untaken: counters(
                registry,
                "events_untaken",
                "Events that no sink takes: they are kept, and come to nobody",
            ),
            unreadable: counters(
                registry,
                "deliveries_unreadable",
                "Deliveries that nobody here could read, by reason",
            ),
            gap_seconds: histograms(
                registry,
                "delivery_gap_seconds",
                "How long after it happened an event was received; of each delivery the oldest",
                || {
                    buckets(&[
                        0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0, 21_600.0, 86_400.0,
                    ])
                },
            ),
            delivered: counters(registry, "sink_events", "Events that a sink confirmed"),
            sink_seconds: histograms(
                registry,
                "sink_seconds",
                "How long a hand-over took that the sink confirmed",
                || {
                    buckets(&[
                        0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0,
                    ])
                },
            ),
            age_seconds: histograms(
                registry,
                "sink_age_seconds",
                "From the receipt of an event to its confirmation by a sink; of each hand-over the oldest",
                || {
                    buckets(&[
                        0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0, 86_400.0,
                    ])
                },
            ),
            sink_failures: counters(
                registry,
                "sink_failures",
                "Attempts of a sink that failed, by reason",
            ),
            died: counters(
                registry,
                "sink_given_up",
                "Events that became dead letters since the start, by reason",
            ),
            repeated: counters(
                registry,
                "sink_repeated",
                "Events that come again to a sink although nothing failed: a lease ended, a worker stopped, the inbox could not be told",
            ),
            paused: register(
                registry,
                "sink_paused",
                "1 while a sink is away and all its lanes wait",
            ),
            panics: counters(
                registry,
                "worker_panics",
                "Tasks of the worker that panicked and were started anew",
            ),
            swept: register(
                registry,
                "deliveries_removed",
                "Finished deliveries that were removed when they were old enough",
            ),
            admin_refused: register(
                registry,
                "admin_refused",
                "Requests to the admin API that were refused, by kind",
            ),
        }
    }
}

fn counters(registry: &mut Registry, name: &str, help: &str) -> Counters {
    register(registry, name, help)
}

fn histograms(registry: &mut Registry, name: &str, help: &str, make: fn() -> Histogram) -> Histograms {
    let family = Histograms::new_with_constructor(make);
    registry.register(name, help, family.clone());
    family
}

fn register<M>(registry: &mut Registry, name: &str, help: &str) -> M
where
    M: prometheus_client::registry::Metric + Clone + Default,
{
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

fn buckets(bounds: &[f64]) -> Histogram {
    Histogram::new(bounds.iter().copied())
}
