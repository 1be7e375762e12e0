//! Against real servers.

mod contract;
mod sink;
mod stored;
mod tls;
