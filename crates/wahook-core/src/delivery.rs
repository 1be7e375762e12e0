//! One HTTP request, once it is verified and has a key.

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::HeaderMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{json::Text, words::words};

/// One HTTP request of a provider: verified, keyed, and all that is needed to read it now or later.
///
/// `Debug` shows no body and no header value.
#[derive(Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// Our own id; sorts by time of arrival.
    pub id: DeliveryId,
    /// The name of the endpoint that received it.
    pub endpoint: Text,
    /// What makes two deliveries the same, and where it was found (G6).
    pub key: DeliveryKey,
    /// The provider's own id of it, if it has one.
    pub provider_id: Option<Arc<str>>,
    /// Whether another body arrived under the same key (G7).
    pub conflict: bool,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The signed time of the attempt, where the scheme has one.
    pub signed_at: Option<Timestamp>,
    /// The headers that the provider's reader needs; never credentials.
    pub headers: HeaderMap,
    /// The bytes that were verified.
    pub body: Bytes,
}

impl Delivery {
    /// A delivery that nobody verified: for tools that read a body from a file, and for tests.
    #[must_use]
    pub fn dangerous_unverified(
        endpoint: &str,
        headers: HeaderMap,
        body: Bytes,
        received_at: Timestamp,
    ) -> Self {
        let key = DeliveryKey::digest(&body);
        Self {
            id: DeliveryId::new(received_at, [0; 10]),
            endpoint: Text::from(endpoint),
            key,
            provider_id: None,
            conflict: false,
            received_at,
            signed_at: None,
            headers,
            body,
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("id", &self.id)
            .field("endpoint", &self.endpoint)
            .field("received_at", &self.received_at)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Our id of a delivery: a UUID of version 7, so it sorts by time of arrival.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryId(uuid::Uuid);

impl DeliveryId {
    /// An id of this moment; `random` must be random.
    #[must_use]
    pub fn new(at: Timestamp, random: [u8; 10]) -> Self {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or_default();
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// An id that was kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(uuid::Uuid::from_bytes(bytes))
    }

    /// Its bytes; they sort as the ids do.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }
}

impl fmt::Display for DeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_hyphenated().fmt(f)
    }
}

impl std::str::FromStr for DeliveryId {
    type Err = BadDeliveryId;

    fn from_str(text: &str) -> Result<Self, BadDeliveryId> {
        uuid::Uuid::parse_str(text).map(Self).map_err(|_| BadDeliveryId)
    }
}

/// A text that is no delivery id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadDeliveryId;

impl fmt::Display for BadDeliveryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a delivery id; it is a UUID such as 0199c0de-7c00-7000-8000-000000000000")
    }
}

impl std::error::Error for BadDeliveryId {}

/// What makes two deliveries the same (G6): built only from verified material.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeliveryKey {
    /// The key, without the endpoint that scopes it.
    pub text: Arc<str>,
    /// Where it was found.
    pub source: KeySource,
}

impl DeliveryKey {
    /// A key found in a signed header.
    #[must_use]
    pub fn header(text: impl Into<Arc<str>>) -> Self {
        Self {
            text: text.into(),
            source: KeySource::Header,
        }
    }

    /// A key found in the body.
    #[must_use]
    pub fn body(text: impl Into<Arc<str>>) -> Self {
        Self {
            text: text.into(),
            source: KeySource::Body,
        }
    }

    /// The fallback: SHA-256 of the body, in hex.
    #[must_use]
    pub fn digest(body: &[u8]) -> Self {
        Self {
            text: crate::guard::Digest::of(body).to_string().into(),
            source: KeySource::Digest,
        }
    }
}

words! {
    /// Where a delivery key was found.
    pub enum KeySource {
        /// In a signed header.
        Header = "header",
        /// In the body.
        Body = "body",
        /// Nowhere: it is the SHA-256 of the body.
        Digest = "digest",
    }
}

impl Serialize for DeliveryId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DeliveryId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
