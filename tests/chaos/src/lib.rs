//! Chaos: what happens to gateways while everything fails, and whether they kept what they promise.
//!
//! A run ([`plan`] says what fails when, from a seed) writes one [`history`] of JSON lines. [`check`] reads that file and
//! nothing else, and proves of it: what was answered with 200 was stored, and delivered or given up on; nobody is handed
//! anything twice but as a marked attempt; each conversation is in order; nothing comes that was never sent; nothing that
//! was refused. `cargo xtask chaos` runs it.

pub mod check;
pub mod history;
pub mod plan;
