//! What the admin API answers from.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc};

use tokio::sync::{Notify, Semaphore};
use wahook_core::{Clock, Secret, inbox::Desk};

use super::{Endpoints, Health, Reader, SinkNames, live::WATCHERS, mask::Mask, status::Seen};
use crate::{arrivals::Arrivals, metrics::Metrics, server::Router};

/// What the admin API answers from, and who may ask.
///
/// Without further words: as on a listener of 127.0.0.1, without a token, so that nothing can be revealed or changed.
#[derive(Clone, Debug)]
pub struct AdminState {
    pub(super) desk: Arc<dyn Desk>,
    pub(super) health: Arc<Health>,
    pub(super) metrics: Metrics,
    pub(super) reader: Reader,
    pub(super) token: Option<Secret>,
    pub(super) hosts: BTreeSet<String>,
    pub(super) address: SocketAddr,
    pub(super) mask: Mask,
    pub(super) seen: Seen,
    pub(super) sinks: SinkNames,
    pub(super) arrivals: Arrivals,
    pub(super) endpoints: Endpoints,
    pub(super) listener: Option<Router>,
    pub(super) watchers: Arc<Semaphore>,
    pub(super) reload: Option<Arc<Notify>>,
    pub(super) clock: Arc<dyn Clock>,
}

impl AdminState {
    /// Of this inbox. `hash_key` is random and of this installation: what is masked is shown as a keyed hash of itself.
    #[must_use]
    pub fn new(desk: Arc<dyn Desk>, clock: Arc<dyn Clock>, hash_key: [u8; 16]) -> Self {
        Self {
            desk,
            health: Arc::default(),
            metrics: Metrics::new(Arc::clone(&clock), hash_key),
            arrivals: Arrivals::new(Arc::clone(&clock)),
            endpoints: Endpoints::default(),
            listener: None,
            reload: None,
            watchers: Arc::new(Semaphore::new(WATCHERS)),
            clock,
            reader: Reader::default(),
            token: None,
            hosts: BTreeSet::new(),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            mask: Mask::new(hash_key),
            seen: Seen::default(),
            sinks: SinkNames::default(),
        }
    }

    /// What `GET /ready` asks.
    #[must_use]
    pub fn health(mut self, health: Arc<Health>) -> Self {
        self.health = health;
        self
    }

    /// What `GET /metrics` tells.
    #[must_use]
    pub fn metrics(mut self, metrics: Metrics) -> Self {
        self.metrics = metrics;
        self
    }

    /// How stored deliveries are read.
    #[must_use]
    pub fn reader(mut self, reader: Reader) -> Self {
        self.reader = reader;
        self
    }

    /// Which sinks are configured: what waits for another one waits in vain. Left out, nobody knows.
    #[must_use]
    pub fn sinks(mut self, names: SinkNames) -> Self {
        self.sinks = names;
        self
    }

    /// What came lately, and what was refused. Left out, nothing did.
    #[must_use]
    pub fn arrivals(mut self, arrivals: Arrivals) -> Self {
        self.arrivals = arrivals;
        self
    }

    /// What is configured to receive.
    #[must_use]
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// What takes test deliveries.
    #[must_use]
    pub fn listener(mut self, router: Router) -> Self {
        self.listener = Some(router);
        self
    }

    /// Who is told when the configuration is to be read again. Left out, nobody can be.
    #[must_use]
    pub fn reload(mut self, asked: Arc<Notify>) -> Self {
        self.reload = Some(asked);
        self
    }

    /// The token that reveals and changes.
    #[must_use]
    pub fn token(mut self, token: Secret) -> Self {
        self.token = Some(token);
        self
    }

    /// The address of the listener. Beyond this machine everything but `/health` and `/ready` needs the token.
    #[must_use]
    pub fn listening_on(mut self, address: SocketAddr) -> Self {
        self.address = address;
        self
    }

    /// Names under which it may be asked, beside those of this machine: what a reverse proxy or a container network
    /// calls it. Without port.
    #[must_use]
    pub fn hosts(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.hosts
            .extend(names.into_iter().map(|name| name.to_ascii_lowercase()));
        self
    }
}
