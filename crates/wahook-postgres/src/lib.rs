//! wahook on PostgreSQL.
