//! The receiving side of WhatsApp webhooks: it never loses, never doubles, never guesses, and it tells you why.
//!
//! One layer for your axum or hyper server. Behind it, each delivery is verified on its raw bytes, handled once although
//! providers repeat it, and read into typed events and into one model for all providers.
//!
//! ```
//! use axum::Router;
//! use wahook::{axum::{Events, endpoint}, tower::Stack, wazapin};
//!
//! async fn on_events(Events(events): Events) {
//!     for event in events {
//!         println!("{} {:?}", event.kind(), event.occurred_at);
//!     }
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let shop = wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
//! let app: Router = Router::new().route("/hooks/shop", endpoint(Stack::new(shop), on_events, ()));
//! # Ok(()) }
//! ```
//!
//! With a durable inbox, deliveries are on stable storage before they are answered, and workers take their events to your
//! code or to sinks, with retries and dead letters: `tower::Intake` and [`axum::accept`](axum::accept()) take them in,
//! `wahook-sqlite` and `wahook-postgres` keep them, `wahook-worker` hands them on.
//!
//! # Where things are
//!
//! | module | what it is |
//! |---|---|
//! | [`meta`], [`waping`], [`wawp`], [`wazapin`] | an endpoint with the right scheme, and the provider's typed events |
//! | [`generic`] | the same for any other provider, by options |
//! | [`model`] | one shape for what every provider says; `wahook.event/1` |
//! | [`tower`] | limit, verify, dedupe: the layers; limit, verify, accept: into an inbox |
//! | [`axum`](mod@axum) | mounting, and the extractors `Events` and `Delivery<wawp::Event>` |
//! | [`proof`] | the schemes, for a provider of your own |
//! | [`guard`] | the store trait, and the store in memory |
//! | [`inbox`], [`sink`] | the traits of a durable inbox, and of where events are handed on |
//! | [`json`] | reading other people's JSON without loss |
//!
//! # Features
//!
//! | feature | default | what it adds |
//! |---|---|---|
//! | `axum` | yes | [`axum`](mod@axum) |

pub use wahook_core::*;
pub use wahook_providers::{Options, PROVIDERS, ProviderRow, generic, meta, waping, wawp, wazapin};

/// The layers.
pub use wahook_tower as tower;

/// The axum front.
#[cfg(feature = "axum")]
pub use wahook_axum as axum;
