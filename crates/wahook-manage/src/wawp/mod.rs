//! Wawp: the webhooks of an instance.
//!
//! Documented but for the method of one route and the forms of errors (Wawp, API: session webhook, webhook set, update and
//! delete, 2026-07). It needs a paid plan: without one every call fails as
//! [`Subscription`](crate::ErrorKind::Subscription).

mod client;
mod webhook;

pub use self::{
    client::{Credentials, Wawp},
    webhook::{NewWebhook, Retries, Webhook, WebhookChange, Webhooks},
};

/// Where the API is (Wawp, API: session webhook, 2026-07).
pub const BASE_URL: &str = "https://api.wawp.net";
