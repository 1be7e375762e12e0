//! The schema files that are checked in, and the events they describe.

use std::{fs, path::PathBuf};

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Value, json};
use wahook_core::{
    AnyProvider, Delivery,
    model::{Content, Data, Event, Kind, schema},
};

/// Compares a file with what the types say; with `WAHOOK_UPDATE=1` writes it.
fn assert_current(file: &str, expected: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../schema")
        .join(file);
    if std::env::var_os("WAHOOK_UPDATE").is_some_and(|value| value == "1") {
        fs::write(&path, expected).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "schema/{file} is not what the types say; write it anew with `WAHOOK_UPDATE=1 cargo test -p wahook-testkit schema`"
    );
}

#[test]
fn the_json_schema_is_current() {
    let text = serde_json::to_string_pretty(&schema::json_schema()).unwrap() + "\n";
    assert_current("wahook.event.v1.schema.json", &text);
}

#[test]
fn the_typescript_is_current() {
    assert_current("wahook.event.v1.d.ts", &schema::typescript());
}
