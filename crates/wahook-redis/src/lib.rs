//! wahook on Redis.
