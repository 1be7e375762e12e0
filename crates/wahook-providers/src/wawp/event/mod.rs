//! Wawp's own words: an envelope, and a payload for each event.
//!
//! What arrives is the envelope of WAHA, the sender underneath, mostly with WAHA's payloads; Wawp's pages show
//! simplified ones. Both are read, every member is optional, and `null` is the same as missing (api.wawp.net/en/docs and
//! WAHA docs, 2026-07).

mod ack;
mod calendar;
mod call;
mod chat;
mod edited;
mod engine;
mod envelope;
mod group;
mod hints;
mod label;
mod message;
mod poll;
mod presence;
mod reaction;
mod revoked;
mod session;

use std::marker::PhantomData;

use serde::de::{IgnoredAny, MapAccess};
use wahook_core::json::{Number, Raw, ReadError, Text, read_seed};

use crate::object::{self, Boxed};

pub use self::{
    ack::Ack,
    calendar::{EventResponse, Rsvp, RsvpWord},
    call::Call,
    chat::ChatArchive,
    edited::Edited,
    engine::{EngineEvent, EngineRaw, StateChange},
    envelope::{Engine, Environment, Me, Tier, Worker},
    group::{Group, GroupInfo, Participant, RequestMethod, Role},
    hints::EngineData,
    label::{Label, LabelEvent},
    message::{AckName, Location, Media, Message, ReplyTo, S3, Source},
    poll::{MessageDestination, PollVote, Vote},
    presence::{ParticipantPresence, Presence, PresenceWord},
    reaction::{Emoji, Reaction},
    revoked::Revoked,
    session::{PastStatus, SessionStatus, SessionWord},
};
pub(super) use self::{
    envelope::{Envelope, Outline, read},
    hints::error_text,
    object::Hint,
};

/// One event of Wawp.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// The emission's id, `evt_…`; the same in retries, at every URL, and possibly in `message` and `message.any`.
    pub id: Option<Text>,
    /// When it happened: milliseconds since 1970.
    pub timestamp: Option<Number>,
    /// The session, or the instance id.
    pub session: Option<Text>,
    /// What the session's owner attached to it: an object of texts, whose names contain dots.
    pub metadata: Option<Raw>,
    /// Whose session it is; missing until it is linked.
    pub me: Option<Me>,
    /// What the session runs on; a hint only.
    pub engine: Option<Engine>,
    /// What the sender runs on.
    pub environment: Option<Environment>,
    /// The event's name.
    pub name: EventName,
    /// What it says.
    pub payload: Payload,
}

macro_rules! events {
    ($($(#[$doc:meta])* $variant:ident($payload:ty) = $word:literal,)+) => {
        wahook_core::open_enum! {
            /// The name of an event.
            pub enum EventName { $($(#[$doc])* $variant = $word),+ }
        }

        /// What an event says, by its name.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub enum Payload { $($(#[$doc])* $variant(Box<$payload>)),+ }

        impl Payload {
            /// Reads the value of the member that was just named; `None` for `null`, and for a name that is not known.
            fn of_member<'de, A: MapAccess<'de>>(name: &EventName, map: &mut A) -> Result<Option<Self>, A::Error> {
                Ok(match name {
                    $(EventName::$variant => map.next_value_seed(Boxed(PhantomData))?.map(Self::$variant),)+
                    EventName::Unknown(_) => {
                        map.next_value::<IgnoredAny>()?;
                        None
                    }
                })
            }

            /// Reads a payload that stood before the name.
            pub(super) fn of_json(name: &EventName, json: &[u8]) -> Result<Option<Self>, ReadError> {
                Ok(match name {
                    $(EventName::$variant => read_seed(json, || Boxed(PhantomData))?.map(Self::$variant),)+
                    EventName::Unknown(_) => None,
                })
            }
        }
    };
}

events! {
    /// The session changed its state.
    SessionStatus(SessionStatus) = "session.status",
    /// A message from somebody else.
    Message(Message) = "message",
    /// A message, from somebody else or from the account.
    MessageAny(Message) = "message.any",
    /// A message that cannot be read yet.
    MessageWaiting(Message) = "message.waiting",
    /// How far a message has come.
    MessageAck(Ack) = "message.ack",
    /// How far a message has come with one member of a group.
    MessageAckGroup(Ack) = "message.ack.group",
    /// A reaction.
    MessageReaction(Reaction) = "message.reaction",
    /// A message was changed.
    MessageEdited(Edited) = "message.edited",
    /// A message was taken back.
    MessageRevoked(Revoked) = "message.revoked",
    /// The account joined a group (WAHA), or others did (Wawp's page).
    GroupV2Join(Group) = "group.v2.join",
    /// The account left a group (WAHA), or others did (Wawp's page).
    GroupV2Leave(Group) = "group.v2.leave",
    /// A group changed.
    GroupV2Update(Group) = "group.v2.update",
    /// Members came, left, or changed role.
    GroupV2Participants(Group) = "group.v2.participants",
    /// Somebody asks to join.
    GroupV2JoinRequest(Group) = "group.v2.participants.join-request",
    /// Deprecated.
    GroupJoin(Group) = "group.join",
    /// Deprecated.
    GroupLeave(Group) = "group.leave",
    /// Named in Wawp's overview only; means `group.v2.participants`.
    GroupParticipantsUpdate(Group) = "group.participants.update",
    /// Somebody is there, or typing.
    PresenceUpdate(Presence) = "presence.update",
    /// Somebody voted.
    PollVote(PollVote) = "poll.vote",
    /// Somebody voted, and the vote could not be read.
    PollVoteFailed(PollVote) = "poll.vote.failed",
    /// A chat was put into the archive, or taken out.
    ChatArchive(ChatArchive) = "chat.archive",
    /// It rings.
    CallReceived(Call) = "call.received",
    /// A call was taken.
    CallAccepted(Call) = "call.accepted",
    /// A call was refused.
    CallRejected(Call) = "call.rejected",
    /// A label was made or changed.
    LabelUpsert(LabelEvent) = "label.upsert",
    /// A label was deleted.
    LabelDeleted(LabelEvent) = "label.deleted",
    /// A label was put on a chat.
    LabelChatAdded(LabelEvent) = "label.chat.added",
    /// A label was taken from a chat.
    LabelChatDeleted(LabelEvent) = "label.chat.deleted",
    /// An answer to an invitation, or the result of a call of the API.
    EventResponse(EventResponse) = "event.response",
    /// An answer that could not be read, or a call of the API that failed.
    EventResponseFailed(EventResponse) = "event.response.failed",
    /// What the engine itself says.
    EngineEvent(EngineEvent) = "engine.event",
    /// Deprecated: a state of the engine.
    StateChange(StateChange) = "state.change",
}
