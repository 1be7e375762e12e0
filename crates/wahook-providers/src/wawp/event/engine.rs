//! `engine.event`, `state.change`: what the engine itself says.

use serde::{Deserialize as _, Deserializer};
use wahook_core::json::{Raw, Text};

use super::object::{InPlace, object};

object! {
    /// An event of the engine. Very many; subscribe for diagnosis only.
    pub struct EngineEvent {
        /// The engine's name for it, such as `events.Message`.
        event: Option<Text> = "event",
        /// What it says.
        data: Option<Raw> = "data",
        /// The session, in one sample.
        session: Option<Text> = "session",
        /// All of it, one level deeper, on Wawp's page.
        raw: Option<Box<EngineRaw>> = "raw",
    }
}

object! {
    /// An event of the engine, as Wawp's page wraps it.
    pub struct EngineRaw {
        /// The engine's name for it.
        event: Option<Text> = "event",
        /// What it says.
        data: Option<Raw> = "data",
    }
}

/// A state of the engine: an object, or a text alone.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct StateChange {
    /// As sent.
    pub raw: Raw,
}

impl InPlace for StateChange {
    fn read<'de, D: Deserializer<'de>>(&mut self, json: D) -> Result<(), D::Error> {
        self.raw = Raw::deserialize(json)?;
        Ok(())
    }
}
