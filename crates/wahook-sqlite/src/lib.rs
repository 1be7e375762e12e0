//! wahook on SQLite.
