//! Meta's deliveries taken apart: one body for each item, with all that stands around it.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use bytes::Bytes;
use serde_json::{Value, json};
use wahook_core::AnyProvider;

use crate::meta::{delivery, meta, text};

fn split(body: impl Into<Bytes>) -> Vec<String> {
    let delivery = delivery(body);
    let split = meta().split(&delivery).unwrap();
    assert_eq!(split.len(), meta().read(&delivery).len());
    assert_eq!(split.body(split.len()), None);
    (0..split.len())
        .map(|place| String::from_utf8_lossy(&split.body(place).unwrap()).into_owned())
        .collect()
}

fn values(body: &Value) -> Vec<Value> {
    let bodies = split(body.to_string());
    bodies
        .iter()
        .map(|body| serde_json::from_str(body).unwrap())
        .collect()
}

#[test]
fn n2_an_only_item_is_the_body_byte_for_byte() {
    for body in [
        " {\"object\" : \"whatsapp_business_account\",\"entry\":[{\"id\":\"w1\",\"changes\":[{\"field\":\"messages\",\"value\":{\"contacts\":[{\"wa_id\":\"9\"}],\"messages\":[{\"id\":\"wamid.1\",\"type\":\"text\"}]}}]}]}\n",
        "nonsense",
        "",
        "{\"object\":\"page\",\"entry\":[]}",
        "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"changes\":[{\"field\":\"of_tomorrow\",\"value\":[1,{}]}]}]}",
    ] {
        assert_eq!(split(body), [body]);
    }
    assert_eq!(
        split("\u{feff}{\"object\":\"x\"}"),
        ["\u{feff}{\"object\":\"x\"}"]
    );
}

#[test]
fn n2_each_item_keeps_its_envelope_and_its_contact_and_nobody_elses() {
    // Numbers and escapes as sent, members that nobody knows, and two business accounts.
    let body = r#"{"object":"whatsapp_business_account","x":{"y":[1]},"entry":[
      {"id":"w1","time":1767225600,"changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550000009","phone_number_id":"p1"},
        "contacts":[{"profile":{"name":"A"},"wa_id":"111","extra":1e3},{"profile":{"name":"\u0042"},"wa_id":"222"}],
        "messages":[{"from":"222","id":"m2","timestamp":"1767225600","type":"text","text":{"body":"b"}},{"from":"111","id":"m1","timestamp":"1767225600","type":"text","text":{"body":"a"}}],
        "statuses":[{"id":"m0","status":"sent","timestamp":"1767225600","recipient_id":"333"}]},"field":"messages"},
        {"field":"calls","value":{"calls":[{"id":"c1","event":"connect","from":"111"}]}}]},
      {"id":"w2","changes":[{"field":"account_update","value":{"event":"VERIFIED_ACCOUNT","n":12345678901234567890123}}]}]}"#;
    let head = r#"{"object":"whatsapp_business_account","x":{"y":[1]},"entry":["#;
    let one = |entry: &str| format!("{head}{entry}]}}");
    let messages = |rest: &str| {
        one(&format!(
            r#"{{"id":"w1","time":1767225600,"changes":[{{"value":{{"messaging_product":"whatsapp","metadata":{{"display_phone_number":"15550000009","phone_number_id":"p1"}},{rest}}},"field":"messages"}}]}}"#
        ))
    };
    assert_eq!(
        split(body),
        [
            messages(
                r#""contacts":[{"profile":{"name":"\u0042"},"wa_id":"222"}],"messages":[{"from":"222","id":"m2","timestamp":"1767225600","type":"text","text":{"body":"b"}}]"#
            ),
            messages(
                r#""contacts":[{"profile":{"name":"A"},"wa_id":"111","extra":1e3}],"messages":[{"from":"111","id":"m1","timestamp":"1767225600","type":"text","text":{"body":"a"}}]"#
            ),
            messages(
                r#""statuses":[{"id":"m0","status":"sent","timestamp":"1767225600","recipient_id":"333"}]"#
            ),
            one(
                r#"{"id":"w1","time":1767225600,"changes":[{"field":"calls","value":{"calls":[{"id":"c1","event":"connect","from":"111"}]}}]}"#
            ),
            one(
                r#"{"id":"w2","changes":[{"field":"account_update","value":{"event":"VERIFIED_ACCOUNT","n":12345678901234567890123}}]}"#
            ),
        ]
    );
}

#[test]
fn n1_what_is_malformed_or_unknown_goes_alone_and_is_in_no_other() {
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "w1", "changes": [{"field": "messages", "value": {
        "metadata": {"phone_number_id": "p1"},
        "contacts": [{"wa_id": "111"}, 7],
        "messages": [7, text("wamid.1")],
        "of_tomorrow": [{"id": "secret"}]}},
        {"field": "of_tomorrow", "value": 1}, 5]}]});
    let found = values(&body);
    let value = |index: usize| &found[index]["entry"][0]["changes"][0]["value"];
    assert_eq!(found.len(), 6, "{found:?}");
    let metadata = json!({"phone_number_id": "p1"});
    assert_eq!(value(0), &json!({"metadata": metadata, "contacts": [7]}));
    assert_eq!(value(1), &json!({"metadata": metadata, "messages": [7]}));
    assert_eq!(
        value(2),
        &json!({"metadata": metadata, "messages": [text("wamid.1")]})
    );
    assert_eq!(
        value(3),
        &json!({"metadata": metadata, "of_tomorrow": [{"id": "secret"}]})
    );
    assert_eq!(
        found[4]["entry"][0]["changes"],
        json!([{"field": "of_tomorrow", "value": 1}])
    );
    assert_eq!(found[5]["entry"][0]["changes"], json!([5]));
}

#[test]
fn n2_a_name_that_comes_twice_smuggles_nothing() {
    // Here the first counts; a reader for whom the last does must not get other elements.
    let body = r#"{"object":"whatsapp_business_account","entry":[{"id":"w1","changes":[{"field":"messages","value":{
        "messages":[{"id":"m1"},{"id":"m2"}],"mess\u0061ges":[{"id":"m3"}],"messages":null}}]}],"entry":[{"id":"w9","changes":[]}]}"#;
    assert_eq!(
        split(body),
        ["m1", "m2"].map(|id| format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"w1","changes":[{{"field":"messages","value":{{"messages":[{{"id":"{id}"}}]}}}}]}}]}}"#
        ))
    );
}

#[test]
fn n2_a_message_of_the_history_keeps_its_piece_and_its_conversation() {
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "w1", "changes": [{"field": "history", "value": {
        "metadata": {"phone_number_id": "p1"},
        "history": [{"metadata": {"phase": 1, "chunk_order": 2}, "threads": [
            {"id": "111", "context": {"wa_id": "111"}, "messages": [text("a"), text("b")]}, {"id": "222", "messages": [text("c")]}]}]}}]}]});
    let found = values(&body);
    let history = |index: usize| &found[index]["entry"][0]["changes"][0]["value"]["history"];
    let metadata = json!({"phase": 1, "chunk_order": 2});
    assert_eq!(history(0), &json!([{"metadata": metadata}]));
    assert_eq!(
        history(2),
        &json!([{"metadata": metadata, "threads": [{"id": "111", "context": {"wa_id": "111"}, "messages": [text("b")]}]}])
    );
    assert_eq!(
        history(3),
        &json!([{"metadata": metadata, "threads": [{"id": "222", "messages": [text("c")]}]}])
    );
}

#[test]
fn n1_half_a_character_among_the_entries_leads_nobody_to_what_is_of_others() {
    let entry = |id: &str| {
        format!(
            r#"{{"id":"{id}","changes":[{{"field":"messages","value":{{"messages":[{{"id":"{id}"}}]}}}}]}}"#
        )
    };
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"w0","changes":"\ud83d"}},{},{}]}}"#,
        entry("w1"),
        entry("w2")
    );
    let found = split(body.clone());
    assert_eq!(found.len(), 3);
    assert_eq!(found[0], body, "who sent no list sent nothing that has a place");
    for (found, id) in found.iter().skip(1).zip(["w1", "w2"]) {
        assert_eq!(
            *found,
            format!(
                r#"{{"object":"whatsapp_business_account","entry":[{}]}}"#,
                entry(id)
            )
        );
    }
}

#[test]
fn n2_a_list_that_counts_for_nobody_here_goes_to_nobody() {
    // Whoever counts the last of equal names would take these for what was said.
    let change = |value: &str| {
        format!(
            r#"{{"object":"whatsapp_business_account","entry":[{{"id":"w1","changes":[{{"field":"messages","value":{{{value}}}}}]}}]}}"#
        )
    };
    for first in ["[]", "5", "null"] {
        let value = format!(
            r#""messages":{first},"messages":[{{"id":"hidden"}}],"statuses":[{{"id":"s1"}},{{"id":"s2"}}]"#
        );
        let found = split(change(&value));
        for (found, id) in found.iter().rev().zip(["s2", "s1"]) {
            let empty = if first == "[]" { r#""messages":[],"# } else { "" };
            let empty = if first == "5" { r#""messages":5,"# } else { empty };
            assert_eq!(
                *found,
                change(&format!(r#"{empty}"statuses":[{{"id":"{id}"}}]"#)),
                "{first}"
            );
        }
    }
}

#[test]
fn n5_whoever_is_known_by_the_id_of_linked_portfolios_keeps_the_own_contact() {
    let contact = |id: &str| json!({"profile": {"name": id}, "parent_user_id": id});
    let message = |id: &str| json!({"from_parent_user_id": id, "id": id, "timestamp": "1767225600", "type": "text", "text": {"body": id}});
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "w1", "changes": [{"field": "messages", "value": {
        "contacts": [contact("US.ENT.1"), contact("US.ENT.2")], "messages": [message("US.ENT.2"), message("US.ENT.1")]}}]}]});
    for (found, id) in values(&body).iter().zip(["US.ENT.2", "US.ENT.1"]) {
        let value = &found["entry"][0]["changes"][0]["value"];
        assert_eq!(
            *value,
            json!({"contacts": [contact(id)], "messages": [message(id)]})
        );
    }
}

#[test]
fn v2_what_stands_around_the_items_is_kept_once() {
    // A large member that nobody knows, and a thousand items: a body is made when it is asked for.
    let large = "x".repeat(1 << 20);
    let statuses: Vec<_> = (0..1000).map(|id| json!({"id": id.to_string()})).collect();
    let body = json!({"object": "whatsapp_business_account", "entry": [{"id": "w1", "changes": [{"field": "messages", "value": {
        "large": large, "statuses": statuses}}]}]});
    let split = meta().split(&delivery(body.to_string())).unwrap();
    assert_eq!(split.len(), 1000);
    let last = split.body(999).unwrap();
    let last = String::from_utf8_lossy(&last);
    assert!(last.contains(r#""statuses":[{"id":"999"}]"#) && last.len() > large.len());
}
