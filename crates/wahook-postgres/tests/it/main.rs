//! The guard and the inbox on a real PostgreSQL.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "these are tests")]

mod answers;
mod batching;
mod common;
mod contract;
mod faults;
mod inbox;
mod load;
mod opening;
mod outages;
mod sweep;
mod tls;
