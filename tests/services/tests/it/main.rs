//! Servers start, crash, come back, hang and go, and leave nothing behind.

mod proxy;
mod servers;
mod wire;
