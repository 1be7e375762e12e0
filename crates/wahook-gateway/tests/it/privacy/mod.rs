//! P: no secret, signature, token, number, name or text is in a log, a metric, an error, a span or a panic.
//!
//! Each path is one row of [`PATHS`]: it makes outputs, and all of them are searched for all canaries in all forms. What
//! the `stdout` sink prints, what a body is in the inbox, and what is asked for with `--reveal` are output, and not in it.

mod beside;
#[cfg(all(feature = "nats", feature = "rabbitmq"))]
mod brokers;
mod canary;
mod inside;
mod running;
mod traffic;
mod types;
mod verbs;

use self::canary::{CAME, SECRETS, Searched};

/// What a path gave out, and under which name.
struct Output {
    from: String,
    bytes: Vec<u8>,
    /// The inbox keeps what came; secrets it keeps neither.
    keeps_what_came: bool,
    /// What else must not be in it, such as the signatures of what came: not even in the inbox.
    also: Vec<String>,
}

impl Output {
    fn new(from: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            from: from.into(),
            bytes: bytes.into(),
            keeps_what_came: false,
            also: Vec::new(),
        }
    }
}

/// These must not be in them either.
fn without(mut outputs: Vec<Output>, canaries: &[String]) -> Vec<Output> {
    for output in &mut outputs {
        output.also.extend_from_slice(canaries);
    }
    outputs
}

type Path = (&'static str, fn() -> Vec<Output>);

/// One more path is one more row.
const PATHS: &[Path] = &[
    ("a gateway that logs all it can, as text", running::as_text),
    ("a gateway that logs all it can, as JSON", running::as_json),
    #[cfg(feature = "otlp")]
    ("spans at a collector", running::spans),
    ("the way without an inbox", running::without_inbox),
    ("configurations that are wrong", verbs::wrong_configurations),
    ("the environment", verbs::environment),
    (
        "stores, inboxes and sinks that cannot be reached",
        verbs::unreachable,
    ),
    ("a look at a configuration", verbs::look),
    ("verify", verbs::verify),
    ("normalize", verbs::normalize),
    ("send", verbs::send),
    ("conform", beside::conform),
    ("demo", verbs::demo),
    ("a sink that panics", inside::panicking_sink),
    ("Debug and Display of what holds a secret", types::debug),
    ("Debug of deliveries on their way", types::on_their_way),
];

/// What needs servers.
const PATHS_WITH_SERVERS: &[Path] = &[
    ("a guard in Redis", beside::on_redis),
    ("a guard and an inbox in PostgreSQL", beside::on_postgres),
    #[cfg(feature = "nats")]
    ("an inbox in NATS", beside::on_nats),
    #[cfg(all(feature = "nats", feature = "rabbitmq"))]
    ("sinks that are brokers", brokers::on_brokers),
];

#[test]
fn p1_no_canary_comes_out_of_any_path() {
    search(PATHS);
}

#[test]
#[ignore = "needs Redis, PostgreSQL, NATS and RabbitMQ: cargo xtask test"]
fn p1_no_canary_comes_out_of_a_path_to_a_server() {
    search(PATHS_WITH_SERVERS);
}

fn search(paths: &[Path]) {
    let mut leaks = Vec::new();
    for (path, run) in paths {
        let outputs = run();
        assert!(
            outputs.iter().any(|output| !output.bytes.is_empty()),
            "{path}: nothing came out, so nothing was looked at"
        );
        for output in &outputs {
            let what_came = if output.keeps_what_came { &[][..] } else { &CAME };
            let searched = Searched::new(&output.bytes);
            let also = output.also.iter().map(String::as_str);
            for canary in SECRETS.iter().chain(what_came).copied().chain(also) {
                if let Some(form) = searched.holds(canary) {
                    let text = String::from_utf8_lossy(&output.bytes);
                    let line = text
                        .lines()
                        .find(|line| Searched::new(line.as_bytes()).holds(canary).is_some());
                    let line: String = line.unwrap_or_default().chars().take(600).collect();
                    leaks.push(format!("{path}: {canary:?} as {form} in {}: {line}", output.from));
                }
            }
        }
    }
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}
