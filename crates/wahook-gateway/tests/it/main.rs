//! The program, driven as its users drive it: arguments, files, signals and sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod admin_access;
mod admin_answers;
mod admin_scene;
mod admin_stream;
mod config;
mod desk_cli;
mod doctor;
mod limits;
mod metrics_text;
mod program;
mod serve;
mod servers;
mod stores;
mod verbs;
