//! Against real brokers.

mod contract;
mod lanes;
mod sink;
mod stored;
mod tls;
