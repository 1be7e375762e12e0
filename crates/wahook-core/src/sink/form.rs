//! What an event looks like to whoever takes it.

use super::{SinkError, SinkErrorKind, cloud_event};
use crate::model::Event;
use serde::{Deserialize, Serialize};

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "written from the configuration")]
pub struct Form {
    /// In which words; [`Format::Event`] by default.
    pub format: Format,
    /// Whether the provider's own JSON is in it; it is by default.
    pub raw: bool,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            format: Format::Event,
            raw: true,
        }
    }
}

/// The words in which an event is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Format {
    /// `wahook.event/1`, one object.
    #[default]
    Event,
    /// CloudEvents 1.0, one object; its `data` is the event as `wahook.event/1`.
    CloudEvents,
}

impl Form {
    /// The event as JSON text on one line, without a line break at its end.
    ///
    /// # Errors
    ///
    /// [`SinkErrorKind::Refused`] if it has no JSON form.
    pub fn write(self, event: &Event, into: &mut Vec<u8>) -> Result<(), SinkError> {
        let lean;
        let event = if self.raw || event.raw.is_none() {
            event
        } else {
            lean = event.clone().without_raw();
            &lean
        };
        let start = into.len();
        let written = match self.format {
            Format::Event => serde_json::to_writer(&mut *into, event),
            Format::CloudEvents => serde_json::to_writer(&mut *into, &cloud_event::Structured::of(event)),
        };
        written.map_err(|_| {
            into.truncate(start);
            // Not the cause: it may quote the event.
            SinkError::new(SinkErrorKind::Refused, "the event cannot be written as JSON")
        })
    }

    /// The event as JSON text.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn bytes(self, event: &Event) -> Result<Vec<u8>, SinkError> {
        let mut text = Vec::with_capacity(USUAL);
        self.write(event, &mut text).map(|()| text)
    }

    /// Events as JSON lines, and how many of them; with the error of the first that has no JSON form.
    #[must_use]
    pub fn lines(self, events: &[Event]) -> (Vec<u8>, usize, Option<SinkError>) {
        let mut lines = Vec::with_capacity(USUAL * events.len());
        for (index, event) in events.iter().enumerate() {
            if let Err(error) = self.write(event, &mut lines) {
                return (lines, index, Some(error));
            }
            lines.push(b'\n');
        }
        (lines, events.len(), None)
    }
}

/// Bytes of an event, as a rule.
const USUAL: usize = 1024;
