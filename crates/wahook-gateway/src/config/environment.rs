//! Environment variables over the file: `WAHOOK_LISTEN`, `WAHOOK_LIMITS__BODY_BYTES`, `WAHOOK_ENDPOINT__SHOP__SECRET`.

use figment::value::{Dict, Value};

use super::{EndpointConfig, Problem};
use crate::suggest::hint;

const PREFIX: &str = "WAHOOK_";

/// Names with this prefix that are no configuration keys.
const OTHERS: &[&str] = &["CONFIG", "DATA_DIR", "LOG"];

const TOP: &[&str] = &["listen", "public_url", "store", "store_file", "remember_in_front"];
const LIMITS: &[&str] = &[
    "body_bytes",
    "idle",
    "total",
    "connections",
    "header_timeout",
    "streams",
    "shutdown",
    "remembered_keys",
];
const TEXTS: &[&str] = &[
    "secret",
    "secret_file",
    "store",
    "store_file",
    "inbox",
    "path",
    "provider",
    "on_conflict",
    "on_store_down",
    "memory",
    "dedupe_group",
    "in_flight_wait",
];
const NUMBERS: &[&str] = &["answer_refused", "answer_malformed"];

/// Puts the variables over the file's values; tells which of them mean nothing.
pub(crate) fn apply(root: &mut Dict, variables: impl IntoIterator<Item = (String, String)>) -> Vec<Problem> {
    let mut warnings = Vec::new();
    for (name, text) in variables {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            continue;
        };
        if OTHERS.contains(&rest) || is_of_kubernetes(rest) {
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
        ["limits", key] if LIMITS.contains(key) => {
            let limits = root
                .entry("limits".to_owned())
                .or_insert_with(|| Value::from(Dict::new()));
            if let Value::Dict(_, limits) = limits {
                limits.insert((*key).to_owned(), number_or_text(text));
            }
        }
        ["endpoint", endpoint, key] if TEXTS.contains(key) || NUMBERS.contains(key) => {
            let endpoint = find(root, endpoint).ok_or("there is no endpoint of that name")?;
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
                hint(key, TEXTS.iter().copied())
            ));
        }
        ["limits", key] => {
            return Err(format!(
                "there is no such limit{}",
                hint(key, LIMITS.iter().copied())
            ));
        }
        [key, ..] => {
            let all = TOP
                .iter()
                .copied()
                .chain(["limits__<key>", "endpoint__<name>__<key>"]);
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
    ] {
        if sources.contains(&key) {
            for other in sources {
                table.remove(*other);
            }
        }
    }
}

fn find<'a>(root: &'a mut Dict, wanted: &str) -> Option<&'a mut Dict> {
    let Value::Array(_, endpoints) = root.get_mut("endpoint")? else {
        return None;
    };
    endpoints.iter_mut().find_map(|endpoint| match endpoint {
        Value::Dict(_, endpoint) => {
            let name = endpoint.get("name").and_then(Value::as_str)?;
            (variable_name(name) == wanted).then_some(endpoint)
        }
        _ => None,
    })
}

/// The spelling of an endpoint's name in the environment, in lower case.
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
