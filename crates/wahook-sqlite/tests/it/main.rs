//! The promises of the store on SQLite.

mod clock;
mod contract;
mod disk;
mod group;
mod kit;
mod life;
mod lock;
mod open;
mod processes;
mod sweep;
