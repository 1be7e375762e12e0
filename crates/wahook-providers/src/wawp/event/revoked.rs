//! `message.revoked`.

use wahook_core::json::{Raw, Text};

use super::{message::Message, object::object};

object! {
    /// A message was taken back.
    pub struct Revoked {
        /// The message that was taken back, bare.
        revoked_message_id: Option<Text> = "revokedMessageId",
        /// What is left of it.
        after: Option<Box<Message>> = "after",
        /// What it was; mostly null.
        before: Option<Box<Message>> = "before",
        /// The message, on Wawp's page.
        id: Option<Text> = "id",
        /// Who took it back, on Wawp's page.
        revoked_by: Option<Text> = "revokedBy",
        /// The engine's own message.
        data: Option<Raw> = "_data",
    }
}
