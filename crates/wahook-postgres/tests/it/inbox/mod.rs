//! The inbox on a real PostgreSQL.

mod contract;
