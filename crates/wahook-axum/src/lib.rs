//! Verified, deduplicated, typed webhooks in an axum app.
//!
//! ```
//! use axum::{Router, extract::State};
//! use wahook_axum::{Events, endpoint};
//! use wahook_providers::wazapin;
//! use wahook_tower::Stack;
//!
//! async fn on_events(State(greeting): State<&'static str>, Events(events): Events) {
//!     for event in events {
//!         println!("{greeting}: {} {}", event.kind(), event.key);
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let shop = wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
//! let app: Router = Router::new().route("/hooks/shop", endpoint(Stack::new(shop), on_events, "new"));
//! # Ok(()) }
//! ```
//!
//! With a durable inbox, [`accept`](accept()) takes the handler's place, and workers hand the events on later.
//!
//! A stack in which a layer was forgotten or two were swapped does not compile.
//!
//! `axum::serve` has no timeout for a head that never ends; put a server with one in front, or build one on
//! `hyper_util::server`.

// The way in, and the handler at its end.
mod entrance;
mod handler;

/// Mounting.
mod accept;
mod endpoint;
mod layer;

/// What a handler asks for.
mod extract;

#[cfg(doctest)]
mod wrong_stacks;

pub use self::{
    accept::accept,
    endpoint::endpoint,
    entrance::Entrance,
    extract::{Delivery, Events, ExtractError, ExtractErrorKind},
    handler::{FreshHandler, FreshRoute},
    layer::WebhookLayer,
};
