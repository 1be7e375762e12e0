//! `presence.update`.

use wahook_core::json::{Number, Text};

use super::object::object;

object! {
    /// Who is there, or typing.
    pub struct Presence {
        /// The chat.
        id: Option<Text> = "id",
        /// Who does what.
        presences: Vec<ParticipantPresence> = "presences",
        /// The chat, on Wawp's page.
        chat_id: Option<Text> = "chatId",
        /// What, on Wawp's page.
        kind: Option<PresenceWord> = "type",
        /// Who, on Wawp's page.
        from: Option<Text> = "from",
    }
}

object! {
    /// What one person does.
    pub struct ParticipantPresence {
        /// Who.
        participant: Option<Text> = "participant",
        /// What.
        last_known_presence: Option<PresenceWord> = "lastKnownPresence",
        /// Seconds since 1970.
        last_seen: Option<Number> = "lastSeen",
    }
}

wahook_core::open_enum! {
    /// What a person does.
    pub enum PresenceWord {
        /// Is there.
        Online = "online" | "available",
        /// Is away.
        Offline = "offline" | "unavailable",
        /// Writes.
        Typing = "typing" | "composing",
        /// Speaks a voice note.
        Recording = "recording",
        /// Stopped writing.
        Paused = "paused",
    }
}
