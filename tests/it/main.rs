//! End to end: a sender and the gateway as two processes, over real sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod conform;
#[expect(
    clippy::disallowed_methods,
    reason = "what does not come is waited for in real time"
)]
mod durable;
mod faults;
mod fuzz;
#[expect(
    clippy::disallowed_methods,
    reason = "an outage lasts as long as it lasts, in real time"
)]
mod outage;
mod program;
mod python;
mod race;
#[expect(
    clippy::disallowed_methods,
    reason = "processes are watched, and die by chance, in real time"
)]
#[allow(dead_code, unused_imports, reason = "`tests/chaos` stands on it as well")]
mod rig;
mod samples;
