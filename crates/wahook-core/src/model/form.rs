//! The JSON form of an event, written and read.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{Data, DeliveryInfo, Event, Identity, Kind, NameSource, TimeSource};
use crate::json::{Raw, Text};

/// The value of `schema` in every event of this version.
pub const SCHEMA: &str = "wahook.event/1";

/// One thing that a provider said, in the neutral words of version 1.
// The JSON form, field by field in its order; its comments are the schema's.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "Event"))]
pub(super) struct Form<'a> {
    /// The version of this form.
    #[cfg_attr(feature = "schema", schemars(extend("const" = SCHEMA)))]
    schema: &'a str,
    /// What was said, not how it was sent: stable text.
    key: &'a str,
    /// The provider's id, such as `wawp`.
    provider: &'a str,
    /// The endpoint's name.
    endpoint: &'a str,
    /// Device, channel, session or phone number id.
    account: Option<&'a str>,
    /// Workspace, organisation or business account.
    tenant: Option<&'a str>,
    /// What it is about; decides what `data` is.
    kind: Kind,
    /// The provider's own name of the event.
    name: Option<&'a str>,
    /// Where that name was found; null if there is none.
    name_source: Option<NameSource>,
    /// When it happened.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Text>", extend("format" = "date-time"))
    )]
    occurred_at: Option<Timestamp>,
    /// Where that time was found.
    time_source: TimeSource,
    /// When it arrived.
    #[cfg_attr(feature = "schema", schemars(with = "String", extend("format" = "date-time")))]
    received_at: Timestamp,
    /// Whose account it is.
    account_identity: Option<&'a Identity>,
    /// The request that brought it.
    delivery: &'a DeliveryInfo,
    /// The id of the delivery that this one replays.
    replay_of: Option<&'a str>,
    /// Which replay it is: a number that no other replay has, the same in all attempts of this one; left out where it is
    /// none.
    #[serde(skip_serializing_if = "Option::is_none")]
    replay: Option<i64>,
    /// Which attempt of a sink this is, from 1; null outside sinks.
    attempt: Option<u32>,
    /// When what the provider left out of it was read from the provider's API; left out where it was not. `raw` has
    /// nothing of that.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<Text>", extend("format" = "date-time"))
    )]
    enriched_at: Option<Timestamp>,
    /// What it says, by kind.
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Value"))]
    data: &'a Data,
    /// The item as the provider sent it; left out on request; null where it is not JSON.
    #[serde(skip_serializing_if = "RawForm::is_left_out")]
    #[cfg_attr(feature = "schema", schemars(with = "serde_json::Value"))]
    raw: RawForm<'a>,
    /// The item as the provider sent it, where it is not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "String", extend("contentEncoding" = "base64"))
    )]
    raw_base64: Option<String>,
}

enum RawForm<'a> {
    LeftOut,
    NotJson,
    Json(&'a Raw),
}

impl RawForm<'_> {
    const fn is_left_out(&self) -> bool {
        matches!(self, Self::LeftOut)
    }
}

impl Serialize for RawForm<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::LeftOut | Self::NotJson => serializer.serialize_none(),
            Self::Json(raw) => raw.serialize(serializer),
        }
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (raw, raw_base64) = match &self.raw {
            None => (RawForm::LeftOut, None),
            Some(raw) if raw.as_json().is_some() => (RawForm::Json(raw), None),
            Some(raw) => (RawForm::NotJson, Some(raw.to_base64())),
        };
        Form {
            schema: SCHEMA,
            key: &self.key,
            provider: &self.provider,
            endpoint: &self.endpoint,
            account: self.account.as_deref(),
            tenant: self.tenant.as_deref(),
            kind: self.kind(),
            name: self.name.as_deref(),
            name_source: self.name_source,
            occurred_at: self.occurred_at,
            time_source: self.time_source,
            received_at: self.received_at,
            account_identity: self.account_identity.as_deref(),
            delivery: &self.delivery,
            replay_of: self.replay_of.as_deref(),
            replay: self.replay,
            attempt: self.attempt,
            enriched_at: self.enriched_at,
            data: &self.data,
            raw,
            raw_base64,
        }
        .serialize(serializer)
    }
}

/// What is there, `null` too: that is an item some have sent, and not the same as none.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::deserialize(deserializer).map(Some)
}

impl<'de> Deserialize<'de> for Event {
    /// A kind of a later release reads as `unknown`, its data kept nowhere but in the text that was read.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Read {
            schema: String,
            key: String,
            provider: Text,
            endpoint: Text,
            account: Option<Text>,
            tenant: Option<Text>,
            kind: Kind,
            name: Option<Text>,
            name_source: Option<NameSource>,
            occurred_at: Option<Timestamp>,
            time_source: TimeSource,
            received_at: Timestamp,
            account_identity: Option<Box<Identity>>,
            delivery: DeliveryInfo,
            replay_of: Option<Text>,
            replay: Option<i64>,
            attempt: Option<u32>,
            enriched_at: Option<Timestamp>,
            data: Box<RawValue>,
            #[serde(default, deserialize_with = "present")]
            raw: Option<Box<RawValue>>,
            raw_base64: Option<String>,
        }
        let read = Read::deserialize(deserializer)?;
        if read.schema != SCHEMA {
            return Err(serde::de::Error::custom("not an event of schema wahook.event/1"));
        }
        let data = Data::read(read.kind, &read.data).map_err(serde::de::Error::custom)?;
        let raw = match (read.raw_base64, read.raw) {
            (Some(text), _) => {
                let bytes = STANDARD.decode(text).map_err(serde::de::Error::custom)?;
                Some(Raw::new(Bytes::from(bytes)))
            }
            (None, raw) => raw.map(|raw| Raw::from(&*raw)),
        };
        Ok(Self {
            key: read.key,
            provider: read.provider,
            endpoint: read.endpoint,
            account: read.account,
            tenant: read.tenant,
            name: read.name,
            name_source: read.name_source,
            occurred_at: read.occurred_at,
            time_source: read.time_source,
            received_at: read.received_at,
            account_identity: read.account_identity,
            delivery: read.delivery,
            replay_of: read.replay_of,
            replay: read.replay,
            attempt: read.attempt,
            enriched_at: read.enriched_at,
            data,
            raw,
        })
    }
}
