//! The promises of the store and of the inbox on SQLite.

mod clock;
mod contract;
mod disk;
mod group;
mod inbox_clock;
mod inbox_contract;
mod inbox_kit;
mod inbox_memory;
mod inbox_path;
mod inbox_room;
mod inbox_speed;
mod kit;
mod life;
mod lock;
mod open;
mod processes;
mod sweep;
