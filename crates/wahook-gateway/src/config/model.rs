//! What may be configured, with the defaults. Field names are the keys of the file.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    AdminConfig, Hidden, LogConfig, ManageConfig, Period, RequiredGuarantee, RetentionConfig, SinkConfig,
    StoreText, TlsConfig,
};

/// The whole configuration.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Where to listen.
    pub listen: SocketAddr,
    /// The URL under which the providers reach us, without a path; it completes the set-up steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// Where deliveries are kept before they are answered: `sqlite:inbox.db` if left out. `none` hands them on before they
    /// are answered, and then `store` is where the guard remembers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbox: Option<StoreText>,
    /// A file that holds it, for an address with a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbox_file: Option<PathBuf>,
    /// What the inbox must guarantee; with less the gateway does not start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_guarantee: Option<RequiredGuarantee>,
    /// Without an inbox: where the guard remembers what was handled; `memory` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreText>,
    /// A file that holds it, for an address with a password.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub store_file: Option<PathBuf>,
    /// Whether a store on the network need not be asked about what this process completed itself.
    pub remember_in_front: bool,
    /// Limits against slow, large and many requests.
    pub limits: Limits,
    /// How long finished work is kept in the inbox.
    pub retention: RetentionConfig,
    /// TLS at the listener.
    pub tls: TlsConfig,
    /// What is logged, and how.
    pub log: LogConfig,
    /// The second listener, for operators.
    pub admin: AdminConfig,
    /// The endpoints.
    pub endpoint: Vec<EndpointConfig>,
    /// Where events are handed on; standard output if left out.
    pub sink: Vec<SinkConfig>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            inbox: None,
            inbox_file: None,
            required_guarantee: None,
            store: None,
            store_file: None,
            remember_in_front: true,
            limits: Limits::default(),
            retention: RetentionConfig::default(),
            tls: TlsConfig::default(),
            log: LogConfig::default(),
            admin: AdminConfig::default(),
            endpoint: Vec::new(),
            sink: Vec::new(),
        }
    }
}

/// Limits against slow, large and many requests.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// The largest body, in bytes.
    pub body_bytes: usize,
    /// How long a sender may pause within a body.
    pub idle: Period,
    /// How long a whole body may take.
    pub total: Period,
    /// How many connections are open at once; for a further one, that one is closed whose sender said nothing for longest.
    pub connections: u32,
    /// How long the head of a request may take; also how long an idle connection is kept open.
    pub header_timeout: Period,
    /// How many requests may run at once on one HTTP/2 connection.
    pub streams: u32,
    /// How long requests in progress are waited for after SIGINT or SIGTERM.
    pub shutdown: Period,
    /// How many completed keys the guard remembers in the memory of this process.
    pub remembered_keys: usize,
    /// How many bytes of bodies may be in memory at once, on their way into the inbox; beyond that, senders are asked to
    /// send again. A quarter is kept for bodies up to 64 KiB; buffers that grow may take twice as much.
    pub bytes_in_flight: usize,
    /// How many deliveries and events may wait in the inbox; beyond that, senders are asked to send again.
    pub waiting: u64,
    /// How large the file of an inbox in SQLite may grow; as large as the disk lets it if left out. Of SQLite alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inbox_bytes: Option<u64>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 4 * 1024 * 1024,
            idle: Period::of_seconds(5),
            total: Period::of_seconds(10),
            connections: 1024,
            header_timeout: Period::of_seconds(15),
            streams: 100,
            shutdown: Period::of_seconds(10),
            remembered_keys: 1_000_000,
            bytes_in_flight: 256 * 1024 * 1024,
            waiting: 10_000_000,
            inbox_bytes: None,
        }
    }
}

impl Limits {
    /// These, with what `next` says of bodies: a gateway that runs can follow that and no more. Its room for bodies stays
    /// as it was, and a body that is larger would never be taken.
    #[must_use]
    pub(crate) fn with_bodies_of(&self, next: &Self) -> Self {
        let fits = next.body_bytes <= self.bytes_in_flight;
        Self {
            body_bytes: if fits { next.body_bytes } else { self.body_bytes },
            idle: next.idle,
            total: next.total,
            ..self.clone()
        }
    }
}

/// One endpoint.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct EndpointConfig {
    /// Its name: scopes keys, shows in events and logs.
    pub name: String,
    /// The provider's id.
    pub provider: String,
    /// Its path; `/hooks/<name>` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Hidden>,
    /// A file that holds the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// Several secrets that are valid at once, the current one first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<Hidden>>,
    /// Files that hold one secret each, the current one first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets_files: Option<Vec<PathBuf>>,
    /// Without an inbox: where its guard remembers; the store of all if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreText>,
    /// A file that holds it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store_file: Option<PathBuf>,
    /// What to do with another body under a known key.
    #[serde(default)]
    pub on_conflict: WhenConflicting,
    /// What to do while the guard store does not answer.
    #[serde(default)]
    pub on_store_down: StoreDown,
    /// How long a completed key is remembered; the provider's retries decide if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory: Option<Period>,
    /// The status for what does not verify; the provider's preset if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_refused: Option<u16>,
    /// The status for what verifies and is malformed; 200 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_malformed: Option<u16>,
    /// Shares event keys with the other endpoints of this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedupe_group: Option<String>,
    /// What its accounts are called where they are not to be shown as they are, such as in metrics: account → name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub accounts: BTreeMap<String, String>,
    /// How long a copy waits for the outcome of the one in flight; 1 s if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_flight_wait: Option<Period>,
    /// How many deliveries a second are taken; as many as come if left out. The rest is asked to come again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// How many of them may come at once; as many as `rate` if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
    /// The provider's side of it, for the verbs that manage it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manage: Option<ManageConfig>,
    /// The provider's own options.
    #[serde(default, skip_serializing_if = "Map::is_empty", serialize_with = "masked")]
    pub options: Map<String, Value>,
}

/// What to do with another body under a known key.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhenConflicting {
    /// Flag it, answer as for a duplicate, do not hand it on.
    DropAndFlag,
    /// Flag it and hand it on.
    #[default]
    Handle,
}

/// What to do while the guard store does not answer.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StoreDown {
    /// Hand it on; it may be a repetition.
    AcceptWithoutDedupe,
    /// Answer 503.
    #[default]
    Refuse,
}

impl EndpointConfig {
    /// The path, given or by its name.
    #[must_use]
    pub fn path(&self) -> String {
        self.path
            .clone()
            .unwrap_or_else(|| format!("/hooks/{}", self.name))
    }
}

/// A provider's options may hold further secrets, such as a challenge token.
fn masked<S: serde::Serializer>(options: &Map<String, Value>, serializer: S) -> Result<S::Ok, S::Error> {
    fn mask(name: &str, value: &Value) -> Value {
        match value {
            Value::Object(map) => Value::Object(
                map.iter()
                    .map(|(name, value)| (name.clone(), mask(name, value)))
                    .collect(),
            ),
            Value::Array(list) => list.iter().map(|value| mask(name, value)).collect(),
            Value::String(_) | Value::Number(_) if is_secret(name) => {
                Value::String(super::value::MASK.to_owned())
            }
            plain => plain.clone(),
        }
    }
    serializer.collect_map(options.iter().map(|(name, value)| (name, mask(name, value))))
}

/// Whether a value of this name is shown as stars.
pub(crate) fn is_secret(name: &str) -> bool {
    ["secret", "token", "key", "password"]
        .iter()
        .any(|word| name.contains(word))
}
