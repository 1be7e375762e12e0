//! The apps that are compared: the least, ours, and what people write by hand.

use std::{
    collections::HashSet,
    hint::black_box,
    sync::{Arc, Mutex},
};

use axum::{Router, extract::State, routing::post};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use wahook_axum::{Delivery, Events, endpoint};
use wahook_providers::wazapin;
use wahook_tower::Stack;

use crate::request::SECRET;

/// One app.
pub struct App {
    pub name: &'static str,
    pub make: fn() -> Router,
    /// Whether it refuses forged requests.
    pub guards: bool,
}

pub const BARE: &str = "axum, reads the body and nothing else";
pub const OURS: &str = "wahook, events of the one model";
pub const BY_HAND: &str = "by hand: svix, Mutex<HashSet>, Value";

pub const ALL: &[App] = &[
    App {
        name: BARE,
        make: bare,
        guards: false,
    },
    App {
        name: "wahook, verified and deduplicated only",
        make: unread,
        guards: true,
    },
    App {
        name: "wahook, the provider's own types",
        make: typed,
        guards: true,
    },
    App {
        name: OURS,
        make: neutral,
        guards: true,
    },
    App {
        name: BY_HAND,
        make: by_hand,
        guards: true,
    },
];

pub const PATH: &str = "/hooks/shop";

pub fn bare() -> Router {
    Router::new().route(
        PATH,
        post(|body: Bytes| async move {
            black_box(body);
            StatusCode::OK
        }),
    )
}

fn stack() -> Stack {
    Stack::new(wazapin::endpoint("shop", SECRET).expect("a good secret"))
}

fn unread() -> Router {
    Router::new().route(PATH, endpoint(stack(), || async {}, ()))
}

fn typed() -> Router {
    async fn handler(delivery: Delivery<wazapin::Event>) {
        black_box(delivery.items);
    }
    Router::new().route(PATH, endpoint(stack(), handler, ()))
}

fn neutral() -> Router {
    async fn handler(Events(events): Events) {
        black_box(events);
    }
    Router::new().route(PATH, endpoint(stack(), handler, ()))
}

/// What one writes without us.
pub struct ByHand {
    webhook: svix::webhooks::Webhook,
    seen: Mutex<HashSet<String>>,
}

impl ByHand {
    pub fn new() -> Self {
        Self {
            webhook: svix::webhooks::Webhook::new(SECRET).expect("a good secret"),
            seen: Mutex::default(),
        }
    }

    pub fn handle(&self, headers: &HeaderMap, body: &Bytes) -> StatusCode {
        if self.webhook.verify(body, headers).is_err() {
            return StatusCode::UNAUTHORIZED;
        }
        let Some(id) = headers.get("svix-id").and_then(|id| id.to_str().ok()) else {
            return StatusCode::BAD_REQUEST;
        };
        if !self.seen.lock().expect("no panic in here").insert(id.to_owned()) {
            return StatusCode::OK;
        }
        match serde_json::from_slice::<Value>(body) {
            Ok(value) => {
                black_box(value);
                StatusCode::OK
            }
            Err(_) => StatusCode::BAD_REQUEST,
        }
    }
}

fn by_hand() -> Router {
    async fn handler(State(state): State<Arc<ByHand>>, headers: HeaderMap, body: Bytes) -> StatusCode {
        state.handle(&headers, &body)
    }
    Router::new()
        .route(PATH, post(handler))
        .with_state(Arc::new(ByHand::new()))
}
