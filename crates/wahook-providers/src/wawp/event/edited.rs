//! `message.edited`.

use wahook_core::json::{Flag, Number, Text};

use super::{
    hints::EngineData,
    message::{AckName, Location, Media, ReplyTo, Source},
    object::object,
};

object! {
    /// A message was changed: a message whose body is the new text. Wawp's page has `id`, `newBody` and `prevBody` only.
    pub struct Edited {
        /// The id of the edit; in WEBJS and on Wawp's page it may be the message's own.
        id: Option<Text> = "id",
        /// The message that was changed, bare.
        edited_message_id: Option<Text> = "editedMessageId",
        /// The new text, on Wawp's page.
        new_body: Option<Text> = "newBody",
        /// The old text, on Wawp's page.
        prev_body: Option<Text> = "prevBody",
        /// As in a message.
        timestamp: Option<Number> = "timestamp",
        /// As in a message.
        from: Option<Text> = "from",
        /// As in a message.
        from_me: Option<Flag> = "fromMe",
        /// As in a message.
        source: Option<Source> = "source",
        /// As in a message.
        to: Option<Text> = "to",
        /// As in a message.
        participant: Option<Text> = "participant",
        /// As in a message.
        author: Option<Text> = "author",
        /// The new text or caption.
        body: Option<Text> = "body",
        /// As in a message.
        has_media: Option<Flag> = "hasMedia",
        /// As in a message.
        media: Option<Box<Media>> = "media",
        /// As in a message.
        media_url: Option<Text> = "mediaUrl",
        /// As in a message.
        ack: Option<Number> = "ack",
        /// As in a message.
        ack_name: Option<AckName> = "ackName",
        /// As in a message.
        location: Option<Box<Location>> = "location",
        /// As in a message.
        vcards: Vec<Text> = "vCards",
        /// As in a message.
        reply_to: Option<Box<ReplyTo>> = "replyTo",
        /// The engine's own message.
        data: Option<Box<EngineData>> = "_data",
    }
}
