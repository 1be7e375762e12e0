//! Where events are handed on.

mod stdout;

use std::fmt;

use wahook_core::{BoxFuture, model::Event};

pub use self::stdout::Stdout;

/// Takes events. It is done with them when its future says so, not before.
pub trait Sink: fmt::Debug + Send + Sync + 'static {
    /// Hands over the events of one delivery, in their order.
    fn hand_over<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Result<(), SinkError>>;
}

/// A sink that did not take an event. It holds nothing of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SinkError {
    /// The other side is gone.
    Closed,
    /// The event has no JSON form.
    Unwritable,
}

impl fmt::Display for SinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "nobody reads the sink any more",
            Self::Unwritable => "the event cannot be written as JSON",
        })
    }
}

impl std::error::Error for SinkError {}
