//! An event as a row.

use jiff::Timestamp;
use wahook_core::{json::Text, model::Event, sink::SinkError};

use wahook_core::sink::{Form, identity};

#[derive(Clone, Debug)]
pub(super) struct Row {
    /// What makes two hand-overs the same; with the endpoint it is unique.
    pub(super) id: String,
    pub(super) key: String,
    pub(super) kind: &'static str,
    pub(super) endpoint: String,
    pub(super) account: Option<String>,
    pub(super) occurred_at: Option<Timestamp>,
    pub(super) received_at: Timestamp,
    pub(super) attempt: Option<i64>,
    pub(super) event: String,
}

impl Row {
    pub(super) fn of(event: &Event, form: Form) -> Result<Self, SinkError> {
        Ok(Self {
            id: identity(event),
            key: event.key.clone(),
            kind: event.kind().as_str(),
            endpoint: without_nul(&event.endpoint),
            account: event.account.as_ref().map(without_nul),
            occurred_at: event.occurred_at,
            received_at: event.received_at,
            attempt: event.attempt.map(i64::from),
            // JSON text has no NUL and is UTF-8 already.
            event: String::from_utf8_lossy(&form.bytes(event)?).into_owned(),
        })
    }

    /// What it weighs.
    pub(super) fn bytes(&self) -> usize {
        self.event.len() + self.key.len() + self.id.len() + 128
    }
}

/// PostgreSQL's text has no NUL; as it was it stands in the event itself. Keys have none.
fn without_nul(text: &Text) -> String {
    text.replace('\0', "\u{fffd}")
}
