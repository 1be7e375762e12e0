//! Reading objects whose members decide later what they had to be: one pass, no tree.
//!
//! Where the name of an event comes after its payload, or nowhere, no member can be judged while it is read. A [`Slot`]
//! remembers that a value had the wrong shape; whoever knows the event decides whether that matters.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
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

impl<T: Shape> Slot<T> {
    /// Takes the value that the map stands before. Of a member that comes twice the first counts, as in the scan for keys.
    pub(crate) fn take<'de, A: MapAccess<'de>>(&mut self, map: &mut A) -> Result<(), A::Error> {
        if matches!(self, Self::Absent) {
            *self = map.next_value()?;
        } else {
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

impl<T> Slot<T> {
    /// The value, where a wrong shape is a malformed event; `path` says where it stands.
    pub(crate) fn strict(self, path: impl FnOnce() -> String) -> Result<Option<T>, ReadError> {
        match self {
            Self::Absent => Ok(None),
            Self::Wrong => Err(ReadError::shape(path())),
            Self::Value(value) => Ok(Some(value)),
        }
    }

    /// The value, where no page promises a shape: a wrong one is as good as none, and `raw` keeps it.
    pub(crate) fn lenient(self) -> Option<T> {
        match self {
            Self::Absent | Self::Wrong => None,
            Self::Value(value) => Some(value),
        }
    }

    /// The value, if there is one.
    pub(crate) const fn get(&self) -> Option<&T> {
        match self {
            Self::Absent | Self::Wrong => None,
            Self::Value(value) => Some(value),
        }
    }

    /// This member, or the other where this one is absent.
    pub(crate) fn or(self, other: Self) -> Self {
        match self {
            Self::Absent => other,
            present => present,
        }
    }
}

impl Slot<String> {
    /// The text, if there is one with something in it: senders write `""` where they mean nothing.
    pub(crate) fn text(&self) -> Option<&str> {
        self.get().map(String::as_str).filter(|text| !text.is_empty())
    }
}

/// What values a [`Slot`] can hold.
pub(crate) trait Shape: Sized {
    /// From a text, or from the digits of a number.
    fn text(text: Cow<'_, str>) -> Option<Self>;

    /// From an object.
    fn object<'de, A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error>;
}

impl Shape for String {
    fn text(text: Cow<'_, str>) -> Option<Self> {
        Some(text.into_owned())
    }

    fn object<'de, A: MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
        skip(map)?;
        Ok(None)
    }
}

/// An object of named members.
pub(crate) trait Object: Default {
    /// Takes the value of the member of that name, or skips it.
    fn member<'de, A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;
}

/// Reads an object member by member.
pub(crate) fn fill<'de, T: Object, A: MapAccess<'de>>(mut map: A) -> Result<T, A::Error> {
    let mut object = T::default();
    while let Some(Name(name)) = map.next_key()? {
        object.member(&name, &mut map)?;
    }
    Ok(object)
}

/// Passes over the value that the map stands before.
pub(crate) fn pass<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|IgnoredAny| ())
}

/// The [`Shape`] of a type that is only ever an object.
macro_rules! object_shape {
    ($($type:ty),+) => { $(
        impl $crate::slot::Shape for $type {
            fn text(_: std::borrow::Cow<'_, str>) -> Option<Self> {
                None
            }

            fn object<'de, A: serde::de::MapAccess<'de>>(map: A) -> Result<Option<Self>, A::Error> {
                $crate::slot::fill(map).map(Some)
            }
        }
    )+ };
}
pub(crate) use object_shape;

fn skip<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// A whole body that must be an object.
pub(crate) struct Root<T>(pub(crate) T);

impl<'de, T: Object> Deserialize<'de> for Root<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RootVisitor<T>(PhantomData<T>);

        impl<'de, T: Object> Visitor<'de> for RootVisitor<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
                fill(map)
            }
        }

        deserializer.deserialize_map(RootVisitor(PhantomData)).map(Root)
    }
}

impl<'de, T: Shape> Deserialize<'de> for Slot<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SlotVisitor(PhantomData))
    }
}

struct SlotVisitor<T>(PhantomData<T>);

impl<T: Shape> SlotVisitor<T> {
    fn of(text: Cow<'_, str>) -> Slot<T> {
        T::text(text).map_or(Slot::Wrong, Slot::Value)
    }
}

impl<'de, T: Shape> Visitor<'de> for SlotVisitor<T> {
    type Value = Slot<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Slot<T>, E> {
        Ok(Slot::Absent)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Slot<T>, E> {
        Ok(Slot::Wrong)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Slot<T>, E> {
        Ok(Self::of(number.to_string().into()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Slot<T>, E> {
        Ok(Self::of(number.to_string().into()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Slot<T>, E> {
        Ok(Self::of(number.to_string().into()))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Slot<T>, E> {
        Ok(Self::of(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Slot<T>, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Slot::Wrong)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Slot<T>, A::Error> {
        Ok(T::object(map)?.map_or(Slot::Wrong, Slot::Value))
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
