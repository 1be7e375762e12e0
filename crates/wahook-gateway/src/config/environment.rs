//! Environment variables over the file: `WAHOOK_LISTEN`, `WAHOOK_LIMITS__BODY_BYTES`, `WAHOOK_ENDPOINT__SHOP__SECRET`.

use figment::value::{Dict, Value};

use super::{EndpointConfig, Problem};
use crate::suggest::hint;

const PREFIX: &str = "WAHOOK_";

/// Names with this prefix that are no configuration keys.
const OTHERS: &[&str] = &["config", "data_dir", "log", "admin", "admin_token"];

const TOP: &[&str] = &[
    "listen",
    "public_url",
    "inbox",
    "inbox_file",
    "required_guarantee",
    "store",
    "store_file",
    "remember_in_front",
];
const RETENTION: &[&str] = &["rows", "bodies", "dead"];
const LOG: &[&str] = &["format", "filter", "otlp"];
const TLS: &[&str] = &["cert_file", "key_file"];
const ADMIN: &[&str] = &["listen", "token", "token_file"];
const LIMITS: &[&str] = &[
    "body_bytes",
    "idle",
    "total",
    "connections",
    "header_timeout",
    "streams",
    "shutdown",
    "remembered_keys",
    "bytes_in_flight",
    "waiting",
    "inbox_bytes",
];
const TEXTS: &[&str] = &[
    "secret",
    "secret_file",
    "store",
    "store_file",
    "path",
    "provider",
    "on_conflict",
    "on_store_down",
    "memory",
    "dedupe_group",
    "in_flight_wait",
];
const NUMBERS: &[&str] = &["answer_refused", "answer_malformed", "rate", "burst"];
/// What differs between one machine and the next; the rest of a sink is the file's.
const SINK_TEXTS: &[&str] = &["url", "secret", "secret_file", "address", "address_file", "path"];

/// Puts the variables over the file's values; tells which of them mean nothing.
pub(crate) fn apply(root: &mut Dict, variables: impl IntoIterator<Item = (String, String)>) -> Vec<Problem> {
    let mut warnings = Vec::new();
    for (name, text) in variables {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            continue;
        };
        if OTHERS.contains(&&*rest.to_ascii_lowercase()) || is_of_kubernetes(rest) {
            continue;
        }
        if let Err(problem) = apply_one(root, rest, text) {
            warnings.push(Problem::new(
                &[],
                format!("the environment variable {name} is ignored: {problem}"),
            ));
        }
    }
    warnings
}

fn apply_one(root: &mut Dict, name: &str, text: String) -> Result<(), String> {
    let lower = name.to_ascii_lowercase();
    match lower.split("__").collect::<Vec<_>>().as_slice() {
        [key] if TOP.contains(key) => {
            replace_others(root, key);
            root.insert((*key).to_owned(), switch_or_text(text));
        }
        [table @ ("limits" | "retention" | "log" | "tls" | "admin"), key]
            if of_table(table).contains(key) =>
        {
            let is_limits = *table == "limits";
            let table = root
                .entry((*table).to_owned())
                .or_insert_with(|| Value::from(Dict::new()));
            if let Value::Dict(_, table) = table {
                replace_others(table, key);
                // A token may well look like a number.
                let value = if is_limits {
                    number_or_text(text)
                } else {
                    Value::from(text)
                };
                table.insert((*key).to_owned(), value);
            }
        }
        ["sink", sink, key] if SINK_TEXTS.contains(key) => {
            let sink = find(root, "sink", sink).ok_or("there is no sink of that name")?;
            replace_others(sink, key);
            sink.insert((*key).to_owned(), Value::from(text));
        }
        ["sink", _, key] => {
            let known = SINK_TEXTS.iter().copied();
            return Err(format!("a sink has no such key here{}", hint(key, known)));
        }
        ["endpoint", endpoint, key] if TEXTS.contains(key) || NUMBERS.contains(key) => {
            let endpoint = find(root, "endpoint", endpoint).ok_or("there is no endpoint of that name")?;
            replace_others(endpoint, key);
            let value = if NUMBERS.contains(key) {
                number_or_text(text)
            } else {
                Value::from(text)
            };
            endpoint.insert((*key).to_owned(), value);
        }
        ["endpoint", _, key] => {
            return Err(format!(
                "an endpoint has no such key{}",
                hint(key, TEXTS.iter().chain(NUMBERS).copied())
            ));
        }
        ["limits", key] => {
            return Err(format!(
                "there is no such limit{}",
                hint(key, LIMITS.iter().copied())
            ));
        }
        [table @ ("retention" | "log" | "tls" | "admin"), key] => {
            let known = of_table(table).iter().copied();
            return Err(format!("`{table}` has no such key{}", hint(key, known)));
        }
        [key, ..] => {
            let all = TOP.iter().copied().chain([
                "limits__<key>",
                "retention__<key>",
                "log__<key>",
                "tls__<key>",
                "admin__<key>",
                "endpoint__<name>__<key>",
                "sink__<name>__<key>",
            ]);
            let all = all.chain(OTHERS.iter().copied());
            return Err(format!("there is no such key{}", hint(key, all)));
        }
        [] => {}
    }
    Ok(())
}

/// One source of a secret replaces the other; both would be an error.
fn replace_others(table: &mut Dict, key: &str) {
    for sources in [
        &["secret", "secret_file", "secrets", "secrets_files"][..],
        &["store", "store_file"],
        &["inbox", "inbox_file"],
        &["token", "token_file"],
        &["address", "address_file"],
    ] {
        if sources.contains(&key) {
            for other in sources {
                table.remove(*other);
            }
        }
    }
}

fn of_table(table: &str) -> &'static [&'static str] {
    match table {
        "limits" => LIMITS,
        "retention" => RETENTION,
        "log" => LOG,
        "tls" => TLS,
        _ => ADMIN,
    }
}

/// The endpoint or sink of a name.
fn find<'a>(root: &'a mut Dict, list: &str, wanted: &str) -> Option<&'a mut Dict> {
    let Value::Array(_, all) = root.get_mut(list)? else {
        return None;
    };
    all.iter_mut().find_map(|one| match one {
        Value::Dict(_, one) => {
            let name = one.get("name").and_then(Value::as_str)?;
            (variable_name(name) == wanted).then_some(one)
        }
        _ => None,
    })
}

/// The spelling of a name in the environment, in lower case.
fn variable_name(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        })
        .collect()
}

fn number_or_text(text: String) -> Value {
    match text.trim().parse::<u64>() {
        Ok(number) => Value::from(number),
        Err(_) => Value::from(text),
    }
}

fn switch_or_text(text: String) -> Value {
    match text.trim().parse::<bool>() {
        Ok(switch) => Value::from(switch),
        Err(_) => Value::from(text),
    }
}

/// Kubernetes sets `WAHOOK_PORT`, `WAHOOK_SERVICE_HOST` and their like in every pod beside a service named `wahook`.
fn is_of_kubernetes(name: &str) -> bool {
    name == "PORT" || name.starts_with("PORT_") || name.starts_with("SERVICE_")
}

impl EndpointConfig {
    /// The environment variable that sets its secret.
    #[must_use]
    pub fn secret_variable(&self) -> String {
        format!(
            "{PREFIX}ENDPOINT__{}__SECRET",
            variable_name(&self.name).to_ascii_uppercase()
        )
    }
}

#[cfg(test)]
mod tests {
    use figment::{Figment, Profile, error::Kind, providers::Serialized};
    use serde::de::DeserializeOwned;

    use super::*;
    use crate::config::{AdminConfig, Config, Limits, LogConfig, RetentionConfig, SinkConfig, TlsConfig};

    /// The keys that the file may have, as the model says where there is another one.
    fn keys<T: DeserializeOwned>() -> Vec<&'static str> {
        let table = Dict::from([("no such key".to_owned(), Value::from(0))]);
        let wrong = Figment::from(Serialized::from(table, Profile::Default)).extract::<T>();
        match wrong.map(|_| ()).unwrap_err().kind {
            Kind::UnknownField(_, known) => known.to_vec(),
            other => panic!("{other:?}"),
        }
    }

    fn agree<T: DeserializeOwned>(lists: &[&[&'static str]], not_here: &[&'static str]) {
        let mut known = keys::<T>();
        let mut said = [&lists.concat()[..], not_here].concat();
        known.sort_unstable();
        said.sort_unstable();
        assert_eq!(said, known, "{}", std::any::type_name::<T>());
    }

    #[test]
    fn the_environment_has_the_keys_of_the_file() {
        let tables = ["limits", "retention", "tls", "log", "admin", "endpoint", "sink"];
        agree::<Config>(&[TOP], &tables);
        agree::<Limits>(&[LIMITS], &[]);
        agree::<RetentionConfig>(&[RETENTION], &[]);
        agree::<LogConfig>(&[LOG], &[]);
        agree::<TlsConfig>(&[TLS], &[]);
        agree::<AdminConfig>(&[ADMIN], &["hosts"]);
        // Lists and tables are the file's; by its name an endpoint is found.
        let lists = [
            "name",
            "secrets",
            "secrets_files",
            "accounts",
            "manage",
            "options",
        ];
        agree::<EndpointConfig>(&[TEXTS, NUMBERS], &lists);
        let of_sinks = keys::<SinkConfig>();
        assert!(SINK_TEXTS.iter().all(|key| of_sinks.contains(key)));
    }
}
