//! The configuration.

use std::sync::Arc;

use tower_layer::Layer;
use wahook_core::{Clock, Endpoint};

use super::{Verify, hints::HintDesk};
use crate::{Observer, SystemClock, TracingObserver};

/// Verifies requests of one endpoint.
#[derive(Clone, Debug)]
pub struct VerifyLayer {
    pub(super) endpoint: Endpoint,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) observer: Arc<dyn Observer>,
    pub(super) hints: Arc<HintDesk>,
}

impl VerifyLayer {
    /// Verifies requests of this endpoint, by the machine's clock, and tells `tracing` what it refuses.
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            clock: Arc::new(SystemClock::new()),
            observer: Arc::new(TracingObserver),
            hints: Arc::default(),
        }
    }

    /// Another clock.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Somebody else to tell.
    #[must_use]
    pub fn observer(self, observer: Arc<dyn Observer>) -> Self {
        Self { observer, ..self }
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = Verify<S>;

    fn layer(&self, inner: S) -> Verify<S> {
        Verify {
            inner,
            settings: Arc::new(self.clone()),
        }
    }
}
