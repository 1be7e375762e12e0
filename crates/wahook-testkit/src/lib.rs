//! Plays a WhatsApp webhook provider.

mod samples;

pub use self::samples::{Sample, sample, samples};
