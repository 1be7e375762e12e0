//! From a stored delivery to its events.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use wahook_core::{AnyProvider, Delivery, Endpoint, inbox::Stored, model::Event};

use crate::{Plan, Unreadable};

/// Bodies beyond this are read apart from what else runs on the thread.
const LARGE_BYTES: usize = 128 << 10;

/// Who can read a delivery.
pub(crate) enum Reads {
    Endpoint(Endpoint),
    Provider(Arc<dyn AnyProvider>),
}

impl Reads {
    fn provider(&self) -> &dyn AnyProvider {
        match self {
            Self::Endpoint(endpoint) => endpoint.provider(),
            Self::Provider(provider) => &**provider,
        }
    }

    /// Panics are the provider's, never ours.
    fn read(&self, delivery: &Delivery) -> Result<Vec<Event>, Unreadable> {
        catch_unwind(AssertUnwindSafe(|| self.provider().read(delivery))).map_err(|_| Unreadable::Panicked)
    }
}

impl Plan {
    /// Who can read this delivery: its endpoint, if it still has that provider, else whoever knows the provider.
    pub(crate) fn reads(&self, stored: &Stored) -> Option<Reads> {
        match self.named(&stored.delivery.endpoint) {
            Some(endpoint) if endpoint.provider().id() == stored.provider.as_str() => {
                Some(Reads::Endpoint(endpoint.clone()))
            }
            _ => self.provider(&stored.provider).map(Reads::Provider),
        }
    }

    /// The scope of its event keys.
    pub(crate) fn scope<'a>(&'a self, stored: &'a Stored) -> &'a str {
        let name = &stored.delivery.endpoint;
        self.named(name).map_or(name, Endpoint::event_scope)
    }

    /// How long the keys of its events are remembered.
    pub(crate) fn memory(&self, stored: &Stored) -> Duration {
        match self.named(&stored.delivery.endpoint) {
            Some(endpoint) => endpoint.memory(),
            None => self
                .provider(&stored.provider)
                .map_or(Duration::ZERO, |provider| provider.habits().memory),
        }
    }
}

/// Reads a delivery.
pub(crate) async fn read(plan: &Plan, stored: &Stored) -> Result<Vec<Event>, Unreadable> {
    if stored.redacted_at.is_some() {
        return Err(Unreadable::Redacted);
    }
    let reads = plan.reads(stored).ok_or(Unreadable::NoProvider)?;
    if stored.delivery.body.len() <= LARGE_BYTES {
        return reads.read(&stored.delivery);
    }
    let delivery = stored.delivery.clone();
    tokio::task::spawn_blocking(move || reads.read(&delivery))
        .await
        .unwrap_or(Err(Unreadable::Panicked))
}
