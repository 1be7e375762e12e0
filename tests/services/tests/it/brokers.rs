//! Real servers of messages.

use std::time::Duration;

use wahook_services::{Nats, RabbitMq, shared_nats, shared_rabbitmq};

use crate::{
    amqp, nats,
    processes::{processes_with, runs},
    wire::connect,
};

const STREAM: &str = r#"{"name":"kept","subjects":["kept.>"],"storage":"file"}"#;

#[test]
#[ignore = "needs NATS: cargo xtask test"]
fn nats_comes_back_with_its_streams_and_goes_without_a_trace() {
    let server = Nats::start(&["max_payload: 4096"]).unwrap();
    let (address, folder) = (server.address(), server.data_dir());
    let mut client = nats::Client::to(&address).unwrap();
    assert!(client.info.starts_with("INFO {") && client.info.contains(r#""max_payload":4096"#));
    assert!(!client.info.contains(r#""auth_required":true"#));
    assert_eq!(client.ping().unwrap(), "PONG");
    let made = client.ask("$JS.API.STREAM.CREATE.kept", STREAM).unwrap();
    assert!(!made.contains("error"), "{made}");
    let taken = client.ask("kept.a", "1").unwrap();
    assert!(taken.contains(r#""seq":1"#), "{taken}");

    let first = server.pid().unwrap();
    server.kill();
    server.kill();
    assert!(!runs(first));
    assert!(connect(&address).is_err() && client.ping().is_err());
    server.restart().unwrap();
    assert_eq!(server.address(), address);
    for number in [2, 3] {
        let mut client = nats::Client::to(&address).unwrap();
        let taken = client.ask("kept.a", "more").unwrap();
        assert!(taken.contains(&format!(r#""seq":{number}"#)), "{taken}");
        server.restart().unwrap();
    }
    let last = server.pid().unwrap();
    drop(server);
    assert!(!runs(last) && !folder.parent().unwrap().exists());
    assert_eq!(processes_with(folder.parent().unwrap()), 0);
}

#[test]
#[ignore = "needs RabbitMQ: cargo xtask test"]
fn rabbitmq_comes_back_with_its_queues_and_goes_without_a_trace() {
    let server = RabbitMq::start(&["heartbeat = 30"]).unwrap();
    let (address, folder) = (server.address(), server.data_dir());
    let knock = || amqp::knock(&mut connect(&address)?);
    assert_eq!(knock().unwrap(), amqp::CONNECTION_START);
    assert!(amqp::Client::to(&server.url().replace(":guest@", ":wrong@")).is_err());
    let mut client = amqp::Client::to(&server.url()).unwrap();
    client.declare("kept").unwrap();
    for message in ["one", "two"] {
        client.publish("kept", message).unwrap();
    }

    server.kill();
    assert_eq!(
        processes_with(folder.parent().unwrap()),
        1,
        "the guard alone: no helper, no epmd"
    );
    assert!(knock().is_err() && client.get("kept").is_err());
    server.restart().unwrap();
    assert_eq!(server.address(), address);
    let mut client = amqp::Client::to(&server.url()).unwrap();
    assert_eq!(client.get("kept").unwrap().unwrap(), "one");
    assert_eq!(client.get("kept").unwrap().unwrap(), "two");
    assert_eq!(client.get("kept").unwrap(), None);
    let last = server.pid().unwrap();
    drop(server);
    assert!(!runs(last) && !folder.parent().unwrap().exists());
    assert_eq!(processes_with(folder.parent().unwrap()), 0);
}

#[test]
#[ignore = "needs NATS and RabbitMQ: cargo xtask test"]
fn a_frozen_broker_takes_connections_and_says_nothing_until_it_is_thawed() {
    let server = Nats::start(&[]).unwrap();
    server.freeze();
    let stream = connect(&server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(stream.peek(&mut [0]).is_err());
    server.thaw();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert_eq!(stream.peek(&mut [0]).unwrap(), 1);
    server.freeze();
    let id = server.pid().unwrap();
    drop(server);
    assert!(!runs(id), "a frozen one ends too");

    let server = RabbitMq::start(&[]).unwrap();
    let folder = server.data_dir();
    server.freeze();
    let mut stream = connect(&server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    assert!(amqp::knock(&mut stream).is_err());
    server.thaw();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert!(
        stream.peek(&mut [0]).is_ok(),
        "the answer to what was said while it was frozen"
    );
    server.freeze();
    drop(server);
    assert_eq!(processes_with(folder.parent().unwrap()), 0);
}

#[test]
#[ignore = "needs NATS and RabbitMQ: cargo xtask test"]
fn a_setting_that_is_none_is_an_error_with_the_log_of_the_broker() {
    let server = Nats::start_with(
        &[("more.conf", b"max_payload: 2048\n")],
        &["include './more.conf'", "jetstream { max_file_store: 1MB }"],
    );
    let server = server.unwrap();
    let client = nats::Client::to(&server.address()).unwrap();
    assert!(client.info.contains(r#""max_payload":2048"#));
    assert!(
        server.data_dir().join("jetstream").exists(),
        "a block of settings does not move the store"
    );

    let error = Nats::start(&["no_such_setting: 1"]).unwrap_err().to_string();
    assert!(error.contains("no_such_setting"), "{error}");
    let error = RabbitMq::start(&["no_such_setting = 1"]).unwrap_err().to_string();
    assert!(error.contains("no_such_setting"), "{error}");
}

#[test]
#[ignore = "needs NATS and RabbitMQ: cargo xtask test"]
fn the_shared_brokers_answer() {
    let url = shared_nats();
    let mut client = nats::Client::to(url.strip_prefix("nats://").unwrap()).unwrap();
    assert_eq!(client.ping().unwrap(), "PONG");
    assert!(client.ask("$JS.API.INFO", "").unwrap().contains(r#""streams""#));
    let mut client = amqp::Client::to(&shared_rabbitmq()).unwrap();
    client.declare("wahook-services").unwrap();
}
