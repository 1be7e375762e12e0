//! What is filled, and what is not.

use serde_json::{Value, json};

use super::{content_of, event, record, saying, thin};
use crate::wazapin::enrich::{fill, is_thin};

/// The thin content of a type, a record's content, and what comes of it.
fn rows() -> Vec<(Value, &'static str, Value, Value)> {
    let media = |url: &str| {
        json!({"id": null, "url": url, "mime_type": null, "filename": null, "size": null, "sha256": null,
               "expires_at": null, "error": null})
    };
    let none = media("");
    let thin_media = |kind: &str| {
        let mut media = none.clone();
        media["url"] = Value::Null;
        json!({"type": kind, "caption": null, "media": media})
    };
    let url = "https://cdn.example/f?token=t";
    let of_url = |kind: &str| json!({"type": kind, "caption": null, "media": media(url)});
    let text = || json!({"type": "text", "text": null});
    let told = || json!({"type": "text", "text": "hello"});
    let place = |a: Value, b: Value, name: Value, address: Value| {
        json!({"type": "location", "latitude": a, "longitude": b, "name": name, "address": address,
               "url": null, "live": null})
    };
    let no_place = || place(Value::Null, Value::Null, Value::Null, Value::Null);
    let choice = |kind: &str, id: Value, title: Value| json!({"type": "interactive", "reply_type": kind, "reply_id": id, "title": title, "response": null});
    let no_choice = || choice("unknown", Value::Null, Value::Null);
    vec![
        (text(), "text", json!({"body": "hello"}), told()),
        (text(), "text", json!({"text": "hello"}), told()),
        (text(), "text", json!({"text": {"body": "hello"}}), told()),
        (text(), "text", json!("hello"), told()),
        (text(), "text", json!({"text": 7, "body": {"x": 1}}), text()),
        (text(), "text", json!({"text": ""}), text()),
        (
            thin_media("image"),
            "image",
            json!({"media_url": url}),
            of_url("image"),
        ),
        // A type that the page copied from another.
        (
            thin_media("video"),
            "text",
            json!({"media_url": url}),
            of_url("video"),
        ),
        (
            thin_media("audio"),
            "audio",
            json!({"media_url": url}),
            of_url("audio"),
        ),
        (
            thin_media("document"),
            "document",
            json!({"media_url": url}),
            of_url("document"),
        ),
        (
            thin_media("sticker"),
            "sticker",
            json!({"sticker_url": url}),
            of_url("sticker"),
        ),
        (
            thin_media("image"),
            "image",
            json!({"media_url": {"x": 1}}),
            thin_media("image"),
        ),
        (
            no_place(),
            "location",
            json!({"latitude": -6.2, "longitude": "106.8", "name": "Monas", "address": "Jakarta"}),
            place(json!(-6.2), json!(106.8), json!("Monas"), json!("Jakarta")),
        ),
        (
            no_place(),
            "location",
            json!({"location": {"latitude": 1.5, "longitude": 2.5}}),
            place(json!(1.5), json!(2.5), Value::Null, Value::Null),
        ),
        (
            no_place(),
            "location",
            json!({"latitude": "1e999", "longitude": "north"}),
            no_place(),
        ),
        (
            no_choice(),
            "interactive",
            json!({"interactive": {"type": "button_reply", "button_reply": {"id": "yes", "title": "Yes"}}}),
            choice("button", json!("yes"), json!("Yes")),
        ),
        (
            no_choice(),
            "interactive",
            json!({"interactive": {"type": "list_reply", "list_reply": {"id": 3, "title": "Three"}}}),
            choice("list", json!("3"), json!("Three")),
        ),
        (
            no_choice(),
            "interactive",
            json!({"interactive": {"type": "something", "button_reply": {"id": "yes"}}}),
            no_choice(),
        ),
        (
            json!({"type": "template", "name": null, "language": null}),
            "template",
            json!({"template": {"name": "order", "language": {"code": "id"}}}),
            json!({"type": "template", "name": "order", "language": "id"}),
        ),
        (
            json!({"type": "contacts", "contacts": []}),
            "contact",
            json!({"contacts": [{"name": {"formatted_name": "Ann"}, "phones": [{"phone": "+1"}, "+2"]}, {}]}),
            json!({"type": "contacts", "contacts": [{"name": "Ann", "phones": ["+1", "+2"], "vcard": null}]}),
        ),
        // The webhook named no type: the record's.
        (
            json!({"type": "unknown", "raw_type": null}),
            "text",
            json!({"body": "hello"}),
            told(),
        ),
        (
            json!({"type": "unknown", "raw_type": null}),
            "reaction",
            json!({"emoji": "x"}),
            json!({"type": "unknown", "raw_type": "reaction"}),
        ),
        // What a webhook named and nobody knows stays unknown, and is not asked for.
        (
            json!({"type": "unknown", "raw_type": "reaction"}),
            "text",
            json!({"body": "hello"}),
            json!({"type": "unknown", "raw_type": "reaction"}),
        ),
    ]
}

#[test]
fn n4_each_type_is_filled_from_its_place_in_the_record_and_nothing_is_made_up() {
    for (thin, kind, content, wanted) in rows() {
        for direction in ["message.received", "message.sent"] {
            let mut event = event("m1", direction, &thin);
            let before = event.clone();
            let record = record(json!({"data": {"id": "m1", "type": kind, "content": content}}));
            let is_filled = fill(&mut event, &record);
            assert_eq!(content_of(&event), wanted, "{kind}: {content}");
            assert_eq!(is_filled, event != before, "{kind}: {content}");
            // Nothing of it but its data.
            let (data, raw) = (before.data.clone(), before.raw.clone());
            event.data = data;
            assert_eq!(event, before);
            assert_eq!(event.raw, raw);
        }
    }
}

#[test]
fn n4_what_the_webhook_said_stays() {
    let thin = json!({"type": "image", "caption": "mine", "media": {"mime_type": "image/png"}});
    let mut event = event("m1", "message.received", &thin);
    let record = record(json!({
        "content": {"media_url": "https://x", "caption": "theirs", "mime_type": "image/gif", "filename": "f"},
    }));
    assert!(fill(&mut event, &record));
    let content = content_of(&event);
    assert_eq!(content["caption"], "mine");
    assert_eq!(content["media"]["mime_type"], "image/png");
    assert_eq!(content["media"]["url"], "https://x");
    assert_eq!(content["media"]["filename"], "f");
    assert!(!fill(&mut event, &saying("m1")), "it is full");
}

#[test]
fn n4_people_the_chat_and_what_is_replied_to_are_filled_where_they_are_null() {
    let record = record(json!({
        "id": "m1", "type": "text", "content": {"text": "hi"}, "conversation_id": "conv",
        "sender_phone": "6281", "to_phone": "6289999999999",
        "reply_preview": {
            "has_resolved_content": true, "text": "before", "message_id": "m0", "sender_label": "You",
        },
    }));
    let json = |event| serde_json::to_value(event).unwrap()["data"].clone();
    let mut sent = event("m1", "message.sent", &json!({"type": "text", "text": null}));
    assert!(fill(&mut sent, &record));
    let sent = json(sent);
    assert_eq!(sent["recipient"]["phone"], "+6289999999999");
    assert_eq!(sent["chat"]["id"], "conv");
    assert_eq!(sent["chat"]["type"], "user");
    assert_eq!(sent["chat"]["phone"], "+6289999999999");
    assert_eq!(sent["reply_to"]["message_id"], "m0");
    assert_eq!(sent["reply_to"]["text"], "before");
    assert_eq!(
        sent["reply_to"]["sender"],
        Value::Null,
        "a label may be a word for somebody"
    );

    // What is there already stays, and the name of the chat is the lane's.
    let mut said = serde_json::to_value(thin("m1")).unwrap();
    said["data"]["sender"] = json!({"phone": "+62811"});
    said["data"]["chat"] = json!({"type": "group", "id": "g", "jid": "1@g.us"});
    let mut received = serde_json::from_value(said.clone()).unwrap();
    assert!(fill(&mut received, &record));
    let received = json(received);
    assert_eq!(received["sender"]["phone"], "+62811");
    assert_eq!(received["chat"]["jid"], "1@g.us");
    assert_eq!(received["chat"]["phone"], Value::Null);
}

#[test]
fn who_is_of_another_provider_or_kind_or_says_something_is_not_asked_for() {
    assert_eq!(is_thin(&thin("m1")), Some("m1"));
    let change = |name: &str, value: Value| {
        let mut json = serde_json::to_value(thin("m1")).unwrap();
        json[name] = value;
        serde_json::from_value(json).unwrap()
    };
    for other in [
        change("provider", json!("wawp")),
        change("kind", json!("message.status")),
        event("m1", "message.received", &json!({"type": "text", "text": "hi"})),
        event("", "message.received", &json!({"type": "text", "text": null})),
        event("m1", "message.received", &json!({"type": "poll", "options": []})),
    ] {
        assert_eq!(is_thin(&other), None);
        assert!(!fill(&mut other.clone(), &saying("m1")));
    }
}
