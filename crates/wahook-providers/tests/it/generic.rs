//! The provider by configuration: its samples, what its options refuse, and what no body may do.
//!
//! Longer than 400 lines: one provider, and each of its settings is looked at by the same functions.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use proptest::prelude::*;
use serde_json::{Value, json};
use wahook_core::proof::Refusal;
use wahook_core::{
    AnyProvider, BuildError, Delivery, Endpoint, KeySource, Keyed, Secret,
    guard::Prepared,
    model::{ChatType, Data, Event as Normal, Kind, MessageState, NameSource, SessionState},
};
use wahook_providers::{Options, generic, provider};

use crate::support::{any_json, mutated, received_at};

const SECRET: &str = "a-secret-of-this-endpoint";

fn build(options: Value) -> Result<Endpoint, BuildError> {
    let Value::Object(options) = options else { panic!() };
    generic::endpoint("inbox", SECRET, &Options::new(options))
}

/// Why it cannot be built.
fn refused(options: Value) -> String {
    let text = options.to_string();
    let error = build(options).err().unwrap_or_else(|| panic!("{text}"));
    std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string)
}

fn plain() -> Endpoint {
    build(json!({})).expect("the test is sound")
}

fn read_with(endpoint: &Endpoint, headers: HeaderMap, body: impl Into<Bytes>) -> Vec<Normal> {
    let delivery = Delivery::dangerous_unverified("inbox", headers, body.into(), received_at());
    endpoint.provider().read(&delivery)
}

fn all(endpoint: &Endpoint, body: &Value) -> Vec<Normal> {
    read_with(endpoint, HeaderMap::new(), body.to_string())
}

fn one(endpoint: &Endpoint, body: &Value) -> Normal {
    let mut events = all(endpoint, body);
    assert_eq!(events.len(), 1, "{body}");
    events.remove(0)
}

/// What is received of a request that is signed as the endpoint's own recipe has it, under this id.
fn received(
    endpoint: &Endpoint,
    id: &str,
    headers: &[(&'static str, &str)],
    body: &Bytes,
) -> Result<Prepared, Refusal> {
    let url = "https://shop.example/hook".parse().expect("the test is sound");
    let secret = Secret::new(SECRET).expect("the test is sound");
    let recipe = endpoint.verifier().recipe();
    let signed = recipe
        .sign(&secret, body, id, received_at(), &url)
        .expect("the test is sound");
    let path = signed
        .query
        .map_or_else(|| "/".to_owned(), |(name, value)| format!("/?{name}={value}"));
    let mut request = Request::post(path).body(()).expect("the test is sound");
    for (name, value) in headers {
        request
            .headers_mut()
            .insert(*name, HeaderValue::from_str(value).expect("the test is sound"));
    }
    request.headers_mut().extend(signed.headers);
    let (head, ()) = request.into_parts();
    let mut check = endpoint.begin(&head, received_at())?;
    check.update(body.clone());
    Ok(Prepared::new(
        check.finish().map_err(|(refusal, _)| refusal)?,
        &head.headers,
        [7; 10],
    ))
}

fn key(endpoint: &Endpoint, body: impl Into<Bytes>) -> Keyed {
    let prepared = received(endpoint, "msg_1", &[], &body.into()).expect("the test is sound");
    let delivery = prepared.delivery();
    Keyed::new(delivery.key.clone(), delivery.provider_id.clone())
}

#[test]
fn n4_every_sample_normalises_as_reviewed() {
    let mut kinds = std::collections::BTreeSet::new();
    for sample in wahook_testkit::samples("generic") {
        let [event] = &read_with(&plain(), HeaderMap::new(), Bytes::from_static(sample.body))[..] else {
            panic!("{}", sample.name())
        };
        assert_eq!(event.kind().as_str(), sample.event, "{}", sample.name());
        kinds.insert(event.kind().as_str());
        insta::assert_json_snapshot!(sample.name(), event.clone().without_raw());
    }
    assert_eq!(
        kinds.len(),
        Kind::ALL.len() - 2,
        "every kind but unknown and malformed"
    );
}

#[test]
fn v6_every_endpoint_has_a_proof() {
    let names = |options: Value| build(options).unwrap().verifier().names();
    assert_eq!(names(json!({})), ["body-hmac"]);
    assert_eq!(names(json!({"signature": {}})), ["body-hmac"]);
    assert_eq!(names(json!({"signature": {"scheme": "hmac"}})), ["body-hmac"]);
    for token in [
        json!({"header": "x-token"}),
        json!({"bearer": true}),
        json!({"query": "secret"}),
    ] {
        assert_eq!(names(json!({"token": token})), ["static-token"]);
    }
    for none in [
        json!({"scheme": "none"}),
        json!({"scheme": "token"}),
        json!({"scheme": ""}),
    ] {
        assert!(refused(json!({"signature": none})).contains("expected"));
    }
    assert!(generic::endpoint("inbox", "", &Options::default()).is_err());
    assert!(generic::endpoint("inbox", "short", &Options::default()).is_err());
}

#[test]
fn v3_a_signature_and_a_token_are_no_alternatives() {
    let both = json!({"signature": {"header": "x-signature"}, "token": {"header": "x-token"}});
    assert!(refused(both).contains("exclude each other"));
    for token in [
        json!({}),
        json!({"header": "x", "bearer": true}),
        json!({"query": ""}),
    ] {
        assert!(refused(json!({"token": token})).contains("one of them"));
    }
    // A token is never taken where a signature is configured.
    let endpoint = plain();
    let (head, ()) = Request::post("/")
        .header("x-signature", SECRET)
        .body(())
        .unwrap()
        .into_parts();
    assert!(endpoint.begin(&head, received_at()).is_err());
}

#[test]
fn v1_every_scheme_that_can_be_written_verifies_what_it_signs_and_nothing_else() {
    let body = Bytes::from_static(b"{\"id\":\"evt_1\"}");
    for options in [
        json!({}),
        json!({"signature": {"header": "X-Other", "algorithm": "sha1", "prefix": "sha1="}}),
        json!({"signature": {"algorithm": "sha512", "encoding": "base64", "prefix": "v1,"}}),
        json!({"signature": {"encoding": "base64url", "prefix": ""}}),
        json!({"signature": {"composite": ["t", "v1"]}}),
        json!({"signature": {"composite": ["t", "v1"], "signed": "v0:{timestamp}:{body}"}}),
        json!({"signature": {"timestamp_header": "x-time", "signed": "{timestamp}.{body}", "tolerance_seconds": 60}}),
        json!({"signature": {"timestamp_header": "x-time", "id_header": "x-id", "signed": "{id}.{timestamp}.{body}"}}),
        json!({"signature": {"url": "https://shop.example/hook", "timestamp_header": "x-time", "signed": "{timestamp}\n{url}\n{sha256_raw(body)}"}}),
        json!({"signature": {"signed": "{sha256(body)}"}}),
        json!({"signature": {"algorithm": "sha512", "algorithm_header": "x-algorithm"}}),
        json!({"token": {"header": "x-token"}}),
        json!({"token": {"bearer": true}}),
        json!({"token": {"query": "secret"}}),
    ] {
        let text = options.to_string();
        let is_token = options.get("token").is_some();
        let endpoint = build(options).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        assert!(received(&endpoint, "msg_1", &[], &body).is_ok(), "{text}");
        let other = generic_with("another-secret-of-it", &text);
        assert!(received(&other, "msg_1", &[], &body).is_err(), "{text}");
        let bare = Request::post("/").body(()).unwrap().into_parts().0;
        assert!(endpoint.begin(&bare, received_at()).is_err(), "{text}");
        assert_eq!(is_token, endpoint.verifier().names() == ["static-token"]);
    }
}

fn generic_with(secret: &str, options: &str) -> Endpoint {
    let options = serde_json::from_str(options).expect("the test is sound");
    generic::endpoint("inbox", secret, &Options::new(options)).expect("the test is sound")
}

#[test]
fn v7_a_window_needs_a_signed_time() {
    for (signature, why) in [
        (json!({"tolerance_seconds": 300}), "not signed"),
        (json!({"timestamp_header": "x-time"}), "does not cover the time"),
        (
            json!({"timestamp_header": "x-time", "tolerance_seconds": 300}),
            "does not cover the time",
        ),
        (
            json!({"composite": ["t", "v1"], "signed": "{body}"}),
            "does not cover the time",
        ),
        (json!({"signed": "{timestamp}.{body}"}), "no header was named"),
        (json!({"id_header": "x-id"}), "does not cover `id_header`"),
        (json!({"signed": "{id}.{body}"}), "no header was named"),
        (json!({"url": "https://shop.example"}), "does not cover `url`"),
        (json!({"signed": "{url}{body}"}), "the URL was not given"),
        (json!({"signed": "{timestamp}"}), "nothing of the body"),
        (json!({"signed": "{bdy}"}), "no other braces"),
        (
            json!({"timestamp_header": "x-time", "signed": "{ts}.{body}"}),
            "no other braces",
        ),
        (
            json!({"timestamp_header": "x-time", "signed": "{timestamp}.{body}", "tolerance_seconds": 0}),
            "leave it out for 300",
        ),
        (json!({"composite": ["t", "t"]}), "two names"),
        (
            json!({"composite": ["t", "s"], "timestamp_header": "x"}),
            "both say",
        ),
        (json!({"header": "no header"}), "no name of a header"),
        (
            json!({"algorithm": "md5"}),
            "expected one of `sha1`, `sha256`, `sha512`",
        ),
        (json!({"hedaer": "x"}), "expected one of"),
        (
            json!({"scheme": "standard-webhooks", "header": "x"}),
            "settled by",
        ),
    ] {
        let text = refused(json!({"signature": signature}));
        assert!(text.contains(why), "{signature}: {text}");
    }
    // Where a time is signed there is a window, whether or not one was asked for.
    let endpoint = build(json!({"signature": {"composite": ["t", "v1"]}})).unwrap();
    let body = b"{}";
    let url = "https://shop.example/".parse().unwrap();
    let recipe = endpoint.verifier().recipe();
    for (seconds, fits) in [(300, true), (301, false), (-301, false)] {
        let at = received_at() - jiff::SignedDuration::from_secs(seconds);
        let signed = recipe
            .sign(&Secret::new(SECRET).unwrap(), body, "1", at, &url)
            .unwrap();
        let mut request = Request::post("/").body(()).unwrap();
        request.headers_mut().extend(signed.headers);
        let (head, ()) = request.into_parts();
        assert_eq!(endpoint.begin(&head, received_at()).is_ok(), fits, "{seconds}");
    }
}

#[test]
fn g6_a_header_is_a_key_only_where_the_signature_covers_it() {
    let unsigned = json!({"read": {"event": "/event", "key": "header:x-idempotency-key"}});
    let text = refused(unsigned);
    assert!(
        text.contains("does not cover the header `x-idempotency-key`"),
        "{text}"
    );
    assert!(text.contains("delivery_id"), "{text}");
    // Nothing is signed where a token is all there is.
    assert!(
        refused(json!({"token": {"bearer": true}, "read": {"key": "header:x-id"}}))
            .contains("does not cover")
    );
    let signature =
        json!({"timestamp_header": "x-time", "id_header": "X-Id", "signed": "{id}.{timestamp}.{body}"});
    let signed = json!({"signature": signature, "read": {"key": "header:x-id"}});
    let body = Bytes::from_static(b"{\"id\":\"evt_1\"}");
    let endpoint = build(signed).unwrap();
    let prepared = received(&endpoint, "msg_9", &[], &body).unwrap();
    assert_eq!(
        (&*prepared.delivery().key.text, prepared.delivery().key.source),
        ("msg_9", KeySource::Header)
    );
    assert_eq!(prepared.delivery().provider_id.as_deref(), Some("msg_9"));
    // A signed id may be that of the endpoint, as Sent.dm's is: it is a key only where somebody says so.
    let digest = build(json!({"signature": signature, "read": {"event": "/event"}})).unwrap();
    let prepared = received(&digest, "msg_9", &[], &body).unwrap();
    assert_eq!(prepared.delivery().key.source, KeySource::Digest);
    // In Standard Webhooks it is the id of the delivery, by that page's own words.
    let whsec = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let Value::Object(options) =
        json!({"signature": {"scheme": "standard-webhooks"}, "read": {"event": "/event"}})
    else {
        panic!()
    };
    let endpoint = generic::endpoint("inbox", whsec, &Options::new(options)).unwrap();
    assert_eq!(
        endpoint
            .key_of_id("msg_9")
            .map(|key| key.as_str().to_owned())
            .as_deref(),
        Some("d:inbox:msg_9")
    );
    assert_eq!(plain().key_of_id("msg_9"), None);
}

#[test]
fn p_no_credential_is_kept_with_a_delivery() {
    for (options, header) in [
        (json!({}), "authorization"),
        (json!({}), "cookie"),
        (json!({}), "X-Signature"),
        (json!({"token": {"header": "x-token"}}), "x-token"),
    ] {
        for name in ["event", "delivery_id"] {
            let mut options = options.clone();
            options["read"] = json!({name: format!("header:{header}")});
            assert!(refused(options).contains("holds a credential"), "{name} {header}");
        }
    }
}

#[test]
fn g6_the_key_is_made_of_what_the_configuration_points_at() {
    let by = |key: Value| build(json!({"read": {"key": key, "delivery_id": "header:x-request-id"}})).unwrap();
    let body = r#"{"a":{"id":"x:1"},"b":2,"event":"e"}"#;
    let text = |endpoint: &Endpoint, body: &'static str| {
        let keyed = key(endpoint, body);
        assert_eq!(keyed.key.source, KeySource::Body, "{body}");
        keyed.key.text.to_string()
    };
    assert_eq!(text(&by(json!("/a/id")), body), "x:1");
    assert_eq!(text(&by(json!(["/a/id", "/b"])), body), "x%3A1:2");
    assert_eq!(text(&by(json!("/none | /b")), body), "2");
    assert_eq!(text(&by(json!("body:/b")), body), "2");
    for (place, body) in [
        (json!("/none"), body),
        (json!(["/b", "/none"]), body),
        (json!("/a"), body),
        (json!("/b"), "x"),
        (json!("/b"), "[]"),
        (json!("/b"), r#"{"b":""}"#),
        (json!("/b"), r#"[{"b":1},{}]"#),
    ] {
        assert_eq!(key(&by(place), body).key.source, KeySource::Digest, "{body}");
    }
    let default = build(json!({"read": {"event": "/event"}})).unwrap();
    assert_eq!(key(&default, body).key.source, KeySource::Digest);
    let list = |body: &'static str| text(&by(json!("/b")), body);
    assert_eq!(list(r#"[{"b":1}]"#), "1");
    assert_eq!(list(r#"[{"b":1},{"b":2}]"#), list(r#"[{"b":1,"x":1}, {"b":2}]"#));
    let keys = [
        list(r#"[{"b":1},{"b":2}]"#),
        list(r#"[{"b":2},{"b":1}]"#),
        list(r#"[{"b":"1"},{"b":"23"}]"#),
    ];
    assert!(keys[0] != keys[1] && keys[0] != keys[2] && keys[1] != keys[2]);
    assert_ne!(keys[2], list(r#"[{"b":"12"},{"b":"3"}]"#));
}

#[test]
fn n2_a_name_that_nobody_declared_is_unknown_and_kept() {
    let endpoint = build(json!({
        "read": {"event": "/event", "account": "/who", "time": "/at"},
        "kinds": {"m": "message.received", "x": "other"},
        "fields": {"message_id": "/id"},
    }))
    .unwrap();
    for (body, kind, name) in [
        (json!({"event": "m", "id": "1"}), Kind::MessageReceived, Some("m")),
        (json!({"event": "x"}), Kind::Other, Some("x")),
        (json!({"event": "M", "id": "1"}), Kind::Unknown, Some("M")),
        (
            json!({"event": "message.received", "id": "1"}),
            Kind::Unknown,
            Some("message.received"),
        ),
        (json!({"event": ""}), Kind::Unknown, None),
        (json!({"event": null}), Kind::Unknown, None),
        (json!({}), Kind::Unknown, None),
        (json!({"event": ["m"]}), Kind::Malformed, None),
    ] {
        let mut body = body;
        body["who"] = "dev_1".into();
        body["at"] = 1_767_225_600_i64.into();
        let event = one(&endpoint, &body);
        assert_eq!((event.kind(), event.name.as_deref()), (kind, name), "{body}");
        assert_eq!(event.account.as_deref(), Some("dev_1"), "{body}");
        assert_eq!(event.occurred_at.unwrap().to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(event.raw.unwrap().as_json(), Some(body.to_string().as_str()));
    }
}

#[test]
fn n1_what_a_kind_cannot_be_without_is_missed_with_its_path() {
    let endpoint = build(json!({
        "read": {"event": "/event"},
        "kinds": {"m": "message.received", "s": "message.status", "r": "message.reaction", "z": "session.status"},
        "fields": {"message_id": "/data/id | /data/key/id", "target_message_id": "/data/target", "state": "/data/state"},
    }))
    .unwrap();
    for (body, path) in [
        (json!({"event": "m"}), "data.id"),
        (json!({"event": "m", "data": {"id": {}}}), "data.id"),
        (json!({"event": "m", "data": {"key": {"id": [1]}}}), "data.key.id"),
        (json!({"event": "m", "data": "x"}), "data.id"),
        (json!({"event": "s", "data": {"id": "1"}}), "data.state"),
        (json!({"event": "r", "data": {"id": "1"}}), "data.target"),
        (json!({"event": "z"}), "data.state"),
    ] {
        let event = one(&endpoint, &body);
        let Data::Malformed(malformed) = &event.data else {
            panic!("{body}: {:?}", event.kind())
        };
        assert_eq!(
            (malformed.path.as_str(), malformed.error.as_str()),
            (path, "shape"),
            "{body}"
        );
    }
    for body in ["\"x\"", "7", "", "{", "{}x", "null", "[", "[{}"] {
        let events = read_with(&endpoint, HeaderMap::new(), body);
        assert_eq!(events.len(), 1, "{body}");
        assert_eq!(events[0].kind(), Kind::Malformed, "{body}");
    }
}

#[test]
fn n5_a_number_with_more_digits_than_are_kept_is_no_id() {
    let with = |id: &str| {
        let body = format!(r#"{{"event":"message.received","message_id":{id},"chat":"1@c.us","x":1e300}}"#);
        read_with(&plain(), HeaderMap::new(), body).remove(0)
    };
    assert!(
        with("18446744073709551615")
            .key
            .ends_with(":18446744073709551615")
    );
    for id in [
        "18446744073709551616",
        "123456789012345678901234567890",
        "-9223372036854775809",
        "1e30",
    ] {
        let event = with(id);
        assert_eq!(event.kind(), Kind::Malformed, "{id}");
        assert!(format!("{:?}", event.data).contains("message_id"), "{id}");
    }
}

#[test]
fn n1_an_item_of_a_list_does_not_harm_its_neighbours() {
    let endpoint = build(json!({
        "read": {"items": "/results | /messages", "event": "body:/type", "account": "body:/channel"},
        "kinds": {"m": "message.received"},
        "fields": {"message_id": "/id", "text": "/text"},
    }))
    .unwrap();
    let items = json!([{"id": "1", "text": "a"}, 7, {"text": "b"}, {"id": "3"}]);
    for name in ["results", "messages"] {
        let events = all(&endpoint, &json!({"type": "m", "channel": "c", name: items}));
        let kinds: Vec<_> = events.iter().map(Normal::kind).collect();
        let expected = [
            Kind::MessageReceived,
            Kind::Malformed,
            Kind::Malformed,
            Kind::MessageReceived,
        ];
        assert_eq!(kinds, expected);
        for (event, item) in events.iter().zip(items.as_array().unwrap()) {
            assert_eq!(
                event.raw.as_ref().unwrap().as_json(),
                Some(item.to_string().as_str())
            );
        }
        assert_eq!(events[3].account.as_deref(), Some("c"));
        let keys: std::collections::BTreeSet<_> = events.iter().map(|event| &event.key).collect();
        assert_eq!(keys.len(), 4);
    }
    // A body that brings one by itself.
    assert_eq!(
        one(&endpoint, &json!({"type": "m", "id": "9"})).kind(),
        Kind::MessageReceived
    );
    assert_eq!(all(&endpoint, &json!({"type": "m", "results": []})).len(), 0);
}

#[test]
fn n4_the_direction_is_told_or_it_is_no_message() {
    let endpoint = build(json!({
        "read": {"event": "/event", "message_ids": "bare"},
        "kinds": {"any": "message", "in": "message.received", "out": "message.sent"},
        "fields": {"message_id": "/id", "from_me": "/me", "direction": "/way"},
        "states": {"incoming": "inbound"},
    }))
    .unwrap();
    for (body, kind) in [
        (json!({"event": "any", "id": "1", "me": true}), Kind::MessageSent),
        (
            json!({"event": "any", "id": "1", "me": "false"}),
            Kind::MessageReceived,
        ),
        (json!({"event": "any", "id": "1", "me": 1}), Kind::MessageSent),
        (
            json!({"event": "any", "id": "1", "way": "OUTBOUND"}),
            Kind::MessageSent,
        ),
        (
            json!({"event": "any", "id": "1", "way": "incoming"}),
            Kind::MessageReceived,
        ),
        (
            json!({"event": "any", "id": "true_15550000001@c.us_1"}),
            Kind::MessageSent,
        ),
        (json!({"event": "any", "id": "1", "way": "sideways"}), Kind::Other),
        (json!({"event": "any", "id": "1"}), Kind::Other),
        (json!({"event": "in", "id": "1"}), Kind::MessageReceived),
        (json!({"event": "in", "id": "1", "me": true}), Kind::MessageSent),
        (json!({"event": "out", "id": "1"}), Kind::MessageSent),
        (
            json!({"event": "out", "id": "1", "me": false}),
            Kind::MessageReceived,
        ),
    ] {
        assert_eq!(one(&endpoint, &body).kind(), kind, "{body}");
    }
}

#[test]
fn n5_digits_are_a_phone_number_only_where_somebody_says_so() {
    for (digits, phone) in [("id", None), ("phone", Some("+15550000001"))] {
        let endpoint = build(json!({
            "read": {"event": "/event", "digits": digits},
            "kinds": {"m": "message.received"},
            "fields": {"message_id": "/id", "sender": "/from", "sender_also": "/also", "recipient": "/to"},
        }))
        .unwrap();
        let message = |body: Value| match one(&endpoint, &body).data {
            Data::MessageReceived(message) => message,
            other => panic!("{other:?}"),
        };
        let bare = message(json!({"event": "m", "id": "1", "from": "15550000001", "to": 15_550_000_009_u64}));
        let sender = bare.sender.unwrap();
        assert_eq!(sender.phone.as_deref(), phone);
        assert_eq!(sender.raw.as_deref(), Some("15550000001"));
        assert_eq!(bare.chat.unwrap().phone.as_deref(), phone);
        assert_eq!(bare.recipient.unwrap().phone.is_some(), phone.is_some());
        // What tells itself needs no setting, and a hidden id never becomes a number.
        for (from, number) in [
            ("+15550000001", Some("+15550000001")),
            ("15550000001@s.whatsapp.net", Some("+15550000001")),
            ("15550000001@lid", None),
        ] {
            let sender = message(json!({"event": "m", "id": "1", "from": from}))
                .sender
                .unwrap();
            assert_eq!(sender.phone.as_deref(), number, "{from}");
        }
        let also = message(json!({"event": "m", "id": "1", "from": "7@lid", "also": "15550000001@c.us"}));
        let also = also.sender.unwrap();
        assert_eq!(
            (also.lid.as_deref(), also.phone.as_deref()),
            (Some("7@lid"), Some("+15550000001"))
        );
    }
}

#[test]
fn n4_the_providers_own_word_stays_beside_ours() {
    let endpoint = build(json!({
        "read": {"event": "/event"},
        "kinds": {"s": "message.status", "z": "session.status"},
        "fields": {"message_id": "/id", "state": "/state"},
        "states": {"RECEIVED": "delivered", "3": "read", "open": "connected"},
    }))
    .unwrap();
    for (word, state) in [
        (json!("RECEIVED"), MessageState::Delivered),
        (json!(3), MessageState::Read),
        (json!("Played"), MessageState::Played),
        (json!("eaten"), MessageState::Unknown),
    ] {
        let event = one(&endpoint, &json!({"event": "s", "id": "m", "state": word}));
        let Data::MessageStatus(status) = event.data else {
            panic!()
        };
        let raw = word.as_str().map_or_else(|| word.to_string(), str::to_owned);
        assert_eq!((status.state, status.raw_state.as_deref()), (state, Some(&*raw)));
    }
    let event = one(&endpoint, &json!({"event": "z", "state": "open"}));
    let Data::SessionStatus(status) = event.data else {
        panic!()
    };
    assert_eq!(
        (status.state, status.raw_state.as_deref()),
        (SessionState::Connected, Some("open"))
    );
}

#[test]
fn g10_keys_say_what_was_said() {
    let endpoint = build(json!({
        "read": {"event": "/event", "key": "/delivery", "account": "/acc", "time": "/at", "message_ids": "bare"},
        "kinds": {"m": "message", "n": "message", "s": "message.status", "z": "session.status", "p": "presence"},
        "fields": {"message_id": "/id", "state": "/state", "recipient": "/to", "sender": "/from"},
    }))
    .unwrap();
    let event_key = |body: Value| {
        let prepared = received(&endpoint, "1", &[], &Bytes::from(body.to_string())).unwrap();
        endpoint.provider().read(prepared.delivery()).remove(0).key
    };
    // By whatever event and with whatever spelling of the chat it comes.
    let first =
        event_key(json!({"event": "m", "acc": "a", "id": "false_15550000001@c.us_3EB0", "delivery": "1"}));
    assert_eq!(first, "v1:generic:a:message:3EB0");
    assert_eq!(
        first,
        event_key(json!({"event": "n", "acc": "a", "id": "false_7@lid_3EB0", "delivery": "2"}))
    );
    let status = |state: &str| {
        event_key(
            json!({"event": "s", "id": "3EB0", "to": "+15550000001", "state": state, "delivery": state}),
        )
    };
    assert_eq!(status("read"), "v1:generic::status:3EB0:+15550000001:read");
    assert_eq!(status("READ"), status("read"));
    assert_ne!(status("delivered"), status("read"));
    let session = |at: Value, delivery: &str| {
        event_key(json!({"event": "z", "state": "qr", "at": at, "delivery": delivery}))
    };
    assert_eq!(
        session(json!(1_767_225_600), "1"),
        session(json!(1_767_225_600), "2")
    );
    assert_ne!(
        session(json!(1_767_225_600), "1"),
        session(json!(1_767_225_601), "1")
    );
    // Without a time only the delivery tells open from open again; presence never repeats.
    assert_ne!(session(Value::Null, "1"), session(Value::Null, "2"));
    let presence = |delivery: &str| {
        event_key(json!({"event": "p", "from": "1@c.us", "at": 1_767_225_600, "delivery": delivery}))
    };
    assert_ne!(presence("1"), presence("2"));
}

#[test]
fn n3_a_name_may_stand_in_a_header_and_says_so() {
    let endpoint = build(json!({
        "read": {"event": "header:X-Event"},
        "kinds": {"m": "message.received"},
        "fields": {"message_id": "/id"},
    }))
    .unwrap();
    let body = Bytes::from_static(b"{\"id\":\"1\"}");
    let prepared = received(&endpoint, "1", &[("x-event", "m"), ("x-other", "x")], &body).unwrap();
    let delivery = prepared.delivery();
    assert_eq!(
        delivery.headers.len(),
        1,
        "what is read later is kept, and nothing else"
    );
    let event = endpoint.provider().read(delivery).remove(0);
    assert_eq!(
        (event.kind(), event.name_source),
        (Kind::MessageReceived, Some(NameSource::Header))
    );
    let event = read_with(&endpoint, HeaderMap::new(), body).remove(0);
    assert_eq!((event.kind(), event.name_source), (Kind::Unknown, None));
    let mut headers = HeaderMap::new();
    headers.insert("x-event", HeaderValue::from_static("y"));
    let event = read_with(&endpoint, headers, "{").remove(0);
    assert_eq!(
        (event.kind(), event.name_source),
        (Kind::Malformed, Some(NameSource::Header))
    );
}

#[test]
fn n4_contents_of_every_type() {
    let endpoint = build(json!({
        "read": {"event": "/event"},
        "kinds": {"m": "message.received"},
        "fields": {
            "message_id": "/id", "type": "/type", "text": "/text", "media_id": "/{type}/id", "media_url": "/url",
            "media_mime_type": "/mime", "latitude": "/lat", "longitude": "/long", "emoji": "/emoji",
            "target_message_id": "/target",
        },
        "types": {"chat": "text", "ptt": "voice", "react": "message.reaction"},
    }))
    .unwrap();
    let content = |mut body: Value| {
        body["event"] = "m".into();
        body["id"] = "1".into();
        let event = serde_json::to_value(one(&endpoint, &body)).unwrap();
        (event["kind"].clone(), event["data"]["content"].clone())
    };
    for (body, kind) in [
        (json!({"type": "chat", "text": "x"}), "text"),
        (json!({"type": "IMAGE"}), "image"),
        (json!({"type": "ptt"}), "voice"),
        (json!({"text": "x"}), "text"),
        (json!({"url": "u", "mime": "video/mp4", "text": "x"}), "video"),
        (json!({"url": "u", "mime": "application/pdf"}), "document"),
        (json!({"url": "u", "lat": 1.5, "long": "-2"}), "location"),
        (json!({"type": "hologram"}), "unknown"),
        (json!({}), "unknown"),
    ] {
        assert_eq!(content(body.clone()).1["type"], kind, "{body}");
    }
    let media = content(json!({"type": "ptt", "ptt": {"id": "7"}, "image": {"id": "8"}}));
    assert_eq!(media.1["media"]["id"], "7");
    assert_eq!(content(json!({"type": "hologram"})).1["raw_type"], "hologram");
    assert_eq!(
        content(json!({"type": "react", "target": "9", "emoji": ""})).0,
        "message.reaction"
    );
    let odd = content(json!({"type": "location", "lat": "NaN", "long": 1e9})).1;
    assert_eq!(
        (&odd["latitude"], &odd["longitude"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn a_wrong_setting_says_what_there_is() {
    for (options, why) in [
        (
            json!({"signatur": {}}),
            "unknown field `signatur`, expected one of `signature`",
        ),
        (json!({"read": {"evnt": "/x"}}), "expected one of `items`, `key`"),
        (
            json!({"fields": {"mesage_id": "/x"}}),
            "expected one of `message_id`",
        ),
        (
            json!({"kinds": {"m": "mesage.received"}}),
            "did you mean `message.received`?",
        ),
        (
            json!({"kinds": {"m": "malformed"}}),
            "which is none of account.updated",
        ),
        (
            json!({"kinds": {"m": "unknown"}}),
            "which is none of account.updated",
        ),
        (json!({"states": {"x": "delivred"}}), "did you mean `delivered`?"),
        (json!({"types": {"x": "imgae"}}), "did you mean `image`?"),
        (
            json!({"read": {"time": "/at"}, "kinds": {"m": "other"}}),
            "does not say where the name stands",
        ),
        (
            json!({"kinds": {"m": "message.received"}, "fields": {}}),
            "where its `message_id` stands",
        ),
        (
            json!({"types": {"r": "message.reaction"}, "fields": {"message_id": "/id"}}),
            "where its `target_message_id` stands",
        ),
        (
            json!({"kinds": {"s": "message.status"}, "fields": {"message_id": "/id"}}),
            "where its `state` stands",
        ),
        (json!({"fields": {"text": "payload.text"}}), "begins with no `/`"),
        (json!({"fields": {"text": "/a~2"}}), "has a `~`"),
        (json!({"fields": {"text": "/a/*"}}), "only lists can have"),
        (
            json!({"fields": {"text": "header:x"}}),
            "cannot come from a header",
        ),
        (
            json!({"read": {"account": "header:x"}}),
            "cannot come from a header",
        ),
        (
            json!({"read": {"account": "/{type}/x"}}),
            "only the fields of a message",
        ),
        (json!({"read": {"account": "event"}}), "begins with no `/`"),
        (json!({"read": {"account": "/a|/b"}}), "has a `|` without spaces"),
        (json!({"read": {"key": []}}), "leave it out"),
        (
            json!({"read": {"event": "/event"}, "kinds": {"msg": "message"}, "fields": {"message_id": "/id"}}),
            "map it to `message.received`",
        ),
        (json!({"read": {"items": "/a/*"}}), "only lists can have"),
        (json!({"read": {"digits": "maybe"}}), "expected `id` or `phone`"),
        (json!({"challenge_answer": "json"}), "answered only with"),
        (
            json!({"challenge_anybody": true, "challenge_token": "a-token-of-it"}),
            "contradict",
        ),
    ] {
        let text = refused(options.clone());
        assert!(text.contains(why), "{options}: {text}");
    }
}

#[test]
fn a_challenge_is_answered_only_where_it_was_asked_for() {
    assert!(plain().answers_challenge().is_none());
    let ask = |options: Value, query: &str| {
        let endpoint = build(options).unwrap();
        let (head, ()) = Request::get(format!("/hook?{query}"))
            .body(())
            .unwrap()
            .into_parts();
        let answer = endpoint.answers_challenge()?.answer_get(&head)?.ok()?;
        Some(String::from_utf8(answer.body().to_vec()).unwrap())
    };
    // As Wagy and WappCloud ask.
    assert_eq!(
        ask(json!({"challenge_anybody": true}), "challenge=abc").as_deref(),
        Some("abc")
    );
    let json = json!({"challenge_anybody": true, "challenge_answer": "json"});
    assert_eq!(
        ask(json, "challenge=abc").as_deref(),
        Some(r#"{"challenge":"abc"}"#)
    );
    let with_token = || json!({"challenge_token": "a-token-of-it", "challenge_names": ["c"], "challenge_token_names": ["t"]});
    assert_eq!(ask(with_token(), "c=abc&t=a-token-of-it").as_deref(), Some("abc"));
    assert_eq!(ask(with_token(), "c=abc&t=another"), None);
}

#[test]
fn the_row_says_what_it_takes() {
    let row = provider("generic").unwrap();
    let endpoint = (row.build)("shop", SECRET.try_into().unwrap(), &Options::default()).unwrap();
    assert_eq!(AnyProvider::id(endpoint.provider()), "generic");
    assert!(
        row.steps("https://shop.example/hook", "s3cret")
            .iter()
            .any(|step| step.contains("https://shop.example/hook"))
    );
    for option in row.options {
        let text = refused(json!({option.name: 7.5}));
        assert!(!text.contains("unknown field"), "{}: {text}", option.name);
    }
}

/// An endpoint that uses every sort of place.
fn busy() -> Endpoint {
    build(json!({
        "read": {
            "items": "/data | /list", "key": ["/id", "body:/batch"], "event": "/event", "account": "body:/account",
            "time": "/timestamp", "message_ids": "bare", "digits": "phone",
        },
        "kinds": {"message.received": "message", "message.status": "message.status", "call": "call", "group.participants": "group.participants"},
        "fields": {
            "message_id": "/message_id | /id", "target_message_id": "/target/0/id", "type": "/type", "media_url": "/{type}/url", "state": "/state | event",
            "sender": "/sender", "text": "/text", "participants": "/participants/*/id", "options": "/options", "from_me": "/from_me",
            "chat": "/chat",
        },
        "types": {"reaction": "message.reaction"},
    }))
    .expect("the test is sound")
}

proptest! {
    #[test]
    fn n1_no_body_breaks_it(body in prop_oneof![prop::collection::vec(any::<u8>(), 0..64), mutated(wahook_testkit::samples("generic"))]) {
        let body = Bytes::from(body);
        for endpoint in [plain(), busy()] {
            prop_assert!(!key(&endpoint, body.clone()).key.text.is_empty());
            for event in read_with(&endpoint, HeaderMap::new(), body.clone()) {
                let raw = event.raw.clone().unwrap();
                prop_assert!(raw.bytes().is_empty() || body.windows(raw.bytes().len()).any(|piece| piece == raw.bytes()));
                serde_json::to_string(&event).unwrap();
            }
        }
    }

    #[test]
    fn n1_no_json_breaks_it(mut body in any_json(), item in any_json(), name in "(event|message_id|participants|target|type|chat)", wrap in any::<bool>()) {
        if let Some(members) = body.as_object_mut() {
            members.insert("event".to_owned(), "message.received".into());
            members.insert(name, item);
        }
        let body = if wrap { json!({"data": [body, 1], "account": "a", "batch": 1}) } else { body };
        for endpoint in [plain(), busy()] {
            for event in all(&endpoint, &body) {
                let text = serde_json::to_string(&event).unwrap();
                let back: Normal = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(serde_json::to_string(&back).unwrap(), text);
            }
        }
    }

    #[test]
    fn n2_unknown_members_change_nothing(index in 0usize..64, name in "x_[a-z]{1,8}", value in any_json()) {
        let samples = wahook_testkit::samples("generic");
        let before: Value = serde_json::from_slice(samples[index % samples.len()].body).unwrap();
        let mut after = before.clone();
        after[&name] = value;
        let (before, after) = (one(&plain(), &before), one(&plain(), &after));
        prop_assert_eq!(&before.data, &after.data);
        // Where only the delivery tells one from the next, another body is another one.
        let said = |event: &Normal| (!event.key.contains(":delivery:")).then(|| event.key.clone());
        prop_assert_eq!(said(&before), said(&after));
        prop_assert_eq!((before.name, before.account), (after.name, after.account));
    }
}

#[test]
fn n1_deep_and_huge_bodies_are_read_or_refused_without_a_panic() {
    let deep = format!(
        "{{\"event\":\"call\",\"x\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let wide = format!(
        "{{\"event\":\"call\",\"participants\":[{}1]}}",
        "1,".repeat(200_000)
    );
    let many = format!("[{}{{}}]", "{},".repeat(10_000));
    for endpoint in [plain(), busy()] {
        for body in [&deep, &wide, &many] {
            key(&endpoint, body.clone());
            assert_eq!(read_with(&endpoint, HeaderMap::new(), body.clone()).len(), 1);
        }
    }
    let chat = one(
        &plain(),
        &json!({"event": "message.received", "message_id": "1", "chat": "1@g.us"}),
    );
    let Data::MessageReceived(message) = chat.data else {
        panic!()
    };
    assert_eq!(message.chat.unwrap().kind, ChatType::Group);
}
