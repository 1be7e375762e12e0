//! Against a real broker.

mod sink;
