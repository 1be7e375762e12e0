//! The inspector in a browser, as a person uses it. `target/inspector` has a picture of each view afterwards.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access;
mod browser;
mod judge;
mod live;
mod operate;
#[allow(dead_code, reason = "the other end-to-end tests use more of it")]
#[path = "../it/program.rs"]
mod program;
mod receiver;
#[expect(
    clippy::disallowed_methods,
    reason = "what another process writes is waited for in real time"
)]
mod scene;
mod views;
mod wire;
