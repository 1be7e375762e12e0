//! The calls.

use std::collections::HashSet;

use reqwest::{
    Method,
    header::{AUTHORIZATION, HeaderName},
};
use serde_json::{Map, Value, json};
use wahook_core::Secret;

use super::{
    BASE_URL, Deliveries, DeliveryQuery, Endpoint, EndpointChange, Message, MessageStatus, NewEndpoint,
    Rotated, Settings, Tested, page,
};
use crate::{
    Error, Options,
    call::{Answer, Call, Caller},
    read::Members,
};

/// Wazapin's management API, for one workspace.
#[derive(Debug)]
pub struct Wazapin {
    caller: Caller,
}

/// How a client proves who it is.
#[derive(Clone, Debug)]
#[must_use]
pub struct Credentials {
    api_key: Option<Secret>,
    bearer: Option<Secret>,
    organization: Option<String>,
}

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const X_ORGANIZATION_SLUG: HeaderName = HeaderName::from_static("x-organization-slug");

/// What is beyond is not told at once.
const MOST_DELIVERIES: usize = 20_000;

/// Where all routes of webhooks begin.
const WEBHOOKS: [&str; 4] = ["v1", "settings", "developer", "webhooks"];

impl Credentials {
    /// `X-Api-Key`. Documented (Wazapin, API: authentication, 2026-08).
    pub const fn api_key(key: Secret) -> Self {
        Self {
            api_key: Some(key),
            bearer: None,
            organization: None,
        }
    }

    /// `Authorization: Bearer`, of a login session. Documented (Wazapin, API: authentication, 2026-08); older pages have
    /// API keys there as well.
    pub const fn bearer(token: Secret) -> Self {
        Self {
            api_key: None,
            bearer: Some(token),
            organization: None,
        }
    }

    /// `X-Organization-Slug`. Not documented: the vendor's plugin and another program send it (2026-08).
    pub fn organization(mut self, slug: impl Into<String>) -> Self {
        self.organization = Some(slug.into());
        self
    }
}

impl From<Secret> for Credentials {
    fn from(key: Secret) -> Self {
        Self::api_key(key)
    }
}

impl Wazapin {
    /// A client; nothing is sent yet.
    ///
    /// # Errors
    ///
    /// [`Config`](crate::ErrorKind::Config) for a base URL or credentials that cannot be used, or if TLS cannot be set up.
    pub fn new(credentials: impl Into<Credentials>, options: Options) -> Result<Self, Error> {
        let Credentials {
            api_key,
            bearer,
            organization,
        } = credentials.into();
        let headers = api_key.into_iter().map(|key| (X_API_KEY, key)).collect();
        let mut caller = Caller::new(BASE_URL, headers, options)?;
        if let Some(token) = &bearer {
            caller = caller.with_bearer(AUTHORIZATION, token)?;
        }
        if let Some(slug) = &organization {
            caller = caller.with_header(X_ORGANIZATION_SLUG, slug)?;
        }
        Ok(Self { caller })
    }

    /// The endpoints and subscriptions of the workspace: `GET …/webhooks`.
    ///
    /// The route is documented (Wazapin, API: webhooks, 2026-08). The answer is inferred: a list, bare or in `data`,
    /// `endpoints`, `webhooks` or `items`, in one object or two.
    ///
    /// # Errors
    ///
    /// Of every kind; [`Unreadable`](crate::ErrorKind::Unreadable) for an answer without a list.
    pub async fn settings(&self) -> Result<Settings, Error> {
        let answer = self.caller.call(Call::new(Method::GET, &WEBHOOKS)).await?;
        Settings::read(answer.json()?).ok_or_else(|| answer.unreadable("the answer has no list of endpoints"))
    }

    /// Makes an endpoint: `POST …/endpoints`. Never repeated but after 429.
    ///
    /// The route is documented (Wazapin, API: webhooks, 2026-08), and `filterTypes` (API: webhook event catalog,
    /// 2026-08); the names of all else and the answer are inferred.
    ///
    /// # Errors
    ///
    /// Of every kind. After [`Timeout`](crate::ErrorKind::Timeout) and [`Unreadable`](crate::ErrorKind::Unreadable)
    /// there may be an endpoint: ask [`settings`](Self::settings).
    pub async fn create(&self, new: &NewEndpoint) -> Result<Endpoint, Error> {
        let call = Call::new(Method::POST, &[&WEBHOOKS[..], &["endpoints"]].concat());
        let answer = self.caller.call(call.json(new.json()).once()).await?;
        endpoint_of(answer.json()?).ok_or_else(|| answer.unreadable("the answer tells no id of an endpoint"))
    }

    /// Changes an endpoint: `PATCH …/endpoints/{id}`. What is not said stays.
    ///
    /// The route is documented (Wazapin, API: webhooks, 2026-08); the names in the body are those of
    /// [`create`](Self::create), by inference. Gives the endpoint if the answer has it.
    ///
    /// # Errors
    ///
    /// Of every kind but [`Unreadable`](crate::ErrorKind::Unreadable), unless the answer is too large.
    pub async fn update(&self, id: &str, change: &EndpointChange) -> Result<Option<Endpoint>, Error> {
        let call = Call::new(Method::PATCH, &[&WEBHOOKS[..], &["endpoints", id]].concat());
        let answer = self.caller.call(call.json(change.json())).await?;
        Ok(answer.json_if_any().and_then(endpoint_of))
    }

    /// Deletes an endpoint: `DELETE …/endpoints/{id}`. Documented (Wazapin, API: webhooks, 2026-08); the answer is not
    /// looked at.
    ///
    /// # Errors
    ///
    /// Of every kind. [`NotFound`](crate::ErrorKind::NotFound) only if it was gone before: what a repeat no longer finds,
    /// the attempt before it took away.
    pub async fn delete(&self, id: &str) -> Result<(), Error> {
        let call = Call::new(Method::DELETE, &[&WEBHOOKS[..], &["endpoints", id]].concat());
        self.caller.call(call.gone_is_done()).await.map(drop)
    }

    /// Gives an endpoint a new signing secret: `POST …/endpoints/{id}/rotate-secret`. Never repeated but after 429.
    ///
    /// The route is documented (Wazapin, API: webhooks, 2026-08), the answer and how long the old secret lives are not.
    /// Svix signs with both for a day, by default; until it is known, have a receiver that takes both before this is
    /// called.
    ///
    /// # Errors
    ///
    /// Of every kind. After [`Timeout`](crate::ErrorKind::Timeout) there may be a new secret that nobody knows: call it
    /// again.
    pub async fn rotate_secret(&self, id: &str) -> Result<Rotated, Error> {
        let answer = self.post(&["endpoints", id, "rotate-secret"]).await?;
        Ok(Rotated::read(answer.json_if_any()))
    }

    /// Has a test delivery sent to an endpoint: `POST …/endpoints/{id}/test`. Never repeated but after 429.
    ///
    /// The route is documented (Wazapin, API: webhooks, 2026-08), what is sent and answered is not. A receiver should
    /// expect a body that it cannot name.
    ///
    /// # Errors
    ///
    /// Of every kind.
    pub async fn test(&self, id: &str) -> Result<Tested, Error> {
        let answer = self.post(&["endpoints", id, "test"]).await?;
        Ok(Tested::read(answer.json_if_any()))
    }

    /// What was delivered, and what failed: `GET …/deliveries`.
    ///
    /// The route is documented (Wazapin, API: webhooks, 2026-08); parameters and answer are inferred from Svix. If the
    /// answer says where the next page is, it is asked for, up to [`DeliveryQuery::pages`], until a page leads nowhere
    /// new, and not beyond 20,000 deliveries.
    ///
    /// # Errors
    ///
    /// Of every kind; [`Unreadable`](crate::ErrorKind::Unreadable) for an answer without a list.
    pub async fn deliveries(&self, query: &DeliveryQuery) -> Result<Deliveries, Error> {
        let mut found = Deliveries::default();
        let mut asked = Vec::new();
        let mut seen = HashSet::new();
        let mut next = page::Next::default();
        for _ in 0..query.pages.max(1) {
            let mut call = Call::new(Method::GET, &[&WEBHOOKS[..], &["deliveries"]].concat());
            for (name, value) in query.parameters.iter().filter(|(name, _)| !next.says(name)) {
                call = call.query(name, value);
            }
            for (name, value) in next.parameters() {
                call = call.query(name, value);
            }
            asked.push(next);
            let answer = self.caller.call(call).await?;
            let mut page = page::read(answer.json()?)
                .ok_or_else(|| answer.unreadable("the answer has no list of deliveries"))?;
            let was_empty = page.items.is_empty();
            // What came in the meantime moves the rest on, and a part of it comes twice.
            page.items.retain(|item| seen.insert(item.to_string()));
            let (was_seen, from) = (page.items.is_empty(), found.deliveries.len());
            found.add(page.items, page.rest);
            let Some(further) = page.next.filter(|_| !was_empty) else {
                // Where there is more and nobody says where, it was left out.
                found.is_complete = !page.has_more;
                return Ok(found);
            };
            if query.since.is_some_and(|since| found.is_past(from, since)) {
                found.is_complete = true;
                return Ok(found);
            }
            // A server that says the same again and again has not told what is behind it.
            let goes_round = was_seen || asked.contains(&further);
            if goes_round || found.deliveries.len() + found.unread.as_slice().len() >= MOST_DELIVERIES {
                return Ok(found);
            }
            next = further;
        }
        Ok(found)
    }

    /// Has a delivery sent again: `POST …/deliveries/{messageID}/retry`. Never repeated but after 429.
    ///
    /// The route is documented (Wazapin, API: webhooks, 2026-08). That its id is Svix' id of the message, which receivers
    /// see as `svix-id`, and not the `message_id` of the body, is inferred.
    ///
    /// # Errors
    ///
    /// Of every kind.
    pub async fn retry_delivery(&self, message_id: &str) -> Result<Tested, Error> {
        let answer = self.post(&["deliveries", message_id, "retry"]).await?;
        Ok(Tested::read(answer.json_if_any()))
    }

    /// The record of a WhatsApp message, which has what a webhook leaves out: `GET /v1/messages/{id}`.
    ///
    /// Documented, bare (Wazapin, API: get a message, 2026-08) and in `data` (API: send a message, 2026-08).
    ///
    /// # Errors
    ///
    /// Of every kind.
    pub async fn message(&self, id: &str) -> Result<Message, Error> {
        let answer = self
            .caller
            .call(Call::new(Method::GET, &["v1", "messages", id]))
            .await?;
        let members = Members::unwrapped(answer.json()?);
        members
            .map(Message::read)
            .map_err(|_| answer.unreadable("the answer is no record of a message"))
    }

    /// The state of a WhatsApp message alone: `GET /v1/messages/{id}/status`.
    ///
    /// The route is documented (Wazapin, guides: handle delivery status, 2026-08), the answer is inferred from the record.
    ///
    /// # Errors
    ///
    /// Of every kind; [`Unreadable`](crate::ErrorKind::Unreadable) for an answer without a status.
    pub async fn message_status(&self, id: &str) -> Result<MessageStatus, Error> {
        let call = Call::new(Method::GET, &["v1", "messages", id, "status"]);
        let answer = self.caller.call(call).await?;
        let members = Members::unwrapped(answer.json()?).ok();
        members
            .and_then(MessageStatus::read)
            .ok_or_else(|| answer.unreadable("the answer has no status"))
    }

    /// A call without a body that must not be made twice.
    async fn post(&self, path: &[&str]) -> Result<Answer, Error> {
        let call = Call::new(Method::POST, &[&WEBHOOKS[..], path].concat());
        self.caller.call(call.once()).await
    }
}

/// An endpoint in an answer: bare, in `data`, in `endpoint`.
fn endpoint_of(value: Value) -> Option<Endpoint> {
    let mut members = Members::unwrapped(value).ok()?;
    let inner = match members.value("endpoint") {
        Some(Value::Object(inner)) => inner,
        _ => Map::new(),
    };
    if inner.is_empty() {
        return Endpoint::read(members.rest().into_map().into()).ok();
    }
    // The secret may stand beside it.
    let secret = members.secret(super::endpoint::SECRET);
    let mut endpoint = Endpoint::read(json!(inner)).ok()?;
    endpoint.secret = endpoint.secret.or(secret);
    Some(endpoint)
}
