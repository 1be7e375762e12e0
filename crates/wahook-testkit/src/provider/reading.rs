//! N1 to N5 and N7: what is read of a body, and what survives.

use bytes::Bytes;
use serde_json::{Map, Value};
use wahook_core::model::Event;

use super::contract::{Contract, is_json, is_malformed, said};
use crate::tokens::{TokenKind, rewrite, tokens, with_member};

fn assert_one_malformed(contract: &Contract, body: &[u8], what: &str) {
    let events = contract.read(body.to_vec());
    let [event] = events.as_slice() else {
        panic!("{what}: one item, not {}", events.len());
    };
    assert!(is_malformed(event), "{what}: malformed, not {}", event.kind());
    let raw = event.raw.as_ref().expect("a malformed item is kept");
    assert_eq!(raw.bytes(), body, "{what}: kept as sent");
}

/// **N1**: what is no JSON is one malformed item, kept byte for byte.
pub fn n1_what_is_no_json_is_malformed(contract: &Contract) {
    let bodies: [&[u8]; 9] = [
        b"",
        b" \n",
        b"nope",
        b"{\"a\":",
        b"{\"a\":1}}",
        b"{'a':1}",
        b"\xff\xfe{\x00}\x00",
        b"{\"id\":\"\xc3\x28\"}",
        b"a=1&b=2",
    ];
    for body in bodies {
        assert_one_malformed(contract, body, &String::from_utf8_lossy(body));
    }
    let deep = "[".repeat(100_000);
    contract.read(deep.clone().into_bytes());
    contract.read(format!("{deep}{}", "]".repeat(100_000)).into_bytes());
}

/// **N1**: a body that was cut is one malformed item, wherever it was cut.
pub fn n1_what_is_cut_is_malformed(contract: &Contract) {
    for (name, json) in contract.texts().filter(|(_, json)| is_json(json)) {
        let step = (json.len() / 150).max(1);
        for cut in (0..json.len()).step_by(step) {
            let body = json.as_bytes().get(..cut).unwrap_or_default();
            let is_whole = std::str::from_utf8(body).is_ok_and(is_json);
            if !is_whole {
                assert_one_malformed(contract, body, &format!("{name} cut at {cut}"));
            }
        }
    }
}

/// **N1**: a value of another type than documented makes at most its own item malformed, and never the count wrong.
pub fn n1_a_value_of_another_type_harms_nothing_else(contract: &Contract) {
    const OTHERS: [&str; 6] = ["null", "true", "-7.5e300", "\"\"", "[[]]", "{\"\":{}}"];
    for (name, json) in contract.texts() {
        let count = contract.read(json.to_owned()).len();
        for token in tokens(json)
            .iter()
            .filter(|token| matches!(token.kind, TokenKind::Text | TokenKind::Number))
        {
            let quotes = usize::from(token.kind == TokenKind::Text);
            let (before, after) = (token.place.start - quotes, token.place.end + quotes);
            for other in OTHERS {
                let (head, tail) = (json.get(..before), json.get(after..));
                let body = [head.unwrap_or_default(), other, tail.unwrap_or_default()].concat();
                let events = contract.read(body.clone());
                let what = format!("{name} with {other} as {}", token.name);
                assert!(!events.is_empty() || count == 0, "{what}: nothing was said");
                if !is_json(json) || json.trim_start().starts_with('[') {
                    continue;
                }
                assert_pieces(&events, &body, &what);
            }
        }
    }
}

fn assert_pieces(events: &[Event], body: &str, what: &str) {
    for event in events {
        let raw = event.raw.as_ref().expect("an item is kept");
        let raw = std::str::from_utf8(raw.bytes()).unwrap_or("\u{0}");
        assert!(body.contains(raw), "{what}: an item that is no piece of the body");
    }
}

/// **N1**: where a provider reads lists, a list gives one item for each of its own, and a bad one harms no neighbour;
/// where it does not, a list is one item.
pub fn n1_a_list_gives_one_item_for_each_of_its_own(contract: &Contract) {
    for (name, json) in contract.texts().filter(|(_, json)| is_json(json)) {
        let single = contract.read(json.to_owned());
        if single.len() != 1 || json.trim_start().starts_with('[') {
            continue;
        }
        let events = contract.read(format!("[{json}, 7 ,{json}]"));
        match events.as_slice() {
            [_] => {}
            [first, bad, last] => {
                for (event, place) in [(first, "first"), (last, "last")] {
                    let event = std::slice::from_ref(event);
                    assert_eq!(said(event), said(&single), "{name}: the {place} of a list");
                }
                assert_eq!(
                    bad.raw.as_ref().expect("kept").bytes(),
                    "7",
                    "{name}: the bad one"
                );
            }
            others => panic!("{name}: {} items of a list of three", others.len()),
        }
    }
}

/// **N2**: the item is kept as it was sent, and what is written is read back the same.
pub fn n2_raw_is_what_was_sent(contract: &Contract) {
    for (name, json) in contract.texts() {
        let body = Bytes::from(json);
        let events = contract.read(body.clone());
        assert!(!events.is_empty(), "{name} says nothing");
        assert_pieces(&events, json, &name);
        if let [event] = events.as_slice() {
            let raw = event.raw.as_ref().expect("an item is kept");
            let trimmed = raw.bytes().trim_ascii();
            let is_piece = contract.sender.has_envelope() || json.trim_start().starts_with('[');
            assert!(
                is_piece || trimmed == json.trim().as_bytes(),
                "{name}: the only item is the whole body"
            );
        }
        for event in events {
            let text = serde_json::to_string(&event).expect("an event is JSON");
            assert!(!text.contains('\n'), "{name}: one event is one line");
            let back: Event = serde_json::from_str(&text).expect("an event is read back");
            assert_eq!(
                serde_json::to_string(&back).expect("an event is JSON"),
                text,
                "{name}"
            );
        }
    }
}

const INJECTED: &str = "x_wahook_unknown";

/// **N2**: a field that nobody documented, in any object of the body, changes nothing that is read; but for the digest of all
/// that is said, in the key of an event that has nothing else.
pub fn n2_an_unknown_field_changes_nothing(contract: &Contract) {
    let member = format!(r#""{INJECTED}":{{"id":[1,"evt_other"],"type":"other"}}"#);
    for (name, json) in contract.texts().filter(|(_, json)| is_json(json)) {
        let expected = said(&contract.read(json.to_owned())).into_iter();
        let expected: Vec<Value> = expected.map(|event| without_digest(contract, event)).collect();
        let objects = tokens(json)
            .iter()
            .filter(|token| token.kind == TokenKind::Object)
            .count();
        for object in 0..objects {
            let found = said(&contract.read(with_member(json, &member, |count| count == object)));
            // What is handed on as the provider sent it, such as a form's answers, has the field as well.
            let found = found.into_iter().map(without_injected);
            let found: Vec<Value> = found.map(|event| without_digest(contract, event)).collect();
            assert_eq!(found, expected, "{name} with a field more in object {object}");
        }
    }
}

/// Without the digest in the key, for events of which the samples' file says that they are digested. There must be one.
fn without_digest(contract: &Contract, mut event: Value) -> Value {
    let is_digested = event["name"]
        .as_str()
        .is_some_and(|name| contract.sender.is_digested(name));
    if is_digested && let Some(key) = event["key"].as_str() {
        let is_digest = |part: &str| part.len() >= 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let parts: Vec<&str> = key.split(':').collect();
        let kept: Vec<&str> = parts.iter().copied().filter(|part| !is_digest(part)).collect();
        assert_eq!(kept.len() + 1, parts.len(), "one digest in {key}");
        event["key"] = kept.join(":").into();
    }
    event
}

fn without_injected(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(name, _)| name != INJECTED);
            Value::Object(
                kept.map(|(name, value)| (name, without_injected(value)))
                    .collect(),
            )
        }
        Value::Array(items) => items.into_iter().map(without_injected).collect(),
        scalar => scalar,
    }
}

/// **N2**: a field that is null and a field that is missing say the same.
pub fn n2_missing_and_null_are_the_same(contract: &Contract) {
    for (name, json) in contract.texts() {
        let Ok(value) = serde_json::from_str::<Value>(json) else {
            continue;
        };
        let written = said(&contract.read(value.to_string()));
        let without = said(&contract.read(without_null(value).to_string()));
        assert_eq!(without, written, "{name} without its nulls");
    }
}

fn without_null(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(
                kept.map(|(name, value)| (name, without_null(value)))
                    .collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => items.into_iter().map(without_null).collect(),
        scalar => scalar,
    }
}

/// **N3**: half of an emoji, escaped, in any text makes nothing malformed.
pub fn n3_half_a_character_makes_nothing_malformed(contract: &Contract) {
    for (name, json) in contract.texts() {
        if contract.read(json.to_owned()).iter().any(is_malformed) {
            continue;
        }
        let texts = tokens(json)
            .iter()
            .filter(|token| token.kind == TokenKind::Text)
            .count();
        for changed in 0..texts {
            let mut count = 0;
            let mut place = String::new();
            let body = rewrite(json, |token, text| {
                if token.kind != TokenKind::Text {
                    return None;
                }
                count += 1;
                (count - 1 == changed).then(|| {
                    token.name.clone_into(&mut place);
                    format!("{text}\\ud83d")
                })
            });
            let events = contract.read(body);
            assert!(
                !events.iter().any(is_malformed),
                "{name} with half a character in {place}"
            );
        }
    }
}

/// **N4**: reading is pure: the same bytes give the same events.
pub fn n4_reading_is_pure(contract: &Contract) {
    for sample in &contract.samples {
        let (one, two) = (contract.read(sample.body), contract.read(sample.body));
        assert!(
            one == two,
            "{} {} reads in two ways",
            sample.provider,
            sample.name()
        );
    }
}

/// **N5**: the digits of a hidden id never become a phone number.
pub fn n5_a_hidden_id_is_no_phone_number(contract: &Contract) {
    for (name, json) in contract.texts() {
        let hidden: Vec<&str> = tokens(json)
            .iter()
            .filter_map(|token| json.get(token.place.clone())?.strip_suffix("@lid"))
            .map(|digits| digits.rsplit('_').next().unwrap_or_default())
            .map(|digits| digits.split(':').next().unwrap_or_default())
            .collect();
        for event in said(&contract.read(json.to_owned())) {
            assert_no_phone(&event, &hidden, &name);
        }
    }
}

fn assert_no_phone(value: &Value, hidden: &[&str], name: &str) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(phone)) = members.get("phone") {
                let digits = phone.trim_start_matches('+');
                assert!(phone.starts_with('+'), "{name}: {phone} is not E.164");
                assert!(!hidden.contains(&digits), "{name}: {phone} is a hidden id");
            }
            members
                .values()
                .for_each(|value| assert_no_phone(value, hidden, name));
        }
        Value::Array(items) => items
            .iter()
            .for_each(|value| assert_no_phone(value, hidden, name)),
        _ => {}
    }
}

/// **N7**: a time says where it was found, and no time says so.
pub fn n7_a_time_has_a_source(contract: &Contract) {
    for (name, json) in contract.texts() {
        for event in contract.read(json.to_owned()) {
            let source = event.time_source.as_str();
            assert_eq!(event.occurred_at.is_some(), source != "none", "{name}: {source}");
            // Nothing was signed here, so a time can only be the payload's.
            assert_ne!(source, "header", "{name}");
        }
    }
}
