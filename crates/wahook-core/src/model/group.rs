//! Groups and conversations.

use super::{Identity, data};
use crate::json::Text;
use crate::words::words;

data! {
    /// Somebody came to a group, left it, or changed role.
    pub struct Participants {
        /// The group's address.
        pub group_id: Option<Text>,
        /// What happened.
        pub action: ParticipantsAction,
        /// To whom.
        pub participants: Vec<Identity>,
        /// By whom.
        pub actor: Option<Box<Identity>>,
    }

    /// A group changed, or the account joined or left it.
    pub struct GroupUpdate {
        /// The group's address.
        pub group_id: Option<Text>,
        /// What happened.
        pub action: GroupAction,
        /// Its name, where it was sent.
        pub subject: Option<Text>,
        /// Its description, where it was sent.
        pub description: Option<Text>,
    }

    /// A conversation changed at the provider.
    pub struct ChatUpdate {
        /// The provider's own id of it.
        pub chat_id: Option<Text>,
        /// What happened.
        pub action: ChatAction,
        /// The provider's own word for its state.
        pub status: Option<Text>,
    }
}

words! {
    /// What happened to participants.
    pub enum ParticipantsAction {
        /// Came.
        Join = "join",
        /// Left.
        Leave = "leave",
        /// Became administrator.
        Promote = "promote",
        /// Is administrator no more.
        Demote = "demote",
        /// Asked to join.
        JoinRequested = "join_requested",
        /// Was refused.
        RequestRejected = "request_rejected",
        /// Took the request back.
        RequestRevoked = "request_revoked",
    }
}

words! {
    /// What happened to a group.
    pub enum GroupAction {
        /// The account joined it.
        Joined = "joined",
        /// The account left it.
        Left = "left",
        /// It changed.
        Updated = "updated",
    }
}

words! {
    /// What happened to a conversation.
    pub enum ChatAction {
        /// It was archived.
        Archived = "archived",
        /// It was taken out of the archive.
        Unarchived = "unarchived",
        /// It changed.
        Updated = "updated",
    }
}
