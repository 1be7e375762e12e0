//! Where events are handed on, and what they look like there.

mod cloud_event;
mod form;
mod identity;
mod message;
mod topic;

use std::{error::Error, fmt, time::Duration};

pub use self::{
    form::{Form, Format},
    identity::{header_identity, identity},
    message::{Message, MessageForm, MessageFormat, header_value},
    topic::{Topic, TopicError},
};
use crate::{BoxFuture, model::Event};

/// Takes events. It is done with them when its future says so, not before.
///
/// Each call has events of one lane, in order; calls for other lanes run at the same time, and a call may be dropped
/// half-way. What is handed over again has the same key and a higher `attempt`.
pub trait Sink: fmt::Debug + Send + Sync + 'static {
    /// Hands over events, in their order, and tells how many of them, from the first, are done.
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered>;
}

/// How far a hand-over came.
#[derive(Clone, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "written by sinks")]
pub struct Delivered {
    /// So many of the events, from the first, are done: confirmed by the other side.
    pub done: usize,
    /// Why the next one is not, if it was tried. Without it, what is not done was not begun.
    pub error: Option<SinkError>,
}

impl Delivered {
    /// All of them.
    #[must_use]
    pub const fn all(events: &[Event]) -> Self {
        Self {
            done: events.len(),
            error: None,
        }
    }

    /// So many, then this error.
    #[must_use]
    pub const fn up_to(done: usize, error: SinkError) -> Self {
        Self {
            done,
            error: Some(error),
        }
    }
}

/// Why a sink did not take an event. Its text holds nothing of the event, no phone number and no credential.
#[derive(Clone, Debug)]
pub struct SinkError {
    kind: SinkErrorKind,
    text: String,
}

impl SinkError {
    /// An error in a line; what is longer than 500 characters is cut.
    pub fn new(kind: SinkErrorKind, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if let Some((end, _)) = text.char_indices().nth(MAX_CHARACTERS) {
            text.truncate(end);
        }
        Self { kind, text }
    }

    /// What sort of error it is.
    #[must_use]
    pub const fn kind(&self) -> SinkErrorKind {
        self.kind
    }
}

const MAX_CHARACTERS: usize = 500;

/// What sort of error a sink met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SinkErrorKind {
    /// The other side is away or overloaded, whatever the event: all lanes of the sink had better wait.
    Unavailable {
        /// When it wants to be asked again, if it said so.
        after: Option<Duration>,
    },
    /// This event cannot be taken yet, and nobody failed: its own lane waits, the other lanes do not.
    NotYet {
        /// When to try again, if that is known.
        after: Option<Duration>,
    },
    /// This event failed; the same event may succeed later.
    Failed,
    /// This event will never be taken.
    Refused,
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Error for SinkError {}
