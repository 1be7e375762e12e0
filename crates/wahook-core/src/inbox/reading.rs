//! From stored bytes to events in lanes.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use super::Stored;
use crate::{
    guard::Key,
    json::Text,
    model::{Event, Kind},
};

/// A delivery that is to be read.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct Unread {
    /// The delivery.
    pub stored: Stored,
    /// It was read before and is to be read again, for a replay.
    pub again: bool,
}

/// What reading a delivery gave.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "written by workers")]
pub struct Reading {
    /// [`Stored::position`] of the delivery.
    pub position: i64,
    /// Its events, in their order; `None` if nobody here can read it: it is kept, and is unread again when the inbox is
    /// opened anew.
    pub events: Option<Vec<FiledEvent>>,
    /// How long the keys of its events are remembered (G9).
    pub memory: Duration,
}

/// An event on its way into its lanes.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "written by workers")]
pub struct FiledEvent {
    /// Its key in its scope, to be claimed (G10).
    pub claim: Key,
    /// What can be searched for.
    pub summary: Summary,
    /// The conversation, in words that no other has: see [`Event::lane`].
    pub lane: String,
    /// The sinks that want it.
    pub sinks: Vec<Text>,
}

/// What of an event can be searched for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct Summary {
    /// [`Event::key`].
    pub key: String,
    /// What it is about.
    pub kind: Kind,
    /// The provider's own name of it.
    pub name: Option<Text>,
    /// Device, channel or session.
    pub account: Option<Text>,
    /// The conversation, as the provider writes it.
    pub chat: Option<Text>,
    /// The message that it is or is about.
    pub message_id: Option<Text>,
    /// When it happened.
    pub occurred_at: Option<Timestamp>,
}

impl Summary {
    /// Of an event.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self {
            key: event.key.clone(),
            kind: event.kind(),
            name: event.name.clone(),
            account: event.account.clone(),
            chat: event.chat().map(Text::from),
            message_id: event.message_id().map(Text::from),
            occurred_at: event.occurred_at,
        }
    }
}

/// What became of readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "written by stores")]
pub struct Filed {
    /// Events that nobody had said before.
    pub fresh: usize,
    /// Events that were said before, in another delivery: kept, and in no lane (G10).
    pub duplicates: usize,
}
