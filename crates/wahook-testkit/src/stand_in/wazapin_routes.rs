//! Wazapin's routes, and the forms of its answers.

use http::{Method, StatusCode};
use serde_json::{Map, Value, json};

use super::{
    Recorded, Reply,
    wazapin::{Deliverance, Hook, Shape, Wazapin, example, object},
};

impl Wazapin {
    pub(super) fn settings(&mut self, request: &Recorded, rest: &[&str]) -> Reply {
        match (&request.method, rest) {
            (&Method::GET, []) => {
                let hooks = self.hooks.iter().map(|hook| self.shown(hook, None)).collect();
                Reply::ok(self.list("endpoints", hooks, None))
            }
            (&Method::POST, ["endpoints"]) => self.create(request),
            (&Method::GET, ["deliveries"]) => self.page(request),
            (&Method::POST, ["deliveries", id, "retry"]) => self.retry(id),
            (method, ["endpoints", id, rest @ ..]) => {
                let Some(at) = self.hooks.iter().position(|hook| hook.id == *id) else {
                    return Reply::problem(StatusCode::NOT_FOUND, "There is no such endpoint.");
                };
                self.endpoint(method, at, rest, request)
            }
            _ => Reply::problem(StatusCode::NOT_FOUND, "There is no such route."),
        }
    }

    fn endpoint(&mut self, method: &Method, at: usize, rest: &[&str], request: &Recorded) -> Reply {
        match (method, rest) {
            (&Method::PATCH, []) => {
                let change = object(request);
                if let Some(url) = change.get("url") {
                    match acceptable(url) {
                        Some(url) => self.hooks[at].url = url,
                        None => return not_https(),
                    }
                }
                if let Some(types) = change.get("filterTypes") {
                    self.hooks[at].filter_types = words(types);
                }
                let hook = self.hooks[at].clone();
                Reply::ok(self.one(self.shown(&hook, None)))
            }
            (&Method::DELETE, []) => {
                self.hooks.remove(at);
                Reply::new(StatusCode::NO_CONTENT, None)
            }
            (&Method::POST, ["rotate-secret"]) => {
                let secret = self.rotate(at);
                let name = if self.shape == Shape::Data {
                    "key"
                } else {
                    "secret"
                };
                Reply::ok(self.one(json!({name: secret})))
            }
            (&Method::POST, ["test"]) => {
                let id = self.hooks[at].id.clone();
                let (message_id, shots) = self.address("message.new", &example(), Some(&id));
                Reply::ok(self.one(json!({"message_id": message_id}))).sending(shots)
            }
            _ => Reply::problem(StatusCode::METHOD_NOT_ALLOWED, "There is no such method here."),
        }
    }

    fn create(&mut self, request: &Recorded) -> Reply {
        let body = object(request);
        let Some(url) = body.get("url").and_then(acceptable) else {
            return not_https();
        };
        if self.hooks.iter().any(|hook| hook.url == url) {
            return Reply::envelope(
                StatusCode::CONFLICT,
                "conflict",
                "There is an endpoint with this URL.",
            );
        }
        let types = body.get("filterTypes").map(words).unwrap_or_default();
        let description = body.get("description").and_then(Value::as_str).map(str::to_owned);
        let hook = self.make(url, types, description);
        let shown = self.shown(&hook, hook.secrets.first());
        Reply::new(StatusCode::CREATED, Some(self.one(shown)))
    }

    fn retry(&mut self, id: &str) -> Reply {
        let is_known = self.sent.iter().any(|delivery| delivery.message_id == id);
        if !is_known {
            return Reply::problem(StatusCode::NOT_FOUND, "There is no such delivery.");
        }
        let failed = self.shots(id, |delivery| !delivery.is_done());
        let shots = if failed.is_empty() {
            self.shots(id, |_| true)
        } else {
            failed
        };
        Reply::new(StatusCode::ACCEPTED, Some(self.one(json!({"message_id": id})))).sending(shots)
    }

    /// The newest first. A `limit` makes pages of it, with Svix' `iterator` and `done`.
    fn page(&self, request: &Recorded) -> Reply {
        let number = |name: &str| {
            request
                .parameter(name)
                .and_then(|text| text.parse::<usize>().ok())
        };
        let newest = self.sent.iter().rev().map(|delivery| self.told(delivery));
        let Some(limit) = number("limit") else {
            return Reply::ok(self.list("deliveries", newest.collect(), None));
        };
        let start = number("iterator").unwrap_or(0);
        let end = start.saturating_add(limit);
        let items = newest.skip(start).take(limit).collect();
        Reply::ok(self.list("deliveries", items, Some((end, end >= self.sent.len()))))
    }

    pub(super) fn record(&self, rest: &[&str]) -> Reply {
        let (Some(id), about) = (rest.first(), rest.get(1)) else {
            return Reply::problem(StatusCode::NOT_FOUND, "There is no such route.");
        };
        let is_it = |record: &&Map<String, Value>| record.get("id").is_some_and(|known| known == id);
        let Some(record) = self.messages.iter().find(is_it) else {
            return Reply::problem(StatusCode::NOT_FOUND, "There is no such message.");
        };
        let record = match about {
            Some(&"status") => json!({"id": id, "status": record.get("status")}),
            Some(_) => return Reply::problem(StatusCode::NOT_FOUND, "There is no such route."),
            None => record.clone().into(),
        };
        Reply::ok(self.one(record))
    }

    /// In `data`; else with the id of the request beside it (Wazapin, API: get a message, 2026-08).
    fn one(&self, mut object: Value) -> Value {
        match self.shape {
            Shape::Data => json!({"data": object, "$schema": "https://api.wazapin.com/schemas/x.json"}),
            Shape::Bare | Shape::Named => {
                object["request_id"] = "req_1".into();
                object
            }
        }
    }

    fn list(&self, name: &str, items: Vec<Value>, further: Option<(usize, bool)>) -> Value {
        let mut object = match self.shape {
            Shape::Data => json!({"data": items}),
            Shape::Named => json!({name: items}),
            Shape::Bare => return items.into(),
        };
        if let Some((iterator, done)) = further {
            object["iterator"] = iterator.to_string().into();
            object["done"] = done.into();
        }
        object
    }

    fn shown(&self, hook: &Hook, secret: Option<&String>) -> Value {
        let Hook {
            id,
            url,
            filter_types,
            description,
            ..
        } = hook;
        let mut shown = match self.shape {
            Shape::Data => json!({
                "id": id, "url": url, "filterTypes": filter_types, "description": description,
                "disabled": false, "createdAt": "2026-08-01T00:00:00Z", "metadata": {},
            }),
            Shape::Bare | Shape::Named => json!({
                "id": id, "url": url, "filter_types": filter_types, "description": description,
                "is_active": 1, "created_at": "2026-08-01T00:00:00Z",
            }),
        };
        if let Some(secret) = secret {
            let name = if self.shape == Shape::Data {
                "key"
            } else {
                "signing_secret"
            };
            shown[name] = secret.as_str().into();
        }
        shown
    }

    fn told(&self, delivery: &Deliverance) -> Value {
        let answered = delivery.answered.unwrap_or(0);
        match self.shape {
            Shape::Data => json!({
                "id": format!("atmpt_{}", delivery.message_id), "msgId": delivery.message_id,
                "endpointId": delivery.endpoint_id, "eventType": delivery.event,
                "status": if delivery.is_done() { 0 } else { 2 }, "responseStatusCode": answered,
                "timestamp": delivery.at,
            }),
            Shape::Bare | Shape::Named => json!({
                "id": delivery.message_id, "endpoint_id": delivery.endpoint_id,
                "event_type": delivery.event, "attempts": delivery.attempts,
                "status": if delivery.is_done() { "success" } else { "failed" },
                "response_status": answered, "created_at": delivery.at,
            }),
        }
    }
}

/// `https` (Wazapin, API: webhooks, 2026-08); plain `http` for a receiver of a test.
fn acceptable(url: &Value) -> Option<String> {
    let url = url.as_str()?;
    let begins = ["https://", "http://127.0.0.1:", "http://localhost:"];
    let is_one = begins.iter().any(|begin| url.starts_with(begin));
    is_one.then(|| url.to_owned())
}

fn not_https() -> Reply {
    let mut reply = Reply::envelope(
        StatusCode::UNPROCESSABLE_ENTITY,
        "validation_failed",
        "The body is not valid.",
    );
    if let Some(body) = &mut reply.body {
        body["error"]["details"] = json!([{"field": "url", "reason": "must be https"}]);
        body["request_id"] = "req_1".into();
    }
    reply
}

fn words(value: &Value) -> Vec<String> {
    let words = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    words.map(str::to_owned).collect()
}
