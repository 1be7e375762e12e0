//! What is logged of a store that does not answer: why, and how often, at most once a second.

use wahook_core::guard::StoreErrorKind;
use wahook_tower::{Observer, Signal, TracingObserver};

use crate::{
    failure::chain,
    limited::{Limited, Line},
};

/// Tells the log what the guard says. What comes with every delivery while a store is down is told once a second, with
/// the number of deliveries that it stands for; everything else as it comes.
#[derive(Debug)]
pub(crate) struct StoreLog {
    down: Limited,
    accepted: Limited,
    unmarked: Limited,
    back: Limited,
}

impl StoreLog {
    pub(crate) fn new(store: &'static str) -> Self {
        Self {
            down: Limited::new(move |line| {
                let Line {
                    of: endpoint,
                    why,
                    count,
                } = line;
                tracing::error!(target: "wahook", store, %endpoint, count, "{why}");
            }),
            accepted: Limited::new(move |line| {
                let Line {
                    of: endpoint, count, ..
                } = line;
                tracing::warn!(target: "wahook", store, %endpoint, count, "accepted without dedupe: the guard store does not answer");
            }),
            unmarked: Limited::new(move |line| {
                let Line {
                    of: endpoint, count, ..
                } = line;
                tracing::error!(target: "wahook", store, %endpoint, count, "done and acknowledged, but the guard store could not be told");
            }),
            back: Limited::new(
                move |_| tracing::info!(target: "wahook", store, "the guard store answers again"),
            ),
        }
    }

    /// The store answers again.
    pub(super) fn back(&self) {
        self.back.note("", String::new);
    }
}

impl Observer for StoreLog {
    fn observe(&self, endpoint: &str, signal: &Signal<'_>) {
        match signal {
            Signal::StoreDown { error } => self.down.note(endpoint, || {
                let advice = match error.kind() {
                    StoreErrorKind::Full => "; make room, or let it forget sooner",
                    _ => "",
                };
                format!("{}{advice}", chain(error))
            }),
            Signal::AcceptedWithoutDedupe => self.accepted.note(endpoint, String::new),
            Signal::Unmarked => self.unmarked.note(endpoint, String::new),
            other => TracingObserver::default().observe(endpoint, other),
        }
    }
}
