//! All three layers at once.

use std::sync::Arc;

use tower_layer::Layer;
use wahook_core::{Clock, Endpoint, guard::GuardStore};

use crate::{Dedupe, DedupeLayer, Limit, LimitLayer, Observer, Verify, VerifyLayer, in_memory};

/// Limit, verify and dedupe for one endpoint, in the only order that compiles.
///
/// ```
/// use wahook_tower::Stack;
/// # let endpoint = wahook_providers::wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
///
/// let stack = Stack::new(endpoint).limit(|limit| limit.cap(1 << 20)).dedupe(|dedupe| dedupe.dedupe_events());
/// ```
#[derive(Clone, Debug)]
pub struct Stack {
    limit: LimitLayer,
    verify: VerifyLayer,
    dedupe: DedupeLayer,
}

impl Stack {
    /// The layers with their defaults, and a guard store in this process's memory.
    ///
    /// # Panics
    ///
    /// As [`in_memory`].
    #[must_use]
    pub fn new(endpoint: Endpoint) -> Self {
        Self::with_store(endpoint, in_memory())
    }

    /// The layers with their defaults, and a store that several endpoints, or processes, share;
    /// [`remembering`](crate::remembering) spares it what this process knows.
    #[must_use]
    pub fn with_store(endpoint: Endpoint, store: Arc<dyn GuardStore>) -> Self {
        Self {
            limit: LimitLayer::new(),
            verify: VerifyLayer::new(endpoint),
            dedupe: DedupeLayer::new(store),
        }
    }

    /// Changes the limits.
    #[must_use]
    pub fn limit(self, change: impl FnOnce(LimitLayer) -> LimitLayer) -> Self {
        Self {
            limit: change(self.limit),
            ..self
        }
    }

    /// Changes the guard.
    #[must_use]
    pub fn dedupe(self, change: impl FnOnce(DedupeLayer) -> DedupeLayer) -> Self {
        Self {
            dedupe: change(self.dedupe),
            ..self
        }
    }

    /// Another clock for replay windows.
    #[must_use]
    pub fn clock(self, clock: Arc<dyn Clock>) -> Self {
        Self {
            verify: self.verify.clock(clock),
            ..self
        }
    }

    /// Somebody else to tell.
    #[must_use]
    pub fn observer(self, observer: Arc<dyn Observer>) -> Self {
        let Self {
            limit,
            verify,
            dedupe,
        } = self;
        Self {
            limit,
            verify: verify.observer(Arc::clone(&observer)),
            dedupe: dedupe.observer(observer),
        }
    }
}

impl<S> Layer<S> for Stack {
    type Service = Limit<Verify<Dedupe<S>>>;

    fn layer(&self, inner: S) -> Self::Service {
        self.limit.layer(self.verify.layer(self.dedupe.layer(inner)))
    }
}
