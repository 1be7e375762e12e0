//! What no input may break, as functions of bytes.
//!
//! Each target takes any bytes and panics where a promise does not hold. The engine (`cargo xtask fuzz`) looks for bytes
//! that make one panic; the tests of the workspace replay what it kept under `corpus/`, and every finding.

#![forbid(unsafe_code)]

mod input;
mod targets;

pub use self::targets::{TARGETS, Target, differences_are_real, target};
