//! The apps that are compared: the least, ours, and what people write by hand.

use std::{
    collections::HashSet,
    hint::black_box,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{Router, extract::State, routing::post};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::Value;
use wahook_axum::{Delivery, Events, endpoint};
use wahook_providers::wazapin;
use wahook_tower::Stack;

use crate::request::SECRET;

/// How often an app did its work: not for what is forged, and once for what comes twice.
#[derive(Clone, Default)]
pub struct Handled(Arc<AtomicU64>);

impl Handled {
    pub fn once_more(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// One app.
pub struct App {
    pub name: &'static str,
    pub make: fn(Handled) -> Router,
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

pub fn bare(handled: Handled) -> Router {
    async fn handler(State(handled): State<Handled>, body: Bytes) -> StatusCode {
        black_box(body);
        handled.once_more();
        StatusCode::OK
    }
    Router::new().route(PATH, post(handler)).with_state(handled)
}

fn stack() -> Stack {
    Stack::new(wazapin::endpoint("shop", SECRET).expect("a good secret"))
}

fn unread(handled: Handled) -> Router {
    async fn handler(State(handled): State<Handled>) {
        handled.once_more();
    }
    Router::new().route(PATH, endpoint(stack(), handler, handled))
}

fn typed(handled: Handled) -> Router {
    async fn handler(State(handled): State<Handled>, delivery: Delivery<wazapin::Event>) {
        black_box(delivery.items);
        handled.once_more();
    }
    Router::new().route(PATH, endpoint(stack(), handler, handled))
}

fn neutral(handled: Handled) -> Router {
    async fn handler(State(handled): State<Handled>, Events(events): Events) {
        black_box(events);
        handled.once_more();
    }
    Router::new().route(PATH, endpoint(stack(), handler, handled))
}

/// What one writes without us.
pub struct ByHand {
    webhook: svix::webhooks::Webhook,
    seen: Mutex<HashSet<String>>,
    handled: Handled,
}

impl ByHand {
    pub fn new(handled: Handled) -> Self {
        Self {
            handled,
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
                self.handled.once_more();
                StatusCode::OK
            }
            Err(_) => StatusCode::BAD_REQUEST,
        }
    }
}

fn by_hand(handled: Handled) -> Router {
    async fn handler(State(state): State<Arc<ByHand>>, headers: HeaderMap, body: Bytes) -> StatusCode {
        state.handle(&headers, &body)
    }
    Router::new()
        .route(PATH, post(handler))
        .with_state(Arc::new(ByHand::new(handled)))
}
