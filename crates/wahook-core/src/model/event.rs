//! One event, and the draft that a provider makes of it.

use std::sync::Arc;

use jiff::Timestamp;

use super::{Data, EventKey, Identity, Kind, MalformedData, OtherData, data};
use crate::{
    delivery::{Delivery, DeliveryId, KeySource},
    json::{Raw, Text},
    parsed::{Context, Malformed, Unknown},
    words::words,
};

/// One thing that a provider said, in the neutral words of version 1.
///
/// Serialises to the JSON form, one object; reads it back.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// What was said, not how it was sent: stable text (G10).
    pub key: String,
    /// The provider's id, such as `wawp`.
    pub provider: Text,
    /// The endpoint's name.
    pub endpoint: Text,
    /// Device, channel, session or phone number id.
    pub account: Option<Text>,
    /// Workspace, organisation or business account.
    pub tenant: Option<Text>,
    /// The provider's own name of the event.
    pub name: Option<Text>,
    /// Where that name was found; null if there is none.
    pub name_source: Option<NameSource>,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
    /// Where that time was found.
    pub time_source: TimeSource,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Whose account it is.
    pub account_identity: Option<Box<Identity>>,
    /// The request that brought it.
    pub delivery: DeliveryInfo,
    /// The delivery that this one replays.
    pub replay_of: Option<Text>,
    /// Which replay it is: a number that no other replay has, the same in all attempts of this one
    /// ([`EntryId`](crate::inbox::EntryId)). With the key it tells hand-overs apart.
    pub replay: Option<i64>,
    /// Which attempt of a sink this is, from 1; null outside sinks.
    pub attempt: Option<u32>,
    /// When what the provider left out of it was read from the provider's API; null if it was not. `raw` has nothing of
    /// that, and no signature vouches for it.
    pub enriched_at: Option<Timestamp>,
    /// What it says; its kind follows from it.
    pub data: Data,
    /// The item as the provider sent it.
    pub raw: Option<Raw>,
}

impl Event {
    /// What it is about.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.data.kind()
    }

    /// Says whether it came late, where that has a meaning: see [`SessionStatus::late`](super::SessionStatus::late).
    pub fn judge_late(&mut self, late: bool) {
        if let Data::SessionStatus(status) = &mut self.data {
            status.late = Some(late);
        }
    }

    /// Without the provider's own JSON, for those who must not keep it.
    #[must_use]
    pub fn without_raw(mut self) -> Self {
        self.raw = None;
        self
    }
}

data! {
    /// The request that brought an event.
    pub struct DeliveryInfo {
        /// Our id of it.
        #[cfg_attr(feature = "schema", schemars(with = "String"))]
        pub id: DeliveryId,
        /// What makes two deliveries the same.
        pub key: Arc<str>,
        /// Where that key was found.
        pub key_source: KeySource,
        /// The provider's own id of it.
        pub provider_id: Option<Arc<str>>,
        /// Whether another body arrived under the same key.
        pub conflict: bool,
    }
}

words! {
    /// Where the name of an event was found.
    pub enum NameSource {
        /// In the body.
        Body = "body",
        /// In a header, which no signature need cover.
        Header = "header",
        /// In the endpoint's configuration.
        Declared = "declared",
        /// Inferred from the shape of the body.
        Guessed = "guessed",
    }
}

/// Where the time of an event was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeSource {
    /// In the payload: the time of the event.
    Payload,
    /// In a signed header: the time of the attempt, later than the event.
    Header,
    /// Nowhere.
    #[default]
    Unknown,
}

impl TimeSource {
    /// Every word.
    pub const ALL: &'static [Self] = &[Self::Payload, Self::Header, Self::Unknown];

    /// The word in the JSON form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payload => "payload",
            Self::Header => "header",
            Self::Unknown => "none",
        }
    }
}

crate::words::word_impls!(TimeSource #[doc = "Where the time of an event was found."]);

/// What a provider's normaliser knows of an event; the delivery adds the rest.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "written by providers")]
pub struct Draft {
    /// Device, channel, session or phone number id.
    pub account: Option<Text>,
    /// Workspace, organisation or business account.
    pub tenant: Option<Text>,
    /// Whose account it is.
    pub account_identity: Option<Box<Identity>>,
    /// The provider's own name of the event, and where it was found.
    pub name: Option<(Text, NameSource)>,
    /// When it happened, as the payload says.
    pub occurred_at: Option<Timestamp>,
    /// What it says.
    pub data: Data,
    /// What makes two of them the same.
    pub key: EventKey,
    /// The item as sent.
    pub raw: Raw,
}

impl Draft {
    /// A well-formed item without a type of ours.
    #[must_use]
    pub fn unknown(unknown: Unknown) -> Self {
        let name = unknown.name.map(|name| (name, NameSource::Body));
        Self::of_context(unknown.context, name, Data::Unknown(OtherData {}), unknown.raw)
    }

    /// An item that is not what it says it is.
    #[must_use]
    pub fn malformed(malformed: Malformed) -> Self {
        let name = malformed.name.map(|name| (name, NameSource::Body));
        let data = Data::Malformed(MalformedData::from(&malformed.error));
        Self::of_context(malformed.context, name, data, malformed.raw)
    }

    fn of_context(context: Context, name: Option<(Text, NameSource)>, data: Data, raw: Raw) -> Self {
        Self {
            account: context.account,
            tenant: context.tenant,
            account_identity: context.account_identity,
            name,
            occurred_at: context.occurred_at,
            key: EventKey::of_delivery(data.kind().as_str()),
            data,
            raw,
        }
    }

    /// The event, now that the delivery is known; `index` is the item's place in it.
    #[must_use]
    pub fn finish(self, provider: &'static str, delivery: &Delivery, index: usize) -> Event {
        let key = self
            .key
            .render_in(provider, self.account.as_deref(), delivery, index);
        let (occurred_at, time_source) = match (self.occurred_at, delivery.signed_at) {
            (Some(at), _) => (Some(at), TimeSource::Payload),
            (None, Some(at)) => (Some(at), TimeSource::Header),
            (None, None) => (None, TimeSource::Unknown),
        };
        let (name, name_source) = self.name.unzip();
        Event {
            key,
            provider: Text::from_static(provider),
            endpoint: delivery.endpoint.clone(),
            account: self.account,
            tenant: self.tenant,
            name,
            name_source,
            occurred_at,
            time_source,
            received_at: delivery.received_at,
            account_identity: self.account_identity,
            delivery: DeliveryInfo {
                id: delivery.id,
                key: Arc::clone(&delivery.key.text),
                key_source: delivery.key.source,
                provider_id: delivery.provider_id.clone(),
                conflict: delivery.conflict,
            },
            replay_of: None,
            replay: None,
            attempt: None,
            enriched_at: None,
            data: self.data,
            raw: Some(self.raw),
        }
    }
}
