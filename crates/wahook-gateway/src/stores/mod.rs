//! Where the guard remembers, and where deliveries are kept: a row for each database, and what is opened of them.

mod address;
mod delivery_log;
mod forgetful;
mod log;
mod mask;
#[cfg(feature = "nats")]
mod nats;
#[cfg(not(feature = "nats"))]
#[path = "no_nats.rs"]
mod nats;
mod open;
mod open_inbox;
mod opened;
mod watched;

use std::sync::Arc;

use wahook_core::{
    Assurance, BoxFuture,
    guard::{GuardStore, OpenError, OpenErrorKind},
    inbox::Desk,
};

pub use self::{address::StoreAddress, opened::Opened};
pub(crate) use self::{
    delivery_log::DeliveryLog,
    log::StoreLog,
    mask::masked,
    open::Database,
    open_inbox::InboxMeans,
    opened::{Group, Means, Stores, group},
};

/// What the configuration may name as a store.
pub(crate) static STORES: [StoreRow; 5] = [
    StoreRow {
        name: "memory",
        schemes: &["memory"],
        form: "memory",
        reach: Reach::Process,
        stronger: "name a store that outlives it: store = \"sqlite:guard.db\" for one machine, redis://… or postgres://… for several",
        advice: |_| "",
        open: Some(open::memory),
        inbox: None,
        has_tables: false,
    },
    StoreRow {
        name: "sqlite",
        schemes: &["sqlite"],
        form: "sqlite:PATH",
        reach: Reach::Machine,
        stronger: "leave out ?synchronous=normal, and put the file on a local disk that keeps what was flushed",
        advice: |_| "",
        open: Some(open::sqlite),
        inbox: Some(open_inbox::sqlite),
        has_tables: true,
    },
    StoreRow {
        name: "redis",
        schemes: &[
            "redis",
            "rediss",
            "redis+unix",
            "valkey",
            "valkeys",
            "valkey+unix",
        ],
        form: "redis://USER:PASSWORD@HOST:PORT/DATABASE",
        reach: Reach::Network,
        stronger: "set appendonly yes and appendfsync always, without replicas, or name sqlite or postgres",
        advice: |_| "",
        open: Some(open::redis),
        inbox: None,
        has_tables: false,
    },
    StoreRow {
        name: "postgres",
        schemes: &["postgres", "postgresql"],
        form: "postgres://USER:PASSWORD@HOST:PORT/DATABASE",
        reach: Reach::Network,
        stronger: "set fsync, full_page_writes and synchronous_commit to on for the role",
        advice: |kind| match kind {
            OpenErrorKind::Unreachable => "; start it, or correct host and port of the address",
            OpenErrorKind::Refused => {
                "; correct user, password or TLS of the address, or the rights of the user"
            }
            _ => "",
        },
        open: Some(open::postgres),
        inbox: Some(open_inbox::postgres),
        has_tables: true,
    },
    StoreRow {
        name: "nats",
        schemes: &["nats", "tls"],
        form: "nats://USER:PASSWORD@HOST:PORT",
        reach: Reach::Network,
        stronger: "set jetstream { sync_interval: always } on all its servers and add ?sync=always",
        advice: |kind| match kind {
            OpenErrorKind::Unreachable => {
                "; start it with JetStream, or correct host and port of the address"
            }
            OpenErrorKind::Refused => "; correct user, password or TLS of the address, or the stream",
            _ => "",
        },
        open: None,
        inbox: Some(nats::inbox),
        has_tables: false,
    },
];

/// One sort of store.
pub(crate) struct StoreRow {
    /// Its name in what is said about it.
    pub(crate) name: &'static str,
    /// What its addresses begin with.
    schemes: &'static [&'static str],
    /// What an address looks like.
    form: &'static str,
    /// Who can share it.
    pub(crate) reach: Reach,
    /// What gives a better guarantee.
    pub(crate) stronger: &'static str,
    /// What to do where it cannot be opened and does not say that itself.
    pub(crate) advice: fn(OpenErrorKind) -> &'static str,
    /// How it is opened as the store of a guard, if it can be one.
    pub(crate) open: Option<Open>,
    /// How it is opened as an inbox, if it can be one.
    pub(crate) inbox: Option<OpenInbox>,
    /// Whether a sink can write into it.
    pub(crate) has_tables: bool,
}

type Open = for<'a> fn(&'a StoreAddress, &'a Means) -> BoxFuture<'a, Result<Plain, OpenError>>;

type OpenInbox =
    for<'a> fn(&'a StoreAddress, &'a InboxMeans) -> BoxFuture<'a, Result<Arc<dyn Desk>, OpenError>>;

/// A store as its crate opens it.
type Plain = (Arc<dyn GuardStore>, Assurance);

/// Who can share a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This process alone.
    Process,
    /// The processes of this machine.
    Machine,
    /// Whoever can connect.
    Network,
}
