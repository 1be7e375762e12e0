//! Messages: ids and small metadata; text, media and choices are behind `GET /v1/messages/{messageID}`.

use wahook_core::json::Text;
use wahook_core::open_enum;

/// A new message in a conversation (Wazapin docs, webhook event catalog and inbound webhook examples, 2026-08).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MessageNew {
    /// Opaque: the vendor's own samples are no valid UUIDs.
    pub message_id: Text,
    /// The conversation.
    pub conversation_id: Option<Text>,
    /// The contact.
    pub contact_id: Option<Text>,
    /// Which way it went. Never taken for granted: outbound echoes come under the same name.
    pub direction: Option<Direction>,
    /// Digits without `+`; always there on inbound messages.
    pub from_phone: Option<Text>,
    /// To whom; on no page, read as `to` or `to_phone` where it is there.
    pub to: Option<Text>,
    /// What sort of message.
    pub msg_type: Option<MessageType>,
    /// The group's address; on no page, known from a public consumer of these webhooks (order.rs, 2026-08).
    pub chat_id: Option<Text>,
    /// The text; on no page, which say that it is not in the body, known from the same consumer.
    pub body: Option<Text>,
}

/// A message was sent from the workspace; its documented members are the two ids and the channel.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MessageSent {
    /// The message.
    pub message_id: Text,
    /// The conversation.
    pub conversation_id: Option<Text>,
    /// The contact; on no page.
    pub contact_id: Option<Text>,
    /// To whom; on no page, read as `to` or `to_phone` where it is there.
    pub to: Option<Text>,
    /// What sort of message; on no page.
    pub msg_type: Option<MessageType>,
    /// The group's address; on no page.
    pub chat_id: Option<Text>,
    /// The text; on no page.
    pub body: Option<Text>,
}

/// A sent message came further, or failed (Wazapin docs, handle delivery status, 2026-08).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MessageStatus {
    /// The message.
    pub message_id: Text,
    /// How far.
    pub status: Status,
    /// The conversation.
    pub conversation_id: Option<Text>,
    /// To whom; only in the oldest form of the body.
    pub to: Option<Text>,
    /// Why it failed; the message record has it.
    pub error: Option<Text>,
    /// A code for it; the record has it, the delivery status page names it.
    pub error_code: Option<Text>,
    /// Why it failed; the delivery status page names it.
    pub failure_reason: Option<Text>,
}

open_enum! {
    /// Which way a message went.
    pub enum Direction {
        /// From a contact.
        Inbound = "inbound",
        /// From the workspace.
        Outbound = "outbound",
    }
}

open_enum! {
    /// What sort of message (Wazapin docs, handle inbound media, 2026-08).
    pub enum MessageType {
        /// Text.
        Text = "text",
        /// A choice from buttons or a list.
        Interactive = "interactive",
        /// A place.
        Location = "location",
        /// A picture.
        Image = "image",
        /// A film.
        Video = "video",
        /// Sound; voice notes as well.
        Audio = "audio",
        /// A file.
        Document = "document",
        /// A sticker.
        Sticker = "sticker",
        /// A template; known as a type for sending, so only an echo can have it.
        Template = "template",
        /// A contact card; known as a type for sending.
        Contact = "contact",
    }
}

open_enum! {
    /// How far a message has come (Wazapin docs, message lifecycle, 2026-08; the catalog's list ends in an ellipsis).
    pub enum Status {
        /// In Wazapin's outbox.
        Queued = "queued",
        /// On its way to WhatsApp; inferred from the record's `sending_at`.
        Sending = "sending",
        /// Accepted by WhatsApp.
        Sent = "sent",
        /// On the recipient's phone.
        Delivered = "delivered",
        /// Opened by the recipient.
        Read = "read",
        /// Could not be sent or delivered.
        Failed = "failed",
    }
}
