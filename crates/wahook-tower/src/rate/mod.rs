//! So many deliveries a second, before anything is read of them.
//!
//! Needs a `Request<Limited<B>>` and leaves one: whoever is asked to come again can still be writing (V2). It counts what
//! comes, whoever sends it, since nothing is verified yet: the rate protects what is behind the endpoint, and somebody
//! who floods it takes the provider's share, too. Providers repeat what is answered with 503.

mod allowance;
mod layer;
mod service;

pub use self::{
    allowance::Rate,
    layer::RateLayer,
    service::{RateFuture, Rated},
};
