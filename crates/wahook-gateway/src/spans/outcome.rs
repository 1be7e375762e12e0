//! What became of a request, as the steps on its way tell it.

use std::sync::Arc;

use tracing::Span;
use wahook_tower::{Observer, Signal};

/// Writes what it hears into the span of the request, and hands it on to `next`.
pub(crate) fn telling_spans(next: Arc<dyn Observer>) -> Arc<dyn Observer> {
    Arc::new(Telling(next))
}

#[derive(Debug)]
struct Telling(Arc<dyn Observer>);

impl Observer for Telling {
    fn observe(&self, endpoint: &str, signal: &Signal<'_>) {
        if let Some(outcome) = outcome(signal) {
            let span = Span::current();
            span.record("outcome", outcome);
            if let Signal::Refused { refusal, .. } = signal {
                span.record("reason", refusal.kind().as_str());
            }
        }
        self.0.observe(endpoint, signal);
    }
}

/// The word for what ends a request; what is said beside it has none.
const fn outcome(signal: &Signal<'_>) -> Option<&'static str> {
    Some(match signal {
        Signal::ChallengeAnswered => "challenge",
        Signal::Duplicate => "duplicate",
        Signal::Handled => "handled",
        Signal::HandlerFailed { .. } => "failed",
        Signal::NotStored { .. } => "not_stored",
        Signal::Refused { .. } => "refused",
        Signal::StillInFlight => "in_flight",
        Signal::StoreDown { .. } => "store_down",
        Signal::Stored => "stored",
        _ => return None,
    })
}
