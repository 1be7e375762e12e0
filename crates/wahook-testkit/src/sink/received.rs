//! What a consumer got.

use std::collections::BTreeMap;

use wahook_core::{model::Event, sink::Message};

/// One message as a consumer got it, whatever the transport calls its parts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Received {
    /// What makes two of them the same.
    pub id: String,
    /// What the broker, or its consumers, keep the order by.
    pub lane: String,
    /// The type of the content.
    pub content_type: String,
    /// CloudEvents' attributes from the headers, without the transport's prefix and encoding.
    pub attributes: BTreeMap<String, String>,
    /// The content.
    pub body: Vec<u8>,
}

impl Received {
    /// A message without attributes.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        lane: impl Into<String>,
        content_type: impl Into<String>,
        body: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            id: id.into(),
            lane: lane.into(),
            content_type: content_type.into(),
            attributes: BTreeMap::new(),
            body: body.into(),
        }
    }

    /// With one more attribute.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.insert(name.into(), value.into());
        self
    }

    /// The event that the content is.
    pub(super) fn event(&self) -> Event {
        serde_json::from_slice(&self.body).expect("the content is an event")
    }
}

/// As a broker would hand on exactly this.
impl From<Message> for Received {
    fn from(message: Message) -> Self {
        let attributes = message.attributes.into_iter();
        attributes.fold(
            Self::new(message.id, message.lane, message.content_type, message.body),
            |received, (name, value)| received.attribute(name, value),
        )
    }
}
