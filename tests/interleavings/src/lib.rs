//! The guard stores of `wahook-core`, compiled a second time with the locks of [loom](https://docs.rs/loom).
//!
//! The files are the product's own, by their paths; only their `sync` is another. So the product knows nothing of it,
//! and what is checked is what is shipped.

pub use wahook_core::{BoxFuture, Clock};

/// `wahook_core::guard` with stores of this crate.
pub mod guard;
