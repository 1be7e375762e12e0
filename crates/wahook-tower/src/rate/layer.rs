//! The configuration.

use std::sync::Arc;

use tower_layer::Layer;

use super::{Rate, Rated};
use crate::{Observer, TracingObserver};

/// Lets through what a [`Rate`] allows; the rest is asked to come again (503).
#[derive(Clone, Debug)]
pub struct RateLayer {
    pub(super) endpoint: Arc<str>,
    pub(super) rate: Rate,
    pub(super) observer: Arc<dyn Observer>,
}

impl RateLayer {
    /// The rate of this endpoint.
    #[must_use]
    pub fn new(endpoint: &str, rate: Rate) -> Self {
        Self {
            endpoint: Arc::from(endpoint),
            rate,
            observer: Arc::new(TracingObserver),
        }
    }

    /// Tells somebody else than `tracing`.
    #[must_use]
    pub fn observer(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer, ..self }
    }
}

impl<S> Layer<S> for RateLayer {
    type Service = Rated<S>;

    fn layer(&self, inner: S) -> Rated<S> {
        Rated {
            inner,
            settings: self.clone(),
        }
    }
}
