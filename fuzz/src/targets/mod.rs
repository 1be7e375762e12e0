//! The targets: one file for what is looked at, one row for each.

mod address;
#[cfg(feature = "gateway")]
mod config;
mod provider;
mod redact;
mod standard;
mod time;
mod verify;

pub use self::standard::differences_are_real;

/// What is fuzzed.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name on the command line, and of its folder under `corpus/`.
    pub name: &'static str,
    /// Takes any bytes; panics where a promise does not hold.
    pub run: fn(&[u8]),
    /// Inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// The longest input that is worth making, in bytes.
    pub longest: usize,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    provider::GENERIC,
    provider::META,
    provider::WAPING,
    provider::WAWP,
    provider::WAZAPIN,
    verify::VERIFY,
    standard::STANDARD,
    redact::REDACT,
    address::JID,
    address::FORWARDED,
    time::TIME,
    #[cfg(feature = "gateway")]
    config::CONFIG,
];

/// The target of that name.
#[must_use]
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
