//! From stored bytes to events, for those who look at one.

use std::{collections::HashMap, fmt, sync::Arc};

use wahook_core::{AnyProvider, Endpoint, inbox::Stored, model::Event};
use wahook_providers::{ProviderRow, provider};

/// How stored deliveries are read: with the endpoint that received them, else as their provider reads by default.
#[derive(Clone)]
pub struct Reader(Arc<Find>);

type Find = dyn Fn(&Stored) -> Option<Arc<dyn AnyProvider>> + Send + Sync;

impl Reader {
    /// Reads with these endpoints.
    pub fn of(endpoints: impl IntoIterator<Item = Endpoint>) -> Self {
        let endpoints: HashMap<_, _> = endpoints
            .into_iter()
            .map(|endpoint| (endpoint.name().to_owned(), endpoint))
            .collect();
        Self::new(move |stored| find(&endpoints, stored))
    }

    /// Reads with the provider that a function of one's own finds, such as one that follows a configuration that changes.
    pub fn new(find: impl Fn(&Stored) -> Option<Arc<dyn AnyProvider>> + Send + Sync + 'static) -> Self {
        Self(Arc::new(find))
    }

    /// What reads this delivery; `None` if nobody here can.
    #[must_use]
    pub fn provider(&self, stored: &Stored) -> Option<Arc<dyn AnyProvider>> {
        (self.0)(stored)
    }

    /// The events of a delivery; `None` if nobody here can read it.
    #[must_use]
    pub fn read(&self, stored: &Stored) -> Option<Vec<Event>> {
        Some(self.provider(stored)?.read(&stored.delivery))
    }
}

impl Default for Reader {
    fn default() -> Self {
        Self::of([])
    }
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reader")
    }
}

fn find(endpoints: &HashMap<String, Endpoint>, stored: &Stored) -> Option<Arc<dyn AnyProvider>> {
    let delivery = &stored.delivery;
    let configured = endpoints
        .get(delivery.endpoint.as_str())
        .filter(|endpoint| endpoint.provider().id() == stored.provider.as_str());
    if let Some(endpoint) = configured {
        return Some(endpoint.shared_provider());
    }
    provider(&stored.provider).and_then(ProviderRow::reader)
}
