//! The envelope: entries, changes, and the lists in their values, of which each element is left as it is.
//!
//! Members come in any order: on Meta's own pages `entry` stands before `object` in some samples and `value` before
//! `field` in most (webhooks/reference, 2026-04). So nothing is judged here. What has one shape is read at
//! once; where one thing has another, every scalar is left as it stands too, so that a mistake in one is the mistake of whoever
//! reads it. No tree is built, and what is kept is a place in the body: of the
//! elements of lists. What is seldom asked for, a change or a piece of the history as a whole, is looked up then.

mod left;
mod members;
mod name;
mod pieces;
mod reading;
mod rows;
mod span;

use std::ops::Range;

use serde::Deserializer;
use serde_json::value::RawValue;
use wahook_core::json::{Fill, Number, ReadError, Text, read_borrowed};

use self::{
    left::{Care, Left},
    reading::ObjectVisitor,
    span::Span,
};
pub(super) use self::{
    name::Name,
    pieces::{Members as AsSent, Pieces, chunk, plain},
    rows::Rows,
};
use super::event::{Contact, Metadata};

/// A value as it stands; nothing for `null`.
pub(super) type Json<'de> = Option<&'de RawValue>;

/// A text; nothing for `null`.
pub(super) type Word<'de> = Option<Typed<'de, &'de str>>;

/// Lists under names that are not known.
pub(super) type Rest<'de> = Vec<(Text, &'de RawValue)>;

/// The whole body.
#[derive(Debug, Default)]
pub(super) struct Body<'de> {
    pub(super) object: Word<'de>,
    pub(super) entry: Rows<Part<Entry<'de>>>,
    pub(super) rest: Rest<'de>,
    /// Whether there is more than anybody says at once: then what is here is not all.
    pub(super) is_too_much: bool,
}

/// A business account.
#[derive(Debug, Default)]
pub(super) struct Entry<'de> {
    pub(super) id: Word<'de>,
    pub(super) time: Option<Typed<'de, Number>>,
    pub(super) changes: Rows<Part<Change<'de>>>,
    pub(super) rest: Rest<'de>,
}

/// A field and its value.
#[derive(Debug, Default)]
pub(super) struct Change<'de> {
    pub(super) field: Word<'de>,
    pub(super) value: Part<Value<'de>>,
    span: Span<'de>,
    ends_with_value: bool,
    /// Whether a `null` of the same name stands before the value.
    is_shadowed: bool,
}

impl Change<'_> {
    /// Where it stands in the body, and where its value does, if that is known without a further look.
    pub(super) fn places(&self, body: &[u8]) -> Option<(Range<usize>, Range<usize>)> {
        let Part::Object(value) = &self.value else {
            return None;
        };
        if self.is_shadowed {
            return None;
        }
        let value = value.span.place(body)?;
        let change = if self.ends_with_value {
            self.span.place_to(value.end, body)
        } else {
            self.span.place(body)
        };
        Some((change?, value))
    }
}

/// What a change says.
#[derive(Debug, Default)]
pub(super) struct Value<'de> {
    pub(super) metadata: Option<Typed<'de, Metadata>>,
    pub(super) contacts: Rows<Typed<'de, Contact>>,
    pub(super) history: Rows<Part<Chunk<'de>>>,
    /// The other lists, in their order; of two equal names the first counts.
    pub(super) lists: Vec<(List, Rows<&'de RawValue>)>,
    pub(super) rest: Rest<'de>,
    span: Span<'de>,
}

/// A piece of the history.
#[derive(Debug, Default)]
pub(super) struct Chunk<'de> {
    pub(super) metadata: Json<'de>,
    pub(super) threads: Rows<Part<Thread<'de>>>,
    pub(super) errors: Rows<&'de RawValue>,
    pub(super) rest: Rest<'de>,
}

/// A conversation of the history.
#[derive(Debug, Default)]
pub(super) struct Thread<'de> {
    pub(super) id: Word<'de>,
    pub(super) messages: Rows<&'de RawValue>,
    pub(super) rest: Rest<'de>,
}

/// A list whose elements are events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Messages,
    Statuses,
    Errors,
    MessageEchoes,
    StateSync,
    Groups,
    Calls,
    UserPreferences,
    AutomaticEvents,
}

impl List {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Statuses => "statuses",
            Self::Errors => "errors",
            Self::MessageEchoes => "message_echoes",
            Self::StateSync => "state_sync",
            Self::Groups => "groups",
            Self::Calls => "calls",
            Self::UserPreferences => "user_preferences",
            Self::AutomaticEvents => "automatic_events",
        }
    }

    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "messages" => Self::Messages,
            "statuses" => Self::Statuses,
            "errors" => Self::Errors,
            "message_echoes" => Self::MessageEchoes,
            "state_sync" => Self::StateSync,
            "groups" => Self::Groups,
            "calls" => Self::Calls,
            "user_preferences" => Self::UserPreferences,
            "automatic_events" => Self::AutomaticEvents,
            _ => return None,
        })
    }
}

/// What has one shape, and nothing to be kept as it stands but where it has another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Typed<'de, T> {
    /// Not read yet.
    Raw(&'de RawValue),
    Read(T),
}

/// A part that must be an object.
#[derive(Debug, Default)]
pub(super) enum Part<T> {
    #[default]
    Absent,
    /// It is there, and is none.
    Wrong,
    Object(T),
}

/// Reads a body: at once, and if that fails once more, so that each mistake is that of its own place; and if that fails because
/// of a number that is none, or half a character, with care.
pub(super) fn read<V>(body: &[u8], then: impl FnOnce(Result<&mut Body<'_>, ReadError>) -> V) -> V {
    let then = match read_with(Care::Quick, body, then) {
        Ok(done) => return done,
        Err((_, then)) => then,
    };
    let then = match read_with(Care::Plain, body, then) {
        Ok(done) => return done,
        Err((_, then)) => then,
    };
    match read_with(Care::Careful, body, then) {
        Ok(done) => done,
        Err((error, then)) => then(Err(error)),
    }
}

/// Hands `then` back with what is wrong.
fn read_with<V, F>(care: Care, body: &[u8], then: F) -> Result<V, (ReadError, F)>
where
    F: FnOnce(Result<&mut Body<'_>, ReadError>) -> V,
{
    read_borrowed(&care, body, |read| match read {
        Ok(body) => Ok(then(Ok(body))),
        Err(error) => Err((error, then)),
    })
}

impl Fill for Care {
    type Target<'de> = Body<'de>;

    /// With care no text is in the way, and what is said beside half a character is kept as it was sent.
    fn mends(&self) -> bool {
        *self == Self::Careful
    }

    fn fill<'de, D: Deserializer<'de>>(&self, body: &mut Body<'de>, json: D) -> Result<(), D::Error> {
        let left = Left::new(MAX_ITEMS, *self);
        json.deserialize_map(ObjectVisitor(body, &left))?;
        body.is_too_much = left.is_spilled();
        Ok(())
    }
}

/// Meta puts together up to 1,000 updates in up to 3 MB (webhooks/overview, 2026-04); a piece of the history may hold
/// thousands of messages. The shortest thing that is said there, a status with its id, time and recipient, has about 140
/// bytes, so that a body of 4 MiB holds 30,000 of them.
pub(super) const MAX_ITEMS: usize = 1 << 15;
