//! The testkit's own tests, and those of the files in `schema/`.

mod play;
mod schema;
