//! What could not be sent, said now and then.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use opentelemetry_sdk::error::OTelSdkError;
use tokio::time::Instant;

/// It is said so often at most: a collector that is away is away for long.
const EVERY: Duration = Duration::from_secs(60);

/// Counts what was lost since it was last said.
#[derive(Debug, Default)]
pub(super) struct Failures(Mutex<Lost>);

#[derive(Debug, Default)]
struct Lost {
    spans: usize,
    said: Option<Instant>,
}

impl Failures {
    /// So many spans could not be sent.
    pub(super) fn tell(&self, error: &OTelSdkError, spans: usize) {
        if let Some(spans) = self.to_say(spans) {
            let why = why(error);
            tracing::warn!(target: "wahook", spans, "traces cannot be sent, and are lost: {why}");
        }
    }

    fn to_say(&self, spans: usize) -> Option<usize> {
        let now = Instant::now();
        let mut lost = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lost.spans = lost.spans.saturating_add(spans);
        if lost.said.is_some_and(|said| now.duration_since(said) < EVERY) {
            return None;
        }
        lost.said = Some(now);
        Some(std::mem::take(&mut lost.spans))
    }
}

/// The exporter's own words name neither the URL nor what a collector answered.
fn why(error: &OTelSdkError) -> String {
    match error {
        OTelSdkError::Timeout(patience) => format!("the collector did not answer within {patience:?}"),
        OTelSdkError::InternalFailure(text) => text.replace(char::is_control, " "),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_is_lost_is_said_once_a_minute_and_all_of_it() {
        let failures = Failures::default();
        assert_eq!(failures.to_say(2), Some(2));
        assert_eq!(failures.to_say(3), None);
        tokio::time::advance(EVERY - Duration::from_millis(1)).await;
        assert_eq!(failures.to_say(4), None);
        tokio::time::advance(Duration::from_millis(1)).await;
        assert_eq!(failures.to_say(5), Some(12));
        assert_eq!(failures.to_say(1), None);
    }
}
