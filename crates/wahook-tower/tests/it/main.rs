//! The layers, by promise.

mod dedupe;
mod limit;
mod support;
mod verify;
