//! wahook on Redis: a guard that processes share and restarts do not empty.
mod address;
mod dial;
mod error;
mod link;
mod options;
mod script;
mod store;
mod survey;
mod tls;

pub use self::{options::RedisOptions, store::RedisStore};
