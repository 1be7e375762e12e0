//! Messages and what happens to them.

use wahook_core::json::Text;
use wahook_core::open_enum;

/// A message from a contact.
///
/// Documented are `id`, `from` and `body` (waping.app/docs/webhooks, 2026-04); the rest mirrors the API for sending
/// (waping.app/docs/send-message, 2026-04).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// The message, `msg_in_…`.
    pub id: Text,
    /// Who wrote: E.164 with `+`.
    pub from: Option<Text>,
    /// To whom.
    pub to: Option<Text>,
    /// What sort of message.
    pub kind: Option<MessageType>,
    /// The text: `body`, or `text.body` as the API for sending has it.
    pub body: Option<Text>,
    /// The file, out of the object that is named after its type.
    pub media: Option<Media>,
}

/// A file, by reference.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Media {
    /// The member that it was found in: `image`, `document`, ….
    pub kind: MessageType,
    /// The provider's id of it.
    pub id: Option<Text>,
    /// Where it is.
    pub url: Option<Text>,
    /// Media type; `mimeType` or `mime_type`.
    pub mime_type: Option<Text>,
    /// The text below it.
    pub caption: Option<Text>,
    /// File name; `filename`, `fileName` or `file_name`.
    pub filename: Option<Text>,
}

/// A message of the account came further, or failed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MessageStatus {
    /// The message, `msg_…`.
    pub id: Text,
    /// To whom.
    pub to: Option<Text>,
    /// How far: the word in the event's name, else in `message.status` or `status`.
    pub status: Status,
    /// That word as sent.
    pub word: Text,
    /// Why it failed.
    pub error: Option<Problem>,
}

/// What went wrong, in the form of the API's errors (waping.app/docs/errors, 2026-04).
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Problem {
    /// A word such as `SESSION_DISCONNECTED`; an open set.
    pub code: Option<Text>,
    /// A sentence.
    pub message: Option<Text>,
}

open_enum! {
    /// What sort of message; only `text` is documented.
    pub enum MessageType {
        /// Text.
        Text = "text",
        /// A picture.
        Image = "image",
        /// A film.
        Video = "video",
        /// Sound.
        Audio = "audio",
        /// A voice note.
        Voice = "voice" | "ptt",
        /// A file.
        Document = "document",
        /// A sticker.
        Sticker = "sticker",
        /// A place.
        Location = "location",
        /// Contact cards.
        Contacts = "contacts" | "contact",
        /// A choice from buttons or a list.
        Interactive = "interactive",
        /// A template.
        Template = "template",
    }
}

open_enum! {
    /// How far a message has come.
    pub enum Status {
        /// Accepted by WAPing; the one word that a page shows.
        Queued = "queued",
        /// On its way.
        Sending = "sending",
        /// Accepted by WhatsApp.
        Sent = "sent",
        /// On the recipient's device.
        Delivered = "delivered",
        /// Opened.
        Read = "read",
        /// Listened to.
        Played = "played",
        /// Could not be sent or delivered.
        Failed = "failed",
    }
}
