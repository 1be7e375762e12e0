//! The worker against an inbox in memory, on a clock that jumps from one thing to do to the next.

mod ending;
mod inbox;
mod lanes;
mod outage;
mod poison;
mod reading;
mod room;
mod slow;
mod world;
