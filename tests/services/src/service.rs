//! The sorts of servers that all tests of a run share, one row for each.

use std::io;

use crate::{
    docker,
    kept::Kept,
    nats::Nats,
    postgres::Postgres,
    process::Signal,
    programs,
    rabbitmq::RabbitMq,
    redis::Redis,
    server::Server,
    shared::{NATS_VARIABLE, POSTGRES_VARIABLE, RABBITMQ_VARIABLE, REDIS_VARIABLE},
};

/// A sort of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Service {
    /// Redis.
    Redis,
    /// PostgreSQL.
    Postgres,
    /// NATS, with JetStream.
    Nats,
    /// RabbitMQ.
    RabbitMq,
}

/// What tells one sort from another, as far as the servers that are shared go.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) variable: &'static str,
    /// What its URLs begin with.
    pub(crate) scheme: &'static str,
    /// Where a URL without a port leads.
    pub(crate) port: u16,
    /// Its name on Debian and its children.
    pub(crate) package: &'static str,
    /// What ends one that outlived its starter.
    pub(crate) last_signal: Signal,
    /// Fails, with one line that says what to install, when its programs are not there.
    pub(crate) find: fn() -> io::Result<()>,
    pub(crate) start: fn() -> io::Result<Server>,
    pub(crate) in_docker: fn() -> io::Result<Kept>,
}

const REDIS: Row = Row {
    name: "Redis",
    variable: REDIS_VARIABLE,
    scheme: "redis",
    port: 6379,
    package: "redis-server",
    last_signal: Signal::Kill,
    find: || programs::redis().map(drop),
    start: || Redis::start(&[]).map(|server| server.0),
    in_docker: docker::redis,
};

const POSTGRES: Row = Row {
    name: "PostgreSQL",
    variable: POSTGRES_VARIABLE,
    scheme: "postgres",
    port: 5432,
    package: "postgresql",
    // It gives back its shared memory when it is asked.
    last_signal: Signal::Quit,
    find: || programs::postgres().map(drop),
    // Every test of a run is a process with a pool of its own.
    start: || Postgres::start(&["max_connections = 300"]).map(|server| server.0),
    in_docker: docker::postgres,
};

const NATS: Row = Row {
    name: "NATS",
    variable: NATS_VARIABLE,
    scheme: "nats",
    port: 4222,
    package: "nats-server",
    last_signal: Signal::Kill,
    find: || programs::nats().map(drop),
    start: || Nats::start(&[]).map(|server| server.0),
    in_docker: docker::nats,
};

const RABBITMQ: Row = Row {
    name: "RabbitMQ",
    variable: RABBITMQ_VARIABLE,
    scheme: "amqp",
    port: 5672,
    package: "rabbitmq-server",
    last_signal: Signal::Kill,
    find: || programs::rabbitmq().map(drop),
    start: || RabbitMq::start(&[]).map(|server| server.0),
    in_docker: docker::rabbitmq,
};

impl Service {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Redis, Self::Postgres, Self::Nats, Self::RabbitMq];

    /// How people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The environment variable with the URL of the one for tests.
    #[must_use]
    pub fn variable(self) -> &'static str {
        self.row().variable
    }

    pub(crate) fn row(self) -> &'static Row {
        match self {
            Self::Redis => &REDIS,
            Self::Postgres => &POSTGRES,
            Self::Nats => &NATS,
            Self::RabbitMq => &RABBITMQ,
        }
    }

    /// What a URL leads to.
    pub(crate) fn of(url: &str) -> Option<Self> {
        let (scheme, _) = url.split_once("://")?;
        Self::ALL
            .into_iter()
            .find(|service| service.row().scheme == scheme)
    }
}
