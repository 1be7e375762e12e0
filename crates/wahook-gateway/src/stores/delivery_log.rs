//! What is logged of deliveries, on both ways: why they were not taken, and how often, at most once a second.

use std::sync::atomic::{AtomicBool, Ordering};

use wahook_core::{
    guard::{StoreError, StoreErrorKind},
    proof::RefusalKind,
};
use wahook_tower::{Observer, Signal, TracingObserver};

use crate::{
    failure::chain,
    limited::{Limited, Line},
};

/// Tells the log what becomes of deliveries on their way in. What comes with every delivery while the inbox is down, or too
/// fast, is told once a second of each endpoint, with the number of deliveries that it stands for.
#[derive(Debug)]
pub(crate) struct DeliveryLog {
    is_down: AtomicBool,
    down: Limited,
    back: Limited,
    too_many: Limited,
}

impl Default for DeliveryLog {
    fn default() -> Self {
        Self {
            is_down: AtomicBool::new(false),
            down: Limited::new(|line| {
                let Line {
                    of: endpoint,
                    why,
                    count,
                } = line;
                tracing::error!(target: "wahook", %endpoint, count, "not acknowledged, will be sent again: {why}");
            }),
            back: Limited::new(|_| tracing::info!(target: "wahook", "the inbox takes deliveries again")),
            too_many: Limited::new(|line| {
                let Line {
                    of: endpoint, count, ..
                } = line;
                tracing::warn!(target: "wahook", %endpoint, count, "more came at once than the endpoint's rate allows; asked to send again");
            }),
        }
    }
}

impl Observer for DeliveryLog {
    fn observe(&self, endpoint: &str, signal: &Signal<'_>) {
        match signal {
            Signal::NotStored { error } => {
                self.is_down.store(true, Ordering::Relaxed);
                self.down.note(endpoint, || why(error));
            }
            Signal::Stored | Signal::Duplicate if self.is_down.load(Ordering::Relaxed) => {
                if self.is_down.swap(false, Ordering::Relaxed) {
                    self.back.note("", String::new);
                }
                TracingObserver::default().observe(endpoint, signal);
            }
            Signal::Refused { refusal, .. } if refusal.kind() == RefusalKind::TooMany => {
                self.too_many.note(endpoint, String::new);
            }
            other => TracingObserver::default().observe(endpoint, other),
        }
    }
}

/// In words that say whose error it is: stores speak of themselves.
fn why(error: &StoreError) -> String {
    let cause = std::error::Error::source(error).map(chain);
    let what = match error.kind() {
        StoreErrorKind::Full => {
            "the inbox is full; make room, raise limits.waiting, or look at what sinks leave there"
        }
        StoreErrorKind::Slow => "the inbox did not answer in time",
        _ => "the inbox is unavailable",
    };
    match cause {
        Some(cause) => format!("{what}: {cause}"),
        None => what.to_owned(),
    }
}
