//! Plays a WhatsApp webhook provider.

mod clock;
pub mod guard;
mod samples;

pub use self::{
    clock::ManualClock,
    samples::{Sample, sample, samples},
};
