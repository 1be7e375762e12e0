//! Endpoints: where Wazapin delivers to.

use std::fmt;

use jiff::Timestamp;
use serde_json::{Map, Value};
use wahook_core::Secret;

use super::delivery::is_svix_id;
use crate::read::{Members, Rest, Unread, host, items};

/// Where a secret may stand. The documented forms tell none; `key` is Svix'.
pub(super) const SECRET: &[&str] = &[
    "secret",
    "key",
    "signing_secret",
    "signingSecret",
    "webhook_secret",
    "webhookSecret",
];

/// Which events, by any name; `filterTypes` is the documented one.
const FILTER: &[&str] = &[
    "filterTypes",
    "filter_types",
    "eventTypes",
    "event_types",
    "events",
    "subscriptions",
];

/// The endpoints of a workspace, and what else its webhook settings say. The form is inferred.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Its endpoints.
    pub endpoints: Vec<Endpoint>,
    /// Items of the list that are no endpoints, as they came.
    pub unread: Unread,
    /// All else, as `subscriptions` where they are told.
    pub rest: Rest,
}

/// One URL that Wazapin delivers to. The form is inferred.
///
/// `Debug` shows the host of the URL and not its path, which may be a secret.
#[derive(Clone)]
#[non_exhaustive]
pub struct Endpoint {
    /// Its id; the other calls want it.
    pub id: String,
    /// Where deliveries go.
    pub url: Option<String>,
    /// A note.
    pub description: Option<String>,
    /// The events it gets; `None` if that is not said, or empty, where Svix means all.
    pub filter_types: Option<Vec<String>>,
    /// Whether deliveries are stopped. Svix stops them after five days of failures.
    pub is_disabled: Option<bool>,
    /// Its signing secret, where the answer tells it, as after it was made.
    pub secret: Option<Secret>,
    /// Since when it is there.
    pub created_at: Option<Timestamp>,
    /// When it was changed.
    pub updated_at: Option<Timestamp>,
    /// All else.
    pub rest: Rest,
}

/// An endpoint to be made.
///
/// ```
/// use wahook_manage::wazapin::NewEndpoint;
///
/// // One event for each endpoint, and the event in the path: Wazapin's flat bodies do not name it.
/// let new = NewEndpoint::new("https://example.com/hooks/wazapin/message.new").filter_types(["message.new"]);
/// # let _ = new;
/// ```
#[derive(Clone)]
#[must_use]
pub struct NewEndpoint {
    url: String,
    filter_types: Option<Vec<String>>,
    description: Option<String>,
}

/// What becomes of an endpoint; what is not said stays.
#[derive(Clone, Default)]
#[must_use]
pub struct EndpointChange {
    url: Option<String>,
    filter_types: Option<Vec<String>>,
    description: Option<String>,
}

/// A secret was rotated.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Rotated {
    /// The new secret, if the answer tells it. If not, the dashboard does (Settings → Developer → Webhooks).
    pub secret: Option<Secret>,
    /// All else.
    pub rest: Rest,
}

/// A delivery was asked for.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Tested {
    /// Its id, if the answer tells it.
    pub message_id: Option<String>,
    /// All else.
    pub rest: Rest,
}

impl Settings {
    pub(super) fn read(value: Value) -> Option<Self> {
        if let Some(list) = items(&value).filter(|_| !value.is_null()) {
            return Some(Self::of_list(list.into_iter().cloned()));
        }
        let mut members = Members::unwrapped(value).ok()?;
        let list = members.list(&["endpoints", "webhooks", "items", "data", "results"])?;
        let mut settings = Self::of_list(list);
        settings.rest = members.rest();
        Some(settings)
    }

    fn of_list(list: impl IntoIterator<Item = Value>) -> Self {
        let mut settings = Self::default();
        for item in list {
            match Endpoint::read(item) {
                Ok(endpoint) => settings.endpoints.push(endpoint),
                Err(item) => settings.unread.push(item),
            }
        }
        settings
    }

    /// The endpoints with this URL.
    pub fn of_url(&self, url: &str) -> impl Iterator<Item = &Endpoint> {
        self.endpoints
            .iter()
            .filter(move |endpoint| endpoint.url.as_deref() == Some(url))
    }
}

impl Endpoint {
    /// An endpoint; what has no id is given back.
    pub(super) fn read(value: Value) -> Result<Self, Value> {
        let mut members = Members::of(value)?;
        let Some(id) = members.text(&["id", "endpoint_id", "endpointId"]) else {
            return Err(Value::Object(members.rest().into_map()));
        };
        let is_enabled = ["enabled", "is_enabled", "is_active", "active"];
        let is_disabled = members
            .flag(&["disabled", "is_disabled", "isDisabled"])
            .or_else(|| members.flag(&is_enabled).map(|enabled| !enabled));
        Ok(Self {
            id,
            url: members.text(&["url", "endpoint_url", "endpointUrl"]),
            description: members.text(&["description", "name"]),
            filter_types: members.texts(FILTER).filter(|types| !types.is_empty()),
            is_disabled,
            secret: members.secret(SECRET),
            created_at: members.time(&["created_at", "createdAt"]),
            updated_at: members.time(&["updated_at", "updatedAt"]),
            rest: members.rest(),
        })
    }
}

/// Secrets too, in constant time.
impl PartialEq for Endpoint {
    fn eq(&self, other: &Self) -> bool {
        let same_secret = match (&self.secret, &other.secret) {
            (Some(one), Some(other)) => one.is_same(other),
            (one, other) => one.is_none() && other.is_none(),
        };
        self.id == other.id
            && self.url == other.url
            && self.description == other.description
            && self.filter_types == other.filter_types
            && self.is_disabled == other.is_disabled
            && same_secret
            && self.created_at == other.created_at
            && self.updated_at == other.updated_at
            && self.rest == other.rest
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("id", &self.id)
            .field("host", &self.url.as_deref().map(host))
            .field("filter_types", &self.filter_types)
            .field("is_disabled", &self.is_disabled)
            .field("secret", &self.secret)
            .field("rest", &self.rest)
            .finish_non_exhaustive()
    }
}

impl NewEndpoint {
    /// Delivers to this URL, which Wazapin wants to be `https` (Wazapin, API: webhooks, 2026-08).
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            filter_types: None,
            description: None,
        }
    }

    /// Delivers these events alone, all if there are none. `filterTypes` is documented (Wazapin, API: webhook event
    /// catalog, 2026-08).
    pub fn filter_types<I: IntoIterator<Item: Into<String>>>(mut self, types: I) -> Self {
        self.filter_types = Some(types.into_iter().map(Into::into).collect());
        self
    }

    /// With a note. Inferred.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    pub(super) fn json(&self) -> Value {
        body(
            Some(&self.url),
            self.filter_types.as_ref(),
            self.description.as_ref(),
        )
    }
}

impl EndpointChange {
    /// No change yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// To another URL.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// With these events, all if there are none.
    pub fn filter_types<I: IntoIterator<Item: Into<String>>>(mut self, types: I) -> Self {
        self.filter_types = Some(types.into_iter().map(Into::into).collect());
        self
    }

    /// With this note. Inferred.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.description = Some(text.into());
        self
    }

    pub(super) fn json(&self) -> Value {
        body(
            self.url.as_ref(),
            self.filter_types.as_ref(),
            self.description.as_ref(),
        )
    }
}

fn body(url: Option<&String>, filter_types: Option<&Vec<String>>, description: Option<&String>) -> Value {
    let mut body = Map::new();
    let mut say = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), value);
        }
    };
    say("url", url.map(|url| url.as_str().into()));
    say("filterTypes", filter_types.map(|types| types.as_slice().into()));
    say("description", description.map(|text| text.as_str().into()));
    body.into()
}

impl fmt::Debug for NewEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewEndpoint")
            .field("host", &host(&self.url))
            .field("filter_types", &self.filter_types)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for EndpointChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointChange")
            .field("host", &self.url.as_deref().map(host))
            .field("filter_types", &self.filter_types)
            .finish_non_exhaustive()
    }
}

impl Rotated {
    /// An answer that says nothing is one, too: Svix' own has no body. A text without a name is the secret only if it looks
    /// like one: it may be a sentence.
    pub(super) fn read(value: Option<Value>) -> Self {
        let bare = |text: &str| {
            let secret = text.trim().starts_with("whsec_").then_some(text)?;
            Secret::dangerous_published(secret).ok()
        };
        let members = match value.map(Members::unwrapped) {
            Some(Ok(members)) => members,
            Some(Err(Value::String(text))) => {
                return Self {
                    secret: bare(&text),
                    rest: Rest::default(),
                };
            }
            _ => return Self::default(),
        };
        let mut members = members;
        let data = members.take(&["data"], |value| bare(value.as_str()?));
        let inner = match members.value("endpoint") {
            Some(inner @ Value::Object(_)) => {
                Members::of(inner).ok().and_then(|mut inner| inner.secret(SECRET))
            }
            _ => None,
        };
        Self {
            secret: members.secret(SECRET).or(data).or(inner),
            rest: members.rest(),
        }
    }
}

impl Tested {
    pub(super) fn read(value: Option<Value>) -> Self {
        let Some(Ok(mut members)) = value.map(Members::unwrapped) else {
            return Self::default();
        };
        // Another `id` may be the endpoint's.
        let of_svix = |value: &Value| value.as_str().filter(|id| is_svix_id(id)).map(str::to_owned);
        let names = ["message_id", "messageId", "msgId", "msg_id"];
        let id = members.take(&[&names[..], &["id"]].concat(), of_svix);
        Self {
            message_id: id.or_else(|| members.text(&names)),
            rest: members.rest(),
        }
    }
}
