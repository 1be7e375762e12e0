//! The inbox's part of a file.

mod accept;
mod again;
mod counts;
mod desk;
mod keys;
mod lanes;
mod late;
mod lock;
mod options;
mod raw;
mod reading;
mod recall;
mod remembered;
mod spill;
mod state;
mod store;

pub use self::{options::SqliteInboxOptions, store::SqliteInbox};

use crate::writer::Part;

/// The inbox's tables.
pub(crate) const INBOX: Part = Part {
    name: "inbox",
    migrations: &[
        include_str!("../migrations/0001_inbox.sql"),
        include_str!("../migrations/0002_inbox.sql"),
    ],
    sweep: None,
};
