//! The guard store against real servers.

mod common;
mod contract;
mod down;
mod lost;
mod memory;
mod names;
mod opening;
mod promises;
mod stream;
mod stream_contract;
mod time;
mod tls;
