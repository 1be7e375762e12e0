//! Against real servers.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

mod contract;
mod inbox;
mod sink;
mod stored;
mod tls;
