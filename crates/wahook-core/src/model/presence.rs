//! Calls and presence.

use super::{Chat, Identity, data};
use crate::json::Text;
use crate::words::words;

data! {
    /// A call.
    pub struct Call {
        /// The provider's id of it.
        pub call_id: Option<Text>,
        /// What happened to it.
        pub state: CallState,
        /// Who calls.
        pub from: Option<Box<Identity>>,
        /// Whether it has pictures; null where the provider does not tell.
        pub video: Option<bool>,
        /// Whether it is a group call; null where the provider does not tell.
        pub group: Option<bool>,
    }

    /// Who is there, or typing.
    pub struct PresenceUpdate {
        /// Where.
        pub chat: Option<Chat>,
        /// Who does what.
        pub presences: Vec<Presence>,
    }

    /// What one person does.
    pub struct Presence {
        /// Who.
        pub who: Option<Identity>,
        /// What.
        pub state: PresenceState,
        /// When the person was last there.
        #[cfg_attr(feature = "schema", schemars(with = "Option<Text>", extend("format" = "date-time")))]
        pub last_seen: Option<jiff::Timestamp>,
    }
}

words! {
    /// What happened to a call.
    pub enum CallState {
        /// It rings.
        Received = "received",
        /// It was taken.
        Accepted = "accepted",
        /// It was refused.
        Rejected = "rejected",
    }
}

words! {
    /// What a person does.
    pub enum PresenceState {
        /// Is there.
        Online = "online",
        /// Is away.
        Offline = "offline",
        /// Writes.
        Typing = "typing",
        /// Speaks a voice note.
        Recording = "recording",
        /// Stopped writing.
        Paused = "paused",
    }
}
