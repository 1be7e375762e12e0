//! The members of an event, read in one pass whatever it turns out to be.

use std::borrow::Cow;

use serde::de::MapAccess;

use super::event::MessageType;
use crate::slot::{Object, Shape, Slot, fill, object_shape, pass};

macro_rules! members {
    ($(#[$meta:meta])* $type:ident { $($field:ident: $slot:ty = $name:literal $(| $alias:literal)*),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        pub(super) struct $type { $(pub(super) $field: Slot<$slot>),+ }

        impl Object for $type {
            fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
                match name {
                    $($name $(| $alias)* => self.$field.take(map),)+
                    _ => pass(map),
                }
            }
        }
    };
}

members! {
    /// The top of an event.
    Item {
        event_id: String = "eventId",
        kind: String = "type",
        timestamp: String = "timestamp",
        device_id: String = "deviceId",
        message: MessageMembers = "message",
        session: StateMembers = "session",
        device: StateMembers = "device",
        connection: StateMembers = "connection",
        conversation: ConversationMembers = "conversation",
        status: String = "status",
        state: String = "state",
        reason: String = "reason",
        error: ErrorMembers = "error",
    }
}

members! {
    /// What is under `session`, `device` or `connection`.
    StateMembers {
        state: String = "state",
        status: String = "status",
        reason: String = "reason",
    }
}

members! {
    /// What is under `conversation`.
    ConversationMembers {
        id: String = "id",
        status: String = "status",
    }
}

members! {
    /// What is under `error`.
    ErrorMembers {
        code: String = "code",
        message: String = "message",
    }
}

members! {
    /// What is under `text`.
    TextMembers {
        body: String = "body",
    }
}

members! {
    /// What is under the name of a media type.
    MediaMembers {
        id: String = "id",
        url: String = "url",
        mime_type: String = "mimeType" | "mime_type",
        caption: String = "caption",
        filename: String = "filename" | "fileName" | "file_name",
    }
}

/// What is under `message`.
#[derive(Debug, Default)]
pub(super) struct MessageMembers {
    pub(super) id: Slot<String>,
    pub(super) from: Slot<String>,
    pub(super) to: Slot<String>,
    pub(super) kind: Slot<String>,
    pub(super) body: Slot<String>,
    pub(super) text: Slot<TextMembers>,
    pub(super) status: Slot<String>,
    pub(super) error: Slot<ErrorMembers>,
    /// The first object that is named after a media type.
    pub(super) media: Option<(MessageType, Slot<MediaMembers>)>,
}

impl Object for MessageMembers {
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "id" => self.id.take(map),
            "from" => self.from.take(map),
            "to" => self.to.take(map),
            "type" => self.kind.take(map),
            "body" => self.body.take(map),
            "text" => self.text.take(map),
            "status" => self.status.take(map),
            "error" => self.error.take(map),
            "image" | "video" | "audio" | "voice" | "document" | "sticker" => match &mut self.media {
                Some(_) => pass(map),
                none => {
                    let mut media = Slot::Absent;
                    media.take(map)?;
                    if !matches!(media, Slot::Absent) {
                        *none = Some((name.into(), media));
                    }
                    Ok(())
                }
            },
            _ => pass(map),
        }
    }
}

object_shape!(MessageMembers, StateMembers, ConversationMembers, MediaMembers);

/// A bare text is as good as `{"body": …}`.
impl Shape for TextMembers {
    fn text(text: Cow<'_, str>) -> Option<Self> {
        Some(Self {
            body: Slot::Value(text.into_owned()),
        })
    }

    fn object<'de, A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        fill(map).map(Some)
    }
}

/// A bare text is as good as `{"message": …}`.
impl Shape for ErrorMembers {
    fn text(text: Cow<'_, str>) -> Option<Self> {
        Some(Self {
            message: Slot::Value(text.into_owned()),
            ..Self::default()
        })
    }

    fn object<'de, A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        fill(map).map(Some)
    }
}
