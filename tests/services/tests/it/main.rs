//! Servers start, crash, come back, hang and go, and leave nothing behind.

mod clock;
mod disk;
mod proxy;
mod servers;
mod wire;
