//! `chat.archive`.

use wahook_core::json::{Flag, Number, Text};

use super::object::object;

object! {
    /// A chat was put into the archive, or taken out.
    pub struct ChatArchive {
        /// The chat.
        id: Option<Text> = "id",
        /// The chat, on Wawp's page.
        chat_id: Option<Text> = "chatId",
        /// Seconds since 1970.
        timestamp: Option<Number> = "timestamp",
        /// Whether it is in the archive now.
        archived: Option<Flag> = "archived",
    }
}
