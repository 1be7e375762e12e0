//! Core against its contracts.

mod guard;
