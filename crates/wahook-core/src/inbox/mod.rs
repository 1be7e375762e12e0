//! The inbox: what is acknowledged is on stable storage, and stays there until every sink has it (I1–I6).
//!
//! ```text
//! Verified ─accept→ stored, 200 ─unread→ parse, normalise ─file→ lanes ─take→ sinks ─settle→ done or dead letter
//! ```
//!
//! The inbox is the guard of deliveries and of events: [`accept`](crate::inbox::Inbox::accept) claims the delivery's key
//! and stores its bytes in one transaction (I2), [`file`](crate::inbox::Inbox::file) claims the keys of its events, puts
//! them in their lanes and marks it as read in another (I3). There is no lease on either: what is stored is taken up
//! again by whoever is there.
//!
//! A *lane* is the events of one conversation for one sink, in order of acceptance. It is taken as a whole, for a
//! lease, so that nobody else hands over its events meanwhile.

mod accept;
mod desk;
mod head;
mod lane;
mod reading;
mod store;

pub use self::{
    accept::{Accepted, Incoming, Stored},
    desk::{
        DeadLetter, DeadQuery, Desk, EndpointStatus, EventQuery, EventRow, Kept, Limit, Order, Progress,
        Replay, Replayed, Retention, Room, SinkStatus, Status, Swept,
    },
    head::BadHead,
    lane::{Entry, EntryId, EntryState, Lane, LaneId, Setback, Settlement, Taken, Then, Want},
    reading::{Filed, FiledEvent, Reading, Summary, Unread},
    store::Inbox,
};
