//! Against real brokers.

mod contract;
mod sink;
mod stored;
mod tls;
