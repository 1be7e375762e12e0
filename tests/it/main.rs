//! End to end: a sender and the gateway as two processes, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[expect(
    clippy::disallowed_methods,
    reason = "when a process dies is chance, in real time"
)]
mod durable;
mod faults;
mod program;
mod python;
mod race;
mod samples;
