//! Servers in containers, where the programs are missing and Docker is not.
//!
//! Only the servers that all tests share: what kills and freezes servers of its own needs the programs.

use std::{io, time::Duration};

use crate::{
    kept::{Kept, docker},
    process::wait_until,
    template::{PASSWORD, ROLE},
};

/// Long enough for an image that has to be loaded first to come up; the loading itself is not counted.
const START: Duration = Duration::from_secs(60);

/// Whether there is a Docker that answers.
pub(crate) fn works() -> bool {
    docker(&["info", "--format", "{{.ServerVersion}}"]).is_ok_and(|answer| !answer.is_empty())
}

pub(crate) fn redis() -> io::Result<Kept> {
    let id = docker(&[
        "run",
        "--detach",
        "--rm",
        "--publish",
        "127.0.0.1::6379",
        "redis:7",
        "redis-server",
        "--save",
        "",
    ])?;
    start(id, "6379/tcp", &["redis-cli", "ping"], |address| {
        format!("redis://{address}")
    })
}

pub(crate) fn postgres() -> io::Result<Kept> {
    let (user, password) = (
        format!("POSTGRES_USER={ROLE}"),
        format!("POSTGRES_PASSWORD={PASSWORD}"),
    );
    let id = docker(&[
        "run",
        "--detach",
        "--rm",
        "--publish",
        "127.0.0.1::5432",
        "--env",
        &user,
        "--env",
        &password,
        "postgres:17",
        "-c",
        "max_connections=300",
    ])?;
    // Over TCP: the server that fills the database first listens on a socket only.
    start(
        id,
        "5432/tcp",
        &["pg_isready", "-q", "-h", "127.0.0.1", "-U", ROLE],
        |address| format!("postgres://{ROLE}:{PASSWORD}@{address}/{ROLE}"),
    )
}

pub(crate) fn nats() -> io::Result<Kept> {
    let id = docker(&[
        "run",
        "--detach",
        "--rm",
        "--publish",
        "127.0.0.1::4222",
        // The image without a system around it has nothing to ask the server with.
        "nats:2-alpine",
        "nats-server",
        "--jetstream",
        "--http_port",
        "8222",
    ])?;
    start(
        id,
        "4222/tcp",
        &["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8222/healthz"],
        |address| format!("nats://{address}"),
    )
}

pub(crate) fn rabbitmq() -> io::Result<Kept> {
    // The image lets its user `guest` in from everywhere.
    let id = docker(&[
        "run",
        "--detach",
        "--rm",
        "--publish",
        "127.0.0.1::5672",
        "rabbitmq:4",
    ])?;
    start(
        id,
        "5672/tcp",
        &["rabbitmq-diagnostics", "-q", "check_port_connectivity"],
        |address| format!("amqp://guest:guest@{address}"),
    )
}

/// Waits until the server in a container is ready; removes the container if it is not.
fn start(id: String, port: &str, ask: &[&str], url: impl FnOnce(&str) -> String) -> io::Result<Kept> {
    let arguments: Vec<&str> = ["exec", &id].into_iter().chain(ask.iter().copied()).collect();
    let address = if wait_until(START, || docker(&arguments).is_ok()) {
        docker(&["port", &id, port])
    } else {
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the server in the container did not become ready",
        ))
    };
    match address {
        Ok(address) => Ok(Kept::container(
            url(address.lines().next().unwrap_or_default()),
            id,
        )),
        Err(error) => {
            let _ = docker(&["rm", "--force", "--volumes", &id]);
            Err(error)
        }
    }
}
