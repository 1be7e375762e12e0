//! What is shown in place of what is nobody's business but the reader's (P).
//!
//! Who somebody is becomes a *stand-in*, a keyed hash: the same person has the same one, so that a conversation can be
//! followed, and nothing leads back. What somebody said becomes [`HIDDEN`]. Only what is known to be harmless stays: words
//! of our own, states, times, sizes.

use std::{fmt, hash::Hasher, sync::Arc};

use serde_json::{Map, Value};
use siphasher::sip128::{Hasher128, SipHasher13};

/// In place of what somebody said.
pub(super) const HIDDEN: &str = "••••";

/// Masks; the same text has the same stand-in for as long as the key is the same.
#[derive(Clone)]
pub(super) struct Mask(Arc<[u8; 16]>);

impl Mask {
    pub(super) fn new(hash_key: [u8; 16]) -> Self {
        Self(Arc::new(hash_key))
    }

    /// The stand-in of a text.
    pub(super) fn stand_in(&self, text: &str) -> String {
        stand_in(&self.0, text)
    }

    /// A technical text in which a phone number may stand, such as a message id or an error: what could be one becomes a
    /// stand-in, the rest stays.
    pub(super) fn words(&self, text: &str) -> String {
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            // Ids of Meta hold the phone number in base64.
            let end = if rest.starts_with(WAMID) {
                shown.push_str(WAMID);
                rest = &rest[WAMID.len()..];
                let of_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=-_".contains(c);
                let end = rest.find(|c| !of_base64(c)).unwrap_or(rest.len());
                shown.push_str(&self.stand_in(&rest[..end]));
                rest = &rest[end..];
                continue;
            } else if first.is_alphanumeric() {
                rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            let (word, after) = rest.split_at(end);
            if is_number(word) {
                shown.push_str(&self.stand_in(word));
            } else {
                shown.push_str(word);
            }
            rest = after;
        }
        shown
    }

    /// A value in its `Debug` form: names of types and fields stay, and nothing that stands in quotes, and no number.
    pub(super) fn debug(&self, text: &str) -> String {
        let plain = |text: &str| no_numbers(&self.words(text));
        let mut shown = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('"') {
            shown.push_str(&plain(before));
            shown.push_str(&format!("\"{HIDDEN}\""));
            let mut is_escaped = false;
            let end = after.find(|c: char| {
                let ends = c == '"' && !is_escaped;
                is_escaped = c == '\\' && !is_escaped;
                ends
            });
            rest = end.and_then(|end| after.get(end + 1..)).unwrap_or_default();
        }
        shown.push_str(&plain(rest));
        shown
    }

    /// A body of a provider with other words of the same look in the place of all that it says; `None` if it is no JSON.
    pub(super) fn fixture(&self, provider: &str, body: &[u8]) -> Option<String> {
        wahook_testkit::redacted(provider, body, *self.0)
    }

    /// The JSON form of an event; `raw` is masked as [`foreign`](Self::foreign).
    pub(super) fn event(&self, event: Value) -> Value {
        let Value::Object(fields) = event else {
            return hidden();
        };
        let masked = fields.into_iter().map(|(name, value)| {
            let value = match name.as_str() {
                "key" => self.person(value),
                "schema" | "provider" | "endpoint" | "kind" | "name_source" | "occurred_at"
                | "time_source" | "received_at" | "replay_of" | "attempt" => value,
                "account" | "tenant" => self.technical(value),
                "name" => match value {
                    Value::String(name) => Value::String(self.name(&name)),
                    other => self.technical(other),
                },
                "delivery" => self.delivery(value),
                "raw" => self.foreign(value),
                _ => self.data(&name, value),
            };
            (name, value)
        });
        Value::Object(masked.collect())
    }

    fn delivery(&self, value: Value) -> Value {
        let Value::Object(fields) = value else {
            return hidden();
        };
        let masked = fields.into_iter().map(|(name, value)| {
            let value = match name.as_str() {
                "id" | "key_source" | "conflict" => value,
                "key" => self.person(value),
                _ => self.technical(value),
            };
            (name, value)
        });
        Value::Object(masked.collect())
    }

    /// What an event carries, by the names of its fields.
    fn data(&self, name: &str, value: Value) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value,
            Value::Object(fields) => {
                let masked = fields.into_iter().map(|(name, value)| {
                    let value = self.data(&name, value);
                    // The answers of a form are named by whoever made the form.
                    (self.words(&name), value)
                });
                Value::Object(masked.collect())
            }
            Value::Array(list) => list.into_iter().map(|value| self.data(name, value)).collect(),
            Value::Number(_) if matches!(name, "size" | "quantity" | "selectable_count" | "code") => value,
            Value::Number(_) => hidden(),
            Value::String(_) => match name {
                "type" | "state" | "direction" | "origin" | "action" | "reply_type" => value,
                "raw_state" | "raw_type" | "subtype" | "mime_type" | "category" | "expires_at"
                | "message_id" | "target_message_id" | "poll_message_id" | "call_id" | "template_id"
                | "label_id" => self.technical(value),
                "phone" | "jid" | "lid" | "bsuid" | "username" | "raw" | "id" | "chat_id" | "group_id"
                | "contact_id" => self.person(value),
                _ => hidden(),
            },
        }
    }

    /// JSON of somebody else: its form stays, and nothing that was put into it.
    pub(super) fn foreign(&self, value: Value) -> Value {
        match value {
            Value::Null | Value::Bool(_) => value,
            Value::Number(_) | Value::String(_) => hidden(),
            Value::Array(list) => list.into_iter().map(|value| self.foreign(value)).collect(),
            Value::Object(fields) => {
                let mut masked = Map::new();
                for (name, value) in fields {
                    masked.insert(self.name(&name), self.foreign(value));
                }
                Value::Object(masked)
            }
        }
    }

    /// The name of somebody else's field or event: what looks like one stays; persons and texts may be names as well.
    pub(super) fn name(&self, name: &str) -> String {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.$".contains(c);
        if name.len() <= 40 && name.chars().all(plain) && !name.split(['_', '-', '.', '$']).any(is_number) {
            name.to_owned()
        } else {
            self.stand_in(name)
        }
    }

    fn person(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.stand_in(&text)),
            Value::Null => Value::Null,
            _ => hidden(),
        }
    }

    fn technical(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.words(&text)),
            Value::Null => Value::Null,
            _ => hidden(),
        }
    }
}

/// Without what begins like a number: a place, a price, a code. Digits in names and stand-ins stay.
fn no_numbers(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let in_word = before.is_alphanumeric() || before == '_' || before == '~';
        if c.is_ascii_digit() && !in_word {
            shown.push_str(HIDDEN);
            while rest
                .next_if(|c| c.is_alphanumeric() || "._:+-".contains(*c))
                .is_some()
            {}
            before = 'x';
        } else {
            shown.push(c);
            before = c;
        }
    }
    shown
}

/// A keyed hash of a text, short and marked as one; 48 bits, enough to tell apart what one operator looks at.
pub(crate) fn stand_in(hash_key: &[u8; 16], text: &str) -> String {
    let mut hasher = SipHasher13::new_with_key(hash_key);
    hasher.write(text.as_bytes());
    format!("~{:012x}", hasher.finish128().h1 >> 16)
}

const WAMID: &str = "wamid.";

/// Six digits or more and nothing else: could be a phone number.
fn is_number(word: &str) -> bool {
    // `session15550000001` is a number as well; `3EB0…AB` is none: there, letters stand between.
    let word = word.trim_matches(char::is_alphabetic);
    word.chars().all(char::is_numeric) && word.chars().count() >= 6
}

fn hidden() -> Value {
    Value::String(HIDDEN.to_owned())
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mask")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_what_could_be_a_phone_number_becomes_the_same_stand_in_everywhere() {
        let mask = Mask::new([1; 16]);
        let one = mask.stand_in("15550000001");
        assert_eq!(mask.words("15550000001@c.us"), format!("{one}@c.us"));
        assert_eq!(
            mask.words("false_15550000001@c.us_3EB01234567890AB"),
            format!("false_{one}@c.us_3EB01234567890AB")
        );
        assert_eq!(mask.words("+15550000001"), format!("+{one}"));
        assert_eq!(
            mask.words("HTTP 503 after 2 attempts"),
            "HTTP 503 after 2 attempts"
        );
        assert_eq!(mask.words(""), "");
        let wamid = mask.words("wamid.HBgLMTU1NTAwMDAwMDEVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA and more");
        assert!(
            wamid.starts_with("wamid.~") && wamid.ends_with(" and more"),
            "{wamid}"
        );
        assert!(!wamid.contains("HBgL"));
        assert_ne!(Mask::new([2; 16]).stand_in("15550000001"), one);
        // Digits of other scripts are digits.
        assert!(!mask.words("١٥٥٥٠٠٠٠٠٠١").contains('١'));
    }

    #[test]
    fn p_a_debug_form_shows_no_place_and_no_code() {
        let mask = Mask::new([1; 16]);
        assert_eq!(
            mask.debug("At { lat: Float(-6.2088), v2: 4711, at: 2026-01-01T00:00:00Z, to: U128(5) }"),
            format!("At {{ lat: Float(-{HIDDEN}), v2: {HIDDEN}, at: {HIDDEN}, to: U128({HIDDEN}) }}")
        );
    }

    #[test]
    fn p_a_debug_form_keeps_its_names_and_nothing_that_was_said() {
        let mask = Mask::new([1; 16]);
        let said = format!(
            "{:?}",
            (Some("he said \"hi\\\" there"), 15_550_000_001_u64, true, "", 'x')
        );
        assert_eq!(
            mask.debug(&said),
            format!(
                "(Some(\"{HIDDEN}\"), {}, true, \"{HIDDEN}\", 'x')",
                mask.stand_in("15550000001")
            )
        );
        assert_eq!(
            mask.debug("Cut { text: \"no end"),
            format!("Cut {{ text: \"{HIDDEN}\"")
        );
        for row in wahook_providers::PROVIDERS {
            let secret = wahook_core::Secret::new((row.make_secret)([7; 32])).unwrap();
            let options = wahook_providers::Options::new(Map::new());
            let endpoint = (row.build)("shop", secret.into(), &options).unwrap();
            for sample in wahook_testkit::samples(row.id) {
                let delivery = wahook_core::Delivery::dangerous_unverified(
                    "shop",
                    http::HeaderMap::new(),
                    bytes::Bytes::from_static(sample.body),
                    jiff::Timestamp::UNIX_EPOCH,
                );
                let Some(typed) = endpoint.provider().typed(&delivery, 0) else {
                    continue;
                };
                let shown = mask.debug(&typed);
                for private in [
                    "1555000",
                    "Ana",
                    "Corner Shop",
                    "Ada",
                    "100000000000002",
                    "kettle",
                ] {
                    assert!(!shown.contains(private), "{}: {shown}", sample.name());
                }
            }
        }
    }

    #[test]
    fn p_an_event_whose_name_is_a_text_shows_none() {
        let mask = Mask::new([1; 16]);
        for name in ["message.received", "group.v2.join", "$set", "engine-event"] {
            assert_eq!(mask.name(name), name);
            assert_eq!(mask.event(serde_json::json!({ "name": name }))["name"], name);
        }
        for name in ["call me at noon", "call +15550000001", "15550000001", "é", ""] {
            let shown = mask.event(serde_json::json!({ "name": name }));
            assert!(
                name.is_empty() || shown["name"].as_str().unwrap().starts_with('~'),
                "{shown}"
            );
        }
        assert_eq!(
            mask.event(serde_json::json!({ "name": null }))["name"],
            Value::Null
        );
    }

    #[test]
    fn p_json_of_somebody_else_keeps_its_form_alone() {
        let mask = Mask::new([1; 16]);
        let shown = mask.foreign(serde_json::json!({
            "event": "message", "ok": true, "none": null,
            "15550000001@c.us": { "text": "hello", "n": [1.5, 15550000001_i64] }
        }));
        let text = shown.to_string();
        for secret in ["15550000001", "hello", "1.5", "c.us"] {
            assert!(!text.contains(secret), "{secret}: {text}");
        }
        assert_eq!(shown["event"], HIDDEN);
        assert_eq!(shown["ok"], true);
        assert_eq!(shown["none"], Value::Null);
    }
}
