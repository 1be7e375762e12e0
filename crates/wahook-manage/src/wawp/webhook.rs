//! Webhooks: where an instance's events go.

use std::fmt;

use serde_json::{Map, Value, json};
use wahook_core::Secret;

use crate::read::{Members, Rest, Unread, flag, host};

/// The webhooks of an instance, and the one of Wawp itself.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Webhooks {
    /// The webhooks in the list.
    pub webhooks: Vec<Webhook>,
    /// Wawp's own (`systemConfig`), which can be switched off and not deleted.
    pub system: Option<Webhook>,
    /// Items of the list that are no webhooks, as they came.
    pub unread: Unread,
    /// All else.
    pub rest: Rest,
}

/// One URL that Wawp delivers to.
///
/// `Debug` shows the host of the URL and not its path and query, which may be a secret: Wawp's own ends in a token.
#[derive(Clone)]
#[non_exhaustive]
pub struct Webhook {
    /// Where events go; the other calls find the webhook by it.
    pub url: String,
    /// Which events; `None` if that is not said.
    pub events: Option<Vec<String>>,
    /// Whether it is on; told as `is_active` 0 or 1, as a boolean or as `enabled`.
    pub is_active: Option<bool>,
    /// All else, as `retries` and `hmac` where they are told.
    pub rest: Rest,
}

/// How often and how long after one another Wawp tries. It tells no policy here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retries {
    /// How often it tries again; 15 by default.
    pub attempts: u32,
    /// How many seconds lie between; 2 by default.
    pub delay_seconds: u32,
}

/// A webhook to be made, or to be what it is from now on.
#[derive(Clone)]
#[must_use]
pub struct NewWebhook {
    pub(super) url: String,
    pub(super) events: Vec<String>,
    is_active: bool,
    retries: Option<Retries>,
    pub(super) hmac: Option<Secret>,
}

/// What becomes of a webhook; what is not said stays.
#[derive(Clone, Default)]
#[must_use]
pub struct WebhookChange {
    events: Option<Vec<String>>,
    is_active: Option<bool>,
    retries: Option<Retries>,
    pub(super) hmac: Option<Secret>,
    name: Option<String>,
}

impl Webhooks {
    /// `None` where there is no list: that is not the same as an empty one.
    pub(super) fn read(value: Value) -> Option<Self> {
        let mut members = Members::unwrapped(value).ok()?;
        let list = members.list(&["webhooks"])?;
        let mut webhooks = Self::default();
        for item in list {
            match Webhook::read(item) {
                Ok(webhook) => webhooks.webhooks.push(webhook),
                Err(item) => webhooks.unread.push(item),
            }
        }
        let system = ["systemConfig", "system_config"];
        webhooks.system = system.into_iter().find_map(|name| {
            let value = members.get(name)?.clone();
            let webhook = Webhook::read(value).ok()?;
            members.value(name);
            Some(webhook)
        });
        webhooks.rest = members.rest();
        Some(webhooks)
    }

    /// The webhook with this URL, Wawp's own included.
    #[must_use]
    pub fn of_url(&self, url: &str) -> Option<&Webhook> {
        self.webhooks
            .iter()
            .chain(&self.system)
            .find(|webhook| webhook.url == url)
    }

    /// Whether this is Wawp's own webhook.
    #[must_use]
    pub fn is_system(&self, webhook: &Webhook) -> bool {
        self.system
            .as_ref()
            .is_some_and(|system| system.url == webhook.url)
    }

    /// Whether all that is there was understood: what is written over it then takes nothing away.
    pub(super) fn is_whole(&self) -> bool {
        let system = ["systemConfig", "system_config"];
        self.unread.is_empty()
            && system
                .into_iter()
                .all(|name| self.rest.get(name).is_none_or(Value::is_null))
    }

    /// The list to write in place of this one, which leaves Wawp's own as it is.
    pub(super) fn list(&self) -> Vec<Value> {
        let listed = |system: &&Webhook| !self.webhooks.iter().any(|webhook| webhook.url == system.url);
        // Its filter would be lost where it is not told.
        let system = self
            .system
            .iter()
            .filter(listed)
            .filter(|system| system.events.is_some());
        self.webhooks.iter().chain(system).map(Webhook::json).collect()
    }
}

impl Webhook {
    /// A webhook as it would be listed, for [`edit`](super::Wawp::edit).
    pub fn new<I: IntoIterator<Item: Into<String>>>(url: impl Into<String>, events: I) -> Self {
        Self {
            url: url.into(),
            events: Some(events.into_iter().map(Into::into).collect()),
            is_active: Some(true),
            rest: Rest::default(),
        }
    }

    fn read(value: Value) -> Result<Self, Value> {
        let mut members = Members::of(value)?;
        let Some(url) = members.take(&["url"], |url| {
            url.as_str().filter(|url| !url.is_empty()).map(str::to_owned)
        }) else {
            return Err(Value::Object(members.rest().into_map()));
        };
        Ok(Self {
            url,
            events: members.texts(&["events"]),
            // `enabled` says the same again; it is no part of what is written.
            is_active: {
                let enabled = members.flag(&["enabled"]);
                members.take(&["is_active"], flag).or(enabled)
            },
            rest: members.rest(),
        })
    }

    /// As it is written: `{url, events, is_active}`, and whatever else was told of it.
    pub(super) fn json(&self) -> Value {
        let mut map = self.rest.as_map().clone();
        map.insert("url".to_owned(), self.url.as_str().into());
        if let Some(events) = &self.events {
            map.insert("events".to_owned(), events.as_slice().into());
        }
        if let Some(is_active) = self.is_active {
            map.insert("is_active".to_owned(), u8::from(is_active).into());
        }
        map.into()
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("host", &host(&self.url))
            .field("events", &self.events)
            .field("is_active", &self.is_active)
            .field("rest", &self.rest)
            .finish()
    }
}

impl Retries {
    /// So often, so many seconds after one another.
    #[must_use]
    pub const fn new(attempts: u32, delay_seconds: u32) -> Self {
        Self {
            attempts,
            delay_seconds,
        }
    }

    fn json(self) -> Value {
        json!({"delay": self.delay_seconds, "attempts": self.attempts})
    }
}

impl NewWebhook {
    /// Delivers these events to this URL, which Wawp wants to be public and `https` (Wawp, API: webhook set, 2026-07).
    pub fn new<I: IntoIterator<Item: Into<String>>>(url: impl Into<String>, events: I) -> Self {
        Self {
            url: url.into(),
            events: events.into_iter().map(Into::into).collect(),
            is_active: true,
            retries: None,
            hmac: None,
        }
    }

    /// Switched on or off.
    pub const fn active(mut self, is_active: bool) -> Self {
        self.is_active = is_active;
        self
    }

    /// Tries so often; for [`set`](super::Wawp::set) alone.
    pub const fn retries(mut self, retries: Retries) -> Self {
        self.retries = Some(retries);
        self
    }

    /// With `X-Wawp-Signature`, of which the pages disagree whether it is this text itself or a MAC; for
    /// [`set`](super::Wawp::set) alone.
    pub fn hmac(mut self, secret: Secret) -> Self {
        self.hmac = Some(secret);
        self
    }

    /// As the list has it: `{url, events, is_active}`.
    pub(super) fn json(&self) -> Value {
        json!({"url": self.url, "events": self.events, "is_active": u8::from(self.is_active)})
    }

    pub(super) fn members(&self) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("url".to_owned(), self.url.as_str().into());
        map.insert("events".to_owned(), self.events.as_slice().into());
        map.insert("is_active".to_owned(), u8::from(self.is_active).into());
        say_more(&mut map, self.retries, self.hmac.as_ref());
        map
    }
}

impl fmt::Debug for NewWebhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewWebhook")
            .field("host", &host(&self.url))
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

impl WebhookChange {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// With these events.
    pub fn events<I: IntoIterator<Item: Into<String>>>(mut self, events: I) -> Self {
        self.events = Some(events.into_iter().map(Into::into).collect());
        self
    }

    /// Switched on or off.
    pub const fn active(mut self, is_active: bool) -> Self {
        self.is_active = Some(is_active);
        self
    }

    /// Tries so often.
    pub const fn retries(mut self, retries: Retries) -> Self {
        self.retries = Some(retries);
        self
    }

    /// With another text for `X-Wawp-Signature`.
    pub fn hmac(mut self, secret: Secret) -> Self {
        self.hmac = Some(secret);
        self
    }

    /// With this name, which is in the sample of the page and in no table of it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    pub(super) fn members(&self, url: &str) -> Map<String, Value> {
        let mut map = Map::new();
        map.insert("url".to_owned(), url.into());
        if let Some(events) = &self.events {
            map.insert("events".to_owned(), events.as_slice().into());
        }
        if let Some(is_active) = self.is_active {
            map.insert("is_active".to_owned(), u8::from(is_active).into());
        }
        if let Some(name) = &self.name {
            map.insert("name".to_owned(), name.as_str().into());
        }
        say_more(&mut map, self.retries, self.hmac.as_ref());
        map
    }
}

impl fmt::Debug for WebhookChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookChange")
            .field("events", &self.events)
            .field("is_active", &self.is_active)
            .finish_non_exhaustive()
    }
}

fn say_more(map: &mut Map<String, Value>, retries: Option<Retries>, hmac: Option<&Secret>) {
    if let Some(retries) = retries {
        map.insert("retries".to_owned(), retries.json());
    }
    if let Some(hmac) = hmac {
        map.insert("hmac".to_owned(), hmac.expose().into());
    }
}
