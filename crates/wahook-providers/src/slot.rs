//! Reading objects whose members decide later what they had to be: one pass, no tree.
//!
//! Where the name of an event comes after its payload, or nowhere, no member can be judged while it is read. A [`Slot`]
//! remembers that a value had the wrong shape; whoever knows the event decides whether that matters.

use std::{borrow::Cow, fmt};
use wahook_core::json::Text;

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use wahook_core::json::ReadError;

/// One member of an object. Missing and null are the same (N2).
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Slot<T> {
    #[default]
    Absent,
    /// It is there, and `T` cannot have that shape.
    Wrong,
    Value(T),
}

impl<T> Slot<T> {
    /// Takes the value that the map stands before. Of a member that comes twice the first counts, as in the scan for keys.
    pub(crate) fn take<'de, A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error>
    where
        T: Shape<'de>,
    {
        if matches!(self, Self::Absent) {
            map.next_value_seed(self)
        } else {
            pass(map)
        }
    }

    /// Reads an object where it stays: these structs are large to move.
    pub(crate) fn fill<'de, A: MapAccess<'de>>(&mut self, map: A) -> Result<(), A::Error>
    where
        T: Object<'de>,
    {
        *self = Self::Value(T::default());
        match self {
            Self::Value(object) => fill(object, map),
            Self::Absent | Self::Wrong => Ok(()),
        }
    }

    /// The value, where a wrong shape is a malformed event; `path` says where it stands.
    pub(crate) fn strict(&self, path: impl FnOnce() -> String) -> Result<Option<&T>, ReadError> {
        match self {
            Self::Wrong => Err(ReadError::shape(path())),
            slot => Ok(slot.get()),
        }
    }

    /// The value, if there is one. Where no page promises a shape, a wrong one is as good as none, and `raw` keeps it.
    pub(crate) const fn get(&self) -> Option<&T> {
        match self {
            Self::Absent | Self::Wrong => None,
            Self::Value(value) => Some(value),
        }
    }

    /// This member, or the other where this one is absent.
    pub(crate) const fn or<'a>(&'a self, other: &'a Self) -> &'a Self {
        match self {
            Self::Absent => other,
            present => present,
        }
    }
}

/// A member that holds a text, borrowed from the body where it has no escapes.
pub(crate) type TextSlot<'de> = Slot<Cow<'de, str>>;

impl Slot<Cow<'_, str>> {
    /// The text, if there is one with something in it: senders write `""` where they mean nothing.
    pub(crate) fn text(&self) -> Option<&str> {
        self.get().map(|text| &**text).filter(|text| !text.is_empty())
    }

    /// That text, to keep.
    pub(crate) fn to_text(&self) -> Option<Text> {
        self.text().map(Text::from)
    }
}

/// A word as sent, in small letters; rarely a copy.
pub(crate) fn lower(word: &str) -> Cow<'_, str> {
    if word.bytes().any(|byte| byte.is_ascii_uppercase()) {
        word.to_ascii_lowercase().into()
    } else {
        word.into()
    }
}

/// What values a [`Slot`] can hold.
pub(crate) trait Shape<'de>: Sized {
    /// From a text, or from the digits of a number.
    fn text(text: Cow<'de, str>) -> Option<Self>;

    /// From an object, into its slot.
    fn object<A: MapAccess<'de>>(slot: &mut Slot<Self>, map: A) -> Result<(), A::Error>;
}

impl<'de> Shape<'de> for Cow<'de, str> {
    fn text(text: Self) -> Option<Self> {
        Some(text)
    }

    fn object<A: MapAccess<'de>>(slot: &mut Slot<Self>, mut map: A) -> Result<(), A::Error> {
        *slot = Slot::Wrong;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// An object of named members.
pub(crate) trait Object<'de>: Default {
    /// Takes the value of the member of that name, or skips it.
    fn member<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;
}

fn fill<'de, T: Object<'de>, A: MapAccess<'de>>(object: &mut T, mut map: A) -> Result<(), A::Error> {
    while let Some(Name(name)) = map.next_key()? {
        object.member(&name, &mut map)?;
    }
    Ok(())
}

/// Passes over the value that the map stands before.
pub(crate) fn pass<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|IgnoredAny| ())
}

/// The [`Shape`] of a type that is only ever an object.
macro_rules! object_shape {
    ($($type:ident),+) => { $(
        impl<'de> $crate::slot::Shape<'de> for $type<'de> {
            fn text(_: std::borrow::Cow<'de, str>) -> Option<Self> {
                None
            }

            fn object<A: serde::de::MapAccess<'de>>(
                slot: &mut $crate::slot::Slot<Self>,
                map: A,
            ) -> Result<(), A::Error> {
                slot.fill(map)
            }
        }
    )+ };
}
pub(crate) use object_shape;

/// Reads a value that must be an object. What it borrows does not leave the reading, so call it in a seed that decides.
pub(crate) fn object<'de, T, D>(object: &mut T, deserializer: D) -> Result<(), D::Error>
where
    T: Object<'de>,
    D: Deserializer<'de>,
{
    struct ObjectVisitor<'a, T>(&'a mut T);

    impl<'de, T: Object<'de>> Visitor<'de> for ObjectVisitor<'_, T> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
            fill(self.0, map)
        }
    }

    deserializer.deserialize_map(ObjectVisitor(object))
}

impl<'de, T: Shape<'de>> DeserializeSeed<'de> for &mut Slot<T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(SlotVisitor(self))
    }
}

struct SlotVisitor<'a, T>(&'a mut Slot<T>);

impl<T> SlotVisitor<'_, T> {
    fn put<'de, E>(self, text: Cow<'de, str>) -> Result<(), E>
    where
        T: Shape<'de>,
    {
        *self.0 = T::text(text).map_or(Slot::Wrong, Slot::Value);
        Ok(())
    }
}

impl<'de, T: Shape<'de>> Visitor<'de> for SlotVisitor<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<(), E> {
        *self.0 = Slot::Wrong;
        Ok(())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        self.put(number.to_string().into())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        self.put(number.to_string().into())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<(), E> {
        self.put(number.to_string().into())
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<(), E> {
        self.put(Cow::Borrowed(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.put(Cow::Owned(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        *self.0 = Slot::Wrong;
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        T::object(self.0, map)
    }
}

/// The name of a member, borrowed where it has no escapes.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor;

        impl<'de> Visitor<'de> for NameVisitor {
            type Value = Cow<'de, str>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name")
            }

            fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
                Ok(Cow::Borrowed(name))
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Cow<'de, str>, E> {
                Ok(Cow::Owned(name.to_owned()))
            }
        }

        deserializer.deserialize_str(NameVisitor).map(Self)
    }
}
