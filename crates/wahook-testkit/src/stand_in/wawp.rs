//! Wawp: a list of webhooks that is read, overwritten and changed one by one.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{Recorded, Reply, sealed, send::Shot};

/// Wawp's management API (Wawp, API: session webhook, 2026-07).
#[derive(Debug)]
pub struct Wawp {
    instance_id: String,
    access_token: String,
    is_subscribed: bool,
    webhooks: Vec<Map<String, Value>>,
    system: Map<String, Value>,
}

impl Wawp {
    /// With this instance and token, the system's own webhook, and no other.
    #[must_use]
    pub fn new(instance_id: impl Into<String>, access_token: impl Into<String>) -> Self {
        let system = json!({
            "url": "https://app.wawp.net/api/webhook/system-token", "is_active": 1, "events": ["session.status"],
        });
        Self {
            instance_id: instance_id.into(),
            access_token: access_token.into(),
            is_subscribed: true,
            webhooks: Vec::new(),
            system: object(&system),
        }
    }

    /// Of a free plan: all calls are refused with `subscription_required`.
    #[must_use]
    pub fn unsubscribed(self) -> Self {
        Self {
            is_subscribed: false,
            ..self
        }
    }

    /// With a webhook that somebody else made; whatever is in it is kept.
    #[must_use]
    pub fn webhook(mut self, webhook: &Value) -> Self {
        self.webhooks.push(object(webhook));
        self
    }

    /// The webhooks beside the system's.
    #[must_use]
    pub fn webhooks(&self) -> &[Map<String, Value>] {
        &self.webhooks
    }

    /// The system's webhook.
    #[must_use]
    pub const fn system(&self) -> &Map<String, Value> {
        &self.system
    }

    fn listed(&self) -> Reply {
        let webhooks: Vec<_> = self
            .webhooks
            .iter()
            .cloned()
            .map(|mut webhook| {
                let is_active = webhook.get("is_active").is_none_or(is_on);
                webhook.insert("is_active".to_owned(), u8::from(is_active).into());
                webhook.insert("enabled".to_owned(), is_active.into());
                webhook
            })
            .collect();
        Reply::ok(json!({"status": "success", "webhooks": webhooks, "systemConfig": self.system}))
    }

    fn overwrite(&mut self, body: &Map<String, Value>) -> Reply {
        let Some(list) = body.get("webhooks").and_then(Value::as_array) else {
            return bad("webhooks is required.");
        };
        let list: Vec<_> = list.iter().map(object).collect();
        if !list.iter().all(is_whole) {
            return bad("url and events are required.");
        }
        let (system, others) = list.into_iter().partition(|webhook| self.is_system(webhook));
        let system: Vec<Map<_, _>> = system;
        self.webhooks = others;
        if let Some(system) = system.into_iter().next() {
            self.system.extend(system);
        }
        self.listed()
    }

    fn set(&mut self, webhook: Map<String, Value>) -> Reply {
        if !is_whole(&webhook) {
            return bad("url and events are required.");
        }
        match self.find(&webhook) {
            Some(known) => *known = webhook,
            None => self.webhooks.push(webhook),
        }
        self.listed()
    }

    fn update(&mut self, change: Map<String, Value>) -> Reply {
        if self.is_system(&change) {
            self.system.extend(change);
            return self.listed();
        }
        match self.find(&change) {
            Some(known) => known.extend(change),
            None => return Reply::flat(StatusCode::NOT_FOUND, "webhook_not_found", "No such webhook."),
        }
        self.listed()
    }

    fn delete(&mut self, which: &Map<String, Value>) -> Reply {
        if self.is_system(which) {
            return bad("The system webhook cannot be deleted.");
        }
        let before = self.webhooks.len();
        self.webhooks
            .retain(|webhook| webhook.get("url") != which.get("url"));
        if self.webhooks.len() == before {
            return Reply::flat(StatusCode::NOT_FOUND, "webhook_not_found", "No such webhook.");
        }
        self.listed()
    }

    fn is_system(&self, webhook: &Map<String, Value>) -> bool {
        webhook.get("url") == self.system.get("url")
    }

    fn find(&mut self, webhook: &Map<String, Value>) -> Option<&mut Map<String, Value>> {
        let url = webhook.get("url");
        self.webhooks.iter_mut().find(|known| known.get("url") == url)
    }
}

impl sealed::Play for Wawp {
    fn answer(&mut self, request: &Recorded) -> Reply {
        let mut body = object(&request.json());
        let mut said = |name: &str, header: &str| {
            let in_body = body
                .remove(name)
                .and_then(|value| value.as_str().map(str::to_owned));
            in_body
                .or_else(|| request.parameter(name).map(str::to_owned))
                .unwrap_or_else(|| request.header(header).to_owned())
        };
        if said("access_token", "access-token") != self.access_token {
            return Reply::flat(
                StatusCode::UNAUTHORIZED,
                "invalid_access_token",
                "The access token is not valid.",
            );
        }
        if said("instance_id", "x-instance-id") != self.instance_id {
            return Reply::flat(
                StatusCode::NOT_FOUND,
                "session_not_found",
                "The session does not exist.",
            );
        }
        if !self.is_subscribed {
            let text = "This feature needs an Unlimited plan.";
            return Reply::flat(StatusCode::FORBIDDEN, "subscription_required", text);
        }
        match (&request.method, request.segments().as_slice()) {
            (&Method::GET, ["v2", "session", "webhook"]) => self.listed(),
            (&Method::POST, ["v2", "session", "webhook"]) => self.overwrite(&body),
            (&Method::POST, ["v2", "webhook", "set"]) => self.set(body),
            (&Method::PATCH, ["v2", "webhook", "update"]) => self.update(body),
            (&Method::DELETE, ["v2", "webhook", "delete"]) => self.delete(&body),
            _ => Reply::flat(StatusCode::NOT_FOUND, "rest_no_route", "No route was found."),
        }
    }

    fn sent(&mut self, _: &Shot, _: Option<u16>) {}
}

fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn is_whole(webhook: &Map<String, Value>) -> bool {
    webhook.get("url").is_some_and(Value::is_string) && webhook.get("events").is_some_and(Value::is_array)
}

fn is_on(value: &Value) -> bool {
    *value == json!(true) || *value == json!(1)
}

fn bad(message: &str) -> Reply {
    Reply::flat(StatusCode::BAD_REQUEST, "invalid_request", message)
}
