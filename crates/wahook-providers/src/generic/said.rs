//! When something happened and in which state, and the keys that follow from it (G10).

use jiff::Timestamp;
use wahook_core::{json::Text, model::EventKey};

use super::reader::Reader;

/// When, and in which state.
pub(super) struct Said {
    pub(super) at: Option<Timestamp>,
    /// The provider's own word.
    pub(super) state: Option<Text>,
}

impl Said {
    /// Our word for the state, or the provider's in small letters.
    pub(super) fn word(&self, reader: &Reader) -> Option<Text> {
        let state = self.state.as_deref()?;
        Some(Text::from(reader.words.state(state)))
    }

    /// The key of something that can happen again, hence with its time; without one only its delivery tells it from the
    /// next (G10).
    pub(super) fn timed(&self, kind: &'static str, parts: &[Option<&str>]) -> EventKey {
        match self.at {
            Some(at) => parts
                .iter()
                .fold(EventKey::new(kind), |key, part| key.optional(*part))
                .time(at),
            None => EventKey::of_delivery(kind),
        }
    }
}

/// The key of what has an id of its own.
pub(super) fn of_id(kind: &'static str, id: Option<&str>) -> EventKey {
    id.map_or_else(|| EventKey::of_delivery(kind), |id| EventKey::new(kind).part(id))
}
