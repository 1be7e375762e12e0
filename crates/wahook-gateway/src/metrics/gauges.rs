//! What is looked up when it is asked for: how the inbox is, and who is silent.

use std::{sync::atomic::AtomicU64, time::Duration};

use jiff::Timestamp;
use prometheus_client::{
    metrics::{
        counter::ConstCounter,
        family::Family,
        gauge::{ConstGauge, Gauge},
    },
    registry::Registry,
};
use wahook_core::inbox::{EndpointStatus, SinkStatus, Status};

use super::{bounds::Accounts, families::Labels};

/// Depth and age of the inbox and of each sink.
pub(super) fn of_status(registry: &mut Registry, status: &Status, now: Timestamp) {
    let mut one = |name: &str, help: &str, value: f64| {
        registry.register(name, help, ConstGauge::new(value));
    };
    one(
        "inbox_deliveries",
        "Deliveries that the inbox keeps",
        float(status.deliveries),
    );
    one(
        "inbox_unread",
        "Deliveries that nobody has read yet",
        float(status.unread),
    );
    one(
        "inbox_unreadable",
        "Deliveries that nobody here can read; kept until somebody can",
        float(status.unreadable),
    );
    one(
        "inbox_bytes",
        "Bytes that the inbox takes on disk",
        float(status.bytes),
    );
    one(
        "inbox_oldest_seconds",
        "How long ago the oldest delivery was received that is not finished; 0 if all are",
        age(status.oldest, now),
    );
    let mut of_sinks = |name: &str, help: &str, value: &dyn Fn(&SinkStatus) -> f64| {
        let sinks = status.sinks.iter();
        let rows = sinks.map(|sink| (vec![("sink", sink.name.to_string())], value(sink)));
        of_each(registry, name, help, rows);
    };
    of_sinks("sink_waiting", "Events that wait for a sink", &|sink| {
        float(sink.waiting)
    });
    of_sinks("sink_lanes", "Lanes of a sink with events", &|sink| {
        float(sink.lanes)
    });
    of_sinks(
        "sink_lanes_blocked",
        "Lanes of a sink that stand still for a dead letter",
        &|sink| float(sink.blocked),
    );
    of_sinks(
        "dead_letters",
        "Events that a sink gave up on and nobody has retried or dropped",
        &|sink| float(sink.dead),
    );
    of_sinks(
        "sink_oldest_seconds",
        "How long ago the oldest event was received that waits for a sink; 0 if none does",
        &|sink| age(sink.oldest, now),
    );
    let mut of_endpoints = |name: &str, help: &str, value: &dyn Fn(&EndpointStatus) -> f64| {
        let endpoints = status.endpoints.iter();
        let rows = endpoints.map(|one| (vec![("endpoint", one.name.to_string())], value(one)));
        of_each(registry, name, help, rows);
    };
    of_endpoints(
        "endpoint_unread",
        "Deliveries of an endpoint that nobody has read yet, or can; of much that waits a part",
        &|endpoint| float(endpoint.unread),
    );
    of_endpoints(
        "endpoint_waiting",
        "Events of an endpoint that wait for sinks; of much that waits a part",
        &|endpoint| float(endpoint.waiting),
    );
    of_endpoints(
        "endpoint_oldest_seconds",
        "How long ago the oldest delivery of an endpoint was received that is not finished",
        &|endpoint| age(endpoint.oldest, now),
    );
    of_each(
        registry,
        "inbox_room_used_ratio",
        "How full the inbox is, by limit; at 1 nothing more is accepted",
        status.room.iter().map(|room| {
            let labels = vec![("limit", room.limit.as_str().to_owned())];
            (labels, float(room.used) / float(room.most.max(1)))
        }),
    );
}

/// How long nothing came of each account.
pub(super) fn of_accounts(registry: &mut Registry, accounts: &Accounts, elapsed: Duration) {
    of_each(
        registry,
        "account_silence_seconds",
        "How long ago the last delivery of an account came, since the start; accounts are keyed hashes or configured names",
        accounts.all().map(|(scope, account, heard)| {
            let labels = vec![("endpoint", scope.to_owned()), ("account", account.to_owned())];
            (labels, elapsed.saturating_sub(heard.last).as_secs_f64())
        }),
    );
    registry.register(
        "account_events_untold",
        "Events of accounts beyond the first 500, which have no silence of their own",
        ConstCounter::new(accounts.untold()),
    );
}

/// One metric, with a value for each set of labels.
fn of_each(registry: &mut Registry, name: &str, help: &str, rows: impl Iterator<Item = (Labels, f64)>) {
    let family = Family::<Labels, Gauge<f64, AtomicU64>>::default();
    for (labels, value) in rows {
        family.get_or_create(&labels).set(value);
    }
    registry.register(name, help, family);
}

fn age(oldest: Option<Timestamp>, now: Timestamp) -> f64 {
    oldest.map_or(0.0, |oldest| now.duration_since(oldest).as_secs_f64().max(0.0))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a gauge is a float; beyond 2^53 nobody counts"
)]
const fn float(number: u64) -> f64 {
    number as f64
}
