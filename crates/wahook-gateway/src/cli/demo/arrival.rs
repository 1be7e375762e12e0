//! An event as a sink gets it, or as the library reads it out of what was sent: the same marks of both.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;
use wahook_core::model::{Event, Kind};

use super::mark::Mark;

/// What is looked at of an event in its JSON form.
#[derive(Deserialize)]
struct Form<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    #[serde(borrow)]
    provider: Cow<'a, str>,
    #[serde(borrow)]
    endpoint: Cow<'a, str>,
    kind: Kind,
    #[serde(borrow)]
    account: Option<Cow<'a, str>>,
    #[serde(borrow)]
    delivery: Delivery<'a>,
    #[serde(borrow)]
    replay_of: Option<Cow<'a, str>>,
    attempt: Option<u32>,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(borrow)]
    raw: Option<&'a RawValue>,
    #[serde(borrow)]
    raw_base64: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Delivery<'a> {
    #[serde(borrow)]
    key: Cow<'a, str>,
    conflict: bool,
}

/// One event on its way into a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    /// Its key, in the scope of its endpoint.
    pub(super) event: Mark,
    /// What it says, the provider's own bytes included.
    pub(super) content: Mark,
    pub(super) attempt: u32,
    pub(super) replay: bool,
}

impl Arrival {
    /// From its JSON form; nothing if it is not one.
    pub(super) fn read(json: &[u8]) -> Option<Self> {
        let form: Form<'_> = serde_json::from_slice(json).ok()?;
        Some(Self {
            event: Mark::of(&[&form.endpoint, &form.key]),
            content: Mark::of(&[
                &form.provider,
                form.kind.as_str(),
                form.account.as_deref().unwrap_or_default(),
                &form.delivery.key,
                if form.delivery.conflict { "conflict" } else { "" },
                form.data.get(),
                form.raw.map_or("", RawValue::get),
                form.raw_base64.as_deref().unwrap_or_default(),
            ]),
            attempt: form.attempt.unwrap_or_default(),
            replay: form.replay_of.is_some(),
        })
    }

    /// What the library makes of it; nothing where it has no JSON form.
    pub(super) fn of(event: &Event) -> Option<Self> {
        Self::read(&serde_json::to_vec(event).ok()?)
    }
}
