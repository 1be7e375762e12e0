//! The table's name, and its columns.

use wahook_core::guard::{OpenError, OpenErrorKind};

/// A table's name that may stand in a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    schema: Option<String>,
    name: String,
}

impl Table {
    /// Reads `table` or, where there are schemas, `schema.table`.
    pub(super) fn read(text: &str, schemas: bool) -> Result<Self, OpenError> {
        let (schema, name) = match text.split_once('.') {
            Some((schema, name)) if schemas => (Some(schema), name),
            _ => (None, text),
        };
        if [Some(name), schema].into_iter().flatten().all(is_name) {
            return Ok(Self {
                schema: schema.map(str::to_owned),
                name: name.to_owned(),
            });
        }
        Err(OpenError::new(
            OpenErrorKind::Address,
            "the name of the table has 1 to 63 letters, digits or `_`, and begins with none of the digits",
        ))
    }

    /// As SQL writes it.
    pub(super) fn quoted(&self) -> String {
        match &self.schema {
            Some(schema) => format!("\"{schema}\".\"{}\"", self.name),
            None => format!("\"{}\"", self.name),
        }
    }
}

fn is_name(text: &str) -> bool {
    // PostgreSQL cuts what is longer without a word. `sqlite_` belongs to SQLite.
    (1..=63).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && !text.starts_with("sqlite_")
}

/// What is appended, in the order of the statements. `position` and `appended_at` come from the database.
pub(super) const COLUMNS: &str = "id, key, kind, endpoint, account, occurred_at, received_at, attempt, event";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p_a_name_is_a_name_and_no_statement() {
        for (text, schemas, quoted) in [
            ("wahook_events", false, "\"wahook_events\""),
            ("Events", true, "\"Events\""),
            ("app.events", true, "\"app\".\"events\""),
        ] {
            assert_eq!(Table::read(text, schemas).unwrap().quoted(), quoted);
        }
        for text in [
            "",
            ".",
            "a.",
            ".a",
            "a.b.c",
            "1a",
            "a b",
            "a\"b",
            "a;b",
            "a-b",
            "é",
            "a\0",
            "sqlite_x",
            "a'",
            &"a".repeat(64),
        ] {
            assert!(Table::read(text, true).is_err(), "{text:?}");
        }
        assert!(Table::read("app.events", false).is_err());
    }
}
