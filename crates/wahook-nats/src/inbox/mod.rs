//! The inbox on a stream: the log of all that happened, and the state that every gateway makes of it (I1–I6).
//!
//! ```text
//! verb ─line→ record ─publish→ stream ─follow→ ledger ─answer→ verb          every gateway follows all records
//!                                        └─ snapshot, clean                   now and then
//! ```

mod assure;
mod book;
mod cache;
mod clean;
mod clock;
mod desk;
mod fault;
mod fetch;
mod follow;
mod hand;
mod ledger;
mod line;
mod log;
mod look;
mod open;
mod options;
mod record;
mod room;
mod snapshot;
mod store;
mod stream;

pub use self::{options::NatsInboxOptions, store::NatsInbox};
