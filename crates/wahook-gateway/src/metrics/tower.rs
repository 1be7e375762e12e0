//! What is counted at the listener.

use std::sync::Arc;

use wahook_core::guard::{StoreError, StoreErrorKind};
use wahook_tower::{Observer, Signal};

use super::{Metrics, families::Labels};

impl Metrics {
    /// Counts what the listener says, and hands it on to `next`, such as the log.
    #[must_use]
    pub fn of_tower(&self, next: Arc<dyn Observer>) -> Arc<dyn Observer> {
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
    fn observe(&self, endpoint: &str, signal: &Signal<'_>) {
        let of = &self.metrics.0.families;
        let here = || -> Labels { vec![("endpoint", endpoint.to_owned())] };
        let with = |name: &'static str, value: &str| -> Labels {
            vec![("endpoint", endpoint.to_owned()), (name, value.to_owned())]
        };
        match signal {
            Signal::Stored | Signal::Handled => {
                of.accepted.get_or_create(&here()).inc();
            }
            Signal::Duplicate => {
                of.duplicates.get_or_create(&here()).inc();
            }
            Signal::Conflict { handled } => {
                let handled = if *handled { "true" } else { "false" };
                of.conflicts.get_or_create(&with("handled", handled)).inc();
            }
            Signal::Refused { refusal, .. } => {
                of.refused
                    .get_or_create(&with("reason", refusal.kind().as_str()))
                    .inc();
            }
            Signal::ChallengeAnswered => {
                of.challenges.get_or_create(&here()).inc();
            }
            Signal::NotStored { error } | Signal::StoreDown { error } => {
                of.not_stored.get_or_create(&with("reason", why(error))).inc();
            }
            // What the guard alone says, where there is no inbox; logs have it.
            _ => {}
        }
        self.next.observe(endpoint, signal);
    }
}

const fn why(error: &StoreError) -> &'static str {
    match error.kind() {
        StoreErrorKind::Full => "full",
        StoreErrorKind::Slow => "slow",
        _ => "unavailable",
    }
}
