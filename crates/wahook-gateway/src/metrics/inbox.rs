//! What is measured at the inbox, around it: how long it takes to store, and who was heard of.

use std::{sync::Arc, time::Duration};

use wahook_core::{
    Assurance, BoxFuture,
    guard::{Settled, StoreError, StoreErrorKind, Token},
    inbox::{Accepted, Filed, Inbox, Incoming, LaneId, Reading, Settlement, Taken, Unread, Want},
};

use super::Metrics;
use crate::admin::Health;

impl Metrics {
    /// Measures an inbox: to be used in its place by listeners and workers. `health` is told when it has no room, and
    /// when it does not answer the workers.
    #[must_use]
    pub fn of_inbox(&self, inbox: Arc<dyn Inbox>, health: Arc<Health>) -> Arc<dyn Inbox> {
        let _ = self.0.health.set(Arc::clone(&health));
        Arc::new(Measured {
            inbox,
            metrics: self.clone(),
            health,
        })
    }
}

#[derive(Debug)]
struct Measured {
    inbox: Arc<dyn Inbox>,
    metrics: Metrics,
    health: Arc<Health>,
}

/// How long after a refusal for want of room we are said to be full: without deliveries nobody would find out that there
/// is room again, and whoever asks `/ready` may be the one who sends them.
const FULL_FOR: Duration = Duration::from_secs(10);

impl Measured {
    /// Every account whose events are filed was heard of.
    fn heard(&self, readings: &[Reading]) {
        let inner = &self.metrics.0;
        let now = inner.clock.elapsed();
        let mut accounts = inner.accounts();
        for event in readings
            .iter()
            .filter_map(|reading| reading.events.as_ref())
            .flatten()
        {
            if let Some(account) = &event.summary.account {
                // A key begins with its space; the endpoint, or the group of endpoints, is behind it.
                let scope = event.claim.scope();
                let scope = scope.split_once(':').map_or(scope, |(_, name)| name);
                accounts.heard(&inner.hash_key, scope, account, now);
            }
        }
    }
}

/// Bytes that are being stored; given back also when nobody waits for the answer any more.
struct InFlight<'a>(&'a Metrics, i64);

impl<'a> InFlight<'a> {
    fn new(metrics: &'a Metrics, bytes: usize) -> Self {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        metrics.0.families.bytes_in_flight.inc_by(bytes);
        Self(metrics, bytes)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.0.families.bytes_in_flight.dec_by(self.1);
    }
}

impl Inbox for Measured {
    fn assurance(&self) -> &Assurance {
        self.inbox.assurance()
    }

    fn accept<'a>(&'a self, incoming: Incoming) -> BoxFuture<'a, Result<Accepted, StoreError>> {
        Box::pin(async move {
            let inner = &self.metrics.0;
            let labels = vec![("endpoint", incoming.delivery().endpoint.to_string())];
            let in_flight = InFlight::new(&self.metrics, incoming.delivery().body.len());
            let begun = inner.clock.elapsed();
            let accepted = self.inbox.accept(incoming).await;
            drop(in_flight);
            match &accepted {
                Ok(_) => {
                    let took = inner.clock.elapsed().saturating_sub(begun);
                    inner
                        .families
                        .accept_seconds
                        .get_or_create(&labels)
                        .observe(took.as_secs_f64());
                    self.health.well(ROOM);
                }
                Err(error) if error.kind() == StoreErrorKind::Full => {
                    let why = "the inbox has no room; make room, raise limits.waiting, or see what sinks leave there: `wahook status`";
                    self.health.trouble_for(ROOM, why, FULL_FOR);
                }
                Err(_) => {}
            }
            accepted
        })
    }

    fn unread<'a>(
        &'a self,
        token: Token,
        count: usize,
        bytes: usize,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Vec<Unread>, StoreError>> {
        self.inbox.unread(token, count, bytes, lease)
    }

    fn file<'a>(
        &'a self,
        token: Token,
        readings: Vec<Reading>,
    ) -> BoxFuture<'a, Result<Option<Filed>, StoreError>> {
        self.heard(&readings);
        self.inbox.file(token, readings)
    }

    fn take<'a>(
        &'a self,
        sink: &'a str,
        token: Token,
        want: Want,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Taken, StoreError>> {
        self.inbox.take(sink, token, want, lease)
    }

    fn renew<'a>(
        &'a self,
        lane: LaneId,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        self.inbox.renew(lane, token, lease)
    }

    fn settle<'a>(
        &'a self,
        token: Token,
        settlement: Settlement,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        self.inbox.settle(token, settlement)
    }

    fn stirred<'a>(&'a self, seen: u64) -> BoxFuture<'a, u64> {
        self.inbox.stirred(seen)
    }
}

const ROOM: &str = "room";
