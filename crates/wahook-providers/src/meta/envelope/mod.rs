//! The envelope: entries, changes, and the lists in their values, of which each element is left as it is.
//!
//! Members come in any order: on Meta's own pages `entry` stands before `object` in some samples and `value` before
//! `field` in most (webhooks/reference, 2026-04). So nothing is judged here. Every scalar is left as it stands too, so
//! that a mistake in one is the mistake of whoever reads it. No tree is built, and what is kept is a place in the body: of the
//! elements of lists. What is seldom asked for, a change or a piece of the history as a whole, is looked up then.

mod pieces;
mod reading;

use serde::{Deserializer, de::MapAccess};
use serde_json::value::RawValue;
use wahook_core::json::{Fill, ReadError, Text, read_borrowed};

use self::reading::{Left, Members, ObjectVisitor, PartSeed, first, pass, rest, rows};
pub(super) use self::{
    pieces::{Members as AsSent, Pieces, chunk, plain},
    reading::Name,
};

/// A value as it stands; nothing for `null`.
pub(super) type Json<'de> = Option<&'de RawValue>;

/// Lists under names that are not known.
pub(super) type Rest<'de> = Vec<(Text, &'de RawValue)>;

/// The whole body.
#[derive(Debug, Default)]
pub(super) struct Body<'de> {
    pub(super) object: Json<'de>,
    pub(super) entry: Rows<Part<Entry<'de>>>,
    pub(super) rest: Rest<'de>,
    /// Whether there is more than anybody says at once: then what is here is not all.
    pub(super) is_too_much: bool,
}

/// A business account.
#[derive(Debug, Default)]
pub(super) struct Entry<'de> {
    pub(super) id: Json<'de>,
    pub(super) time: Json<'de>,
    pub(super) changes: Rows<Part<Change<'de>>>,
    pub(super) rest: Rest<'de>,
}

/// A field and its value.
#[derive(Debug, Default)]
pub(super) struct Change<'de> {
    pub(super) field: Json<'de>,
    pub(super) value: Part<Value<'de>>,
}

/// What a change says.
#[derive(Debug, Default)]
pub(super) struct Value<'de> {
    pub(super) metadata: Json<'de>,
    pub(super) contacts: Rows<&'de RawValue>,
    pub(super) history: Rows<Part<Chunk<'de>>>,
    /// The other lists, in their order; of two equal names the first counts.
    pub(super) lists: Vec<(List, Rows<&'de RawValue>)>,
    pub(super) rest: Rest<'de>,
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
    pub(super) id: Json<'de>,
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

/// A part that must be an object.
#[derive(Debug, Default)]
pub(super) enum Part<T> {
    #[default]
    Absent,
    /// It is there, and is none.
    Wrong,
    Object(T),
}

/// A part that must be a list.
#[derive(Debug, Default)]
pub(super) enum Rows<T> {
    #[default]
    Absent,
    /// It is there, and is none.
    Wrong,
    List(Vec<T>),
}

impl<T> Rows<T> {
    pub(super) const fn is_wrong(&self) -> bool {
        matches!(self, Self::Wrong)
    }

    pub(super) fn as_slice(&self) -> &[T] {
        match self {
            Self::Absent | Self::Wrong => &[],
            Self::List(rows) => rows,
        }
    }
}

/// Reads a body: at once, and if that fails because of a number that is none, or half a character, once more and with care.
pub(super) fn read<V>(body: &[u8], then: impl FnOnce(Result<&Body<'_>, ReadError>) -> V) -> V {
    struct Whole<const CAREFUL: bool>;

    impl<const CAREFUL: bool> Fill for Whole<CAREFUL> {
        type Target<'de> = Body<'de>;

        // With care no text is in the way.
        const MENDS: bool = CAREFUL;

        fn fill<'de, D: Deserializer<'de>>(body: &mut Body<'de>, json: D) -> Result<(), D::Error> {
            let left = Left::new(MAX_ITEMS, CAREFUL);
            json.deserialize_map(ObjectVisitor(body, &left))?;
            body.is_too_much = left.is_spilled();
            Ok(())
        }
    }

    let then = read_borrowed::<Whole<false>, _>(body, |read| match read {
        Ok(body) => Ok(then(Ok(&*body))),
        Err(_) => Err(then),
    });
    match then {
        Ok(done) => done,
        Err(then) => read_borrowed::<Whole<true>, V>(body, |body| then(body.map(|body| &*body))),
    }
}

/// Meta puts together up to 1,000 updates in up to 3 MB (webhooks/overview, 2026-04); a piece of the history may hold
/// thousands of messages. The shortest thing that is said there, a status with its id, time and recipient, has about 140
/// bytes, so that a body of 4 MiB holds 30,000 of them.
pub(super) const MAX_ITEMS: usize = 1 << 15;

impl<'de> Members<'de> for Body<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A, left: &Left) -> Result<(), A::Error> {
        match name {
            "object" => first(&mut self.object, map),
            "entry" => rows(&mut self.entry, map, left),
            _ => rest(&mut self.rest, name, map, left),
        }
    }
}

impl<'de> Members<'de> for Entry<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A, left: &Left) -> Result<(), A::Error> {
        match name {
            "id" => first(&mut self.id, map),
            "time" => first(&mut self.time, map),
            "changes" => rows(&mut self.changes, map, left),
            _ => rest(&mut self.rest, name, map, left),
        }
    }
}

impl<'de> Members<'de> for Change<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A, left: &Left) -> Result<(), A::Error> {
        match name {
            "field" => first(&mut self.field, map),
            "value" if matches!(self.value, Part::Absent) => {
                map.next_value_seed(PartSeed(&mut self.value, left))
            }
            _ => pass(map),
        }
    }
}

impl<'de> Members<'de> for Value<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A, left: &Left) -> Result<(), A::Error> {
        match name {
            "metadata" => first(&mut self.metadata, map),
            "contacts" => rows(&mut self.contacts, map, left),
            "history" => rows(&mut self.history, map, left),
            _ => match List::of(name) {
                None => rest(&mut self.rest, name, map, left),
                Some(list) if self.lists.iter().all(|(known, _)| *known != list) => {
                    let mut found = Rows::Absent;
                    rows(&mut found, map, left)?;
                    if !matches!(found, Rows::Absent) {
                        self.lists.push((list, found));
                    }
                    Ok(())
                }
                Some(_) => pass(map),
            },
        }
    }
}

impl<'de> Members<'de> for Chunk<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A, left: &Left) -> Result<(), A::Error> {
        match name {
            "metadata" => first(&mut self.metadata, map),
            "threads" => rows(&mut self.threads, map, left),
            "errors" => rows(&mut self.errors, map, left),
            _ => rest(&mut self.rest, name, map, left),
        }
    }
}

impl<'de> Members<'de> for Thread<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A, left: &Left) -> Result<(), A::Error> {
        match name {
            "id" => first(&mut self.id, map),
            "messages" => rows(&mut self.messages, map, left),
            _ => rest(&mut self.rest, name, map, left),
        }
    }
}
