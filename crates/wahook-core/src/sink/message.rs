//! An event as one message: a request, or what a broker carries.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::{
    Form, Format, SinkError,
    cloud_event::{Context, DATA, STRUCTURED},
    identity,
    topic::lane,
};
use crate::model::Event;

/// How an event is put into a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "written from the configuration")]
pub struct MessageForm {
    /// In which words; [`MessageFormat::Event`] by default.
    pub format: MessageFormat,
    /// Whether the provider's own JSON is in it; it is by default.
    pub raw: bool,
}

impl Default for MessageForm {
    fn default() -> Self {
        Self {
            format: MessageFormat::Event,
            raw: true,
        }
    }
}

/// What a message looks like; each is about one event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum MessageFormat {
    /// The content is the event as `wahook.event/1`.
    #[default]
    Event,
    /// CloudEvents 1.0, structured: attributes and event in one content.
    #[serde(rename = "cloudevents")]
    CloudEvents,
    /// CloudEvents 1.0, binary: attributes in headers, and the content is the event as `wahook.event/1`.
    #[serde(rename = "cloudevents-binary")]
    CloudEventsBinary,
}

/// An event as one message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// What makes two hand-overs the same: [`identity()`].
    pub id: String,
    /// What tells its conversation from others, in 32 hex digits: a broker that keeps the order of each key keeps that of
    /// each conversation. No phone number can be read from it.
    pub lane: String,
    /// The type of the content.
    pub content_type: &'static str,
    /// The attributes of CloudEvents' binary mode, without a transport's prefix and encoding; else none.
    pub attributes: Vec<(&'static str, String)>,
    /// The content.
    pub body: Vec<u8>,
}

impl MessageForm {
    /// The event as a message.
    ///
    /// # Errors
    ///
    /// [`Refused`](super::SinkErrorKind::Refused) if it has no JSON form.
    pub fn message(self, event: &Event) -> Result<Message, SinkError> {
        let (format, content_type) = match self.format {
            MessageFormat::Event | MessageFormat::CloudEventsBinary => (Format::Event, DATA),
            MessageFormat::CloudEvents => (Format::CloudEvents, STRUCTURED),
        };
        let form = Form {
            format,
            raw: self.raw,
        };
        Ok(Message {
            id: identity(event),
            lane: lane(event),
            content_type,
            attributes: match self.format {
                MessageFormat::CloudEventsBinary => Context::of(event).attributes(),
                _ => Vec::new(),
            },
            body: form.bytes(event)?,
        })
    }
}

/// A value in a header, as CloudEvents writes them (HTTP binding 3.1.3.2 and NATS binding 3.1.3, read 2026-11): spaces,
/// quotes, `%`, control characters and what is not ASCII are encoded as in a URL.
#[must_use]
pub fn header_value(value: &str) -> Cow<'_, str> {
    const NOT_IN_HEADERS: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'%');
    utf8_percent_encode(value, NOT_IN_HEADERS).into()
}
