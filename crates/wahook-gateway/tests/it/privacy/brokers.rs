//! Brokers that hand a message back, that let us in, and that do not.

use wahook_services::{Nats, RabbitMq};

use super::{
    Output,
    canary::ADDRESS,
    traffic::{endpoints, traffic},
    without,
};
use crate::program::{Gateway, folder};

/// The log has all that it may have: whatever is asked for, libraries do not write messages and passwords.
pub(super) fn on_brokers() -> Vec<Output> {
    let who = format!("authorization {{ user: app, password: \"{ADDRESS}\" }}");
    let nats = Nats::start(&[&who]).unwrap();
    let password = format!("default_pass = {ADDRESS}");
    let rabbitmq = RabbitMq::start(&["default_user = app", &password]).unwrap();
    let (nats, rabbitmq) = (nats.url(), rabbitmq.url());
    let (_, nats) = nats.split_once("://").unwrap();
    let (_, rabbitmq) = rabbitmq.split_once('@').unwrap();
    let toml = format!(
        r#"
inbox = "sqlite:inbox.db"
[limits]
body_bytes = 20000
header_timeout = "300ms"
[log]
filter = "trace,lapin=trace,lapin::returned_messages=trace,async_nats=trace"
{endpoints}
[[sink]]
name = "returned"
type = "rabbitmq"
address = "amqp://app:{ADDRESS}@{rabbitmq}"
exchange = "amq.topic"
routing_key = "nobody"
[[sink]]
name = "kept-out"
type = "rabbitmq"
address = "amqp://app:not-{ADDRESS}@{rabbitmq}"
[[sink]]
name = "let-in"
type = "nats"
address = "nats://app:{ADDRESS}@{nats}"
[[sink]]
name = "shut-out"
type = "nats"
address = "nats://app:not-{ADDRESS}@{nats}"
"#,
        endpoints = endpoints()
    );
    let mut gateway = Gateway::with_config(&folder("p1-brokers"), &toml);
    let said = traffic(&gateway);
    let mut log = gateway.log_until(&["no queue takes the message", "(403)", "cannot connect: auth"]);
    gateway.signal("-TERM");
    gateway.wait();
    log.extend(gateway.log());
    let outputs = vec![
        Output::new("answers", said.answers),
        Output::new("what it said", gateway.said.join("\n")),
        Output::new("log", log.join("\n")),
    ];
    without(outputs, &said.signatures.into_canaries())
}
