//! The program, driven as its users drive it: arguments, files, signals and sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod config;
mod doctor;
mod limits;
mod program;
mod serve;
mod servers;
mod stores;
mod verbs;
