//! `message.reaction`.

use wahook_core::json::{Flag, Number, Text};

use super::{
    hints::EngineData,
    message::Source,
    object::{object, text_or_object},
};

object! {
    /// A reaction to a message.
    pub struct Reaction {
        /// The id of the reaction.
        id: Option<Text> = "id",
        /// Seconds since 1970, in WEBJS with a fraction.
        timestamp: Option<Number> = "timestamp",
        /// As in a message.
        from: Option<Text> = "from",
        /// Whether the account reacted.
        from_me: Option<Flag> = "fromMe",
        /// As in a message.
        source: Option<Source> = "source",
        /// As in a message.
        to: Option<Text> = "to",
        /// Who reacted, in a group.
        participant: Option<Text> = "participant",
        /// The emoji, and mostly its target.
        reaction: Option<Emoji> = "reaction",
        /// Who reacted, on Wawp's page.
        sender_id: Option<Text> = "senderId",
        /// The target, on Wawp's page.
        message_id: Option<Text> = "messageId",
        /// The engine's own message.
        data: Option<Box<EngineData>> = "_data",
    }
}

text_or_object! {
    /// The emoji and its target; on Wawp's page the emoji alone, as a text.
    pub struct Emoji by text {
        /// The emoji; empty if the reaction was taken back.
        text: Option<Text> = "text",
        /// The message reacted to.
        message_id: Option<Text> = "messageId",
    }
}
