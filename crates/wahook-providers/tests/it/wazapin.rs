//! Wazapin: its samples against the event model, and what no body may do.

use bytes::Bytes;
use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};
use wahook_core::{
    AnyProvider, Delivery, KeySource, Parsed, Provider,
    model::{Data, Event as Normal, Kind, NameSource, TimeSource},
};
use wahook_providers::{
    Options, provider,
    wazapin::{self, EventName, Payload, Wazapin},
};

use crate::support::{any_json, mutated, proof_of, received_at};

fn delivery(body: impl Into<Bytes>) -> Delivery {
    Delivery::dangerous_unverified("shop", HeaderMap::new(), body.into(), received_at())
}

fn one(provider: &Wazapin, body: &Value) -> Normal {
    only(provider.read(&delivery(body.to_string())))
}

fn only(mut events: Vec<Normal>) -> Normal {
    assert_eq!(events.len(), 1);
    events.remove(0)
}

fn parsed(provider: &Wazapin, body: &Value) -> Parsed<wazapin::Event> {
    provider.parse(&delivery(body.to_string())).remove(0)
}

/// The same, without what the wrapper adds.
fn said(event: &Normal) -> (Kind, Data) {
    (event.kind(), event.data.clone())
}

#[test]
fn n4_every_sample_normalises_as_reviewed() {
    for sample in wahook_testkit::samples("wazapin") {
        let delivery = delivery(Bytes::from_static(sample.body));
        let event = only(Wazapin::new().read(&delivery));
        assert!(
            !matches!(event.kind(), Kind::Unknown | Kind::Malformed),
            "{}",
            sample.name()
        );
        insta::assert_json_snapshot!(sample.name(), event.without_raw());
    }
}

#[test]
fn n3_every_name_has_a_sample_and_every_sample_its_name() {
    let samples = wahook_testkit::samples("wazapin");
    for name in EventName::KNOWN {
        assert!(
            samples
                .iter()
                .any(|sample| sample.event == *name && sample.variant.is_none()),
            "{name}"
        );
    }
    for sample in samples {
        let delivery = delivery(Bytes::from_static(sample.body));
        let event = only(Wazapin::declaring(sample.event).read(&delivery));
        assert_eq!(event.name.as_deref(), Some(sample.event), "{}", sample.name());
    }
}

#[test]
fn n3_wrapped_and_flat_say_the_same() {
    let flat = one(
        &Wazapin::declaring("message.new"),
        &serde_json::from_slice(wahook_testkit::sample("wazapin", "message.new").unwrap().body).unwrap(),
    );
    assert_eq!(flat.name_source, Some(NameSource::Declared));
    for variant in ["a", "b", "d", "f"] {
        let sample = wahook_testkit::sample("wazapin", &format!("message.new~{variant}")).unwrap();
        let wrapped = only(Wazapin::new().read(&delivery(Bytes::from_static(sample.body))));
        assert_eq!(wrapped.name_source, Some(NameSource::Body));
        assert_eq!(said(&wrapped), said(&flat), "{variant}");
    }
}

#[test]
fn n3_a_name_in_the_body_wins_over_a_declared_one_and_both_over_a_guess() {
    let flat = json!({"message_id": "m-1", "conversation_id": "c-1", "channel_id": "wzp_1"});
    let guessed = one(&Wazapin::new(), &flat);
    assert_eq!(
        (guessed.name.as_deref(), guessed.name_source),
        (Some("message.sent"), Some(NameSource::Guessed))
    );
    let declared = one(&Wazapin::declaring("message.new"), &flat);
    assert_eq!(
        (declared.name.as_deref(), declared.name_source),
        (Some("message.new"), Some(NameSource::Declared))
    );
    let mut named = flat;
    named["event_type"] = json!("message.sent");
    let named = one(&Wazapin::declaring("message.new"), &named);
    assert_eq!(
        (named.name.as_deref(), named.name_source),
        (Some("message.sent"), Some(NameSource::Body))
    );
}

#[test]
fn n3_the_shape_table() {
    for (body, expected) in [
        (
            json!({"template_id": "t", "status": "approved"}),
            Some("template.status_update"),
        ),
        (
            json!({"message_id": "m", "status": "read"}),
            Some("message.status_update"),
        ),
        (
            json!({"message_id": "m", "status": "read", "from_phone": "15550000001"}),
            Some("message.status_update"),
        ),
        (
            json!({"message_id": "m", "status": "read", "msg_type": "text"}),
            Some("message.new"),
        ),
        (
            json!({"message_id": "m", "direction": "inbound"}),
            Some("message.new"),
        ),
        (
            json!({"message_id": "m", "from_phone": "15550000001"}),
            Some("message.new"),
        ),
        (
            json!({"message_id": "m", "conversation_id": "c"}),
            Some("message.sent"),
        ),
        (
            json!({"message_id": "m", "conversation_id": "c", "msg_type": "", "direction": null}),
            Some("message.sent"),
        ),
        (
            json!({"conversation_id": "c", "contact_id": "p"}),
            Some("conversation.updated"),
        ),
        (json!({"contact_id": "p"}), Some("contact.updated")),
        (json!({"message_id": "m"}), None),
        (json!({"message_id": "", "type": "text"}), None),
        (json!({}), None),
    ] {
        let event = one(&Wazapin::new(), &body);
        assert_eq!(event.name.as_deref(), expected, "{body}");
        assert_eq!(event.name_source, expected.map(|_| NameSource::Guessed), "{body}");
        assert_eq!(event.kind() == Kind::Unknown, expected.is_none(), "{body}");
    }
}

#[test]
fn n3_a_wrapper_needs_a_name_and_an_object() {
    // A flat body may have a `type` of its own.
    let flat = json!({"type": "text", "data": "x", "message_id": "m", "from_phone": "15550000001", "direction": "inbound"});
    assert_eq!(one(&Wazapin::new(), &flat).kind(), Kind::MessageReceived);
    // A name without `data` is the name of a flat body.
    let named = json!({"event_type": "contact.updated", "contact_id": "p-1"});
    let named = one(&Wazapin::new(), &named);
    assert_eq!(
        (named.kind(), named.name_source),
        (Kind::ContactUpdated, Some(NameSource::Body))
    );
    // Inner data wins, the wrapper fills gaps, an empty text is a gap.
    let both = json!({"event_type": "message.new", "channel_id": "outer", "organization_id": "org_o", "message_id": "outer",
        "data": {"message_id": "m-1", "channel_id": "inner", "organization_id": "", "direction": "inbound"}});
    let both = one(&Wazapin::new(), &both);
    assert_eq!(
        (both.account.as_deref(), both.tenant.as_deref()),
        (Some("inner"), Some("org_o"))
    );
    assert_eq!(both.key, "v1:wazapin:inner:message:m-1");
}

#[test]
fn n1_unknown_names_and_test_deliveries_are_unknown() {
    let crm = json!({"event_id": "evt_1", "event_type": "crm.example", "organization_id": "org_1",
        "occurred_at": "2026-03-05T10:15:30Z", "data": {"status": {"from": 1}, "message_id": [1]}});
    let event = one(&Wazapin::declaring("message.new"), &crm);
    assert_eq!(event.kind(), Kind::Unknown);
    assert_eq!(event.name.as_deref(), Some("crm.example"));
    assert_eq!(event.name_source, Some(NameSource::Body));
    assert_eq!(event.tenant.as_deref(), Some("org_1"));
    assert_eq!(event.time_source, TimeSource::Payload);
    assert_eq!(event.raw.unwrap().as_json(), Some(crm.to_string().as_str()));

    // An endpoint's declaration promises nothing about what the test button sends.
    for body in [json!({"test": true}), json!({"message": "hello"})] {
        let event = one(&Wazapin::declaring("message.new"), &body);
        assert_eq!(
            (event.kind(), event.name_source),
            (Kind::Unknown, Some(NameSource::Declared))
        );
        assert_eq!(one(&Wazapin::new(), &body).name, None);
    }
    let declared = one(&Wazapin::declaring("crm.example"), &json!({"deal_id": "d"}));
    assert_eq!(
        (declared.kind(), declared.name_source),
        (Kind::Unknown, Some(NameSource::Declared))
    );
}

#[test]
fn n1_a_wrong_shape_is_malformed_and_has_its_path() {
    for (body, path) in [
        (
            json!({"event_type": "message.new", "data": {}}),
            "data.message_id",
        ),
        (
            json!({"event_type": "message.new", "data": {"message_id": {"id": "m"}}}),
            "data.message_id",
        ),
        (json!({"message_id": "m", "msg_type": ["text"]}), "msg_type"),
        (json!({"message_id": "m", "status": true}), "status"),
        (
            json!({"event_type": "message.status_update", "message_id": "m"}),
            "status",
        ),
        (
            json!({"message_id": "m", "direction": "inbound", "channel_id": {}}),
            "channel_id",
        ),
    ] {
        let Parsed::Malformed(malformed) = parsed(&Wazapin::new(), &body) else {
            panic!("{body}")
        };
        assert_eq!(malformed.error.path(), path, "{body}");
        let event = one(&Wazapin::new(), &body);
        assert_eq!(event.kind(), Kind::Malformed);
        assert_eq!(event.name.as_deref(), malformed.name.as_deref());
    }
    // What no page documents harms nothing.
    let odd =
        json!({"message_id": "m", "direction": "inbound", "chat_id": {"id": 1}, "body": [], "to": false});
    assert_eq!(one(&Wazapin::new(), &odd).kind(), Kind::MessageReceived);
    for text in ["[]", "\"x\"", "7", "", "{", "{}x", "null"] {
        let event = only(Wazapin::declaring("message.new").read(&delivery(text)));
        assert_eq!(event.kind(), Kind::Malformed, "{text}");
        assert_eq!(event.name_source, Some(NameSource::Declared), "{text}");
    }
}

#[test]
fn n4_only_a_direction_makes_a_received_message() {
    let body = |direction: Value| json!({"message_id": "m", "from_phone": "15550000001", "msg_type": "text", "direction": direction});
    let wazapin = Wazapin::declaring("message.new");
    for (direction, kind) in [
        (json!("inbound"), Kind::MessageReceived),
        (json!("outbound"), Kind::MessageSent),
        (json!(null), Kind::Other),
        (json!(""), Kind::Other),
        (json!("sideways"), Kind::Other),
    ] {
        assert_eq!(
            one(&wazapin, &body(direction.clone())).kind(),
            kind,
            "{direction}"
        );
    }
}

#[test]
fn g10_keys_say_what_was_said() {
    let key = |name: &'static str, body: Value| one(&Wazapin::declaring(name), &body).key;
    let echo = json!({"message_id": "m:1", "channel_id": "w", "direction": "outbound"});
    assert_eq!(key("message.new", echo.clone()), "v1:wazapin:w:message:m%3A1");
    assert_eq!(key("message.sent", echo), "v1:wazapin:w:message:m%3A1");
    let status = json!({"message_id": "m", "status": "READ"});
    assert_eq!(
        key("message.status_update", status.clone()),
        key("message.status.updated", status)
    );
    // Open, closed, open: three events, where no time tells them apart.
    let open = |extra: u8| json!({"conversation_id": "c", "status": "open", "extra": extra});
    assert_ne!(
        key("conversation.updated", open(1)),
        key("conversation.updated", open(2))
    );
    let at = |time: &str| {
        json!({"event_type": "conversation.updated", "occurred_at": time,
        "data": {"conversation_id": "c", "status": "open"}})
    };
    assert_eq!(
        key("x", at("2026-03-05T10:15:30Z")),
        "v1:wazapin::chat:c:open:1772705730000"
    );
    assert_ne!(
        key("x", at("2026-03-05T10:15:30Z")),
        key("x", at("2026-03-05T10:15:31Z"))
    );
}

#[test]
fn g6_without_a_signed_id_the_body_is_the_key() {
    let key = |body: &'static str| {
        let body = Bytes::from_static(body.as_bytes());
        let proof = proof_of(Wazapin::new(), &body);
        Provider::key(&Wazapin::new(), &proof, &HeaderMap::new(), &body)
    };
    let by_id = key(r#"{"event_type":"message.new","event_id":"evt_1"}"#);
    assert_eq!((&*by_id.key.text, by_id.key.source), ("evt_1", KeySource::Body));
    assert_eq!(by_id.provider_id.as_deref(), Some("evt_1"));
    for body in [r#"{"event_id":""}"#, r#"{"event_id":{}}"#, "[]", "x", ""] {
        assert_eq!(key(body).key.source, KeySource::Digest, "{body}");
    }
}

#[test]
fn n2_typed_words_stay_open() {
    let body = json!({"message_id": "m", "direction": "inbound", "msg_type": "hologram", "status": "x"});
    let Parsed::Known { event, .. } = parsed(&Wazapin::declaring("message.new"), &body) else {
        panic!()
    };
    let Payload::MessageNew(new) = event.payload else {
        panic!()
    };
    assert_eq!(new.msg_type.unwrap().as_str(), "hologram");
}

#[test]
fn v6_options_are_checked() {
    let row = provider("wazapin").unwrap();
    let secret = (row.make_secret)([7; 32]);
    let build = |options: Value| {
        let Value::Object(options) = options else { panic!() };
        (row.build)(
            "shop",
            secret.as_str().try_into().unwrap(),
            &Options::new(options),
        )
    };
    assert!(build(json!({})).is_ok());
    assert!(build(json!({"event": "message.new", "tolerance_seconds": 60})).is_ok());
    assert!(build(json!({"event": " "})).is_err());
    assert!(build(json!({"evnet": "message.new"})).is_err());
    assert!(wazapin::endpoint("shop", "not base64!").is_err());
    let endpoint = wazapin::endpoint("shop", secret).unwrap();
    assert_eq!(endpoint.memory().as_secs(), 48 * 3600);
}

proptest! {
    #[test]
    fn n1_no_body_breaks_it(body in prop_oneof![prop::collection::vec(any::<u8>(), 0..64), mutated(wahook_testkit::samples("wazapin"))], declare in any::<bool>()) {
        let provider = if declare { Wazapin::declaring("message.new") } else { Wazapin::new() };
        let body = Bytes::from(body);
        let proof = proof_of(provider.clone(), &body);
        prop_assert!(!Provider::key(&provider, &proof, &HeaderMap::new(), &body).key.text.is_empty());
        let events = provider.read(&delivery(body.clone()));
        prop_assert_eq!(events.len(), 1);
        for event in events {
            serde_json::to_string(&event).unwrap();
            let raw = event.raw.unwrap();
            prop_assert_eq!(raw.bytes(), &body);
        }
    }

    #[test]
    fn n2_unknown_members_change_nothing(index in 0usize..64, name in "[ax]_[a-z]{1,8}", value in any_json()) {
        let samples = wahook_testkit::samples("wazapin");
        let sample = samples[index % samples.len()];
        let plain: Value = serde_json::from_slice(sample.body).unwrap();
        let mut more = plain.clone();
        more[&name] = value.clone();
        if more["data"].is_object() {
            more["data"][&name] = value;
        }
        let (plain, more) = (one(&Wazapin::new(), &plain), one(&Wazapin::new(), &more));
        prop_assert_eq!(said(&plain), said(&more));
        prop_assert_eq!((plain.name, plain.account, plain.tenant), (more.name, more.account, more.tenant));
    }
}
