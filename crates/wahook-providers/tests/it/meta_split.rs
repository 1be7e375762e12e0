//! Meta's deliveries taken apart: one body for each item, with all that stands around it.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use bytes::Bytes;
use serde_json::{Value, json};
use wahook_core::AnyProvider;

use crate::meta::{all, delivery, meta, text};

fn split(body: impl Into<Bytes>) -> Vec<String> {
    let delivery = delivery(body);
    let bodies = meta().split(&delivery).unwrap();
    assert_eq!(bodies.len(), all(delivery.body.clone()).len());
    bodies
        .into_iter()
        .map(|body| String::from_utf8_lossy(&body).into_owned())
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
