//! What is counted at the workers.

use std::sync::Arc;

use wahook_core::model::Kind;
use wahook_worker::{Observer, Signal};

use super::{Metrics, families::Labels};

impl Metrics {
    /// Counts what the workers say, and hands it on to `next`, such as the log.
    #[must_use]
    pub fn of_worker(&self, next: Arc<dyn Observer>) -> Arc<dyn Observer> {
        Arc::new(Counting {
            metrics: self.clone(),
            next,
        })
    }
}

#[derive(Debug)]
struct Counting {
    metrics: Metrics,
    next: Arc<dyn Observer>,
}

impl Observer for Counting {
    fn observe(&self, signal: &Signal<'_>) {
        self.count(signal);
        self.next.observe(signal);
    }
}

impl Counting {
    fn count(&self, signal: &Signal<'_>) {
        let of = &self.metrics.0.families;
        match signal {
            Signal::Read { endpoint, kinds } => {
                for (kind, count) in *kinds {
                    of.events
                        .get_or_create(&labels("endpoint", endpoint, "kind", kind.as_str()))
                        .inc_by(number(*count));
                }
            }
            Signal::Filed { duplicates, .. } => {
                of.event_duplicates.inc_by(number(*duplicates));
            }
            Signal::Gap { endpoint, gap } => {
                of.gap_seconds
                    .get_or_create(&label("endpoint", endpoint))
                    .observe(gap.as_secs_f64());
            }
            Signal::Unfamiliar {
                endpoint,
                kind,
                name,
                count,
            } => {
                let count = number(*count);
                if *kind == Kind::Malformed {
                    of.malformed
                        .get_or_create(&label("endpoint", endpoint))
                        .inc_by(count);
                } else {
                    let name = self.metrics.0.words.label(endpoint, *name);
                    of.unknown
                        .get_or_create(&labels("endpoint", endpoint, "name", &name))
                        .inc_by(count);
                }
            }
            Signal::Untaken { endpoint, count } => {
                of.untaken
                    .get_or_create(&label("endpoint", endpoint))
                    .inc_by(number(*count));
            }
            Signal::Unreadable { endpoint, why, .. } => {
                of.unreadable
                    .get_or_create(&labels("endpoint", endpoint, "reason", why.as_str()))
                    .inc();
            }
            Signal::Delivered {
                sink,
                count,
                took,
                age,
            } => {
                let sink = label("sink", sink);
                of.delivered.get_or_create(&sink).inc_by(number(*count));
                of.sink_seconds.get_or_create(&sink).observe(took.as_secs_f64());
                of.age_seconds.get_or_create(&sink).observe(age.as_secs_f64());
            }
            Signal::Setback { sink, reason, .. } => {
                of.sink_failures
                    .get_or_create(&labels("sink", sink, "reason", reason.as_str()))
                    .inc();
            }
            Signal::Dead { sink, reason, .. } => {
                let labels = labels("sink", sink, "reason", reason.as_str());
                of.sink_failures.get_or_create(&labels).inc();
                of.died.get_or_create(&labels).inc();
            }
            Signal::HandedBack { sink, count } => self.repeated(sink, "handed_back", *count),
            Signal::Lost { sink, count } => self.repeated(sink, "lost", *count),
            Signal::Unsettled { sink, done } => self.repeated(sink, "unsettled", *done),
            Signal::Paused { sink, .. } => {
                of.paused.get_or_create(&label("sink", sink)).set(1);
            }
            Signal::Resumed { sink } => {
                of.paused.get_or_create(&label("sink", sink)).set(0);
            }
            Signal::Panicked { task } => {
                let name = self.metrics.0.words.label("", Some(task));
                of.panics.get_or_create(&label("task", &name)).inc();
            }
            Signal::Swept { swept } => {
                of.swept.inc_by(swept.deliveries);
            }
            Signal::InboxDown { .. } => {
                if let Some(health) = self.metrics.0.health.get() {
                    health.trouble(WORKERS, "the inbox does not answer the workers; events wait");
                }
            }
            Signal::InboxRecovered => {
                if let Some(health) = self.metrics.0.health.get() {
                    health.well(WORKERS);
                }
            }
            // What a later release of the worker says.
            _ => {}
        }
    }

    fn repeated(&self, sink: &str, why: &str, count: usize) {
        self.metrics
            .0
            .families
            .repeated
            .get_or_create(&labels("sink", sink, "reason", why))
            .inc_by(number(count));
    }
}

/// The part of the gateway's health.
const WORKERS: &str = "workers";

impl Metrics {
    /// Whether a sink is away, and all its lanes wait.
    pub(crate) fn is_away(&self, sink: &str) -> bool {
        let paused = self.0.families.paused.get(&label("sink", sink));
        paused.is_some_and(|paused| paused.get() == 1)
    }
}

fn label(name: &'static str, value: &str) -> Labels {
    vec![(name, value.to_owned())]
}

fn labels(first: &'static str, value: &str, second: &'static str, other: &str) -> Labels {
    vec![(first, value.to_owned()), (second, other.to_owned())]
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
