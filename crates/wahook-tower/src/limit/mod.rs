//! A cap on what is read and on how long it may take (V2).
//!
//! Needs any `Request<B>`; leaves a `Request<Limited<B>>`. Nothing is reserved on the word of Content-Length; one that
//! is larger than the cap is refused before anything is read.

mod body;
mod layer;
mod room;
mod service;

pub(crate) use self::room::{Held, Taken};
pub use self::{body::Limited, layer::LimitLayer, room::Room, service::Limit};
