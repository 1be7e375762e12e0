//! What is counted and measured, in the text form that Prometheus reads.
//!
//! Names begin with `wahook_`. Labels are bounded: endpoints and sinks come from the configuration, what providers say is
//! cut to a set of plain words, and accounts are shown as keyed hashes (P).

use std::{fmt, sync::Arc};

use wahook_core::{Clock, inbox::Status};

/// The media type of [`Metrics::text`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Everything that is counted. Cheap to clone; clones count together.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    _clock: Arc<dyn Clock>,
    _hash_key: [u8; 16],
}

impl Metrics {
    /// Nothing is counted yet. `hash_key` is random and of this installation.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>, hash_key: [u8; 16]) -> Self {
        Self(Arc::new(Inner {
            _clock: clock,
            _hash_key: hash_key,
        }))
    }

    /// The text; with the gauges of the inbox, if it answered.
    #[must_use]
    pub fn text(&self, _status: Option<&Status>) -> String {
        let _ = &self.0;
        String::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
