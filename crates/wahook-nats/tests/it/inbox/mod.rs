//! The inbox in a stream.

mod cleaning;
mod contract;
mod crowd;
mod figures;
mod gone;
mod kit;
mod loss;
mod mending;
mod odd;
mod reopening;
mod room;
