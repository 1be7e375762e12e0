//! Does this request come from the provider? (V1–V7)
//!
//! Needs a `Request<Limited<B>>`; leaves a `Request<Verified>`. The head is judged before the body is read, the MAC runs
//! while frames arrive, and what is handed on are the bytes that were signed. It answers challenges, and every method
//! but POST with 405.

mod future;
mod hints;
mod layer;
mod service;

pub use self::{future::VerifyFuture, layer::VerifyLayer, service::Verify};
