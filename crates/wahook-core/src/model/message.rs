//! Messages and what happens to them.

use super::{Chat, Content, Identity, MessageState, data};
use crate::json::Text;
use crate::words::words;

data! {
    /// A message, in either direction.
    pub struct Message {
        /// The provider's id of it, bare; never null if one was sent.
        pub message_id: Option<Text>,
        /// Which way it went.
        pub direction: Direction,
        /// Where it was said.
        pub chat: Option<Chat>,
        /// Who said it.
        pub sender: Option<Identity>,
        /// To whom.
        pub recipient: Option<Identity>,
        /// By which means it was written.
        pub origin: Origin,
        /// What it says.
        pub content: Content,
        /// What it answers.
        pub reply_to: Option<Box<ReplyTo>>,
        /// Whether it was forwarded; null where the provider does not tell.
        pub forwarded: Option<bool>,
    }

    /// The message that is answered.
    pub struct ReplyTo {
        /// Its bare id.
        pub message_id: Option<Text>,
        /// Who wrote it.
        pub sender: Option<Identity>,
        /// Its text.
        pub text: Option<Text>,
    }

    /// How far a message has come.
    pub struct StatusUpdate {
        /// The message's bare id.
        pub message_id: Option<Text>,
        /// How far.
        pub state: MessageState,
        /// The provider's own word or number for it.
        pub raw_state: Option<Text>,
        /// Whose device said so.
        pub recipient: Option<Identity>,
        /// Where the message was said.
        pub chat: Option<Chat>,
        /// Why it failed.
        pub errors: Vec<StatusError>,
    }

    /// Why a message failed.
    pub struct StatusError {
        /// The provider's code.
        pub code: Option<Text>,
        /// A short text.
        pub title: Option<Text>,
        /// A long text.
        pub detail: Option<Text>,
    }

    /// A reaction to a message.
    pub struct Reaction {
        /// The bare id of the message reacted to.
        pub target_message_id: Option<Text>,
        /// The emoji; null if the reaction was taken back.
        pub emoji: Option<Text>,
        /// Whether it was taken back.
        pub removed: bool,
        /// Who reacted.
        pub sender: Option<Identity>,
        /// Where.
        pub chat: Option<Chat>,
    }

    /// A message was changed.
    pub struct Edited {
        /// The bare id of the message that was changed.
        pub target_message_id: Option<Text>,
        /// What it says now.
        pub content: Content,
        /// What it said before.
        pub previous_text: Option<Text>,
        /// Where.
        pub chat: Option<Chat>,
    }

    /// A message was taken back.
    pub struct Deleted {
        /// The bare id of the message that was taken back.
        pub target_message_id: Option<Text>,
        /// By whom.
        pub by: Option<Identity>,
        /// Where.
        pub chat: Option<Chat>,
    }

    /// A vote in a poll: the whole set of options now chosen.
    pub struct PollVote {
        /// The bare id of the poll's message.
        pub poll_message_id: Option<Text>,
        /// What is chosen now.
        pub options: Vec<Text>,
        /// Who voted.
        pub voter: Option<Identity>,
        /// Whether the vote could not be read.
        pub failed: bool,
        /// Where.
        pub chat: Option<Chat>,
    }
}

words! {
    /// Which way a message went.
    pub enum Direction {
        /// From a contact to the account.
        Inbound = "inbound",
        /// From the account, whatever device or API.
        Outbound = "outbound",
    }
}

words! {
    /// By which means a message was written.
    pub enum Origin {
        /// By a contact.
        Contact = "contact",
        /// By the account, through the API.
        Api = "api",
        /// By the account, in an app.
        App = "app",
    }
}
