//! The layers, by promise.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod accept;
mod dedupe;
mod life;
mod limit;
mod rate;
mod remembering;
mod remote;
mod schedules;
mod support;
mod verify;
