//! The envelope: entries, changes, and the lists in their values, of which each element is left as it is.
//!
//! Members come in any order: on Meta's own pages `entry` stands before `object` in some samples and `value` before
//! `field` in most (webhooks/reference, 2026-04). So nothing is judged here. Every scalar is left as it stands too, so
//! that a mistake in one is the mistake of whoever reads it. A change is passed over once to have it whole, and once more
//! for its lists: no tree is built, and what is kept is a place in the body.

use std::{borrow::Cow, cell::Cell, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use wahook_core::json::{self, Fill, ReadError, Text, read_borrowed};

/// A value as it stands; nothing for `null`.
pub(super) type Json<'de> = Option<&'de RawValue>;

/// The whole body.
#[derive(Debug, Default)]
pub(super) struct Body<'de> {
    pub(super) object: Json<'de>,
    pub(super) entry: Rows<Part<Entry<'de>>>,
    /// Whether there is more than anybody says at once; then nothing of it is taken for whole.
    pub(super) is_too_much: bool,
}

/// A business account.
#[derive(Debug, Default)]
pub(super) struct Entry<'de> {
    pub(super) id: Json<'de>,
    pub(super) time: Json<'de>,
    pub(super) changes: Rows<Change<'de>>,
}

/// A field and its value.
#[derive(Debug)]
pub(super) struct Change<'de> {
    /// All of it.
    pub(super) raw: &'de RawValue,
    pub(super) members: Part<ChangeMembers<'de>>,
}

#[derive(Debug, Default)]
pub(super) struct ChangeMembers<'de> {
    pub(super) field: Json<'de>,
    pub(super) value: Part<Value<'de>>,
}

/// What a change says.
#[derive(Debug, Default)]
pub(super) struct Value<'de> {
    pub(super) metadata: Json<'de>,
    pub(super) contacts: Rows<&'de RawValue>,
    pub(super) history: Rows<Chunk<'de>>,
    /// The other lists, in their order; of two equal names the first counts.
    pub(super) lists: Vec<(List, Rows<&'de RawValue>)>,
}

/// A piece of the history.
#[derive(Debug)]
pub(super) struct Chunk<'de> {
    /// All of it.
    pub(super) raw: &'de RawValue,
    pub(super) members: Part<ChunkMembers<'de>>,
}

#[derive(Debug, Default)]
pub(super) struct ChunkMembers<'de> {
    pub(super) metadata: Json<'de>,
    pub(super) threads: Rows<Part<Thread<'de>>>,
    pub(super) errors: Rows<&'de RawValue>,
}

/// A conversation of the history.
#[derive(Debug, Default)]
pub(super) struct Thread<'de> {
    pub(super) id: Json<'de>,
    pub(super) messages: Rows<&'de RawValue>,
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
#[derive(Debug)]
pub(super) enum Rows<T> {
    Absent,
    /// It is there, and is none.
    Wrong,
    List(Vec<T>),
}

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Self::Absent
    }
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

/// Reads a body.
pub(super) fn read<V>(body: &[u8], then: impl FnOnce(Result<&Body<'_>, ReadError>) -> V) -> V {
    struct Whole;

    impl Fill for Whole {
        type Target<'de> = Body<'de>;

        fn fill<'de, D: Deserializer<'de>>(body: &mut Body<'de>, json: D) -> Result<(), D::Error> {
            let left = Left(Cell::new(Some(MAX_ITEMS)));
            json.deserialize_map(ObjectVisitor(body, &left))?;
            body.is_too_much = left.0.get().is_none();
            Ok(())
        }
    }

    read_borrowed::<Whole, V>(body, |body| then(body.map(|body| &*body)))
}

/// Meta puts together up to 1,000 updates in up to 3 MB (webhooks/overview, 2026-04); a piece of the history may hold
/// thousands of messages. The shortest of them need more bytes than that for so many.
pub(super) const MAX_ITEMS: usize = 20_000;

/// How many more rows are kept; `None` once there were too many. Each costs memory of its own.
struct Left(Cell<Option<usize>>);

impl Left {
    fn take(&self) -> bool {
        let left = self.0.get().and_then(|left| left.checked_sub(1));
        self.0.set(left);
        left.is_some()
    }
}

trait Members<'de>: Default {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A, left: &Left) -> Result<(), A::Error>;
}

impl<'de> Members<'de> for Body<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A, left: &Left) -> Result<(), A::Error> {
        match name {
            "object" => first(&mut self.object, map),
            "entry" => rows(&mut self.entry, map, left),
            _ => pass(map),
        }
    }
}

impl<'de> Members<'de> for Entry<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A, left: &Left) -> Result<(), A::Error> {
        match name {
            "id" => first(&mut self.id, map),
            "time" => first(&mut self.time, map),
            "changes" => rows(&mut self.changes, map, left),
            _ => pass(map),
        }
    }
}

impl<'de> Members<'de> for ChangeMembers<'de> {
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
                Some(list) if self.lists.iter().all(|(known, _)| *known != list) => {
                    let mut found = Rows::Absent;
                    rows(&mut found, map, left)?;
                    if !matches!(found, Rows::Absent) {
                        self.lists.push((list, found));
                    }
                    Ok(())
                }
                _ => pass(map),
            },
        }
    }
}

impl<'de> Members<'de> for ChunkMembers<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A, left: &Left) -> Result<(), A::Error> {
        match name {
            "metadata" => first(&mut self.metadata, map),
            "threads" => rows(&mut self.threads, map, left),
            "errors" => rows(&mut self.errors, map, left),
            _ => pass(map),
        }
    }
}

impl<'de> Members<'de> for Thread<'de> {
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A, left: &Left) -> Result<(), A::Error> {
        match name {
            "id" => first(&mut self.id, map),
            "messages" => rows(&mut self.messages, map, left),
            _ => pass(map),
        }
    }
}

/// Of two equal members the first counts.
fn first<'de, A: MapAccess<'de>>(slot: &mut Json<'de>, map: &mut A) -> Result<(), A::Error> {
    // An `Option` of it would be a copy of the parser's own.
    let value: &'de RawValue = map.next_value()?;
    if slot.is_none() && value.get() != "null" {
        *slot = Some(value);
    }
    Ok(())
}

fn pass<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|IgnoredAny| ())
}

fn rows<'de, T: Row<'de>, A: MapAccess<'de>>(
    slot: &mut Rows<T>,
    map: &mut A,
    left: &Left,
) -> Result<(), A::Error> {
    if matches!(slot, Rows::Absent) {
        map.next_value_seed(RowsSeed(slot, left))
    } else {
        pass(map)
    }
}

/// An element of a list.
trait Row<'de>: Sized {
    fn next<A: SeqAccess<'de>>(list: &mut A, left: &Left) -> Result<Option<Self>, A::Error>;
}

impl<'de> Row<'de> for &'de RawValue {
    fn next<A: SeqAccess<'de>>(list: &mut A, _: &Left) -> Result<Option<Self>, A::Error> {
        list.next_element()
    }
}

impl<'de, T: Members<'de>> Row<'de> for Part<T> {
    fn next<A: SeqAccess<'de>>(list: &mut A, left: &Left) -> Result<Option<Self>, A::Error> {
        let mut part = Self::Absent;
        Ok(list.next_element_seed(PartSeed(&mut part, left))?.map(|()| part))
    }
}

impl<'de> Row<'de> for Change<'de> {
    fn next<A: SeqAccess<'de>>(list: &mut A, left: &Left) -> Result<Option<Self>, A::Error> {
        let raw: Option<&'de RawValue> = list.next_element()?;
        Ok(raw.map(|raw| Self {
            raw,
            members: inner(raw, left),
        }))
    }
}

impl<'de> Row<'de> for Chunk<'de> {
    fn next<A: SeqAccess<'de>>(list: &mut A, left: &Left) -> Result<Option<Self>, A::Error> {
        let raw: Option<&'de RawValue> = list.next_element()?;
        Ok(raw.map(|raw| Self {
            raw,
            members: inner(raw, left),
        }))
    }
}

/// Looks into what was passed over.
fn inner<'de, T: Members<'de>>(raw: &'de RawValue, left: &Left) -> Part<T> {
    let mut part = Part::Absent;
    let mut parser = serde_json::Deserializer::from_str(raw.get());
    match PartSeed(&mut part, left).deserialize(&mut parser) {
        Ok(()) => part,
        // A number that is none; the parser passes over it.
        Err(_) => Part::Wrong,
    }
}

struct PartSeed<'a, T>(&'a mut Part<T>, &'a Left);

impl<'de, T: Members<'de>> DeserializeSeed<'de> for PartSeed<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

struct RowsSeed<'a, T>(&'a mut Rows<T>, &'a Left);

impl<'de, T: Row<'de>> DeserializeSeed<'de> for RowsSeed<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

/// What stands where an object or a list belongs.
macro_rules! anything_else {
    ($wrong:path) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("anything")
        }

        fn visit_unit<E: de::Error>(self) -> Result<(), E> {
            Ok(())
        }

        fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
            *self.0 = $wrong;
            Ok(())
        }

        fn visit_i64<E: de::Error>(self, _: i64) -> Result<(), E> {
            *self.0 = $wrong;
            Ok(())
        }

        fn visit_u64<E: de::Error>(self, _: u64) -> Result<(), E> {
            *self.0 = $wrong;
            Ok(())
        }

        fn visit_f64<E: de::Error>(self, _: f64) -> Result<(), E> {
            *self.0 = $wrong;
            Ok(())
        }

        fn visit_str<E: de::Error>(self, _: &str) -> Result<(), E> {
            *self.0 = $wrong;
            Ok(())
        }
    };
}

impl<'de, T: Members<'de>> Visitor<'de> for PartSeed<'_, T> {
    type Value = ();

    anything_else!(Part::Wrong);

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        *self.0 = Part::Wrong;
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let mut object = T::default();
        ObjectVisitor(&mut object, self.1).visit_map(map)?;
        *self.0 = Part::Object(object);
        Ok(())
    }
}

impl<'de, T: Row<'de>> Visitor<'de> for RowsSeed<'_, T> {
    type Value = ();

    anything_else!(Rows::Wrong);

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let mut rows = Vec::new();
        while let Some(row) = T::next(&mut list, self.1)? {
            if !self.1.take() {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
            rows.push(row);
        }
        *self.0 = Rows::List(rows);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        *self.0 = Rows::Wrong;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

struct ObjectVisitor<'a, T>(&'a mut T, &'a Left);

impl<'de, T: Members<'de>> Visitor<'de> for ObjectVisitor<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            self.0.member(&name, &mut map, self.1)?;
        }
        Ok(())
    }
}

/// The name of a member, borrowed where it has no escapes. Half a character in it is no mistake of the body's.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        let bare = raw.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        Ok(Self(match bare {
            Some(name) if !name.contains('\\') => Cow::Borrowed(name),
            _ => Cow::Owned(
                json::read::<Text>(raw.as_bytes())
                    .unwrap_or_default()
                    .into_string(),
            ),
        }))
    }
}
