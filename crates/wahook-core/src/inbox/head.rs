//! How all of a delivery but its body is kept: a text that later releases read as well.

use std::{error::Error, fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    delivery::{Delivery, DeliveryId, DeliveryKey, KeySource},
    json::Text,
};

/// The form, version 1. Fields may be added; a reader of this release takes those it does not know for granted.
#[derive(Serialize, Deserialize)]
struct Head {
    id: DeliveryId,
    endpoint: Text,
    key: Arc<str>,
    key_source: KeySource,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    provider_id: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    conflict: bool,
    received_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signed_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    headers: Vec<Header>,
}

/// A header by its name, and its value as text or, where it is none, in base64.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Header {
    Text(String, String),
    Bytes { name: String, base64: String },
}

impl Delivery {
    /// All but the body, as an inbox keeps it.
    #[must_use]
    pub fn to_head(&self) -> Vec<u8> {
        let headers = self.headers.iter().map(|(name, value)| match value.to_str() {
            Ok(text) => Header::Text(name.to_string(), text.to_owned()),
            Err(_) => Header::Bytes {
                name: name.to_string(),
                base64: STANDARD.encode(value),
            },
        });
        let head = Head {
            id: self.id,
            endpoint: self.endpoint.clone(),
            key: Arc::clone(&self.key.text),
            key_source: self.key.source,
            provider_id: self.provider_id.clone(),
            conflict: self.conflict,
            received_at: self.received_at,
            signed_at: self.signed_at,
            headers: headers.collect(),
        };
        // Strings, numbers and a list of them: nothing that could fail.
        serde_json::to_vec(&head).unwrap_or_default()
    }

    /// The delivery that an inbox kept.
    ///
    /// # Errors
    ///
    /// If the head is none of ours: the inbox was damaged.
    pub fn from_head(head: &[u8], body: Bytes) -> Result<Self, BadHead> {
        let head: Head = serde_json::from_slice(head).map_err(|_| BadHead)?;
        let mut headers = HeaderMap::with_capacity(head.headers.len());
        for header in head.headers {
            let (name, value) = match header {
                Header::Text(name, text) => (name, HeaderValue::from_str(&text).map_err(|_| BadHead)?),
                Header::Bytes { name, base64 } => {
                    let bytes = STANDARD.decode(base64).map_err(|_| BadHead)?;
                    (name, HeaderValue::from_bytes(&bytes).map_err(|_| BadHead)?)
                }
            };
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| BadHead)?;
            headers.append(name, value);
        }
        Ok(Self {
            id: head.id,
            endpoint: head.endpoint,
            key: DeliveryKey {
                text: head.key,
                source: head.key_source,
            },
            provider_id: head.provider_id,
            conflict: head.conflict,
            received_at: head.received_at,
            signed_at: head.signed_at,
            headers,
            body,
        })
    }
}

/// A head that no release of ours wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadHead;

impl fmt::Display for BadHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the head of a stored delivery cannot be read; the inbox is damaged or of a later release",
        )
    }
}

impl Error for BadHead {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn v1_what_is_kept_reads_back_as_it_was() {
        let mut headers = HeaderMap::new();
        headers.append("x-event", HeaderValue::from_static("message"));
        headers.append("x-event", HeaderValue::from_static("again"));
        headers.append("x-odd", HeaderValue::from_bytes(b"\xff\xfe").unwrap());
        let at: Timestamp = "2026-10-03T10:00:00.123456789Z".parse().unwrap();
        let mut delivery = Delivery::dangerous_unverified("shop", headers, Bytes::from_static(b"\xff{"), at);
        let plain = Delivery::from_head(&delivery.to_head(), delivery.body.clone()).unwrap();
        assert_eq!(plain.key, delivery.key);
        delivery.provider_id = Some(Arc::from("p\u{1}\"id"));
        delivery.key = DeliveryKey::header("evt_1");
        delivery.conflict = true;
        delivery.signed_at = Some(at);
        let back = Delivery::from_head(&delivery.to_head(), delivery.body.clone()).unwrap();
        assert_eq!(back.headers, delivery.headers);
        assert_eq!(back.key, delivery.key);
        assert_eq!(back.body, delivery.body);
        assert_eq!(
            (back.id, back.endpoint, back.provider_id, back.conflict),
            (
                delivery.id,
                delivery.endpoint,
                delivery.provider_id,
                delivery.conflict
            )
        );
        assert_eq!((back.received_at, back.signed_at), (at, Some(at)));
    }

    #[test]
    fn i5_a_damaged_head_is_an_error_and_no_panic() {
        for head in [&b""[..], b"{}", b"[]", b"\xff", b"{\"id\":\"x\"}"] {
            assert!(Delivery::from_head(head, Bytes::new()).is_err());
        }
    }
}
