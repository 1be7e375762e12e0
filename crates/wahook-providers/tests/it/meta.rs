//! Meta: its samples against the event model, and what no body may do.
//!
//! Longer than 400 lines: an envelope with thirty fields is held against the same promises.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;

use bytes::Bytes;
use http::{HeaderMap, Request};
use proptest::prelude::*;
use serde_json::{Value, json};
use wahook_core::{
    AnyProvider, Delivery, Endpoint, KeySource, Parsed, Provider,
    model::{ChatType, Content, Data, Direction, Event as Normal, Kind, MessageState, Origin},
};
use wahook_providers::{
    Options,
    meta::{self, Field, Meta, Payload},
    provider,
};

use crate::support::{any_json, mutated, proof_of, received_at};

pub(crate) fn meta() -> Meta {
    Meta::default()
}

pub(crate) fn delivery(body: impl Into<Bytes>) -> Delivery {
    Delivery::dangerous_unverified("shop", HeaderMap::new(), body.into(), received_at())
}

pub(crate) fn all(body: impl Into<Bytes>) -> Vec<Normal> {
    meta().read(&delivery(body))
}

pub(crate) fn sample(name: &str) -> &'static [u8] {
    wahook_testkit::sample("meta", name)
        .unwrap_or_else(|| panic!("no sample {name}"))
        .body
}

pub(crate) fn parsed(body: impl Into<Bytes>) -> Vec<Parsed<meta::Event>> {
    meta().parse(&delivery(body))
}

pub(crate) fn only(mut events: Vec<Normal>) -> Normal {
    assert_eq!(events.len(), 1, "{events:?}");
    events.remove(0)
}

pub(crate) fn keys(events: &[Normal]) -> Vec<&str> {
    events.iter().map(|event| event.key.as_str()).collect()
}

/// What an event says, without how it came.
pub(crate) fn said(event: &Normal) -> Value {
    let mut said = serde_json::to_value(event.clone().without_raw()).unwrap();
    let members = said.as_object_mut().unwrap();
    members.remove("delivery");
    let of_delivery = event.key.contains(":delivery:");
    members.retain(|name, _| name != "key" || !of_delivery);
    said
}

/// One change.
pub(crate) fn change(field: &str, mut value: Value) -> Value {
    value["metadata"] = json!({"display_phone_number": "15550000009", "phone_number_id": "p1"});
    json!({"object": "whatsapp_business_account", "entry": [{"id": "w1", "changes": [{"field": field, "value": value}]}]})
}

pub(crate) fn text(id: &str) -> Value {
    json!({"from": "15550000002", "id": id, "timestamp": "1767225600", "type": "text", "text": {"body": "hi"}})
}

pub(crate) fn messages(messages: &[Value]) -> Value {
    change("messages", json!({ "messages": messages }))
}

pub(crate) fn value(name: &str) -> Value {
    serde_json::from_slice(sample(name)).unwrap()
}

#[test]
fn n4_every_sample_normalises_as_reviewed() {
    for sample in wahook_testkit::samples("meta") {
        let events: Vec<_> = all(sample.body).into_iter().map(Normal::without_raw).collect();
        for event in &events {
            let known = !matches!(event.kind(), Kind::Unknown | Kind::Malformed);
            assert!(known, "{}: {event:?}", sample.name());
        }
        assert!(
            events
                .iter()
                .any(|event| event.name.as_deref() == Some(sample.event)),
            "{}",
            sample.name()
        );
        match &*events {
            [event] => insta::assert_json_snapshot!(sample.name(), event),
            events => insta::assert_json_snapshot!(sample.name(), events),
        }
    }
}

#[test]
fn n3_every_field_has_a_sample() {
    let seen: BTreeSet<String> = wahook_testkit::samples("meta")
        .iter()
        .flat_map(|sample| parsed(sample.body))
        .filter_map(|item| Some(item.known()?.field.as_str().to_owned()))
        .collect();
    for field in Field::KNOWN {
        assert!(seen.contains(*field), "{field}");
    }
}

/// Writes a value with the members of its objects in another order.
fn turned(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .rev()
                .map(|(name, value)| format!("{}: {}", json!(name), turned(value)))
                .collect();
            format!("{{{}}}", members.join(" , "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(turned).collect::<Vec<_>>().join(",")),
        scalar => scalar.to_string(),
    }
}

#[test]
fn n3_the_order_of_members_changes_nothing() {
    let lines = |events: Vec<Normal>| {
        // Lists of one value follow each other as they stand.
        let mut lines: Vec<_> = events.iter().map(|event| said(event).to_string()).collect();
        lines.sort();
        lines
    };
    for sample in wahook_testkit::samples("meta") {
        let value: Value = serde_json::from_slice(sample.body).unwrap();
        let (plain, sorted, turned) = (all(sample.body), all(value.to_string()), all(turned(&value)));
        let plain = lines(plain);
        assert_eq!(lines(sorted), plain, "{}", sample.name());
        assert_eq!(lines(turned), plain, "{}", sample.name());
    }
    let (before, after) = (
        r#""field":"messages""#,
        r#""value":{"messages":[{"id":"wamid.1","type":"text","from":"15550000002"}]}"#,
    );
    let body = |members: [&str; 2]| {
        let members = members.join(",");
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"w1","changes":[{{{members}}}]}}]}}"#
        )
    };
    let (one, other) = (only(all(body([before, after]))), only(all(body([after, before]))));
    assert_eq!(one.kind(), Kind::MessageReceived);
    assert_eq!(said(&one), said(&other));
    // A name that is escaped is the same name.
    let escaped = body([before, after])
        .replace("\"entry\"", "\"\\u0065ntry\"")
        .replace("\"messages\":", "\"\\u006dessages\":");
    assert!(escaped.contains("u0065") && escaped.contains("u006d"));
    assert_eq!(said(&only(all(escaped))), said(&one));
}

#[test]
fn n1_of_a_thousand_updates_one_that_is_malformed_harms_no_other() {
    let mut updates: Vec<_> = (0..1000).map(|n| text(&format!("wamid.{n}"))).collect();
    updates[417]["text"] = json!(["hi"]);
    let mut body = messages(&updates[..10]);
    // Over two accounts, and several changes of the second.
    let mut second = body["entry"][0].clone();
    second["id"] = json!("w2");
    let one = second["changes"][0].clone();
    second["changes"] = updates[10..]
        .chunks(99)
        .map(|updates| {
            let mut change = one.clone();
            change["value"]["messages"] = json!(updates);
            change
        })
        .collect();
    body["entry"].as_array_mut().unwrap().push(second);
    let items = parsed(body.to_string());
    assert_eq!(items.len(), 1000);
    let known = items.iter().filter(|item| item.known().is_some()).count();
    assert_eq!(known, 999);
    let Parsed::Malformed(malformed) = &items[417] else {
        panic!("{:?}", items[417])
    };
    // 10 in the first account, then 99 each: 407 = 4 * 99 + 11.
    assert_eq!(
        malformed.error.path(),
        "entry[1].changes[4].value.messages[11].text"
    );
    assert_eq!(malformed.name.as_deref(), Some("messages"));
    assert_eq!(malformed.context.account.as_deref(), Some("p1"));
    assert_eq!(malformed.context.tenant.as_deref(), Some("w2"));
    assert_eq!(malformed.raw.as_json(), Some(updates[417].to_string().as_str()));
    let keys: BTreeSet<_> = all(body.to_string()).into_iter().map(|event| event.key).collect();
    assert_eq!(keys.len(), 1000);
}

#[test]
fn n1_a_wrong_shape_is_malformed_and_has_its_path() {
    let at = |pointer: &str, value: Value| {
        let mut body = value_of_batch();
        *body.pointer_mut(pointer).unwrap() = value;
        let events = all(body.to_string());
        let malformed: Vec<_> = events
            .iter()
            .filter_map(|event| match &event.data {
                Data::Malformed(data) => Some(data.path.clone()),
                _ => None,
            })
            .collect();
        (malformed, events.len())
    };
    let first = "entry[0].changes[0].value";
    for (pointer, value, path, count) in [
        ("/object", json!([]), "object".to_owned(), 1),
        ("/entry", json!("x"), "entry".to_owned(), 1),
        ("/entry/0", json!(7), "entry[0]".to_owned(), 2),
        ("/entry/0/changes", json!({}), "entry[0].changes".to_owned(), 2),
        (
            "/entry/0/changes/0",
            json!("x"),
            "entry[0].changes[0]".to_owned(),
            4,
        ),
        (
            "/entry/0/changes/0/field",
            json!({}),
            "entry[0].changes[0].field".to_owned(),
            4,
        ),
        ("/entry/0/changes/0/value", json!([]), first.to_owned(), 4),
        ("/entry/0/changes/0/value", json!(null), first.to_owned(), 4),
        (
            "/entry/0/changes/0/value/messages",
            json!({}),
            format!("{first}.messages"),
            4,
        ),
        (
            "/entry/0/changes/0/value/messages/1",
            json!(7),
            format!("{first}.messages[1]"),
            5,
        ),
        (
            "/entry/0/changes/0/value/messages/1",
            json!(null),
            format!("{first}.messages[1]"),
            5,
        ),
        (
            "/entry/0/changes/0/value/messages/0/text/body",
            json!({}),
            format!("{first}.messages[0].text.body"),
            5,
        ),
        (
            "/entry/0/changes/0/value/messages/0/timestamp",
            json!([]),
            format!("{first}.messages[0].timestamp"),
            5,
        ),
        // What stands beside is an item of its own, and the messages are none the worse.
        (
            "/entry/0/changes/0/value/metadata",
            json!([]),
            format!("{first}.metadata"),
            6,
        ),
        (
            "/entry/0/changes/0/value/contacts",
            json!("x"),
            format!("{first}.contacts"),
            6,
        ),
        (
            "/entry/0/changes/0/value/contacts/0/profile/name",
            json!([]),
            format!("{first}.contacts[0].profile.name"),
            6,
        ),
        (
            "/entry/0/changes/1/value/statuses/1/pricing",
            json!(1),
            "entry[0].changes[1].value.statuses[1].pricing".to_owned(),
            5,
        ),
    ] {
        assert_eq!(
            at(pointer, value.clone()),
            (vec![path], count),
            "{pointer} {value}"
        );
    }
    let quality = |value: Value| {
        let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "w", "time": 1, "changes": [
            {"field": "message_template_quality_update", "value": value}]}]});
        match only(all(body.to_string())).data {
            Data::Malformed(data) => data.path,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(quality(json!(7)), "entry[0].changes[0].value");
    assert_eq!(
        quality(json!({"new_quality_score": {}})),
        "entry[0].changes[0].value.new_quality_score"
    );
}

fn value_of_batch() -> Value {
    let mut body = value("messages~batch");
    // Members that a change may be made in.
    body["entry"][0]["changes"][1]["value"]["statuses"][1]["pricing"] = json!({});
    body
}

#[test]
fn n1_what_is_no_json_is_one_malformed_item() {
    // As some samples of the group pages are printed: a comma too many, and a member outside of its object.
    for body in [
        r#"{"object":"whatsapp_business_account","entry":[{"id":"w","changes":[{"field":"group_participants_update","value":{"groups":[{"group_id":"g",}]}}]}]}"#,
        r#"{"object":"whatsapp_business_account","entry":[{"id":"w","changes":[{"field":"x","value":{"groups":[{"group_id":"g"}"initiated_by":"business"]}}]}]}"#,
        "{",
        "",
        "[]",
        "7",
    ] {
        let event = only(all(body));
        assert_eq!(event.kind(), Kind::Malformed, "{body}");
        assert_eq!(event.raw.unwrap().bytes(), body, "{body}");
    }
}

#[test]
fn n1_what_is_not_ours_to_know_is_unknown() {
    for object in [json!("page"), json!("user"), json!(""), json!(null)] {
        let mut body = value("messages");
        body["object"] = object.clone();
        let event = only(all(body.to_string()));
        assert_eq!(event.kind(), Kind::Unknown, "{object}");
        assert_eq!(
            event.name.as_deref(),
            object.as_str().filter(|name| !name.is_empty())
        );
    }
    for field in [
        "partner_solutions",
        "flows",
        "account_settings_update",
        "consumer_profile",
        "messaging_handovers",
        "user_id_update",
        "of_tomorrow",
    ] {
        let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "w1", "time": 1_767_225_600, "changes": [
            {"value": {"anything": [1]}, "field": field}]}]});
        let event = only(all(body.to_string()));
        assert_eq!(
            (event.kind(), event.name.as_deref()),
            (Kind::Unknown, Some(field))
        );
        assert_eq!(event.tenant.as_deref(), Some("w1"));
        assert_eq!(event.occurred_at.unwrap().to_string(), "2026-01-01T00:00:00Z");
        let raw = event.raw.unwrap();
        assert_eq!(
            raw.as_json(),
            Some(body["entry"][0]["changes"][0].to_string().as_str())
        );
    }
    // Nothing is swallowed: lists that came later, and lists without elements.
    for value in [
        json!({}),
        json!({"messages": []}),
        json!({"of_tomorrow": [{"id": "x"}]}),
    ] {
        let event = only(all(change("messages", value.clone()).to_string()));
        assert_eq!(event.kind(), Kind::Unknown, "{value}");
        assert_eq!(event.account.as_deref(), Some("p1"));
    }
    for body in [
        json!({"object": "whatsapp_business_account"}),
        json!({"object": "whatsapp_business_account", "entry": []}),
        json!({"object": "whatsapp_business_account", "entry": [{"id": "w1", "changes": []}]}),
        json!({}),
    ] {
        assert_eq!(only(all(body.to_string())).kind(), Kind::Unknown, "{body}");
    }
}

#[test]
fn n1_what_is_too_much_or_too_deep_is_told() {
    let many = |count: usize| {
        let list = vec!["{}"; count].join(",");
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"w","changes":[{{"field":"messages","value":{{"messages":[{list}]}}}}]}}]}}"#
        )
    };
    // Envelope, entry and change have a place of their own.
    let most = (1 << 15) - 2;
    assert_eq!(all(many(most)).len(), most);
    for body in [
        many(most + 1),
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{}]}}"#,
            vec!["{}"; 40_000].join(",")
        ),
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"changes":[{}]}}]}}"#,
            vec!["{\"value\":{}}"; 40_000].join(",")
        ),
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"changes":[{{"field":"history","value":{{"history":[{{"threads":[{{"messages":[{}]}}]}}]}}}}]}}]}}"#,
            vec!["{}"; 40_000].join(",")
        ),
    ] {
        // What there is room for is read; the rest is one item, with all of the body.
        let events = all(body.clone());
        let (last, others) = events.split_last().unwrap();
        assert_eq!(last.kind(), Kind::Malformed);
        assert_eq!(last.raw.as_ref().unwrap().bytes(), &body);
        assert!(others.len() <= 1 << 15);
        assert!(others.iter().all(|event| event.kind() != Kind::Malformed));
    }
    let deep = |depth: usize, field: &str| {
        let edit = format!(
            "{}{}",
            r#"{"type":"edit","edit":{"original_message_id":"o","message":"#.repeat(depth),
            "null".to_owned() + &"}}".repeat(depth)
        );
        let odd = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"w","changes":[{{"field":"{field}","value":{{"messages":[{edit}],"metadata":{odd},"statuses":{odd},"x":{odd}}}}}]}}]}}"#
        )
    };
    let told = |depth: usize, field: &str| -> Vec<String> {
        let of_one = |event: Normal| match event.data {
            Data::Malformed(data) => format!("malformed {}", data.path),
            data => data.kind().to_string(),
        };
        all(deep(depth, field)).into_iter().map(of_one).collect()
    };
    let value = "malformed entry[0].changes[0].value";
    for depth in [2, 40, 100, 10_000] {
        // The parser goes no deeper than 128; an edit takes two of them.
        let edit = "message.edited";
        let beside = [format!("{value}.metadata"), format!("{value}.statuses[0]")];
        let messages = told(depth, "messages");
        assert_eq!(messages.len(), 4, "{messages:?}");
        assert_eq!(messages[0], beside[0]);
        let is_edit = if depth < 60 {
            messages[1] == edit
        } else {
            messages[1].starts_with(&format!("{value}.messages[0]"))
        };
        assert!(is_edit, "{messages:?}");
        assert_eq!(messages[2..], [beside[1].clone(), "unknown".to_owned()]);
        let history = told(depth, "history");
        assert_eq!(history.len(), 4, "{history:?}");
        assert_eq!(history[0], beside[0]);
        assert_eq!(told(depth, "security"), ["account.updated"]);
        assert_eq!(told(depth, "of_tomorrow"), ["unknown"]);
    }
    // One item of the body, however much in it is wrong: each has all of it.
    let wrong = json!({"object": "whatsapp_business_account", "entry": vec![7; 1000]});
    assert_eq!(all(wrong.to_string()).len(), 1);
    let threads = change("history", json!({"history": [{"threads": vec![7; 1000]}]}));
    assert_eq!(all(threads.to_string()).len(), 1);
}

#[test]
fn n2_an_item_is_a_piece_of_the_body_without_a_copy() {
    let body = Bytes::from_static(sample("messages~batch"));
    let range = body.as_ptr_range();
    let items = parsed(body);
    assert_eq!(items.len(), 5);
    for item in &items {
        assert!(range.contains(&item.raw().bytes().as_ptr()));
    }
    // A byte order mark, and half a character in a name that nobody knows, in a text, and in what is passed over.
    let marked = "\u{feff}".to_owned()
        + r#"{"\ud83d":1,"object":"whatsapp_business_account","entry":[{"id":"w\udc4b","changes":[{"\ud83d":"\ud83d","field":"messages","value":{"messages":[{"id":"wamid.1","type":"text","text":{"body":"a\ud83d"}}]}}]}]}"#;
    let marked = Bytes::from(marked);
    let range = marked.as_ptr_range();
    let event = only(all(marked));
    assert!(range.contains(&event.raw.as_ref().unwrap().bytes().as_ptr()));
    let Data::MessageReceived(message) = event.data else {
        panic!()
    };
    assert_eq!(message.content, Content::text("a\u{fffd}"));
    assert_eq!(event.tenant.as_deref(), Some("w\u{fffd}"));
}

#[test]
fn g6_the_key_of_a_delivery_is_its_digest() {
    let body = Bytes::from_static(sample("messages"));
    let keyed = Provider::key(&meta(), &proof_of(meta(), &body), &HeaderMap::new(), &body);
    assert_eq!((keyed.key.source, keyed.provider_id), (KeySource::Digest, None));
    let endpoint = meta::endpoint("shop", "0123456789abcdef0123456789abcdef").unwrap();
    assert_eq!(endpoint.memory().as_secs(), 8 * 24 * 3600);
    assert_eq!(
        endpoint.provider().habits().digest_memory.as_secs(),
        8 * 24 * 3600
    );
}

#[test]
fn g10_another_batch_of_the_same_updates_has_the_same_keys() {
    // All samples in one delivery, each alone, and all in the other order.
    let bodies: Vec<Value> = wahook_testkit::samples("meta")
        .iter()
        .map(|sample| serde_json::from_slice(sample.body).unwrap())
        .collect();
    let entries: Vec<Value> = bodies
        .iter()
        .flat_map(|body| body["entry"].as_array().unwrap().clone())
        .collect();
    // Errors, and pieces of the history, have neither an id nor a time.
    let without_key: Vec<_> = wahook_testkit::samples("meta")
        .iter()
        .filter(|sample| {
            all(sample.body)
                .iter()
                .any(|event| event.key.contains(":delivery:"))
        })
        .map(wahook_testkit::Sample::name)
        .collect();
    assert_eq!(
        without_key,
        [
            "history",
            "history.errors",
            "messages~interactive-error",
            "messages.errors"
        ]
    );
    let keys = |events: Vec<Normal>| -> BTreeSet<String> {
        let natural = |key: &String| !key.contains(":delivery:");
        events
            .into_iter()
            .map(|event| event.key)
            .filter(natural)
            .collect()
    };
    let batch = |entries: &[Value]| {
        let body = json!({"object": "whatsapp_business_account", "entry": entries});
        keys(all(body.to_string()))
    };
    let alone: BTreeSet<String> = entries
        .iter()
        .flat_map(|entry| batch(std::slice::from_ref(entry)))
        .collect();
    assert!(alone.len() > 75, "{}", alone.len());
    assert_eq!(batch(&entries), alone);
    let reversed: Vec<Value> = entries.iter().rev().cloned().collect();
    assert_eq!(batch(&reversed), alone);
    // Elements of one list over several changes.
    let (one, two) = (text("wamid.1"), text("wamid.2"));
    let together = all(messages(&[one.clone(), two.clone()]).to_string());
    let apart = [
        all(messages(&[two]).to_string()),
        all(messages(&[one]).to_string()),
    ]
    .concat();
    assert_eq!(keys(together), keys(apart));
}

#[test]
fn g10_keys_say_what_was_said() {
    let one = |body: Value| only(all(body.to_string())).key;
    assert_eq!(one(messages(&[text("wamid.A=")])), "v1:meta:p1:message:wamid.A=");
    let status = |more: Value| {
        let mut status = json!({"id": "wamid.B", "status": "read", "timestamp": "1767225600", "recipient_id": "15550000002"});
        for (name, value) in more.as_object().unwrap() {
            status[name] = value.clone();
        }
        one(change("messages", json!({"statuses": [status]})))
    };
    let plain = status(json!({}));
    assert_eq!(plain, "v1:meta:p1:status:wamid.B::read");
    // Not the time, not the letter case, and not by which id the one recipient is told.
    for same in [
        json!({"timestamp": "1767225699"}),
        json!({"status": "READ"}),
        json!({"recipient_id": null, "recipient_user_id": "US.1"}),
        json!({"conversation": {"id": "c"}}),
    ] {
        assert_eq!(status(same.clone()), plain, "{same}");
    }
    for other in [
        json!({"id": "wamid.C"}),
        json!({"status": "delivered"}),
        json!({"pricing": {"billable": true}}),
        json!({"recipient_type": "group", "recipient_participant_id": "15550000002"}),
    ] {
        assert_ne!(status(other.clone()), plain, "{other}");
    }
    // What is repeated with its price is another, and its own repetitions are not.
    let priced = |category: &str| status(json!({"pricing": {"category": category}}));
    assert_eq!(priced("service"), priced("utility"));
    // Both spellings of a member.
    assert_eq!(
        status(json!({"recipient_type": "group", "participant_recipient_id": "1"})),
        status(json!({"recipient_type": "group", "recipient_participant_id": "1"})),
    );
    for incomplete in [json!({"id": null}), json!({"status": null})] {
        assert!(status(incomplete).contains(":delivery:"));
    }
    // The same message as an echo, or as news, is one; of the history it is another thing.
    let echo = one(change(
        "smb_message_echoes",
        json!({"message_echoes": [text("wamid.A=")]}),
    ));
    assert_eq!(echo, "v1:meta:p1:message:wamid.A=");
    let old = one(change("history", json!({"messages": [text("wamid.A=")]})));
    assert_eq!(old, "v1:meta:p1:history:wamid.A=:text");
    // Calls.
    let call = |event: &str| {
        one(change(
            "calls",
            json!({"calls": [{"id": "wacid.1", "event": event}]}),
        ))
    };
    assert_eq!(call("connect"), "v1:meta:p1:call:wacid.1:connect");
    assert_ne!(call("connect"), call("terminate"));
    let ringing = one(change(
        "calls",
        json!({"statuses": [{"id": "wacid.1", "status": "RINGING"}]}),
    ));
    assert_eq!(ringing, "v1:meta:p1:call:wacid.1:status:ringing");
    // No id: about what, what, and when.
    let account = |event: &str, kind: &str, time: Value| {
        one(
            json!({"object": "whatsapp_business_account", "entry": [{"id": "w1", "time": time, "changes": [
            {"field": "account_update", "value": {"event": event, "violation_info": {"violation_type": kind}}}]}]}),
        )
    };
    let first = account("ACCOUNT_VIOLATION", "SCAM", json!(1_767_225_600));
    assert!(
        first.starts_with("v1:meta::account:w1:account_update:") && first.ends_with(":1767225600000"),
        "{first}"
    );
    assert_eq!(
        account("ACCOUNT_VIOLATION", "SCAM", json!("1767225600000")),
        first
    );
    assert_ne!(account("ACCOUNT_VIOLATION", "SPAM", json!(1_767_225_600)), first);
    assert_ne!(account("ACCOUNT_VIOLATION", "SCAM", json!(1_767_225_601)), first);
    assert!(account("ACCOUNT_VIOLATION", "SCAM", json!(null)).contains(":delivery:"));
    let group = |more: Value| {
        let mut group = json!({"group_id": "g", "type": "group_participants_add", "timestamp": "1767225600", "added_participants": [{"wa_id": "1"}]});
        for (name, value) in more.as_object().unwrap() {
            group[name] = value.clone();
        }
        one(change("group_participants_update", json!({"groups": [group]})))
    };
    assert_ne!(group(json!({})), group(json!({"timestamp": "1767225601"})));
    assert_ne!(
        group(json!({})),
        group(json!({"added_participants": [{"wa_id": "2"}]}))
    );
    assert_eq!(group(json!({})), group(json!({"type": "group_add_participants"})));
    let request = group(json!({"request_id": "r"}));
    assert_eq!(
        request,
        group(json!({"request_id": "r", "timestamp": "1767225601"}))
    );
    assert_ne!(
        request,
        group(json!({"request_id": "r", "removed_participants": [{"wa_id": "2"}], "added_participants": []}))
    );
    assert!(
        keys(&all(sample("messages~batch")))
            .iter()
            .all(|key| !key.contains(":delivery:"))
    );
}

#[test]
fn n5_a_user_need_not_have_a_number() {
    let sender = |message: Value, contacts: Value| {
        let mut body = messages(&[message]);
        body["entry"][0]["changes"][0]["value"]["contacts"] = contacts;
        match only(all(body.to_string())).data {
            Data::MessageReceived(message) => (message.sender, message.chat.and_then(|chat| chat.id)),
            other => panic!("{other:?}"),
        }
    };
    let (nobody, chat) = sender(json!({"id": "m", "type": "text", "from": ""}), json!([]));
    assert_eq!((nobody, chat), (None, None));
    let message = json!({"id": "m", "type": "text", "from": "", "from_user_id": "US.2"});
    let contacts = json!([
        {"user_id": "US.1", "wa_id": "15550000001", "profile": {"name": "Ada"}},
        {"user_id": "US.2", "wa_id": "15550000002", "profile": {"name": "Ana", "username": "ana"}},
    ]);
    let (ana, chat) = sender(message.clone(), contacts.clone());
    let ana = ana.unwrap();
    assert_eq!(
        (ana.phone, ana.bsuid.as_deref()),
        (None, Some("US.2")),
        "an id is no number"
    );
    assert_eq!(
        (ana.name.as_deref(), ana.username.as_deref()),
        (Some("Ana"), Some("ana"))
    );
    assert_eq!(
        (ana.raw.as_deref(), chat.as_deref()),
        (Some("US.2"), Some("US.2"))
    );
    // By number; with a `+`; by none, although there is only one contact.
    for from in ["15550000002", "+15550000002"] {
        let (ana, chat) = sender(json!({"id": "m", "type": "text", "from": from}), contacts.clone());
        let ana = ana.unwrap();
        assert_eq!(
            (ana.phone.as_deref(), ana.bsuid.as_deref()),
            (Some("+15550000002"), Some("US.2"))
        );
        assert_eq!((ana.raw.as_deref(), chat.as_deref()), (Some(from), Some("US.2")));
    }
    let (other, _) = sender(
        json!({"id": "m", "type": "text", "from": "15550000007"}),
        json!([contacts[0]]),
    );
    assert_eq!(other.unwrap().name, None);
    // Many contacts are looked up, not looked through.
    let many: Vec<_> = (0..500)
        .rev()
        .map(|n| json!({"user_id": format!("US.{n}"), "wa_id": format!("1555{n:07}"), "profile": {"name": format!("N{n}")}}))
        .collect();
    let (ana, _) = sender(message, json!(many));
    assert_eq!(ana.unwrap().name.as_deref(), Some("N2"));
    let (seven, _) = sender(
        json!({"id": "m", "type": "text", "from": "15550000007"}),
        json!(many),
    );
    assert_eq!(seven.unwrap().name.as_deref(), Some("N7"));
    // A member of a group whom only WhatsApp's id tells.
    let event = only(all(sample("group_participant_update")));
    let Data::GroupParticipants(group) = event.data else {
        panic!()
    };
    assert_eq!(
        (
            group.participants[0].phone.as_deref(),
            group.participants[0].raw.as_deref()
        ),
        (None, Some("15550000003"))
    );
}

#[test]
fn n4_echoes_are_the_businesss_and_the_history_is_no_news() {
    let Data::MessageSent(echo) = only(all(sample("smb_message_echoes"))).data else {
        panic!()
    };
    assert_eq!((echo.direction, echo.origin), (Direction::Outbound, Origin::App));
    assert_eq!(echo.sender.unwrap().phone.as_deref(), Some("+15550000009"));
    assert_eq!(echo.recipient.unwrap().name.as_deref(), Some("Ana"));
    for name in ["history", "history.messages", "history.errors"] {
        let events = all(sample(name));
        assert!(events.iter().all(|event| event.kind() == Kind::Other), "{name}");
    }
    let own: Vec<_> = parsed(sample("history"))
        .iter()
        .map(|item| item.known().unwrap().is_of_business())
        .collect();
    assert_eq!(own, [None, Some(false), Some(true), Some(false)]);
    let items = parsed(sample("history"));
    let Payload::HistoryMessage(message) = &items[1].known().unwrap().payload else {
        panic!()
    };
    assert_eq!(message.thread.as_deref(), Some("15550000002"));
    assert_eq!(message.chunk.as_ref().unwrap().chunk_order.as_deref(), Some("1"));
    assert!(message.message.history_context.is_some());
}

#[test]
fn n4_the_providers_own_word_stays_beside_ours() {
    let states: Vec<_> = ["sent", "DELIVERED", "played", "warned"]
        .into_iter()
        .map(|word| {
            let body = change("messages", json!({"statuses": [{"id": "m", "status": word}]}));
            match only(all(body.to_string())).data {
                Data::MessageStatus(status) => (status.state, status.raw_state.unwrap().into_string()),
                other => panic!("{other:?}"),
            }
        })
        .collect();
    assert_eq!(
        states,
        [
            (MessageState::Sent, "sent".to_owned()),
            (MessageState::Delivered, "DELIVERED".to_owned()),
            (MessageState::Played, "played".to_owned()),
            (MessageState::Unknown, "warned".to_owned()),
        ]
    );
    let event = only(all(sample("messages~later")));
    let Data::MessageReceived(message) = event.data else {
        panic!()
    };
    assert_eq!(message.content, Content::unknown(Some("hologram".into())));
    // A spelling of Meta's own is kept as the name.
    assert_eq!(
        only(all(sample("group_participant_update"))).name.as_deref(),
        Some("group_participant_update")
    );
    // Numbers beyond what a float can hold.
    let body = r#"{"object":"whatsapp_business_account","entry":[{"id":"1","time":1767225600,"changes":[{"field":"message_template_status_update","value":{"event":"PAUSED","message_template_id":18014398509481985}}]}]}"#;
    let Data::TemplateStatus(template) = only(all(body)).data else {
        panic!()
    };
    assert_eq!(
        (template.template_id.as_deref(), template.state.as_deref()),
        (Some("18014398509481985"), Some("paused"))
    );
}

#[test]
fn n3_empty_and_missing_are_the_same() {
    let reaction = |emoji: Value| {
        let body = messages(&[
            json!({"id": "m", "type": "reaction", "reaction": {"message_id": "t", "emoji": emoji}}),
        ]);
        match only(all(body.to_string())).data {
            Data::MessageReaction(reaction) => (reaction.removed, reaction.emoji),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(reaction(json!("")), (true, None));
    assert_eq!(reaction(json!(null)), (true, None));
    assert_eq!(reaction(json!("x")), (false, Some("x".into())));
    let sender = |from: Value| {
        let mut message = text("m");
        message["from"] = from;
        said(&only(all(messages(&[message]).to_string())))
    };
    assert_eq!(sender(json!("")), sender(json!(null)));
}

#[test]
fn n5_a_group_is_a_chat_of_its_own() {
    let Data::MessageReceived(message) = only(all(sample("messages~group"))).data else {
        panic!()
    };
    let chat = message.chat.unwrap();
    assert_eq!((chat.kind, chat.phone), (ChatType::Group, None));
    assert_eq!(message.sender.unwrap().name.as_deref(), Some("Ana"));
    for event in all(sample("messages.statuses~group")) {
        assert!(event.chat().unwrap().starts_with("Y2Fw"));
    }
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";
const BODY: &str = r#"{"object":"whatsapp_business_account","entry":[],"x":"\u00e4\u00f6\u00e5 \/"}"#;
/// HMAC-SHA256 and HMAC-SHA1 of that body under that secret.
const SHA256: &str = "c431cc67c92a3430bacfb12953a43c505d6397ddcd43d102db3df5f5c21ecc65";
const SHA1: &str = "19abd9cec865e7c8e78874b9c786e1dcd930caab";

fn takes(endpoint: &Endpoint, headers: &[(&str, &str)]) -> bool {
    let mut request = Request::post("/");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (head, ()) = request.body(()).unwrap().into_parts();
    endpoint.begin(&head, received_at()).is_ok_and(|mut check| {
        check.update(Bytes::from_static(BODY.as_bytes()));
        check.finish().is_ok()
    })
}

#[test]
fn v3_the_preset_takes_its_own_signature_and_nothing_else() {
    let endpoint = meta::endpoint("shop", SECRET).unwrap();
    let (long, short) = (format!("sha256={SHA256}"), format!("sha1={SHA1}"));
    assert!(takes(&endpoint, &[("x-hub-signature-256", &long)]));
    assert!(takes(
        &endpoint,
        &[("x-hub-signature-256", &long), ("x-hub-signature", &short)]
    ));
    for headers in [
        &[("x-hub-signature", short.as_str())][..],
        &[("x-hub-signature", long.as_str())],
        &[("x-hub-signature-256", short.as_str())],
        &[("x-hub-signature-256", SHA256)],
        &[("x-hub-signature-256", SECRET)],
        &[("x-hub-signature-256", "sha256=")],
        &[],
    ] {
        assert!(!takes(&endpoint, headers), "{headers:?}");
    }
    // Two apps, or one whose secret is being changed.
    let both = meta::endpoint(
        "shop",
        vec!["another-app-secret-0123456789abcd".to_owned(), SECRET.to_owned()],
    )
    .unwrap();
    assert!(takes(&both, &[("x-hub-signature-256", &long)]));
    let other = meta::endpoint("shop", "another-app-secret-0123456789abcd").unwrap();
    assert!(!takes(&other, &[("x-hub-signature-256", &long)]));
}

pub(crate) fn build(options: Value) -> Result<Endpoint, wahook_core::BuildError> {
    let Value::Object(options) = options else { panic!() };
    (provider("meta").unwrap().build)("shop", SECRET.try_into().unwrap(), &Options::new(options))
}

#[test]
fn v6_options_are_checked() {
    assert!(build(json!({})).is_ok());
    for bad in [
        json!({"verify_token": ""}),
        json!({"verify_tokn": "x"}),
        json!({"verify_token": 7}),
        json!({"verify_token": []}),
        json!({"verify_token": ["a-token-that-nobody-guesses", ""]}),
    ] {
        assert!(build(bad.clone()).is_err(), "{bad}");
    }
    let secret = (provider("meta").unwrap().make_secret)([0xab; 32]);
    assert_eq!(secret, "ab".repeat(16));
}

#[test]
fn a_the_challenge_is_echoed_to_whoever_knows_the_token() {
    let token = "a-token-that-nobody-guesses";
    let endpoint = build(json!({"verify_token": token})).unwrap();
    let challenge = endpoint.answers_challenge().unwrap();
    let ask = |query: &str| {
        let request = Request::get(format!("/hook?{query}")).body(()).unwrap();
        challenge.answer_get(&request.into_parts().0)
    };
    let answer = ask(&format!(
        "hub.mode=subscribe&hub.challenge=0158201444&hub.verify_token={token}"
    ))
    .unwrap()
    .unwrap();
    assert_eq!(&answer.body()[..], b"0158201444", "untouched");
    assert_eq!(answer.content_type(), "text/plain; charset=utf-8");
    for wrong in [
        "hub.mode=subscribe&hub.challenge=1&hub.verify_token=a-token-that-nobody-guessed",
        "hub.mode=subscribe&hub.challenge=1",
        &format!("hub.challenge=1&token={token}"),
        &format!("hub.mode=unsubscribe&hub.challenge=1&hub.verify_token={token}"),
        &format!("hub.mode=&hub.challenge=1&hub.verify_token={token}"),
    ] {
        let refusal = ask(wrong).unwrap().unwrap_err();
        assert!(endpoint.status(&refusal).is_client_error(), "{wrong}");
    }
    assert!(ask(&format!("challenge=1&hub.verify_token={token}")).is_none());
    assert!(!challenge.takes_post() && !challenge.takes_unsigned());
    assert!(!format!("{endpoint:?}{challenge:?}").contains(token));
    assert!(build(json!({})).unwrap().answers_challenge().is_none());
    // While it is being changed, the old one and the new one.
    let both = build(json!({"verify_token": [token, "the-token-of-tomorrow"]})).unwrap();
    for (asked, is_right) in [
        (token, true),
        ("the-token-of-tomorrow", true),
        ("another-token-altogether", false),
    ] {
        let request = Request::get(format!("/hook?hub.challenge=1&hub.verify_token={asked}"));
        let head = request.body(()).unwrap().into_parts().0;
        let answer = both.answers_challenge().unwrap().answer_get(&head).unwrap();
        assert_eq!(answer.is_ok(), is_right, "{asked}");
    }
}

proptest! {
    #[test]
    fn n1_no_body_breaks_it(body in prop_oneof![prop::collection::vec(any::<u8>(), 0..64), mutated(wahook_testkit::samples("meta"))]) {
        let body = Bytes::from(body);
        let events = all(body.clone());
        prop_assert!(!events.is_empty());
        for event in events {
            serde_json::to_string(&event).unwrap();
            let raw = event.raw.unwrap();
            prop_assert!(raw.bytes().is_empty() || body.windows(raw.bytes().len()).any(|piece| piece == raw.bytes()));
        }
    }

    #[test]
    fn n1_no_json_breaks_it(index in 0_usize..100, place in any::<prop::sample::Index>(), value in any_json()) {
        let samples = wahook_testkit::samples("meta");
        let mut body: Value = serde_json::from_slice(samples[index % samples.len()].body).unwrap();
        let mut pointers = Vec::new();
        collect(&body, String::new(), &mut pointers);
        *body.pointer_mut(&pointers[place.index(pointers.len())]).unwrap() = value;
        prop_assert!(!all(body.to_string()).is_empty());
    }

    #[test]
    fn n2_unknown_members_change_nothing(index in 0_usize..100, name in "[ax]_[a-z]{1,8}", more in any_json()) {
        let samples = wahook_testkit::samples("meta");
        let plain: Value = serde_json::from_slice(samples[index % samples.len()].body).unwrap();
        let mut odd = plain.clone();
        inject(&mut odd, &name, &more);
        let (plain, mut odd) = (all(plain.to_string()), all(odd.to_string()));
        // A list of that name is told for itself, beside what it stands beside.
        odd.retain(|event| event.kind() != Kind::Unknown || !event.name.as_deref().is_some_and(|told| told.ends_with(&name)));
        prop_assert_eq!(plain.len(), odd.len());
        for (plain, odd) in plain.iter().zip(&odd) {
            prop_assert_eq!(without_digest(plain), without_digest(odd));
        }
    }

    #[test]
    fn g10_however_updates_are_put_together_their_keys_are_the_same(cuts in prop::collection::vec(1_usize..6, 1..12)) {
        let updates: Vec<Value> = (0..30).map(|n| text(&format!("wamid.{n}"))).collect();
        let mut rest = &updates[..];
        let mut found = Vec::new();
        for cut in cuts.into_iter().chain([30]) {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            if !now.is_empty() {
                found.extend(all(messages(now).to_string()).into_iter().map(|event| event.key));
            }
            rest = later;
        }
        let together: Vec<_> = all(messages(&updates).to_string()).into_iter().map(|event| event.key).collect();
        prop_assert_eq!(found, together);
    }
}

/// What an event says, but for the digest of its whole value.
fn without_digest(event: &Normal) -> Value {
    let mut said = said(event);
    if let Some(key) = said["key"].as_str() {
        let is_digest = |part: &&str| part.len() == 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let parts: Vec<_> = key.split(':').filter(|part| !is_digest(part)).collect();
        said["key"] = parts.join(":").into();
    }
    said
}

/// The way to every value.
fn collect(value: &Value, path: String, pointers: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                collect(value, format!("{path}/{name}"), pointers);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, format!("{path}/{index}"), pointers);
            }
        }
        _ => {}
    }
    pointers.push(path);
}

/// Puts a member into every object of a body.
fn inject(body: &mut Value, name: &str, value: &Value) {
    match body {
        Value::Object(members) => {
            members.values_mut().for_each(|inner| inject(inner, name, value));
            members.insert(name.to_owned(), value.clone());
        }
        Value::Array(items) => items.iter_mut().for_each(|item| inject(item, name, value)),
        _ => {}
    }
}
