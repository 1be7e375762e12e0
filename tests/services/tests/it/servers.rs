//! Real servers.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use wahook_services::{Nats, Postgres, Proxy, RabbitMq, Redis, shared_postgres, shared_redis};

use crate::{
    processes::{eventually, processes_with, runs},
    wire::{ask_redis, connect, knock_at_postgres, redis},
};

const SCRAM: &[u8] = b"R\0\0\0\x17\0\0\0\x0a";

#[test]
#[ignore = "needs Redis: cargo xtask test"]
fn redis_comes_back_with_what_it_wrote_and_goes_without_a_trace() {
    let server = Redis::start(&["appendonly yes", "appendfsync always"]).unwrap();
    let (address, folder) = (server.address(), server.data_dir());
    assert_eq!(ask_redis(&address, "SET a 1").unwrap(), "+OK\r\n");
    let first = server.pid().unwrap();
    server.kill();
    server.kill();
    assert!(!runs(first));
    assert!(connect(&address).is_err());
    server.restart().unwrap();
    assert_eq!(ask_redis(&address, "GET a").unwrap(), "$1\r\n1\r\n");
    server.restart().unwrap();
    assert_eq!(ask_redis(&address, "GET a").unwrap(), "$1\r\n1\r\n");
    let last = server.pid().unwrap();
    drop(server);
    assert!(!runs(last) && !folder.parent().unwrap().exists());
    assert_eq!(processes_with(folder.parent().unwrap()), 0);
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn postgres_comes_back_and_goes_without_a_trace() {
    let server = Postgres::start(&["max_connections = 20"]).unwrap();
    let (address, folder) = (server.address(), server.data_dir());
    assert_eq!(knock_at_postgres(&address).unwrap(), SCRAM);
    server.kill();
    assert_eq!(processes_with(&folder), 0);
    assert!(connect(&address).is_err());
    server.restart().unwrap();
    assert_eq!(knock_at_postgres(&address).unwrap(), SCRAM);
    let last = server.pid().unwrap();
    drop(server);
    assert!(!runs(last) && !folder.parent().unwrap().exists());
    assert_eq!(processes_with(folder.parent().unwrap()), 0);
}

#[test]
#[ignore = "needs PostgreSQL: cargo xtask test"]
fn postgres_takes_its_role_and_password() {
    let server = Postgres::start(&[]).unwrap();
    // The store's own client is no dependency of this crate; psql comes with the server.
    let ask = |url: &str, query: &str| {
        let output = Command::new("psql")
            .args([url, "-X", "-A", "-t", "-c", query])
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let who = "SELECT current_user, current_database(), usesuper FROM pg_user WHERE usename = current_user";
    assert_eq!(ask(&server.url(), who), (true, "wahook|wahook|f\n".to_owned()));
    assert!(ask(&server.url(), "CREATE SCHEMA a").0 && ask(&server.url(), "CREATE DATABASE b").0);
    assert!(!ask(&server.url().replace("secret", "wrong"), "SELECT 1").0);
    server.freeze();
    server.thaw();
    assert!(ask(&server.url(), "SELECT 1").0);
}

#[test]
#[ignore = "needs Redis and PostgreSQL: cargo xtask test"]
fn a_frozen_server_takes_connections_and_says_nothing_until_it_is_thawed() {
    let server = Redis::start(&[]).unwrap();
    let mut stream = connect(&server.address()).unwrap();
    server.freeze();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(redis(&mut stream, "PING").is_err());
    server.thaw();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert!(redis(&mut stream, "PING").unwrap().starts_with("+PONG"));
    server.freeze();
    let id = server.pid().unwrap();
    drop(server);
    assert!(!runs(id), "a frozen one ends too");

    let server = Postgres::start(&[]).unwrap();
    let folder = server.data_dir();
    server.freeze();
    server.kill();
    server.restart().unwrap();
    assert_eq!(knock_at_postgres(&server.address()).unwrap(), SCRAM);
    server.freeze();
    drop(server);
    assert_eq!(processes_with(folder.parent().unwrap()), 0);
}

#[test]
#[ignore = "needs Redis and PostgreSQL: cargo xtask test"]
fn files_belong_to_the_server_and_a_setting_that_is_none_is_an_error_with_the_log() {
    let server = Redis::start_with(
        &[("users.acl", b"user default on nopass +@all ~*\n")],
        &["aclfile users.acl"],
    );
    let server = server.unwrap();
    assert!(ask_redis(&server.address(), "PING").unwrap().starts_with("+PONG"));
    assert!(server.data_dir().join("users.acl").exists());
    // PostgreSQL reads it when it starts, as its own user.
    let server = Postgres::start_with(
        &[("more.conf", b"max_connections = 17\n")],
        &["include 'more.conf'"],
    );
    assert_eq!(knock_at_postgres(&server.unwrap().address()).unwrap(), SCRAM);

    assert!(Redis::start_with(&[("../x", b"")], &[]).is_err());
    let error = Redis::start(&["no-such-setting yes"]).unwrap_err().to_string();
    assert!(error.contains("no-such-setting"), "{error}");
    let error = Postgres::start(&["no_such_setting = 1"]).unwrap_err().to_string();
    assert!(error.contains("no_such_setting"), "{error}");
}

#[test]
#[ignore = "needs Redis: cargo xtask test"]
fn a_proxy_before_a_server_is_cut_and_healed() {
    let server = Redis::start(&[]).unwrap();
    let proxy = Proxy::to(&server.address()).unwrap();
    let mut stream = connect(&proxy.address()).unwrap();
    assert!(redis(&mut stream, "PING").unwrap().starts_with("+PONG"));
    proxy.cut();
    assert!(redis(&mut stream, "PING").is_err());
    proxy.heal();
    assert!(ask_redis(&proxy.address(), "PING").unwrap().starts_with("+PONG"));
    server.kill();
    assert!(ask_redis(&proxy.address(), "PING").is_err());
}

#[test]
#[ignore = "needs Redis and PostgreSQL: cargo xtask test"]
fn the_shared_servers_answer() {
    let url = shared_redis();
    assert!(
        ask_redis(url.strip_prefix("redis://").unwrap(), "PING")
            .unwrap()
            .starts_with("+PONG")
    );
    let url = shared_postgres();
    let address = url.split(['@', '/']).nth(3).unwrap();
    assert_eq!(knock_at_postgres(address).unwrap(), SCRAM);
}

/// Not a test: what the next one runs as a process of its own, and kills.
#[test]
#[ignore = "needs Redis, PostgreSQL, NATS and RabbitMQ: cargo xtask test"]
fn holder() {
    if std::env::var_os("WAHOOK_SERVICES_HOLD").is_none() {
        return;
    }
    let redis = Redis::start(&[]).unwrap();
    let postgres = Postgres::start(&[]).unwrap();
    let nats = Nats::start(&[]).unwrap();
    let rabbitmq = RabbitMq::start(&[]).unwrap();
    if std::env::var_os("WAHOOK_SERVICES_FREEZE").is_some() {
        postgres.freeze();
        redis.freeze();
        nats.freeze();
        rabbitmq.freeze();
    }
    println!(
        "\nheld {} {} {} {}",
        redis.data_dir().display(),
        postgres.data_dir().display(),
        nats.data_dir().display(),
        rabbitmq.data_dir().display()
    );
    let _ = std::io::stdin().read(&mut [0]);
}

#[test]
#[ignore = "needs Redis, PostgreSQL, NATS and RabbitMQ: cargo xtask test"]
fn servers_end_with_a_process_that_was_killed() {
    holder_is_killed(&[]);
    holder_is_killed(&[("WAHOOK_SERVICES_FREEZE", "1")]);
}

fn holder_is_killed(environment: &[(&str, &str)]) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "servers::holder", "--include-ignored", "--nocapture"])
        .env("WAHOOK_SERVICES_HOLD", "1")
        .envs(environment.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines
        .find_map(|line| Some(line.unwrap().strip_prefix("held ")?.to_owned()))
        .unwrap();
    let folders: Vec<_> = line
        .split(' ')
        .map(|path| Path::new(path).parent().unwrap())
        .collect();
    assert!(folders.iter().all(|folder| processes_with(folder) > 0));
    child.kill().unwrap();
    child.wait().unwrap();
    for folder in folders {
        eventually("the guard ends the server and removes its folder", || {
            !folder.exists() && processes_with(folder) == 0
        });
    }
}
