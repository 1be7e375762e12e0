//! Where events are handed on, as the configuration says it.

use std::{collections::BTreeMap, num::NonZeroU64, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{Hidden, Period, StoreText, UrlText};

/// One sink. Which of the keys below `type` it takes depends on it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct SinkConfig {
    /// Its name: the inbox keeps its lanes under it, so another name is another sink.
    pub name: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: SinkType,
    /// Only events of these kinds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kinds: Vec<String>,
    /// Only events that these endpoints received.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<String>,
    /// Only events of these accounts: devices, channels, sessions, phone number ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accounts: Vec<String>,
    /// Only events of these tenants: workspaces, organisations, business accounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tenants: Vec<String>,
    /// Only events that the provider calls so; `messages.*` is `messages` and `messages.statuses`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// How events are written; `wahook.event/1` if left out.
    #[serde(default)]
    pub format: Format,
    /// Whether events carry what the provider sent, beside what was read from it.
    #[serde(default = "yes")]
    pub raw: bool,
    /// How many conversations are handed over at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lanes: Option<usize>,
    /// So many attempts that fail, then an event is a dead letter; those while the sink was away do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// The delay after the first attempt; it doubles each time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_retry: Option<Period>,
    /// The longest delay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest_retry: Option<Period>,
    /// How long a sink may be away before events that wait for it become dead letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub give_up_after: Option<Period>,
    /// What becomes of the events behind a dead letter.
    #[serde(default)]
    pub on_poison: WhenPoison,

    /// `file`: the file; relative to the configuration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<PathBuf>,
    /// `file`: begin another file when it is larger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate_bytes: Option<u64>,
    /// `file`: begin another file when its first line is older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotate_after: Option<Period>,
    /// `file`: how many of the older files are kept; all if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep: Option<u32>,

    /// `http`: where to POST.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<UrlText>,
    /// `http`: the secret to sign with, as Standard Webhooks has it, or as Meta does where `format` is `meta`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Hidden>,
    /// `http`: a file that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// `http`: several, for a change; each signs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<Hidden>>,
    /// `http`: files that hold one each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets_files: Option<Vec<PathBuf>>,
    /// `http`, `kafka`, `nats`, `rabbitmq`, `redis`: how long an answer may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Period>,
    /// `http`: how long a connection may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connect_timeout: Option<Period>,
    /// `http`: whether a name may lead to a private address; `false` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_private: Option<bool>,
    /// `http`: whether to go through the proxy that the environment names; `false` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment_proxy: Option<bool>,
    /// `http`: further headers, such as `authorization`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Hidden>,

    /// `sql`: the database, `sqlite:PATH` or `postgres://…`. `nats`: `nats://host:4222`, several with commas. `rabbitmq`:
    /// `amqp://user:password@host/vhost`. `redis`: `redis://host/0`. `kafka`: `kafka://host:9092`, several with commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<StoreText>,
    /// `sql`, `kafka`, `nats`, `rabbitmq`, `redis`: a file that holds the address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address_file: Option<PathBuf>,
    /// `sql`: the table; `wahook_events` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// `sql`, `nats`, `rabbitmq`: whether to make the table, stream or queue where it is not there; `true` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub create: Option<bool>,

    /// `kafka`, `nats`, `rabbitmq`: a file with the certificates (PEM) of authorities to trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,

    /// `kafka`: the topic of an event; `wahook` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// `kafka`: how user and password are shown; `PLAIN` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mechanism: Option<String>,
    /// `nats`: the subject of an event; `wahook.{endpoint}.{kind}` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// `nats`: the stream that takes it; `WAHOOK` if left out. `redis`: the key of the stream; `wahook` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// `nats`: a credentials file (`….creds`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials_file: Option<PathBuf>,
    /// `rabbitmq`: the queue; `wahook` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// `rabbitmq`: an exchange instead of a queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<String>,
    /// `rabbitmq`: the routing key of an event at the exchange; `wahook.{endpoint}.{kind}` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_key: Option<String>,
    /// `redis`: about how many entries are kept, read or not; 1,000,000 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_len: Option<NonZeroU64>,
}

const fn yes() -> bool {
    true
}

/// What a sink is.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum SinkType {
    /// Lines of JSON in a file.
    File,
    /// A POST for each event.
    Http,
    /// Messages in a topic of Kafka.
    Kafka,
    /// Messages in a stream of NATS `JetStream`.
    Nats,
    /// Messages in a queue of `RabbitMQ`.
    Rabbitmq,
    /// Entries in a stream of Redis.
    Redis,
    /// Rows in a table.
    Sql,
    /// Lines of JSON on standard output.
    Stdout,
}

impl SinkType {
    /// The word in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Http => "http",
            Self::Kafka => "kafka",
            Self::Nats => "nats",
            Self::Rabbitmq => "rabbitmq",
            Self::Redis => "redis",
            Self::Sql => "sql",
            Self::Stdout => "stdout",
        }
    }
}

/// How events are written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// As `wahook schema` describes them.
    #[default]
    #[serde(rename = "wahook.event/1")]
    Event,
    /// `CloudEvents` 1.0, structured: one JSON object with the event as its data.
    #[serde(rename = "cloudevents")]
    CloudEvents,
    /// `CloudEvents` 1.0, binary: attributes in headers, the event in the body.
    #[serde(rename = "cloudevents-binary")]
    CloudEventsBinary,
    /// As Meta sent it: each item in an envelope of its own, signed with the sink's secret as Meta signs.
    #[serde(rename = "meta")]
    Meta,
}

/// What becomes of the events behind a dead letter.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhenPoison {
    /// They wait until somebody retries or drops it: strict order.
    Block,
    /// They go on; it is out of the order.
    #[default]
    Park,
}

impl SinkConfig {
    /// Standard output, with the defaults: what there is where nothing is configured.
    #[must_use]
    pub fn stdout() -> Self {
        Self {
            name: "stdout".to_owned(),
            kind: SinkType::Stdout,
            kinds: Vec::new(),
            endpoints: Vec::new(),
            accounts: Vec::new(),
            tenants: Vec::new(),
            names: Vec::new(),
            format: Format::default(),
            raw: true,
            lanes: None,
            attempts: None,
            first_retry: None,
            longest_retry: None,
            give_up_after: None,
            on_poison: WhenPoison::default(),
            path: None,
            rotate_bytes: None,
            rotate_after: None,
            keep: None,
            url: None,
            secret: None,
            secret_file: None,
            secrets: None,
            secrets_files: None,
            timeout: None,
            connect_timeout: None,
            allow_private: None,
            environment_proxy: None,
            headers: BTreeMap::new(),
            address: None,
            address_file: None,
            table: None,
            create: None,
            ca_file: None,
            topic: None,
            mechanism: None,
            subject: None,
            stream: None,
            credentials_file: None,
            queue: None,
            exchange: None,
            routing_key: None,
            max_len: None,
        }
    }

    /// The keys that are there and belong to some types of sink, with those types.
    pub(super) fn of_types(&self) -> Vec<(&'static str, &'static [SinkType])> {
        use SinkType::{File, Http, Kafka, Nats, Rabbitmq, Redis, Sql};
        let all: [(_, &[SinkType], _); 28] = [
            ("path", &[File], self.path.is_some()),
            ("rotate_bytes", &[File], self.rotate_bytes.is_some()),
            ("rotate_after", &[File], self.rotate_after.is_some()),
            ("keep", &[File], self.keep.is_some()),
            ("url", &[Http], self.url.is_some()),
            ("secret", &[Http], self.secret.is_some()),
            ("secret_file", &[Http], self.secret_file.is_some()),
            ("secrets", &[Http], self.secrets.is_some()),
            ("secrets_files", &[Http], self.secrets_files.is_some()),
            (
                "timeout",
                &[Http, Kafka, Nats, Rabbitmq, Redis],
                self.timeout.is_some(),
            ),
            ("connect_timeout", &[Http], self.connect_timeout.is_some()),
            ("allow_private", &[Http], self.allow_private.is_some()),
            ("environment_proxy", &[Http], self.environment_proxy.is_some()),
            ("headers", &[Http], !self.headers.is_empty()),
            (
                "address",
                &[Sql, Kafka, Nats, Rabbitmq, Redis],
                self.address.is_some(),
            ),
            (
                "address_file",
                &[Sql, Kafka, Nats, Rabbitmq, Redis],
                self.address_file.is_some(),
            ),
            ("table", &[Sql], self.table.is_some()),
            ("create", &[Sql, Nats, Rabbitmq], self.create.is_some()),
            ("ca_file", &[Kafka, Nats, Rabbitmq], self.ca_file.is_some()),
            ("topic", &[Kafka], self.topic.is_some()),
            ("mechanism", &[Kafka], self.mechanism.is_some()),
            ("subject", &[Nats], self.subject.is_some()),
            ("stream", &[Nats, Redis], self.stream.is_some()),
            ("credentials_file", &[Nats], self.credentials_file.is_some()),
            ("queue", &[Rabbitmq], self.queue.is_some()),
            ("exchange", &[Rabbitmq], self.exchange.is_some()),
            ("routing_key", &[Rabbitmq], self.routing_key.is_some()),
            ("max_len", &[Redis], self.max_len.is_some()),
        ];
        all.into_iter()
            .filter_map(|(key, kinds, there)| there.then_some((key, kinds)))
            .collect()
    }
}
