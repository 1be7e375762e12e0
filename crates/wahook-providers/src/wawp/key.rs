//! What makes two deliveries of Wawp the same (G6).

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use wahook_core::{
    DeliveryKey, Keyed,
    guard::Digest,
    json::{Scanned, Text, scan},
};

use super::items::{Items, split};

/// Unique for each sending, the same in its retries; it is not signed, so it names a delivery and is no key (WAHA docs,
/// events, 2026-07).
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-webhook-request-id");

/// The key is session, event and id: one emission has one id at every URL, and `message` and `message.any` of one
/// message may share it (WAHA 2026.2.1).
pub(super) fn keyed(headers: &HeaderMap, body: &Bytes) -> Keyed {
    let (key, id) = match of_object(body) {
        Found::Key(key, id) => (DeliveryKey::body(key), Some(id)),
        Found::Nothing => (DeliveryKey::digest(body), None),
        Found::NoObject => match split(body) {
            Items::One(inner) => match of_object(&inner) {
                Found::Key(key, id) => (DeliveryKey::body(key), Some(id)),
                Found::Nothing | Found::NoObject => (DeliveryKey::digest(body), None),
            },
            Items::Many(items) => {
                let keys = items.iter().map(|item| match of_object(item.bytes()) {
                    Found::Key(key, _) => Some(key),
                    Found::Nothing | Found::NoObject => None,
                });
                let key = match keys.collect::<Option<Vec<_>>>() {
                    // No key has a line break in it.
                    Some(keys) if !keys.is_empty() => {
                        DeliveryKey::body(format!("batch:{}", Digest::of(keys.join("\n").as_bytes())))
                    }
                    _ => DeliveryKey::digest(body),
                };
                (key, None)
            }
            Items::Other(_) | Items::NotJson(_) => (DeliveryKey::digest(body), None),
        },
    };
    let id = id.or_else(|| {
        let id = headers.get(REQUEST_ID)?.to_str().ok()?;
        (!id.is_empty()).then(|| id.to_owned())
    });
    Keyed::new(key, id.map(Arc::from))
}

enum Found {
    Key(String, String),
    Nothing,
    NoObject,
}

fn of_object(bytes: &[u8]) -> Found {
    match scan(bytes, ["session", "event", "id"]) {
        Scanned::Object([session, event, Some(id)]) if !id.is_empty() => {
            let [session, event, last] = [session.as_ref(), event.as_ref(), Some(&id)].map(escaped);
            Found::Key(format!("{session}:{event}:{last}"), id.into_string())
        }
        Scanned::Object(_) | Scanned::NotJson => Found::Nothing,
        _ => Found::NoObject,
    }
}

/// Neither the separator nor a line break can be part of a part, so different parts never give one key.
fn escaped(part: Option<&Text>) -> String {
    let mut text = String::new();
    for letter in part.map_or("", Text::as_str).chars() {
        match letter {
            ':' | '%' => text.extend(format!("%{:02X}", u32::from(letter)).chars()),
            letter if letter.is_control() => text.extend(format!("%{:04X}", u32::from(letter)).chars()),
            letter => text.push(letter),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(body: &'static str) -> (String, wahook_core::KeySource, Option<String>) {
        let keyed = keyed(&HeaderMap::new(), &Bytes::from_static(body.as_bytes()));
        let id = keyed.provider_id.as_deref().map(str::to_owned);
        (keyed.key.text.to_string(), keyed.key.source, id)
    }

    #[test]
    fn g6_the_key_is_session_event_and_id() {
        use wahook_core::KeySource::{Body, Digest};
        let (text, source, id) =
            key(r#"{"id":"evt_1","timestamp":1,"event":"message","session":"A1","payload":{"id":"x"}}"#);
        assert_eq!(
            (text.as_str(), source, id.as_deref()),
            ("A1:message:evt_1", Body, Some("evt_1"))
        );
        // `message` and `message.any` of one emission are two deliveries.
        assert_ne!(
            key(r#"{"id":"evt_1","event":"message.any","session":"A1"}"#).0,
            text
        );
        assert_eq!(
            key(r#""{\"id\":\"evt_1\",\"event\":\"message\",\"session\":\"A1\"}""#).0,
            text
        );
        assert_ne!(
            key(r#"{"id":"b","event":"c","session":"a:b"}"#).0,
            key(r#"{"id":"b","event":"b:c","session":"a"}"#).0
        );
        let batch = key(
            r#"[{"id":"evt_1","event":"message","session":"A1"},{"id":"evt_2","event":"message","session":"A1"}]"#,
        );
        assert_eq!((batch.1, batch.2), (Body, None));
        for body in [
            r#"{"event":"message","session":"A1"}"#,
            r#"{"id":"","event":"m"}"#,
            "[]",
            "[{}]",
            "7",
            "{",
            "",
            r#""x""#,
        ] {
            assert_eq!((key(body).1, key(body).2), (Digest, None), "{body}");
        }
    }

    #[test]
    fn g6_an_unsigned_header_names_the_delivery_and_is_no_key() {
        let mut headers = HeaderMap::new();
        headers.insert(REQUEST_ID, http::HeaderValue::from_static("m1abc"));
        let body = Bytes::from_static(b"{}");
        let keyed = keyed(&headers, &body);
        assert_eq!(keyed.provider_id.as_deref(), Some("m1abc"));
        assert_eq!(keyed.key, DeliveryKey::digest(&body));
    }
}
