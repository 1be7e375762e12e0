//! Where events are handed on.
//!
//! | sink | an event is done when |
//! |---|---|
//! | [`Stdout`] | its line is written: whoever reads the pipe may still lose it |
//! | [`FileSink`] | its line is on stable storage |
//! | [`HttpSink`] | the other side answered 2xx |
//! | [`SqlSink`] | its row is committed |
//!
//! Each hands over at least once. What is handed over again has the same key; a replay has the same key too, and a
//! number of its own ([`Event::replay`]).

mod alone;
mod file;
mod http;
mod queue;
mod sql;
mod stdout;

pub use wahook_core::sink::{Form, Format, MessageForm, MessageFormat, Sink, SinkError};
use wahook_core::{
    model::Event,
    sink::{Delivered, SinkErrorKind},
};

pub use self::{
    alone::Alone,
    file::{FileOptions, FileSink},
    http::{HttpOptions, HttpSink},
    sql::{SqlOptions, SqlSink},
    stdout::Stdout,
};

/// Hands over all of them, for those who have nowhere to keep what is left.
///
/// # Errors
///
/// The sink's own; what came before it is done.
pub async fn hand_over(sink: &dyn Sink, mut events: &[Event]) -> Result<(), SinkError> {
    while !events.is_empty() {
        let Delivered { done, error } = sink.deliver(events).await;
        if let Some(error) = error {
            return Err(error);
        }
        if done == 0 {
            let text = "the sink took nothing and does not say why";
            return Err(SinkError::new(SinkErrorKind::Failed, text));
        }
        events = events.get(done..).unwrap_or_default();
    }
    Ok(())
}
