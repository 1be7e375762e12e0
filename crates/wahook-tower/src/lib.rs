//! Limit, verify, dedupe: three tower layers, for hyper and axum alike; or limit, verify, accept: into a durable inbox.
//!
//! Each layer leaves a type behind, so a stack in a wrong order, or with a layer forgotten, does not compile:
//!
//! ```text
//! Request<B> ─limit→ Request<Limited<B>> ─verify→ Request<Verified> ─dedupe→ Request<Fresh> → your service
//! ```
//!
//! ```
//! use std::{convert::Infallible, sync::Arc};
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use tower::{ServiceBuilder, ServiceExt, service_fn};
//! use wahook_core::guard::Fresh;
//! use wahook_providers::wazapin;
//! use wahook_tower::{DedupeLayer, LimitLayer, VerifyLayer, in_memory};
//!
//! # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let shop = wazapin::endpoint("shop", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
//! let service = ServiceBuilder::new()
//!     .layer(LimitLayer::new())
//!     .layer(VerifyLayer::new(shop))
//!     .layer(DedupeLayer::new(in_memory()))
//!     .service(service_fn(|delivery: Request<Fresh>| async move {
//!         for event in delivery.body().events() {
//!             println!("{}", event.kind());
//!         }
//!         Ok::<_, Infallible>(Response::new(()))
//!     }));
//!
//! let forged = Request::post("/hooks/shop").body(Full::new(Bytes::from_static(b"{}")))?;
//! assert_eq!(service.oneshot(forged).await?.status(), 403);
//! # Ok(()) }
//! ```
//!
//! The answers are fixed: `200 {"received":true}` for what was handled, now or before; a bare status for a refusal;
//! 503 with `Retry-After` for what the provider shall send again.
//!
//! With an inbox, deliveries are stored before they are answered, and workers hand them on later (I1): [`Accept`] takes
//! the place of dedupe and of your service, and [`Intake`] is the whole way.
//!
//! ```text
//! Request<B> ─limit→ Request<Limited<B>> ─verify→ Request<Verified> ─accept→ stored, answered
//! ```
//!
//! What these layers cannot do: close a connection whose head never ends. That is the server's part; `axum::serve` has
//! no header timeout, `hyper_util::server` has one.

// What every step uses.
mod answer;
mod clock;
mod finishing;
mod observe;
mod random;

/// `Request<B>` → `Request<Limited<B>>`: a cap, an idle and a total deadline.
mod limit;

/// `Request<Limited<B>>` → the same: so many a second.
mod rate;

/// `Request<Limited<B>>` → `Request<Verified>`: the signature, over the bytes as received.
mod verify;

/// `Request<Verified>` → `Request<Fresh>`: each delivery once.
mod dedupe;

/// `Request<Verified>` → an answer: each delivery on stable storage.
mod accept;

// Limit, verify and dedupe at once.
mod stack;

#[cfg(doctest)]
mod wrong_stacks;

pub use self::{
    accept::{Accept, AcceptFuture, Intake, Receipt},
    answer::{Answer, Kept},
    clock::SystemClock,
    dedupe::{Dedupe, DedupeFuture, DedupeLayer, TimingError, in_memory, remembering},
    limit::{Limit, LimitLayer, Limited, Room},
    observe::{Observer, RefusedRequest, Signal, TracingObserver},
    rate::{Rate, RateFuture, RateLayer, Rated},
    stack::Stack,
    verify::{Verify, VerifyFuture, VerifyLayer},
};
