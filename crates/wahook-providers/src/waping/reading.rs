//! What an event is: the noun before the first dot of its name, then the word after it, then its members.

use jiff::Timestamp;
use serde::Deserializer;
use wahook_core::{
    Context, Malformed, Parsed, Unknown, instant_of_text,
    json::{Fill, Raw, ReadError, Text, read_borrowed},
};

use super::{
    event::{Conversation, Event, Media, Message, MessageStatus, Payload, Problem, Session, State, Status},
    item::{ErrorMembers, Item, StateMembers},
};
use crate::slot::{Slot, TextSlot, lower, object};

/// Reads an event in one pass and decides while it is still borrowed: only what is kept is copied.
pub(super) fn read<V>(bytes: &[u8], then: impl FnOnce(Result<&Item<'_>, ReadError>) -> V) -> V {
    struct Borrowed;

    impl Fill for Borrowed {
        type Target<'de> = Item<'de>;

        fn fill<'de, D: Deserializer<'de>>(&self, item: &mut Item<'de>, json: D) -> Result<(), D::Error> {
            object(item, json)
        }
    }

    read_borrowed(&Borrowed, bytes, |item| then(item.map(|item| &*item)))
}

/// The sense of a name, before its payload is looked at.
enum Sense {
    Received,
    /// With the word as sent.
    Status(Status, Text),
    Session(State, Text),
    Conversation(Text),
    /// Not ours to know, a test or a challenge included.
    Nothing,
}

/// Reads an event; nothing is lost by an unknown name or a member too many.
pub(super) fn parsed(item: &Item<'_>, raw: Raw) -> Parsed<Event> {
    let name = item.kind.to_text();
    let mut context = Context::default();
    context.account = item.device_id.to_text();
    context.occurred_at = time(item);
    let Some(name) = name else {
        return match item.kind {
            Slot::Wrong => Parsed::Malformed(Malformed::new(None, ReadError::shape("type"), context, raw)),
            Slot::Absent | Slot::Value(_) => Parsed::Unknown(Unknown::new(None, context, raw)),
        };
    };
    let event_id = item.event_id.to_text();
    let payload = match sense(&name, item) {
        Sense::Received => received(item).map(Some),
        Sense::Status(status, word) => message_status(item, status, word),
        Sense::Session(state, word) => session(item, state, word).map(Some),
        Sense::Conversation(action) => conversation(item, action),
        Sense::Nothing => Ok(None),
    };
    match payload {
        Err(error) => Parsed::Malformed(Malformed::new(Some(name), error, context, raw)),
        Ok(None) => Parsed::Unknown(Unknown::new(Some(name), context, raw)),
        Ok(Some(payload)) => Parsed::Known {
            event: Event {
                event_id,
                name,
                timestamp: context.occurred_at,
                device_id: context.account,
                payload,
            },
            raw,
        },
    }
}

/// For the fallback key: the status of a message event, empty for a received one, `None` for any other.
pub(super) fn message_state(name: &str, item: &Item<'_>) -> Option<Text> {
    match sense(name, item) {
        Sense::Received => Some(Text::default()),
        Sense::Status(status, _) => Some(status.into_word()),
        Sense::Session(..) | Sense::Conversation(_) | Sense::Nothing => None,
    }
}

fn sense(name: &str, item: &Item<'_>) -> Sense {
    let dot = name.bytes().position(|byte| byte == b'.');
    let (noun, word) = dot.map_or((name, ""), |dot| (&name[..dot], &name[dot + 1..]));
    match noun {
        "message" if word == "received" => Sense::Received,
        "message" => status_sense(word, item).unwrap_or(Sense::Nothing),
        "session" | "device" | "connection" => session_sense(word, item).unwrap_or(Sense::Nothing),
        "conversation" if !word.is_empty() => Sense::Conversation(word.into()),
        _ => Sense::Nothing,
    }
}

/// A known word in the name, else in a member. Where the name says that a member has the state, any word is one.
fn status_sense(word: &str, item: &Item<'_>) -> Option<Sense> {
    let sense = |any: bool, word: &str| match Status::from(&*lower(word)) {
        Status::Unknown(_) if !any => None,
        status => Some(Sense::Status(status, word.into())),
    };
    sense(false, word).or_else(|| {
        let any = matches!(word, "status" | "updated" | "status_update");
        sense(any, status_member(item)?)
    })
}

/// A known word in the name, else any word in a member.
fn session_sense(word: &str, item: &Item<'_>) -> Option<Sense> {
    let (state, word) = match State::from(&*lower(word)) {
        State::Unknown(_) => {
            let said = state_member(item)?;
            (State::from(&*lower(said)), said)
        }
        known => (known, word),
    };
    Some(Sense::Session(state, word.into()))
}

fn status_member<'a>(item: &'a Item<'_>) -> Option<&'a str> {
    let inner = item.message.get().and_then(|message| message.status.text());
    inner.or_else(|| item.status.text())
}

fn state_member<'a>(item: &'a Item<'_>) -> Option<&'a str> {
    [&item.session, &item.device, &item.connection]
        .into_iter()
        .filter_map(Slot::get)
        .find_map(|members| members.state.text().or_else(|| members.status.text()))
        .or_else(|| item.state.text())
        .or_else(|| item.status.text())
}

/// ISO 8601 in the one documented sample; seconds to microseconds since 1970 as well.
pub(super) fn time(item: &Item<'_>) -> Option<Timestamp> {
    item.timestamp.text().and_then(instant_of_text)
}

/// The documented event: its members have the documented shapes, or it is malformed.
fn received(item: &Item<'_>) -> Result<Payload, ReadError> {
    item.device_id.strict(|| "deviceId".to_owned())?;
    let message = item.message.strict(|| "message".to_owned())?;
    let message = message.ok_or_else(|| ReadError::shape("message"))?;
    let id = strict(&message.id, "message.id")?.ok_or_else(|| ReadError::shape("message.id"))?;
    let body = message.body.strict(|| "message.body".to_owned())?;
    Ok(Payload::Message(Message {
        id,
        from: strict(&message.from, "message.from")?,
        to: message.to.to_text(),
        kind: message.kind.text().map(|kind| (&*lower(kind)).into()),
        body: body
            .or_else(|| message.text.get()?.body.get())
            .map(|text| Text::from(text.as_ref())),
        media: message.media.as_ref().and_then(|(kind, members)| {
            let members = members.get()?;
            Some(Media {
                kind: kind.clone(),
                id: members.id.to_text(),
                url: members.url.to_text(),
                mime_type: members.mime_type.to_text(),
                caption: members.caption.to_text(),
                filename: members.filename.to_text(),
            })
        }),
    }))
}

/// Inferred: a status without a message says nothing, and is left unknown.
fn message_status(item: &Item<'_>, status: Status, word: Text) -> Result<Option<Payload>, ReadError> {
    let Some(message) = item.message.strict(|| "message".to_owned())? else {
        return Ok(None);
    };
    let Some(id) = strict(&message.id, "message.id")? else {
        return Ok(None);
    };
    Ok(Some(Payload::MessageStatus(MessageStatus {
        id,
        to: strict(&message.to, "message.to")?,
        status,
        word,
        error: problem(message.error.or(&item.error)),
    })))
}

fn session(item: &Item<'_>, state: State, word: Text) -> Result<Payload, ReadError> {
    item.device_id.strict(|| "deviceId".to_owned())?;
    let reason = |members: &Slot<StateMembers<'_>>| members.get()?.reason.to_text();
    Ok(Payload::Session(Session {
        state,
        word,
        reason: item
            .reason
            .to_text()
            .or_else(|| reason(&item.session))
            .or_else(|| reason(&item.device))
            .or_else(|| reason(&item.connection)),
        error: problem(&item.error),
    }))
}

fn conversation(item: &Item<'_>, action: Text) -> Result<Option<Payload>, ReadError> {
    let Some(members) = item.conversation.strict(|| "conversation".to_owned())? else {
        return Ok(None);
    };
    let Some(id) = strict(&members.id, "conversation.id")? else {
        return Ok(None);
    };
    Ok(Some(Payload::Conversation(Conversation {
        id,
        action,
        status: members.status.or(&item.status).to_text(),
    })))
}

fn problem(members: &Slot<ErrorMembers<'_>>) -> Option<Problem> {
    let ErrorMembers { code, message } = members.get()?;
    let problem = Problem {
        code: code.to_text(),
        message: message.to_text(),
    };
    (problem != Problem::default()).then_some(problem)
}

/// Empty is as good as missing.
fn strict(slot: &TextSlot<'_>, path: &str) -> Result<Option<Text>, ReadError> {
    slot.strict(|| path.to_owned())?;
    Ok(slot.to_text())
}
