//! The guard's part of the file.

mod statements;
mod store;
mod sweep;

pub use self::store::SqliteStore;

use crate::writer::Part;

/// The guard's tables.
pub(crate) const GUARD: Part = Part {
    name: "guard",
    migrations: &[include_str!("../migrations/0001_guard.sql")],
    sweep: Some(sweep::sweep),
};
