//! Which table, and what is in it.

use std::time::Duration;

use super::super::Form;

/// A table to which events are appended.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "written from the configuration")]
pub struct SqlOptions {
    /// The table, `wahook_events` by default; in PostgreSQL `schema.table` too. Letters, digits and `_`.
    pub table: String,
    /// Whether it is made if it is not there; it is by default. If not, it must be there and have all columns.
    pub create: bool,
    /// What the column `event` holds.
    pub form: Form,
    /// How long appending may take, its wait included; 10 s by default.
    pub deadline: Duration,
    /// Behind a pooler of PostgreSQL that hands out connections by transaction; not by default.
    pub transaction_pooler: bool,
}

impl Default for SqlOptions {
    fn default() -> Self {
        Self {
            table: "wahook_events".to_owned(),
            create: true,
            form: Form::default(),
            deadline: Duration::from_secs(10),
            transaction_pooler: false,
        }
    }
}
