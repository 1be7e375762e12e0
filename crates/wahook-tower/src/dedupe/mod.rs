//! Each delivery once, although providers repeat them (G1–G10).
//!
//! Needs a `Request<Verified>`; leaves a `Request<Fresh>`. A claim's life, from claim to complete or release, is
//! one piece of work, which is finished although the provider hangs up.

mod claims;
mod events;
mod future;
mod layer;
mod life;
mod service;
mod verbs;

pub use self::{
    future::DedupeFuture,
    layer::{DedupeLayer, TimingError, in_memory, remembering},
    service::Dedupe,
};
