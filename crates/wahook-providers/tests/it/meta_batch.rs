//! Meta's envelope: what stands beside what, how much of it there may be, and what tells two updates apart.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::collections::BTreeSet;

use serde_json::{Value, json};
use wahook_core::{
    Parsed,
    model::{Data, Event as Normal, GroupAction, Kind},
};
use wahook_providers::meta::Payload;

use crate::meta::{all, change, messages, only, parsed, text};

/// One change of an entry with a time.
fn timed(field: &str, value: &Value, time: Value) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "w1", "time": time, "changes": [
        {"value": value, "field": field}]}]})
}

fn key(body: &Value) -> String {
    only(all(body.to_string())).key
}

#[test]
fn g10_two_updates_that_differ_in_anything_are_two() {
    let tier = |value: &Value| key(&timed("account_update", value, json!(1_767_225_600)));
    let info = |tier: &str, month: &str| {
        json!({"event": "VOLUME_BASED_PRICING_TIER_UPDATE", "volume_tier_info": {
            "tier_update_time": 1_767_225_600, "pricing_category": "UTILITY", "tier": tier, "effective_month": month}})
    };
    let first = tier(&info("0:100000", "2026-01"));
    assert_eq!(first, tier(&info("0:100000", "2026-01")));
    assert_ne!(first, tier(&info("100001:300000", "2026-01")));
    assert_ne!(first, tier(&info("0:100000", "2026-02")));
    // Other members first, white space, escapes.
    let turned = r#"{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"account_update","value":{ "volume_tier_info": {
        "effective_month": "2026-01", "tier": "0:100000", "pricing_category": "UTILIT\u0059", "tier_update_time": 1767225600},
        "event": "VOLUME_BASED_PRICING_TIER_UPDATE"}}],"time":1767225600,"id":"w1"}]}"#;
    assert_eq!(only(all(turned)).key, first);
    // The same value elsewhere, of another field, or at another time.
    let value = json!({"event": "X", "display_phone_number": "15550000009"});
    let keys: BTreeSet<_> = [
        timed("account_update", &value, json!(1)),
        timed("account_update", &value, json!(2)),
        timed("security", &value, json!(1)),
        timed("message_template_status_update", &value, json!(1)),
        timed("of_tomorrow", &value, json!(1)),
    ]
    .iter()
    .map(key)
    .collect();
    assert_eq!(keys.len(), 5, "{keys:?}");
    assert!(keys.iter().all(|key| !key.contains(":delivery:")));
}

#[test]
fn g10_what_is_not_known_has_a_key_where_its_entry_has_a_time() {
    for field in ["flows", "partner_solutions", "user_id_update"] {
        let of = |value: Value, time: Value| key(&timed(field, &value, time));
        let first = of(json!({"event": "A", "id": 1}), json!(1_767_225_600));
        assert!(
            first.starts_with(&format!("v1:meta::unknown:w1:{field}:")),
            "{first}"
        );
        assert_eq!(first, of(json!({"id": 1, "event": "A"}), json!(1_767_225_600)));
        assert_ne!(first, of(json!({"event": "A", "id": 2}), json!(1_767_225_600)));
        assert_ne!(first, of(json!({"event": "A", "id": 1}), json!(1_767_225_601)));
        assert!(of(json!({"event": "A"}), json!(null)).contains(":delivery:"));
    }
    // Batched anew, beside something else.
    let body = timed("flows", &json!({"a": 1}), json!(1));
    let mut both = timed("flows", &json!({"b": 1}), json!(1));
    both["entry"]
        .as_array_mut()
        .unwrap()
        .push(body["entry"][0].clone());
    assert_eq!(all(both.to_string())[1].key, key(&body));
    // A piece of the history, and what went wrong alone.
    let piece = |order: u32, time: Value| {
        let value = json!({"history": [{"metadata": {"phase": 1, "chunk_order": order, "progress": 7}}]});
        key(&timed("history", &value, time))
    };
    assert_eq!(piece(1, json!(5)), piece(1, json!(5)));
    assert_ne!(piece(1, json!(5)), piece(2, json!(5)));
    assert_ne!(piece(1, json!(5)), piece(1, json!(6)));
    assert!(!piece(1, json!(5)).contains(":delivery:") && piece(1, json!(null)).contains(":delivery:"));
    let error = |time: Value| {
        let value = json!({"errors": [{"code": 130_429, "title": "Rate limit hit"}]});
        key(&timed("messages", &value, time))
    };
    assert_eq!(error(json!(5)), error(json!(5)));
    assert!(error(json!(null)).contains(":delivery:"));
}

/// Name, kind and bytes of each event.
fn told(body: &Value) -> Vec<(String, Kind, String)> {
    all(body.to_string())
        .into_iter()
        .map(|event| {
            let raw = event.raw.as_ref().unwrap().as_json().unwrap().to_owned();
            (event.name.clone().unwrap().into_string(), event.kind(), raw)
        })
        .collect()
}

#[test]
fn n1_a_list_that_nobody_knows_beside_one_that_is_known_is_told() {
    let name_and_raw = |told: &[(String, Kind, String)]| -> Vec<(String, String)> {
        told.iter()
            .filter(|(_, kind, _)| *kind == Kind::Unknown)
            .map(|(name, _, raw)| (name.clone(), raw.clone()))
            .collect()
    };
    let value = json!({"messaging_product": "whatsapp", "contacts": [], "messages": [text("wamid.1")],
        "of_tomorrow": [{"id": "x"}], "flag": true, "empty": []});
    let beside = told(&change("messages", value));
    assert_eq!(beside.len(), 2);
    assert_eq!(
        (beside[0].0.as_str(), beside[0].1),
        ("messages", Kind::MessageReceived)
    );
    assert_eq!(
        name_and_raw(&beside),
        [("messages.of_tomorrow".to_owned(), r#"[{"id":"x"}]"#.to_owned())]
    );
    // Of another sort of object, beside an entry of ours; and below the history.
    let mut body = messages(&[text("wamid.1")]);
    let other = json!({"id": "page", "time": 1, "messaging": [{"message": {"mid": "m"}}]});
    body["entry"].as_array_mut().unwrap().push(other);
    let beside = told(&body);
    assert_eq!(beside.len(), 2, "{beside:?}");
    assert_eq!(
        name_and_raw(&beside),
        [("messaging".to_owned(), r#"[{"message":{"mid":"m"}}]"#.to_owned())]
    );
    let event = all(body.to_string()).pop().unwrap();
    assert_eq!(event.tenant.as_deref(), Some("page"));
    let history = json!({"history": [{"metadata": {"phase": 0}, "threads": [{"id": "t", "messages": [text("wamid.1")], "calls": [1]}],
        "polls": [2]}]});
    let beside = told(&change("history", history));
    assert_eq!(beside.len(), 4, "{beside:?}");
    assert_eq!(
        name_and_raw(&beside),
        [
            ("history.threads.calls".to_owned(), "[1]".to_owned()),
            ("history.polls".to_owned(), "[2]".to_owned())
        ]
    );
}

#[test]
fn n1_a_number_that_is_none_harms_no_neighbour() {
    let good = text("wamid.1").to_string();
    let body = |entry: &str, value: &str, element: &str| {
        format!(
            r#"{{"object":"whatsapp_business_account","x":1e999,"entry":[{entry}{{"id":"w1","time":1e999,"changes":[{{"field":"messages","value":{{{value}"messages":[{element}{good}]}}}}]}}]}}"#
        )
    };
    let of_good = |body: String| -> Vec<Normal> {
        all(body)
            .into_iter()
            .filter(|event| event.kind() == Kind::MessageReceived)
            .collect()
    };
    for (entry, value, element, count) in [
        ("", "", "", 1),
        ("1e999,", "", "", 2),
        (r#"{"id":"w2","changes":1e999},"#, "", "", 2),
        (r#"{"id":"w2","changes":[1e999]},"#, "", "", 2),
        (
            r#"{"id":"w2","changes":[{"field":"messages","value":1e999}]},"#,
            "",
            "",
            2,
        ),
        ("", r#""statuses":1e999,"#, "", 2),
        ("", r#""statuses":[1e999],"#, "", 2),
        ("", r#""contacts":-1e999,"metadata":1e999,"#, "", 3),
        ("", r#""history":[{"threads":1e999}],"#, "", 2),
        (
            "",
            r#""history":[{"threads":[{"id":"t","messages":1e999}]}],"#,
            "",
            2,
        ),
        ("", "", "1e999,", 2),
        (
            "",
            "",
            r#"{"id":"m","type":"location","location":{"latitude":1e999}},"#,
            2,
        ),
    ] {
        let body = body(entry, value, element);
        assert_eq!(of_good(body.clone()).len(), 1, "{body}");
        assert_eq!(all(body.clone()).len(), count, "{body}");
    }
}

/// A delivery as large as Meta sends them: 1,000 updates in 3 MB.
fn of_three_megabytes() -> Value {
    let updates: Vec<Value> = (0..1000)
        .map(|n| {
            let mut update = text(&format!("wamid.{n:04}"));
            update["text"]["body"] = "x".repeat(2_900).into();
            update
        })
        .collect();
    let entries: Vec<Value> = updates
        .chunks(125)
        .zip(1..)
        .map(|(updates, n)| {
            let changes: Vec<Value> = updates
                .chunks(25)
                .map(|updates| messages(updates)["entry"][0]["changes"][0].clone())
                .collect();
            json!({"id": format!("w{n}"), "changes": changes})
        })
        .collect();
    json!({"object": "whatsapp_business_account", "entry": entries})
}

#[test]
fn n1_a_thousand_updates_in_three_megabytes_are_a_thousand_events() {
    let body = of_three_megabytes().to_string();
    assert!((3_000_000..4 << 20).contains(&body.len()), "{}", body.len());
    let events = all(body);
    assert_eq!(events.len(), 1000);
    assert!(events.iter().all(|event| event.kind() == Kind::MessageReceived));
    let keys: BTreeSet<_> = events.iter().map(|event| event.key.as_str()).collect();
    assert_eq!(keys.len(), 1000);
    let accounts: BTreeSet<_> = events.iter().map(|event| event.tenant.as_deref()).collect();
    assert_eq!(accounts.len(), 8);
}

#[test]
fn n1_as_many_statuses_as_the_cap_has_room_for_are_all_read() {
    // As short as one with a real id is.
    let status = |n: usize| {
        format!(
            r#"{{"id":"wamid.HBgLMTU1NTAwMDAwMDIVAgARGBI1RjQyNUE3NEYx{n:06}AA==","status":"read","timestamp":"1767225600","recipient_id":"15550000002"}}"#
        )
    };
    let count = (4 << 20) / (status(0).len() + 1) - 2;
    let list: Vec<_> = (0..count).map(status).collect();
    let body = format!(
        r#"{{"object":"whatsapp_business_account","entry":[{{"id":"w","changes":[{{"field":"messages","value":{{"statuses":[{}]}}}}]}}]}}"#,
        list.join(",")
    );
    assert!(body.len() < 4 << 20 && body.len() > 4_190_000);
    let items = parsed(body);
    assert_eq!(items.len(), count);
    assert!(items.iter().all(|item| item.known().is_some()));
}

#[test]
fn n3_settings_of_a_group_are_read_with_a_type_and_without() {
    let settings = |kind: Value, successful: bool| {
        let group = json!({"timestamp": "1767225600", "group_id": "g", "type": kind,
            "group_subject": {"text": "Kettles", "update_successful": successful}});
        only(all(
            change("group_settings_update", json!({"groups": [group]})).to_string()
        ))
    };
    let (typed, untyped) = (
        settings(json!("group_settings_update"), true),
        settings(json!(null), true),
    );
    for event in [&typed, &untyped] {
        let Data::GroupUpdated(update) = &event.data else {
            panic!("{event:?}")
        };
        assert_eq!(
            (update.action, update.subject.as_deref()),
            (GroupAction::Updated, Some("Kettles"))
        );
    }
    assert_eq!(typed.key, untyped.key);
    let failed = settings(json!("group_settings_update"), false);
    assert_eq!(failed.kind(), Kind::Other);
}

#[test]
fn n4_a_status_of_a_call_is_one_in_any_field() {
    for status in [
        json!({"id": "wamid.1", "type": "call", "status": "ACCEPTED"}),
        json!({"id": "wacid.1", "status": "accepted"}),
    ] {
        let body = change("messages", json!({"statuses": [status]})).to_string();
        let items = parsed(body.clone());
        assert!(matches!(
            items[0].known().unwrap().payload,
            Payload::CallStatus(_)
        ));
        let Data::Call(call) = only(all(body)).data else {
            panic!()
        };
        assert_eq!(call.state.as_str(), "accepted");
    }
    let ringing =
        json!({"id": "wacid.1", "type": "call", "status": "RINGING", "recipient_id": "15550000002"});
    let Data::Call(call) = only(all(change("calls", json!({"statuses": [ringing]})).to_string())).data else {
        panic!()
    };
    // The business calls: nothing came in.
    assert_eq!(call.state.as_str(), "unknown");
    assert_eq!(call.from.unwrap().phone.as_deref(), Some("+15550000009"));
    for end in ["COMPLETED", "Completed", "completed"] {
        let call = json!({"id": "wacid.1", "event": "terminate", "status": end});
        let items = parsed(change("calls", json!({"calls": [call]})).to_string());
        let Parsed::Known { event, .. } = &items[0] else {
            panic!()
        };
        let Payload::Call(call) = &event.payload else {
            panic!()
        };
        assert_eq!(call.status.as_ref().unwrap().as_str(), "COMPLETED", "{end}");
    }
}

#[test]
fn n4_only_contacts_of_the_address_book_are_contacts() {
    let kind = |kind: Value| {
        let sync = json!({"type": kind, "action": "add", "contact": {"full_name": "Ana", "phone_number": "15550000002"},
            "metadata": {"timestamp": "1767225600"}});
        only(all(
            change("smb_app_state_sync", json!({"state_sync": [sync]})).to_string()
        ))
        .kind()
    };
    assert_eq!(kind(json!("contact")), Kind::ContactUpdated);
    assert_eq!(kind(json!(null)), Kind::ContactUpdated);
    assert_eq!(kind(json!("label")), Kind::Other);
}
