//! The clients, over real HTTP, against stand-ins of the providers.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod enrich;
mod errors;
mod pauses;
mod receiver;
mod repeats;
mod secrets;
mod waping;
mod wawp;
mod wazapin;
