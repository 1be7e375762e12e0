//! `message.ack`, `message.ack.group`.

use wahook_core::json::{Flag, Number, Text};

use super::{hints::EngineData, message::AckName, object::object};

object! {
    /// How far a message has come. WEBJS sends the whole message, of which this is the part that belongs to the state.
    pub struct Ack {
        /// Message id.
        id: Option<Text> = "id",
        /// The time of the message, not of the state; WEBJS only.
        timestamp: Option<Number> = "timestamp",
        /// As in a message.
        from: Option<Text> = "from",
        /// As in a message.
        to: Option<Text> = "to",
        /// The chat, on Wawp's page.
        chat_id: Option<Text> = "chatId",
        /// In a group: whose device said so; in WEBJS who wrote the message.
        participant: Option<Text> = "participant",
        /// Does not mean the same in every engine.
        from_me: Option<Flag> = "fromMe",
        /// -1 to 4; the truth.
        ack: Option<Number> = "ack",
        /// Its name.
        ack_name: Option<AckName> = "ackName",
        /// Why it is -1; WEBJS only.
        ack_reason: Option<Text> = "ackReason",
        /// The engine's own receipt.
        data: Option<Box<EngineData>> = "_data",
    }
}
