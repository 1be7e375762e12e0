//! The program, driven as its users drive it: arguments, files, signals and sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod admin_access;
mod admin_answers;
mod admin_scene;
mod admin_stream;
mod attacks;
mod config;
#[expect(clippy::disallowed_methods, reason = "a process is watched in real time")]
mod demo;
mod desk_cli;
mod doctor;
mod enrich;
#[expect(clippy::disallowed_methods, reason = "processes are watched in real time")]
mod inbox;
#[cfg(feature = "nats")]
#[expect(clippy::disallowed_methods, reason = "processes are watched in real time")]
mod inbox_nats;
mod inspector;
mod limits;
mod log;
mod manage;
mod metrics_text;
#[cfg(feature = "otlp")]
#[expect(clippy::disallowed_methods, reason = "a process is watched in real time")]
mod otlp;
mod privacy;
mod program;
mod reload;
mod send;
mod serve;
mod servers;
mod sinks_brokers;
mod sinks_common;
mod sinks_file;
mod sinks_format;
mod sinks_http;
mod sinks_meta;
mod sinks_sql;
mod stores;
mod tls;
mod verbs;
