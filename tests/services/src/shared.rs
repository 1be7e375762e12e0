//! The servers that all tests of a run share.

use std::{
    net::{TcpStream, ToSocketAddrs as _},
    sync::OnceLock,
    time::Duration,
};

use crate::{kept::State, service::Service};

/// The environment variable with the URL of the Redis for tests.
pub const REDIS_VARIABLE: &str = "WAHOOK_TEST_REDIS";
/// The environment variable with the URL of the PostgreSQL for tests.
pub const POSTGRES_VARIABLE: &str = "WAHOOK_TEST_POSTGRES";
/// The environment variable with the URL of the NATS for tests.
pub const NATS_VARIABLE: &str = "WAHOOK_TEST_NATS";
/// The environment variable with the URL of the RabbitMQ for tests.
pub const RABBITMQ_VARIABLE: &str = "WAHOOK_TEST_RABBITMQ";

/// The URL of the Redis that all tests share.
///
/// # Panics
///
/// When there is none, or it does not answer: with one line that says what to do.
#[must_use]
pub fn shared_redis() -> String {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| shared(Service::Redis)).clone()
}

/// The URL of the PostgreSQL that all tests share, with user, password and database.
///
/// # Panics
///
/// When there is none, or it does not answer: with one line that says what to do.
#[must_use]
pub fn shared_postgres() -> String {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| shared(Service::Postgres)).clone()
}

/// The URL of the NATS that all tests share. Names of streams and subjects are the test's own.
///
/// # Panics
///
/// When there is none, or it does not answer: with one line that says what to do.
#[must_use]
pub fn shared_nats() -> String {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| shared(Service::Nats)).clone()
}

/// The URL of the RabbitMQ that all tests share, with user and password. Names of queues and exchanges are the test's
/// own.
///
/// # Panics
///
/// When there is none, or it does not answer: with one line that says what to do.
#[must_use]
pub fn shared_rabbitmq() -> String {
    static URL: OnceLock<String> = OnceLock::new();
    URL.get_or_init(|| shared(Service::RabbitMq)).clone()
}

fn shared(service: Service) -> String {
    let (name, variable) = (service.name(), service.variable());
    match std::env::var(variable) {
        Ok(url) if !url.is_empty() => {
            // The URL may hold a password, so it is not shown.
            assert!(
                is_reachable(service, &url),
                "nobody answers at the {name} that {variable} names"
            );
            return url;
        }
        _ => {}
    }
    let what = "run `cargo xtask test`, or `cargo xtask services up` first";
    match State::load().get(service) {
        Some(kept) if kept.is_alive() && is_reachable(service, kept.url()) => kept.url().to_owned(),
        Some(_) => panic!("the {name} of `cargo xtask services up` is gone: {what}"),
        None => panic!("this test needs {name}: {what}, or set {variable} to the URL of one for tests"),
    }
}

fn is_reachable(service: Service, url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let has_port = host
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    let address = if has_port {
        host.to_owned()
    } else {
        format!("{host}:{}", service.row().port)
    };
    address.to_socket_addrs().is_ok_and(|mut addresses| {
        addresses.any(|address| TcpStream::connect_timeout(&address, Duration::from_secs(5)).is_ok())
    })
}
