//! Against a real server.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

mod inbox;
mod sink;
