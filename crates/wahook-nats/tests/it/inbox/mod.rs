//! The inbox in a stream.

mod contract;
mod kit;
