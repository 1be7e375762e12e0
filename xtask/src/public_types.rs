//! Types of others in the API of our libraries: a new major version of theirs is one of ours, so each is there on purpose.
//!
//! Read from what rustdoc writes as JSON. That is an unstable output of a stable rustdoc, which is why nothing else reads it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    cargo,
    step::{Done, Failure, Outcome},
};

/// What each library may show of others. Ours, and the standard library, stand for themselves.
const MAY_SHOW: &[(&str, &[&str])] = &[
    (
        "wahook-core",
        &[
            "bytes",
            "http",
            "ipnet",
            "jiff",
            "schemars",
            "serde_core",
            "serde_json",
        ],
    ),
    (
        "wahook-providers",
        &["bytes", "http", "jiff", "serde_core", "serde_json"],
    ),
    (
        "wahook-tower",
        &[
            "bytes",
            "http",
            "http_body",
            "jiff",
            "tower_layer",
            "tower_service",
        ],
    ),
    (
        "wahook-axum",
        &["axum", "axum_core", "http", "tower_layer", "tower_service"],
    ),
    ("wahook-sqlite", &[]),
    ("wahook-postgres", &["deadpool_postgres"]),
    ("wahook-redis", &[]),
    (
        "wahook-testkit",
        &[
            "bytes",
            "http",
            "http_body",
            "jiff",
            "serde_core",
            "serde_json",
            "tower_service",
        ],
    ),
    ("wahook-manage", &["jiff", "serde_core", "serde_json"]),
    ("wahook-worker", &[]),
    ("wahook", &[]),
];

/// Libraries whose API is for our own program.
const OF_OURS: &[&str] = &["wahook-gateway"];

pub(crate) fn run() -> Outcome {
    let members = cargo::members()?;
    let target = members.target_directory;
    let rustdoc = rustdoc(&target)?;
    let libraries = members
        .packages
        .iter()
        .filter(|package| package.lies_in("crates") && package.is_library());
    let mut findings: Vec<String> = libraries
        .filter(|library| {
            !MAY_SHOW.iter().any(|(name, _)| *name == library.name) && !OF_OURS.contains(&&*library.name)
        })
        .map(|library| format!("{} stands nowhere here", library.name))
        .collect();
    for (name, may_show) in MAY_SHOW {
        cargo::run(
            cargo::cargo([
                "rustdoc",
                "--quiet",
                "--lib",
                "--all-features",
                "--locked",
                "-p",
                name,
                "--",
                "-Z",
                "unstable-options",
                "--output-format",
                "json",
            ])
            .env("RUSTDOC", &rustdoc),
        )?;
        let file = target
            .join("doc")
            .join(format!("{}.json", name.replace('-', "_")));
        let json: Value = serde_json::from_str(&fs::read_to_string(&file)?)
            .map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
        findings.extend(findings_of(name, may_show, &shown(&json)?));
    }
    if findings.is_empty() {
        Ok(Done::Said(format!("{} libraries", MAY_SHOW.len())))
    } else {
        Err(Failure::list(
            "the API of a library shows other types of others than xtask/src/public_types.rs says: hide them, or allow the crate there",
            &findings,
        ))
    }
}

/// A rustdoc of which unstable output may be asked; for it alone, so that nothing is compiled again.
fn rustdoc(target: &Path) -> Result<PathBuf, Failure> {
    let folder = target.join("tools");
    fs::create_dir_all(&folder)?;
    let script = folder.join("rustdoc-unstable");
    fs::write(&script, "#!/bin/sh\nRUSTC_BOOTSTRAP=1 exec rustdoc \"$@\"\n")?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    Ok(script)
}

fn findings_of(name: &str, may_show: &[&str], shown: &BTreeMap<String, BTreeSet<String>>) -> Vec<String> {
    let more = shown.iter().filter(|(of, _)| !may_show.contains(&of.as_str()));
    let more = more.map(|(of, types)| {
        let types: Vec<_> = types.iter().map(String::as_str).collect();
        format!("{name} shows {of}: {}", types.join(", "))
    });
    let less = may_show.iter().filter(|of| !shown.contains_key(**of));
    let less = less.map(|of| format!("{name} shows nothing of {of}: take it from the list"));
    more.chain(less).collect()
}

/// The crates of others whose types are shown, and which.
fn shown(json: &Value) -> Result<BTreeMap<String, BTreeSet<String>>, Failure> {
    let (Some(index), Some(paths), Some(crates)) = (
        json["index"].as_object(),
        json["paths"].as_object(),
        json["external_crates"].as_object(),
    ) else {
        return Err(Failure::new(
            "rustdoc's JSON is not what we expect: is it a newer one?",
        ));
    };
    let mut ids = BTreeSet::new();
    for item in index.values() {
        let of_blanket = &item["inner"]["impl"];
        let is_ours = item["crate_id"] == 0
            && of_blanket["blanket_impl"].is_null()
            && of_blanket["is_synthetic"] != true;
        if is_ours {
            named(&item["inner"], &mut ids);
        }
    }
    let mut shown = BTreeMap::<String, BTreeSet<String>>::new();
    for id in ids {
        let path = &paths.get(&id.to_string()).unwrap_or(&Value::Null);
        let words: Vec<_> = path["path"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if words.contains(&"__private") {
            continue; // what a macro writes for itself
        }
        let of = path["crate_id"].to_string();
        let Some(name) = crates.get(&of).and_then(|of| of["name"].as_str()) else {
            continue; // ours
        };
        if !["std", "core", "alloc"].contains(&name) && !name.starts_with("wahook") {
            shown.entry(name.to_owned()).or_default().insert(words.join("::"));
        }
    }
    Ok(shown)
}

/// The ids of all that an item names: types and traits have a path beside their id, re-exports a source.
fn named(value: &Value, ids: &mut BTreeSet<u64>) {
    match value {
        Value::Object(fields) => {
            if (fields.contains_key("path") || fields.contains_key("source"))
                && let Some(id) = fields.get("id").and_then(Value::as_u64)
            {
                ids.insert(id);
            }
            fields.values().for_each(|value| named(value, ids));
        }
        Value::Array(values) => values.iter().for_each(|value| named(value, ids)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_type_of_somebody_else_is_found_and_one_of_a_blanket_impl_is_not() {
        let json = json!({
            "index": {
                "1": {"crate_id": 0, "inner": {"function": {"sig": {"output": {"resolved_path": {"path": "Bytes", "id": 7, "args": null}}}}}},
                "2": {"crate_id": 0, "inner": {"impl": {"blanket_impl": {"generic": "T"}, "trait": {"path": "Instrument", "id": 8}}}},
                "3": {"crate_id": 0, "inner": {"use": {"source": "http::Request", "id": 9}}},
                "4": {"crate_id": 5, "inner": {"impl": {"trait": {"path": "Other", "id": 8}}}},
            },
            "paths": {
                "7": {"crate_id": 1, "path": ["bytes", "Bytes"]},
                "8": {"crate_id": 2, "path": ["tracing", "Instrument"]},
                "9": {"crate_id": 3, "path": ["http", "Request"]},
            },
            "external_crates": {"1": {"name": "bytes"}, "2": {"name": "tracing"}, "3": {"name": "http"}},
        });
        let shown = shown(&json).unwrap();
        assert_eq!(
            shown.keys().map(String::as_str).collect::<Vec<_>>(),
            ["bytes", "http"]
        );
        assert!(findings_of("x", &["bytes", "http"], &shown).is_empty());
        assert_eq!(
            findings_of("x", &["bytes"], &shown),
            ["x shows http: http::Request"]
        );
        assert_eq!(findings_of("x", &["bytes", "http", "tower"], &shown).len(), 1);
    }
}
