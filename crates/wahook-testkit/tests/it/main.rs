//! The testkit's own tests, and those of the files in `schema/`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod broken;
mod conform;
mod guard;
mod inbox;
mod play;
mod schema;
mod sink;
