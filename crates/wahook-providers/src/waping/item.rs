//! The members of an event, read in one pass whatever it turns out to be.

use std::borrow::Cow;

use serde::de::MapAccess;

use super::event::MessageType;
use crate::slot::{Object, Shape, Slot, TextSlot, object_shape, pass};

type Str<'de> = Cow<'de, str>;

macro_rules! members {
    ($(#[$meta:meta])* $type:ident { $($field:ident: $slot:ident = $name:literal $(| $alias:literal)*),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Default)]
        pub(super) struct $type<'de> { $(pub(super) $field: Slot<$slot<'de>>),+ }

        impl<'de> Object<'de> for $type<'de> {
            fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
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
        event_id: Str = "eventId",
        kind: Str = "type",
        timestamp: Str = "timestamp",
        device_id: Str = "deviceId",
        message: MessageMembers = "message",
        session: StateMembers = "session",
        device: StateMembers = "device",
        connection: StateMembers = "connection",
        conversation: ConversationMembers = "conversation",
        status: Str = "status",
        state: Str = "state",
        reason: Str = "reason",
        error: ErrorMembers = "error",
    }
}

members! {
    /// What is under `session`, `device` or `connection`.
    StateMembers {
        state: Str = "state",
        status: Str = "status",
        reason: Str = "reason",
    }
}

members! {
    /// What is under `conversation`.
    ConversationMembers {
        id: Str = "id",
        status: Str = "status",
    }
}

members! {
    /// What is under `error`.
    ErrorMembers {
        code: Str = "code",
        message: Str = "message",
    }
}

members! {
    /// What is under `text`.
    TextMembers {
        body: Str = "body",
    }
}

members! {
    /// What is under the name of a media type.
    MediaMembers {
        id: Str = "id",
        url: Str = "url",
        mime_type: Str = "mimeType" | "mime_type",
        caption: Str = "caption",
        filename: Str = "filename" | "fileName" | "file_name",
    }
}

/// What is under `message`.
#[derive(Debug, Default)]
pub(super) struct MessageMembers<'de> {
    pub(super) id: TextSlot<'de>,
    pub(super) from: TextSlot<'de>,
    pub(super) to: TextSlot<'de>,
    pub(super) kind: TextSlot<'de>,
    pub(super) body: TextSlot<'de>,
    pub(super) text: Slot<TextMembers<'de>>,
    pub(super) status: TextSlot<'de>,
    pub(super) error: Slot<ErrorMembers<'de>>,
    /// The first object that is named after a media type.
    pub(super) media: Option<(MessageType, Slot<MediaMembers<'de>>)>,
}

impl<'de> Object<'de> for MessageMembers<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
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
impl<'de> Shape<'de> for TextMembers<'de> {
    fn text(text: Cow<'de, str>) -> Option<Self> {
        Some(Self {
            body: Slot::Value(text),
        })
    }

    fn object<A: MapAccess<'de>>(slot: &mut Slot<Self>, map: A) -> Result<(), A::Error> {
        slot.fill(map)
    }
}

/// A bare text is as good as `{"message": …}`.
impl<'de> Shape<'de> for ErrorMembers<'de> {
    fn text(text: Cow<'de, str>) -> Option<Self> {
        Some(Self {
            message: Slot::Value(text),
            ..Self::default()
        })
    }

    fn object<A: MapAccess<'de>>(slot: &mut Slot<Self>, map: A) -> Result<(), A::Error> {
        slot.fill(map)
    }
}
