//! From a body to its items: known, unknown, or malformed (N1).

use bytes::Bytes;
use wahook_core::{
    Context, Malformed, Parsed, Unknown, instant,
    json::{self, Number, Raw, ReadError, Scanned, Text, scan},
};

use super::{
    event::{self, Envelope, Event, EventName, Me, Outline, Payload},
    items::{self, Items},
    normalise,
};

/// Reads every item of a body.
pub(super) fn parse_each(body: &Bytes, mut each: impl FnMut(Parsed<Event>)) {
    match items::split(body) {
        Items::One(body) => each(item(Raw::new(body))),
        Items::Many(list) => list.into_iter().map(element).for_each(each),
        Items::Other(body) => {
            let raw = Raw::new(body);
            each(Parsed::Unknown(Unknown::new(None, Context::default(), raw)));
        }
        Items::NotJson(error) => {
            let raw = Raw::new(body.clone());
            each(Parsed::Malformed(Malformed::new(
                None,
                error,
                Context::default(),
                raw,
            )));
        }
    }
}

/// An item of an array: an object, or a text that holds one.
fn element(raw: Raw) -> Parsed<Event> {
    if items::is_object(raw.bytes()) {
        return item(raw);
    }
    match items::split(raw.bytes()) {
        Items::One(inner) => item(Raw::new(inner)),
        _ => Parsed::Unknown(Unknown::new(None, Context::default(), raw)),
    }
}

fn item(raw: Raw) -> Parsed<Event> {
    let bytes = raw.bytes().clone();
    event::read(&bytes, |read| match read {
        Ok(envelope) => typed(envelope, raw),
        Err(error) => untyped(raw, error),
    })
}

fn typed(envelope: &mut Envelope, raw: Raw) -> Parsed<Event> {
    match (envelope.name.take(), envelope.payload.take()) {
        (Some(name), Some(payload)) => Parsed::Known {
            event: Event {
                id: envelope.id.take(),
                timestamp: envelope.timestamp.take(),
                session: envelope.session.take(),
                metadata: envelope.metadata.take(),
                me: envelope.me.take(),
                engine: envelope.engine.take(),
                environment: envelope.environment.take(),
                name,
                payload,
            },
            raw,
        },
        (name, _) => {
            let context = context(
                envelope.session.take().or(envelope.instance_id.take()),
                envelope.timestamp.take().or(envelope.ts.take()),
                envelope.me.take(),
            );
            Parsed::Unknown(Unknown::new(name.map(EventName::into_word), context, raw))
        }
    }
}

/// The second look at an item that could not be read at once; only a failure pays for it.
fn untyped(raw: Raw, error: ReadError) -> Parsed<Event> {
    let Ok(outline) = raw.read::<Outline>() else {
        // No JSON: what stands before the mistake may still be told.
        let (name, session) = match scan(raw.bytes(), ["event", "session"]) {
            Scanned::Object([name, session]) => (name, session),
            _ => (None, None),
        };
        return Parsed::Malformed(Malformed::new(name, error, context(session, None, None), raw));
    };
    let context = context(
        read(outline.session.as_ref()).or_else(|| read(outline.instance_id.as_ref())),
        read(outline.timestamp.as_ref()).or_else(|| read(outline.ts.as_ref())),
        read(outline.me.as_ref()),
    );
    let name = match outline.event.as_ref().map(Raw::read::<Text>) {
        None => return Parsed::Unknown(Unknown::new(None, context, raw)),
        Some(Err(_)) => return Parsed::Malformed(Malformed::new(None, error, context, raw)),
        Some(Ok(name)) => name,
    };
    let known = EventName::from(name.as_str());
    if let EventName::Unknown(_) = known {
        return Parsed::Unknown(Unknown::new(Some(name), context, raw));
    }
    let error = match &outline.payload {
        _ if !error.path().is_empty() => error,
        None => ReadError::shape("payload"),
        // The payload stood before the name, or it is of another type altogether.
        Some(payload) => match Payload::of_json(&known, payload.bytes()) {
            Err(inner) if inner.path().is_empty() => ReadError::shape("payload"),
            Err(inner) => ReadError::shape(format!("payload.{}", inner.path())),
            Ok(_) => error,
        },
    };
    Parsed::Malformed(Malformed::new(Some(name), error, context, raw))
}

fn read<T: serde::de::DeserializeOwned>(raw: Option<&Raw>) -> Option<T> {
    json::read(raw?.bytes()).ok()
}

fn context(session: Option<Text>, timestamp: Option<Number>, me: Option<Me>) -> Context {
    let mut context = Context::default();
    context.account = session.and_then(Text::non_empty);
    context.account_identity = normalise::identity_of(me.as_ref()).map(Box::new);
    context.occurred_at = timestamp.as_ref().and_then(instant);
    context
}
