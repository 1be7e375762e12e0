//! Against a real server.

mod sink;
