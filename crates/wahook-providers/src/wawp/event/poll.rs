//! `poll.vote`, `poll.vote.failed`.

use wahook_core::json::{Flag, Number, Text};

use super::{hints::EngineData, object::object};

object! {
    /// A vote in a poll, or one that could not be read.
    pub struct PollVote {
        /// The vote.
        vote: Option<Box<Vote>> = "vote",
        /// The poll.
        poll: Option<Box<MessageDestination>> = "poll",
        /// The poll, on Wawp's page.
        poll_id: Option<Text> = "pollId",
        /// Who voted, on Wawp's page.
        voter: Option<Text> = "voter",
        /// Why it could not be read, on Wawp's page.
        reason: Option<Text> = "reason",
        /// The engine's own message.
        data: Option<Box<EngineData>> = "_data",
    }
}

object! {
    /// A vote.
    pub struct Vote {
        /// Its id.
        id: Option<Text> = "id",
        /// An address, or `me`.
        to: Option<Text> = "to",
        /// An address, or `me`.
        from: Option<Text> = "from",
        /// Whether the account voted.
        from_me: Option<Flag> = "fromMe",
        /// Who voted, in a group.
        participant: Option<Text> = "participant",
        /// All that is chosen now; null or empty if it could not be read.
        selected_options: Vec<Text> = "selectedOptions",
        /// Seconds or milliseconds since 1970.
        timestamp: Option<Number> = "timestamp",
    }
}

object! {
    /// A message by its id and its two ends.
    pub struct MessageDestination {
        /// Message id.
        id: Option<Text> = "id",
        /// An address, or `me`.
        to: Option<Text> = "to",
        /// An address, or `me`.
        from: Option<Text> = "from",
        /// Whether the account wrote it.
        from_me: Option<Flag> = "fromMe",
        /// Who wrote it, in a group.
        participant: Option<Text> = "participant",
    }
}
