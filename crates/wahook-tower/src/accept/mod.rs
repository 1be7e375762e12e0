//! Each delivery into the inbox, and only then an answer (I1, I2).
//!
//! Needs a `Request<Verified>`; leaves an answer. The inbox is the guard: no dedupe stands in front of it.

mod future;
mod intake;
mod service;

pub use self::{
    future::AcceptFuture,
    intake::Intake,
    service::{Accept, Receipt},
};
