//! From Wawp's events to the event model: total, and nothing is invented (N4).

mod account;
mod address;
mod change;
mod content;
mod group;
mod message;
mod poll;
mod status;
mod vcard;

use jiff::Timestamp;
use wahook_core::{
    Parsed, instant,
    json::{Number, Text},
    model::{CallState, Data, Draft, EventKey, Identity, LabelAction, NameSource, OtherData},
};

pub(super) use self::address::identity_of;
use super::event::{Event, Payload};

/// Maps one item.
pub(super) fn normalise(item: Parsed<Event>) -> Draft {
    match item {
        Parsed::Known { event, raw } => {
            let me = identity_of(event.me.as_ref());
            let scene = Scene {
                me: me.as_ref(),
                at: event.timestamp.as_ref().and_then(instant),
            };
            let Said { data, key, at } = said(event.payload, &scene);
            let occurred_at = at.or(scene.at);
            Draft {
                account: event.session.and_then(Text::non_empty),
                tenant: None,
                account_identity: me.map(Box::new),
                name: Some((event.name.into_word(), NameSource::Body)),
                occurred_at,
                data,
                key,
                raw,
            }
        }
        Parsed::Unknown(unknown) => Draft::unknown(unknown),
        Parsed::Malformed(malformed) => Draft::malformed(malformed),
    }
}

fn said(payload: Payload, scene: &Scene<'_>) -> Said {
    match payload {
        // WAHA sends own messages as `message.any` only; Wawp's sample of `message` has one nevertheless, so a `fromMe`
        // goes before the name (WAHA docs, events; api.wawp.net/en/docs/message, 2026-07).
        Payload::Message(message) => message::message(*message, Some(false), false, scene),
        Payload::MessageAny(message) => message::message(*message, None, false, scene),
        Payload::MessageWaiting(message) => message::message(*message, None, true, scene),
        Payload::MessageAck(ack) | Payload::MessageAckGroup(ack) => status::ack(&ack, scene),
        Payload::MessageReaction(reaction) => change::reaction(*reaction, scene),
        Payload::MessageEdited(edited) => change::edited(*edited, scene),
        Payload::MessageRevoked(revoked) => change::revoked(&revoked, scene),
        Payload::GroupV2Join(group) | Payload::GroupJoin(group) => group::came(*group, scene),
        Payload::GroupV2Leave(group) | Payload::GroupLeave(group) => group::went(*group, scene),
        Payload::GroupV2Update(group) => group::updated(&group, scene),
        Payload::GroupV2Participants(group) | Payload::GroupParticipantsUpdate(group) => {
            group::participants(*group, scene)
        }
        Payload::GroupV2JoinRequest(group) => group::join_request(*group, scene),
        Payload::PresenceUpdate(presence) => account::presence(*presence),
        Payload::PollVote(vote) => poll::vote(*vote, false, scene),
        Payload::PollVoteFailed(vote) => poll::vote(*vote, true, scene),
        Payload::ChatArchive(chat) => account::archive(*chat, scene),
        Payload::CallReceived(call) => account::call(*call, CallState::Received),
        Payload::CallAccepted(call) => account::call(*call, CallState::Accepted),
        Payload::CallRejected(call) => account::call(*call, CallState::Rejected),
        Payload::LabelUpsert(label) => account::label(*label, LabelAction::Upserted, scene),
        Payload::LabelDeleted(label) => account::label(*label, LabelAction::Deleted, scene),
        Payload::LabelChatAdded(label) => account::label(*label, LabelAction::Assigned, scene),
        Payload::LabelChatDeleted(label) => account::label(*label, LabelAction::Unassigned, scene),
        Payload::EventResponse(response) => poll::calendar(&response, false, scene),
        Payload::EventResponseFailed(response) => poll::calendar(&response, true, scene),
        Payload::SessionStatus(status) => account::session(*status, scene),
        Payload::EngineEvent(_) | Payload::StateChange(_) => Said::other(),
    }
}

/// What the envelope tells about every event.
struct Scene<'a> {
    /// Whose account it is.
    me: Option<&'a Identity>,
    /// The envelope's time: when it happened, the same in every retry.
    at: Option<Timestamp>,
}

/// What an event says, without its envelope.
struct Said {
    data: Data,
    key: EventKey,
    /// The payload's own time; without one the envelope's counts.
    at: Option<Timestamp>,
}

impl Said {
    /// Typed at the provider, no neutral kind.
    const fn other() -> Self {
        Self {
            data: Data::Other(OtherData {}),
            key: EventKey::of_delivery("other"),
            at: None,
        }
    }
}

/// The key of something that can happen again, hence with its time; without a time every delivery is one of its own.
fn timed(kind: &'static str, parts: &[Option<&str>], at: Option<Timestamp>) -> EventKey {
    at.map_or_else(
        || EventKey::of_delivery(kind),
        |at| {
            let key = EventKey::new(kind);
            parts.iter().fold(key, |key, part| key.optional(*part)).time(at)
        },
    )
}

/// The text, unless it is missing or empty.
fn filled(text: Option<&Text>) -> Option<&str> {
    text.map(Text::as_str).filter(|text| !text.is_empty())
}

/// The text without a copy, unless it is missing or empty.
fn taken(text: Option<Text>) -> Option<Text> {
    text.and_then(Text::non_empty)
}

fn time(number: Option<&Number>) -> Option<Timestamp> {
    number.and_then(instant)
}
