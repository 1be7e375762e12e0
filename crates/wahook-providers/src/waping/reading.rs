//! What an event is: the noun before the first dot of its name, then the word after it, then its members.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::de::{DeserializeSeed, Deserializer};
use wahook_core::{
    Context, instant,
    json::{Number, ReadError, read_seed},
};

use super::{
    event::{Conversation, Event, Media, Message, MessageStatus, Payload, Problem, Session, State, Status},
    item::{ErrorMembers, Item, MediaMembers, MessageMembers, StateMembers},
};
use crate::slot::{Slot, TextSlot, object};

/// What came of it.
pub(super) enum Outcome {
    Known(Event),
    Unknown(Option<String>, Context),
    Malformed(Option<String>, ReadError, Context),
}

/// Reads an event in one pass and decides while it is still borrowed: only what is kept is copied.
pub(super) fn read<V>(bytes: &[u8], then: fn(Item<'_>) -> V) -> Result<V, ReadError> {
    struct Seed<V>(fn(Item<'_>) -> V);

    impl<'de, V> DeserializeSeed<'de> for Seed<V> {
        type Value = V;

        fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V, D::Error> {
            let mut item = Item::default();
            object(&mut item, deserializer)?;
            Ok((self.0)(item))
        }
    }

    read_seed(bytes, || Seed(then))
}

/// The sense of a name, before its payload is looked at.
enum Sense {
    Received,
    /// With the word as sent.
    Status(Status, String),
    Session(State, String),
    Conversation(String),
    /// Not ours to know, a test or a challenge included.
    Nothing,
}

/// Reads an event; nothing is lost by an unknown name or a member too many.
pub(super) fn outcome(item: Item<'_>) -> Outcome {
    let name = item.kind.text().map(str::to_owned);
    let mut context = Context::default();
    context.account = item.device_id.text().map(str::to_owned);
    context.occurred_at = time(&item);
    let Some(name) = name else {
        return match item.kind {
            Slot::Wrong => Outcome::Malformed(None, ReadError::shape("type"), context),
            Slot::Absent | Slot::Value(_) => Outcome::Unknown(None, context),
        };
    };
    let event_id = item.event_id.text().map(str::to_owned);
    let payload = match sense(&name, &item) {
        Sense::Received => received(item).map(Some),
        Sense::Status(status, word) => message_status(item, status, word),
        Sense::Session(state, word) => session(item, state, word).map(Some),
        Sense::Conversation(action) => conversation(item, action),
        Sense::Nothing => Ok(None),
    };
    match payload {
        Err(error) => Outcome::Malformed(Some(name), error, context),
        Ok(None) => Outcome::Unknown(Some(name), context),
        Ok(Some(payload)) => Outcome::Known(Event {
            event_id,
            name,
            timestamp: context.occurred_at,
            device_id: context.account,
            payload,
        }),
    }
}

/// For the fallback key: the status of a message event, empty for a received one, `None` for any other.
pub(super) fn message_state(name: &str, item: &Item<'_>) -> Option<String> {
    match sense(name, item) {
        Sense::Received => Some(String::new()),
        Sense::Status(status, _) => Some(status.as_str().to_owned()),
        Sense::Session(..) | Sense::Conversation(_) | Sense::Nothing => None,
    }
}

fn sense(name: &str, item: &Item<'_>) -> Sense {
    let (noun, word) = name.split_once('.').unwrap_or((name, ""));
    match noun {
        "message" if word == "received" => Sense::Received,
        "message" => status_sense(word, item).unwrap_or(Sense::Nothing),
        "session" | "device" | "connection" => session_sense(word, item).unwrap_or(Sense::Nothing),
        "conversation" if !word.is_empty() => Sense::Conversation(word.to_owned()),
        _ => Sense::Nothing,
    }
}

/// A known word in the name, else in a member. Where the name says that a member has the state, any word is one.
fn status_sense(word: &str, item: &Item<'_>) -> Option<Sense> {
    let sense = |word: &str| Sense::Status(Status::from(lower(word).as_str()), word.to_owned());
    let is_known = |word: &str| !matches!(Status::from(lower(word).as_str()), Status::Unknown(_));
    if is_known(word) {
        return Some(sense(word));
    }
    let said = status_member(item)?;
    (is_known(said) || matches!(word, "status" | "updated" | "status_update")).then(|| sense(said))
}

/// A known word in the name, else any word in a member.
fn session_sense(word: &str, item: &Item<'_>) -> Option<Sense> {
    let state = |word: &str| State::from(lower(word).as_str());
    match state(word) {
        State::Unknown(_) => {
            let said = state_member(item)?;
            Some(Sense::Session(state(said), said.to_owned()))
        }
        known => Some(Sense::Session(known, word.to_owned())),
    }
}

fn lower(word: &str) -> String {
    word.to_ascii_lowercase()
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
    item.timestamp
        .text()
        .and_then(|text| instant(&Number::Text(text.into())))
}

/// The documented event: its members have the documented shapes, or it is malformed.
fn received(item: Item<'_>) -> Result<Payload, ReadError> {
    strict(item.device_id, "deviceId")?;
    let message = item.message.strict(|| "message".to_owned())?;
    let message = message.ok_or_else(|| ReadError::shape("message"))?;
    let MessageMembers {
        id,
        from,
        to,
        kind,
        body,
        text,
        media,
        ..
    } = message;
    let id = strict(id, "message.id")?.ok_or_else(|| ReadError::shape("message.id"))?;
    let body = body.strict(|| "message.body".to_owned())?;
    Ok(Payload::Message(Message {
        id,
        from: strict(from, "message.from")?,
        to: undocumented(to),
        kind: undocumented(kind).map(|kind| lower(&kind).as_str().into()),
        body: body
            .or_else(|| text.lenient()?.body.lenient())
            .map(Cow::into_owned),
        media: media.and_then(|(kind, members)| {
            let MediaMembers {
                id,
                url,
                mime_type,
                caption,
                filename,
            } = members.lenient()?;
            Some(Media {
                kind,
                id: undocumented(id),
                url: undocumented(url),
                mime_type: undocumented(mime_type),
                caption: undocumented(caption),
                filename: undocumented(filename),
            })
        }),
    }))
}

/// Inferred: a status without a message says nothing, and is left unknown.
fn message_status(item: Item<'_>, status: Status, word: String) -> Result<Option<Payload>, ReadError> {
    let Some(message) = item.message.strict(|| "message".to_owned())? else {
        return Ok(None);
    };
    let Some(id) = strict(message.id, "message.id")? else {
        return Ok(None);
    };
    Ok(Some(Payload::MessageStatus(MessageStatus {
        id,
        to: strict(message.to, "message.to")?,
        status,
        word,
        error: problem(message.error.or(item.error)),
    })))
}

fn session(item: Item<'_>, state: State, word: String) -> Result<Payload, ReadError> {
    strict(item.device_id, "deviceId")?;
    let reason = |members: Slot<StateMembers<'_>>| undocumented(members.lenient()?.reason);
    Ok(Payload::Session(Session {
        state,
        word,
        reason: undocumented(item.reason)
            .or_else(|| reason(item.session))
            .or_else(|| reason(item.device))
            .or_else(|| reason(item.connection)),
        error: problem(item.error),
    }))
}

fn conversation(item: Item<'_>, action: String) -> Result<Option<Payload>, ReadError> {
    let Some(members) = item.conversation.strict(|| "conversation".to_owned())? else {
        return Ok(None);
    };
    let Some(id) = strict(members.id, "conversation.id")? else {
        return Ok(None);
    };
    Ok(Some(Payload::Conversation(Conversation {
        id,
        action,
        status: undocumented(members.status.or(item.status)),
    })))
}

fn problem(members: Slot<ErrorMembers<'_>>) -> Option<Problem> {
    let ErrorMembers { code, message } = members.lenient()?;
    let problem = Problem {
        code: undocumented(code),
        message: undocumented(message),
    };
    (problem != Problem::default()).then_some(problem)
}

/// Empty is as good as missing.
fn strict(slot: TextSlot<'_>, path: &str) -> Result<Option<String>, ReadError> {
    let text = slot.strict(|| path.to_owned())?;
    Ok(text.filter(|text| !text.is_empty()).map(Cow::into_owned))
}

/// No page promises a shape: a wrong one is as good as none, and `raw` keeps it.
fn undocumented(slot: TextSlot<'_>) -> Option<String> {
    slot.lenient()
        .filter(|text| !text.is_empty())
        .map(Cow::into_owned)
}
