//! WAPing: its samples against the event model, and what no body may do.
//!
//! Longer than 400 lines: one provider, and its samples are looked at by the same functions.

use bytes::Bytes;
use http::HeaderMap;
use proptest::prelude::*;
use serde_json::{Value, json};
use wahook_core::{
    AnyProvider, Delivery, KeySource, Keyed, Parsed, Provider,
    model::{Data, Event as Normal, Kind, MessageState, SessionState},
};
use wahook_providers::{
    Options, provider,
    waping::{self, Waping},
};

use crate::support::{any_json, mutated, proof_of, received_at};

fn waping() -> Waping {
    Waping::default()
}

fn delivery(body: impl Into<Bytes>) -> Delivery {
    Delivery::dangerous_unverified("inbox", HeaderMap::new(), body.into(), received_at())
}

fn all(body: &Value) -> Vec<Normal> {
    waping().read(&delivery(body.to_string()))
}

fn one(body: &Value) -> Normal {
    let mut events = all(body);
    assert_eq!(events.len(), 1);
    events.remove(0)
}

fn key(body: impl Into<Bytes>) -> Keyed {
    let body = body.into();
    Provider::key(&waping(), &proof_of(waping(), &body), &HeaderMap::new(), &body)
}

#[test]
fn n4_every_sample_normalises_as_reviewed() {
    for sample in wahook_testkit::samples("waping") {
        let delivery = delivery(Bytes::from_static(sample.body));
        let events: Vec<_> = waping()
            .read(&delivery)
            .into_iter()
            .map(Normal::without_raw)
            .collect();
        for event in &events {
            assert!(
                !matches!(event.kind(), Kind::Unknown | Kind::Malformed),
                "{}",
                sample.name()
            );
            assert_eq!(event.name.as_deref(), Some(sample.event));
        }
        match &*events {
            [event] => insta::assert_json_snapshot!(sample.name(), event),
            events => insta::assert_json_snapshot!(sample.name(), events),
        }
    }
}

#[test]
fn n3_the_noun_and_the_word_after_it_tell_what_it_is() {
    let message = json!({"id": "msg_1", "to": "+15550000001"});
    let with_status = |status: &str| json!({"id": "msg_1", "status": status});
    for (name, message, kind) in [
        ("message.delivered", message.clone(), Kind::MessageStatus),
        ("message.READ", message.clone(), Kind::MessageStatus),
        (
            "message.status",
            with_status("from-the-future"),
            Kind::MessageStatus,
        ),
        ("message.moved", with_status("delivered"), Kind::MessageStatus),
        ("message.moved", with_status("from-the-future"), Kind::Unknown),
        ("message.status", message.clone(), Kind::Unknown),
        ("message.delivered", Value::Null, Kind::Unknown),
        ("message", message.clone(), Kind::Unknown),
        ("messages.delivered", message, Kind::Unknown),
        ("webhook.test", Value::Null, Kind::Unknown),
        ("webhook.verification", Value::Null, Kind::Unknown),
        ("ping", Value::Null, Kind::Unknown),
        ("session.moved", Value::Null, Kind::Unknown),
        ("session.status", Value::Null, Kind::Unknown),
        ("device.CONNECTED", Value::Null, Kind::SessionStatus),
        ("conversation.moved", Value::Null, Kind::Unknown),
        ("conversation", Value::Null, Kind::Unknown),
        ("", Value::Null, Kind::Unknown),
    ] {
        let body = json!({"eventId": "evt_1", "type": name, "message": message, "deviceId": "dev_1"});
        let event = one(&body);
        assert_eq!(event.kind(), kind, "{body}");
        assert_eq!(event.account.as_deref(), Some("dev_1"));
        assert_eq!(event.name.as_deref(), Some(name).filter(|name| !name.is_empty()));
    }
}

#[test]
fn n4_the_providers_own_word_stays_beside_ours() {
    let status = one(&json!({"type": "message.updated", "message": {"id": "m"}, "status": "READ"}));
    let Data::MessageStatus(status) = status.data else {
        panic!()
    };
    assert_eq!(
        (status.state, status.raw_state.as_deref()),
        (MessageState::Read, Some("READ"))
    );
    let session = one(&json!({"type": "device.status", "device": {"status": "Linked"}}));
    let Data::SessionStatus(session) = session.data else {
        panic!()
    };
    assert_eq!(
        (session.state, session.raw_state.as_deref()),
        (SessionState::Connected, Some("Linked"))
    );
}

#[test]
fn n1_a_wrong_shape_is_malformed_and_has_its_path() {
    for (body, path) in [
        (json!({"type": ["message.received"]}), "type"),
        (json!({"type": "message.received"}), "message"),
        (json!({"type": "message.received", "message": "hello"}), "message"),
        (json!({"type": "message.received", "message": {}}), "message.id"),
        (
            json!({"type": "message.received", "message": {"id": "m", "from": {}}}),
            "message.from",
        ),
        (
            json!({"type": "message.received", "message": {"id": "m", "body": [1]}}),
            "message.body",
        ),
        (
            json!({"type": "message.delivered", "message": {"id": {}}}),
            "message.id",
        ),
        (
            json!({"type": "conversation.updated", "conversation": 1}),
            "conversation",
        ),
    ] {
        let Parsed::Malformed(malformed) = waping().parse(&delivery(body.to_string())).remove(0) else {
            panic!("{body}")
        };
        assert_eq!(malformed.error.path(), path, "{body}");
    }
    // What no page documents harms nothing.
    let odd = json!({"type": "message.received", "message": {"id": "m", "text": [], "image": 7, "type": {}}, "error": []});
    assert_eq!(one(&odd).kind(), Kind::MessageReceived);
    for text in ["\"x\"", "7", "", "{", "{}x", "null", "[", "[{}", "[1] x"] {
        let events = waping().read(&delivery(text));
        assert_eq!(events.len(), 1, "{text}");
        assert_eq!(events[0].kind(), Kind::Malformed, "{text}");
    }
}

#[test]
fn n1_an_item_of_a_list_does_not_harm_its_neighbours() {
    let body = json!([
        {"type": "message.received", "message": {"id": "m-1"}}, 7, null, {"type": "ping"},
        {"type": "message.received", "message": {"id": "m-2"}},
    ]);
    let events = all(&body);
    let kinds: Vec<_> = events.iter().map(Normal::kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::MessageReceived,
            Kind::Malformed,
            Kind::Malformed,
            Kind::Unknown,
            Kind::MessageReceived
        ]
    );
    for (event, item) in events.iter().zip(body.as_array().unwrap()) {
        assert_eq!(
            event.raw.as_ref().unwrap().as_json(),
            Some(item.to_string().as_str())
        );
    }
    let keys: std::collections::BTreeSet<_> = events.iter().map(|event| &event.key).collect();
    assert_eq!(keys.len(), events.len());
    assert_eq!(all(&json!([])).len(), 0);
}

#[test]
fn n3_a_byte_order_mark_and_half_an_emoji_harm_nothing() {
    let body = "\u{feff} [{\"type\":\"message.received\",\"message\":{\"id\":\"m\",\"body\":\"a\\ud83d\"}}]";
    let events = waping().read(&delivery(body));
    let Data::MessageReceived(message) = &events[0].data else {
        panic!()
    };
    assert_eq!(message.content, wahook_core::model::Content::text("a\u{fffd}"));
}

#[test]
fn g6_the_delivery_key() {
    let by_id = key(r#"{"type":"ping","eventId":"evt_1"}"#);
    assert_eq!((&*by_id.key.text, by_id.key.source), ("evt_1", KeySource::Body));
    assert_eq!(by_id.provider_id.as_deref(), Some("evt_1"));
    assert_eq!(key(r#"[{"eventId":"evt_1"}]"#), by_id);

    let status = |name: &str, state: &str, time: &str, note: &str| {
        key(
            json!({"type": name, "message": {"id": "m", "status": state}, "timestamp": time, "note": note})
                .to_string(),
        )
    };
    let first = status("message.status", "read", "2026-04-05T09:00:00Z", "");
    assert_eq!(first.key.source, KeySource::Body);
    assert_eq!(
        first,
        status("message.status", "READ", "2026-04-05T09:00:00Z", "sent again")
    );
    for other in [
        status("message.status", "delivered", "2026-04-05T09:00:00Z", ""),
        status("message.status", "read", "2026-04-05T09:00:01Z", ""),
        status("message.updated", "read", "2026-04-05T09:00:00Z", ""),
    ] {
        assert_ne!(first, other);
    }
    for body in [
        r#"{"type":"message.edited","message":{"id":"m"}}"#, // nothing tells the next edit from this one
        r#"{"type":"session.connected","timestamp":"2026-04-05T09:00:00Z"}"#,
        r#"[{"eventId":"a"},{"type":"ping"}]"#,
        r"[]",
        r"{}",
        "x",
        "",
    ] {
        assert_eq!(key(body).key.source, KeySource::Digest, "{body}");
    }
}

#[test]
fn g6_a_list_has_a_digest_over_its_ids_in_order() {
    let list = |ids: &[&str], note: u8| {
        let items: Vec<_> = ids
            .iter()
            .map(|id| json!({"eventId": id, "note": note}))
            .collect();
        key(Value::from(items).to_string()).key
    };
    assert_eq!(list(&["a", "b"], 1), list(&["a", "b"], 2));
    assert_eq!(list(&["a", "b"], 1).source, KeySource::Body);
    let keys = [
        list(&["a", "b"], 1),
        list(&["b", "a"], 1),
        list(&["a", "b", "c"], 1),
        list(&["ab", "c"], 1),
        list(&["a", "bc"], 1),
        list(&["a", "b1:c"], 1),
    ];
    for (at, one) in keys.iter().enumerate() {
        assert!(keys.iter().skip(at + 1).all(|other| other != one));
    }
}

#[test]
fn g10_keys_say_what_was_said() {
    let key = |body: Value| one(&body).key;
    let received =
        json!({"eventId": "evt_1", "type": "message.received", "deviceId": "d", "message": {"id": "m"}});
    assert_eq!(key(received), "v1:waping:d:message:m");
    let status = |name: &str, state: Option<&str>| {
        key(json!({"type": name, "message": {"id": "m", "to": "+15550000001", "status": state}}))
    };
    assert_eq!(
        status("message.read", None),
        "v1:waping::status:m:+15550000001:read"
    );
    assert_eq!(
        status("message.read", None),
        status("message.status", Some("READ"))
    );
    let session = |time: &str, id: &str| {
        key(json!({"type": "session.connected", "deviceId": "d", "timestamp": time, "eventId": id}))
    };
    assert_eq!(
        session("2026-04-05T09:00:00Z", "a"),
        session("2026-04-05T09:00:00Z", "b")
    );
    assert_ne!(
        session("2026-04-05T09:00:00Z", "a"),
        session("2026-04-05T09:00:01Z", "a")
    );
    // Without a time only the delivery tells connected from connected again.
    assert_ne!(session("", "a"), session("", "b"));
}

#[test]
fn v6_options_are_checked() {
    let row = provider("waping").unwrap();
    let build = |options: Value| {
        let Value::Object(options) = options else { panic!() };
        let secret = (row.make_secret)([7; 32]);
        (row.build)("inbox", secret.try_into().unwrap(), &Options::new(options))
    };
    for good in [
        json!({}),
        json!({"algorithm": "sha512", "encoding": "base64url", "prefix": ["v0=", "sha512="], "header": "X-Other"}),
        json!({"composite": ["t", "v1"], "tolerance_seconds": 300}),
        json!({"timestamp_header": "X-Wap-Timestamp", "signed": "{timestamp}.{body}", "tolerance_seconds": 300}),
        json!({"id_header": "X-Wap-Id", "url": "https://shop.example/hook", "signed": "{id}{url}{sha256(body)}"}),
        json!({"scheme": "token"}),
        json!({"challenge_token": "a-challenge-token", "challenge_answer": "json", "challenge_names": ["c"]}),
        json!({"unsigned_challenge": true}),
    ] {
        assert!(build(good.clone()).is_ok(), "{good}");
    }
    for bad in [
        json!({"algorithm": "md5"}),
        json!({"algoritm": "sha256"}),
        json!({"header": "not a header"}),
        json!({"signed": "{timestamp}"}),
        json!({"signed": "{timestamp}.{body}"}),
        json!({"tolerance_seconds": 300}), // no time is signed, so a window would protect nothing
        json!({"scheme": "token", "algorithm": "sha256"}),
        json!({"challenge_answer": "json"}),
        json!({"challenge_token": ""}),
    ] {
        assert!(build(bad.clone()).is_err(), "{bad}");
    }
    for option in row.options {
        let error = build(json!({option.name: {"x": 1}})).unwrap_err();
        let text = std::error::Error::source(&error).unwrap().to_string();
        assert!(!text.contains("unknown field"), "{}: {text}", option.name);
    }
}

#[test]
fn v3_the_preset_verifies_with_and_without_prefix_and_nothing_else() {
    let endpoint = waping::endpoint("inbox", "a-secret-of-waping").unwrap();
    let body = Bytes::from_static(b"{\"eventId\":\"evt_1\"}");
    // HMAC-SHA256 of this body under this secret.
    let hex = "557d4e2635a315813a928ffb965b6d3296f8a627feed4a3ba7d973d19ffe6b34";
    let verifies = |value: &str| {
        let head = http::Request::post("/")
            .header("x-wap-signature", value)
            .body(())
            .unwrap();
        let (head, ()) = head.into_parts();
        endpoint.begin(&head, received_at()).is_ok_and(|mut check| {
            check.update(body.clone());
            check.finish().is_ok()
        })
    };
    assert!(verifies(hex));
    assert!(verifies(&hex.to_uppercase()));
    assert!(verifies(&format!("sha256={hex}")));
    assert!(!verifies(&format!("sha512={hex}")));
    assert!(!verifies("a-secret-of-waping"));
    assert!(!verifies(""));
}

#[test]
fn a_signed_challenge_is_answered_and_an_event_is_none() {
    let endpoint = waping::endpoint("inbox", "a-secret-of-waping").unwrap();
    let challenge = endpoint.answers_challenge().unwrap();
    assert_eq!(
        challenge.answer_post(br#"{"challenge":"abc"}"#).unwrap().body(),
        r#"{"challenge":"abc"}"#
    );
    assert_eq!(
        challenge.answer_post(br#"{"challenge":"abc","eventId":"evt_1"}"#),
        None
    );
    assert_eq!(challenge.answer_unsigned(br#"{"challenge":"abc"}"#), None);
    assert!(!challenge.takes_get());
}

proptest! {
    #[test]
    fn n1_no_body_breaks_it(body in prop_oneof![prop::collection::vec(any::<u8>(), 0..64), mutated(wahook_testkit::samples("waping"))]) {
        let body = Bytes::from(body);
        prop_assert!(!key(body.clone()).key.text.is_empty());
        for event in waping().read(&delivery(body)) {
            serde_json::to_string(&event).unwrap();
        }
    }

    #[test]
    fn n2_unknown_members_change_nothing(index in 0usize..64, name in "[ax]_[a-z]{1,8}", value in any_json()) {
        let samples = wahook_testkit::samples("waping");
        let plain: Value = serde_json::from_slice(samples[index % samples.len()].body).unwrap();
        let mut more = plain.clone();
        let items = match &mut more {
            Value::Array(items) => items.iter_mut().collect(),
            one => vec![one],
        };
        for item in items {
            item[&name] = value.clone();
            for part in ["message", "session", "device", "conversation"] {
                if item[part].is_object() {
                    item[part][&name] = value.clone();
                } else if item[part].is_null() {
                    item.as_object_mut().unwrap().remove(part);
                }
            }
        }
        for (plain, more) in all(&plain).into_iter().zip(all(&more)) {
            prop_assert_eq!(plain.data, more.data);
            prop_assert_eq!((plain.name, plain.account, plain.key), (more.name, more.account, more.key));
        }
    }
}
