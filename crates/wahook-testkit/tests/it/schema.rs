//! The schema files that are checked in, and the events they describe.

use std::{fs, path::PathBuf};

use bytes::Bytes;
use http::HeaderMap;
use jsonschema::Validator;
use serde_json::{Value, json};
use wahook_core::{
    Delivery, Endpoint, Secrets,
    model::{Content, Data, Event, Kind, schema},
};
use wahook_providers::{Options, PROVIDERS};
use wahook_testkit::samples;

/// Compares a file with what the types say.
fn assert_current(file: &str, expected: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../schema")
        .join(file);
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == expected,
        "schema/{file} is not what the types say; write it anew with `cargo xtask schema`"
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

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema::json_schema()).unwrap()
}

fn endpoints() -> impl Iterator<Item = Endpoint> {
    PROVIDERS.iter().map(|row| {
        let secrets = Secrets::try_from((row.make_secret)([7; 32])).unwrap();
        (row.build)("shop", secrets, &Options::default()).unwrap()
    })
}

fn read(endpoint: &Endpoint, body: &'static [u8]) -> Vec<Event> {
    let at = "2026-06-01T00:00:00Z".parse().unwrap();
    let body = Bytes::from_static(body);
    let delivery = Delivery::dangerous_unverified("shop", HeaderMap::new(), body, at);
    endpoint.provider().read(&delivery)
}

fn assert_valid(validator: &Validator, event: &Event, what: &str) {
    let json = serde_json::to_string(event).unwrap();
    let value: Value = serde_json::from_str(&json).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&value)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{what}: {errors:?} in {json}");
    let back: Event = serde_json::from_str(&json).unwrap();
    assert_eq!(
        serde_json::to_string(&back).unwrap(),
        json,
        "{what} after a round trip"
    );
}

#[test]
fn n2_every_sample_is_valid_and_survives_a_round_trip() {
    let validator = validator();
    let mut kinds = std::collections::BTreeSet::new();
    for endpoint in endpoints() {
        for sample in samples(endpoint.provider().id()) {
            for event in read(&endpoint, sample.body) {
                kinds.insert(event.kind().as_str());
                assert_valid(&validator, &event, &sample.name());
                assert_valid(&validator, &event.without_raw(), &sample.name());
            }
        }
        for body in [&b"\xff\xfe"[..], b"", b"{\"a\":", b"[]", b"7", b" {\r\n } "] {
            for event in read(&endpoint, body) {
                kinds.insert(event.kind().as_str());
                assert_valid(&validator, &event, "a broken body");
            }
        }
    }
    assert!(kinds.len() >= 15, "the samples say little: {kinds:?}");
}

fn one_event() -> Value {
    let endpoint = endpoints()
        .find(|endpoint| endpoint.provider().id() == "waping")
        .unwrap();
    let sample = wahook_testkit::sample("waping", "message.received").unwrap();
    serde_json::to_value(&read(&endpoint, sample.body)[0]).unwrap()
}

#[test]
fn n2_later_kinds_types_words_and_fields_are_valid() {
    let validator = validator();
    let event = one_event();
    assert!(validator.is_valid(&event));
    for (pointer, value) in [
        ("/kind", json!("community.joined")),
        ("/time_source", json!("satellite")),
        ("/data/direction", json!("sideways")),
        ("/data/content", json!({ "type": "hologram", "depth": 3 })),
        (
            "/delivery",
            json!({ "id": "0199c0de-7c00-7000-8000-000000000000", "key": "", "key_source": "moon", "provider_id": null, "conflict": false, "later": 1 }),
        ),
    ] {
        let mut changed = event.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed["later"] = json!({});
        assert!(validator.is_valid(&changed), "{pointer}");
        // What a later release writes, this one reads.
        let read: Event = serde_json::from_value(changed).unwrap();
        match pointer {
            "/kind" => assert_eq!(read.kind(), Kind::Unknown),
            "/data/content" => {
                let Data::MessageReceived(message) = read.data else {
                    unreachable!()
                };
                assert_eq!(message.content, Content::unknown(Some("hologram".into())));
            }
            _ => {}
        }
    }
}

#[test]
fn n2_what_breaks_the_form_is_not_valid() {
    let validator = validator();
    let event = one_event();
    for (pointer, value) in [
        ("/schema", json!("wahook.event/2")),
        ("/account", json!(7)),
        ("/data", json!("text")),
        ("/data/content", json!({ "type": "text" })),
        ("/data/content", json!({ "type": "text", "text": {} })),
        ("/data/chat", json!({ "id": "x" })),
        ("/raw", Value::Null),
    ] {
        let mut changed = event.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        // `raw` may be anything, and is null where the item is not JSON.
        assert_eq!(validator.is_valid(&changed), pointer == "/raw", "{pointer}");
    }
    for name in event.as_object().unwrap().keys() {
        let mut changed = event.clone();
        changed.as_object_mut().unwrap().remove(name);
        assert_eq!(validator.is_valid(&changed), name == "raw", "without {name}");
    }
}
