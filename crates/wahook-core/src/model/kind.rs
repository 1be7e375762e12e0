//! The kinds of events and what each carries: one table.

use serde_json::value::RawValue;

use super::{
    AccountUpdate, CalendarResponse, Call, ChatUpdate, ContactUpdate, Deleted, Edited, GroupUpdate,
    LabelUpdate, Message, OrderUpdate, Participants, PollVote, PresenceUpdate, Reaction, SessionStatus,
    StatusUpdate, TemplateStatus, data,
};
use crate::{json::ReadError, words::word_impls};

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident($data:ty) = $word:literal),+ $(,)?) => {
        /// What an event is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Kind { $($(#[$doc])* $variant),+ }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word in the JSON form.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        word_impls!(Kind #[doc = "What an event is about."]);

        /// What an event carries, by its kind. What is large is boxed: an event is moved more often than it is read.
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum Data { $($(#[$doc])* $variant($data)),+ }

        impl Data {
            /// The kind that it belongs to.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$variant(_) => Kind::$variant),+ }
            }

            /// Reads the `data` of an event of this kind.
            pub(super) fn read(kind: Kind, json: &RawValue) -> serde_json::Result<Self> {
                Ok(match kind { $(Kind::$variant => Self::$variant(serde_json::from_str(json.get())?)),+ })
            }
        }

        /// One row for each kind: its word, and the schema of its data.
        #[cfg(feature = "schema")]
        pub(super) fn rows(generator: &mut schemars::SchemaGenerator) -> Vec<(&'static str, schemars::Schema)> {
            vec![$(($word, generator.subschema_for::<$data>())),+]
        }
    };
}

kinds! {
    /// A contact wrote.
    MessageReceived(Box<Message>) = "message.received",
    /// The account itself wrote, whatever device or API.
    MessageSent(Box<Message>) = "message.sent",
    /// A message came further, or failed.
    MessageStatus(Box<StatusUpdate>) = "message.status",
    /// Somebody reacted to a message.
    MessageReaction(Box<Reaction>) = "message.reaction",
    /// A message was changed.
    MessageEdited(Box<Edited>) = "message.edited",
    /// A message was taken back.
    MessageDeleted(Box<Deleted>) = "message.deleted",
    /// Somebody voted.
    PollVote(Box<PollVote>) = "poll.vote",
    /// A call.
    Call(Call) = "call",
    /// Somebody is there, or typing.
    Presence(Box<PresenceUpdate>) = "presence",
    /// Somebody came to a group, left it, or changed role.
    GroupParticipants(Participants) = "group.participants",
    /// A group changed, or the account joined or left it.
    GroupUpdated(GroupUpdate) = "group.updated",
    /// A conversation changed.
    ChatUpdated(ChatUpdate) = "chat.updated",
    /// A contact changed.
    ContactUpdated(ContactUpdate) = "contact.updated",
    /// A label changed, or its place on a chat.
    LabelUpdated(LabelUpdate) = "label.updated",
    /// A template changed its state.
    TemplateStatus(TemplateStatus) = "template.status",
    /// An order changed.
    OrderUpdated(OrderUpdate) = "order.updated",
    /// An answer to an invitation.
    CalendarResponse(Box<CalendarResponse>) = "calendar.response",
    /// The account itself changed.
    AccountUpdated(AccountUpdate) = "account.updated",
    /// The linked device changed its state.
    SessionStatus(SessionStatus) = "session.status",
    /// Typed at the provider, and without a neutral kind.
    Other(OtherData) = "other",
    /// Well-formed, and not ours to know.
    Unknown(OtherData) = "unknown",
    /// Not what it says it is.
    Malformed(MalformedData) = "malformed",
}

data! {
    /// Nothing: what there is to know is in `name` and `raw`.
    pub struct OtherData {}

    /// What is wrong, and where; never a piece of the payload.
    pub struct MalformedData {
        /// `cut`, `not_utf8`, `shape` or `syntax`.
        pub error: String,
        /// Line, from 1; 0 if unknown.
        pub line: u32,
        /// Column, from 1; 0 if unknown.
        pub column: u32,
        /// The way to the value, such as `payload.media.url`; may be empty.
        pub path: String,
    }
}

impl From<&ReadError> for MalformedData {
    fn from(error: &ReadError) -> Self {
        let number = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            error: error.category().as_str().to_owned(),
            line: number(error.line()),
            column: number(error.column()),
            path: error.path().to_owned(),
        }
    }
}
