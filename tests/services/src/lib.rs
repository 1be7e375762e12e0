//! Private servers for tests: on free ports of 127.0.0.1, with temporary data, ended by process id.
//!
//! - [`Redis`], [`Postgres`], [`Nats`] and [`RabbitMq`] are a test's own servers: it may kill, restart and freeze them.
//! - [`shared_redis`], [`shared_postgres`], [`shared_nats`] and [`shared_rabbitmq`] are the ones that
//!   `cargo xtask services up` or `cargo xtask test` started for all tests: a test may fill them, under names of its
//!   own, and must not touch the servers themselves.
//! - [`Proxy`] stands between a client and a server and loses what passes.
//! - [`Clock`] is what a process takes for the time, and can be moved.
//! - [`Frames`] are HTTP/2 as an attacker writes it.
//! - [`Disk`] is what a process writes to, and forgets what was not flushed.
//! - [`SlowFlushes`] are those of a slow disk, to measure on.
//!
//! A private server ends with the value that holds it, and with the process that holds it, however that process ends.
//! Unix only.

mod clock;
mod disk;
mod docker;
mod folder;
mod frames;
mod guard;
mod kept;
mod nats;
mod ports;
mod postgres;
mod preload;
mod process;
mod programs;
mod proxy;
mod rabbitmq;
mod redis;
mod run;
mod server;
mod service;
mod shared;
mod template;

pub use self::{
    clock::Clock,
    disk::{Disk, SlowFlushes},
    frames::{Frames, PREFACE, goodbye},
    kept::{Kept, State},
    nats::Nats,
    ports::free_port,
    postgres::Postgres,
    proxy::Proxy,
    rabbitmq::RabbitMq,
    redis::Redis,
    run::Shared,
    server::Server,
    service::Service,
    shared::{
        NATS_VARIABLE, POSTGRES_VARIABLE, RABBITMQ_VARIABLE, REDIS_VARIABLE, shared_nats, shared_postgres,
        shared_rabbitmq, shared_redis,
    },
};
