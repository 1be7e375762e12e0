//! Core against its contracts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod guard;
mod proof;
mod remembering;
