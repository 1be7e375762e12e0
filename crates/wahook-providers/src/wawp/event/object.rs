//! How objects of Wawp are read: every member optional, `null` as missing, what is not known skipped.
//!
//! Written out rather than derived: a derived struct may also be read from an array, and fails when a member comes
//! twice. Here an array is never an object, and of two equal members the first counts, as in the scan for the key.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use wahook_core::json::Text;

/// A place for a member.
pub(super) trait Slot<'de>: Sized {
    /// Reads the value of the member that was just named.
    fn read<A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error>;

    /// Whether nothing is in it.
    fn is_absent(&self) -> bool;
}

impl<'de, T: Deserialize<'de>> Slot<'de> for Option<T> {
    fn read<A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        map.next_value()
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<'de, T: Deserialize<'de>> Slot<'de> for Vec<T> {
    fn read<A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        let list = map.next_value::<Option<Vec<Option<T>>>>()?;
        Ok(list.unwrap_or_default().into_iter().flatten().collect())
    }

    fn is_absent(&self) -> bool {
        self.is_empty()
    }
}

/// A text inside the engine's own message: nobody promises its type, so anything else is no text rather than an error.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Hint(Option<Text>);

impl Hint {
    /// The text, unless it is empty.
    pub(crate) fn text(&self) -> Option<&str> {
        self.0.as_deref().filter(|text| !text.is_empty())
    }
}

impl<'de> Slot<'de> for Hint {
    fn read<A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        map.next_value::<Lax<Self>>().map(|hint| hint.0)
    }

    fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

/// Whether a member of the engine's own message is there: `true`, or anything that is neither `false` nor `null`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Present(pub(crate) bool);

impl<'de> Slot<'de> for Present {
    fn read<A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        map.next_value::<Lax<Self>>().map(|present| present.0)
    }

    fn is_absent(&self) -> bool {
        !self.0
    }
}

/// What can be made of any JSON value.
pub(super) trait FromAny: Default {
    /// Of an object, whose members are read or skipped.
    fn map<'de, A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        skip(map)?;
        Ok(Self::default())
    }

    /// Of a text.
    fn text(_text: &str) -> Self {
        Self::default()
    }

    /// Of a boolean, number or list.
    fn truth(_truth: bool) -> Self {
        Self::default()
    }
}

/// Passes over an object.
pub(super) fn skip<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

impl FromAny for Hint {
    fn text(text: &str) -> Self {
        Self(Some(text.into()))
    }
}

impl FromAny for Present {
    fn map<'de, A: MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
        skip(map)?;
        Ok(Self(true))
    }

    fn text(_text: &str) -> Self {
        Self(true)
    }

    fn truth(truth: bool) -> Self {
        Self(truth)
    }
}

/// Reads any JSON value as a `T`.
pub(super) struct Lax<T>(pub(super) T);

impl<'de, T: FromAny> Deserialize<'de> for Lax<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LaxVisitor(PhantomData)).map(Self)
    }
}

struct LaxVisitor<T>(PhantomData<T>);

impl<'de, T: FromAny> Visitor<'de> for LaxVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<T, E> {
        Ok(T::truth(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        Ok(T::truth(number != 0))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        Ok(T::truth(number != 0))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<T, E> {
        Ok(T::truth(number != 0.0))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        Ok(T::text(text))
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(T::truth(true))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        T::map(map)
    }
}

/// Declares an object by its members: `field: Type = "member"`, with other spellings after `|`.
macro_rules! object {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty = $member:literal $(| $alias:literal)*,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name { $($(#[$doc])* pub $field: $type,)+ }

        $crate::wawp::event::object::members!($name { $($field = $member $(| $alias)*,)+ });

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct ObjectVisitor;

                impl<'de> serde::de::Visitor<'de> for ObjectVisitor {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$name, A::Error> {
                        $name::of_members(map)
                    }
                }

                deserializer.deserialize_map(ObjectVisitor)
            }
        }
    };
}

/// As [`object!`], where a text alone may stand for the object and is then its member `by`.
macro_rules! text_or_object {
    ($(#[$meta:meta])* pub struct $name:ident by $by:ident { $($(#[$doc:meta])* $field:ident: $type:ty = $member:literal $(| $alias:literal)*,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name { $($(#[$doc])* pub $field: $type,)+ }

        $crate::wawp::event::object::members!($name { $($field = $member $(| $alias)*,)+ });

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct TextOrObject;

                impl<'de> serde::de::Visitor<'de> for TextOrObject {
                    type Value = $name;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a text or an object")
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$name, E> {
                        Ok($name { $by: Some(text.into()), ..$name::default() })
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<$name, A::Error> {
                        $name::of_members(map)
                    }
                }

                deserializer.deserialize_any(TextOrObject)
            }
        }
    };
}

/// As [`object!`], for the engine's own message: whatever has another shape counts as missing.
macro_rules! hints {
    ($(#[$meta:meta])* pub(crate) struct $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty = $member:literal $(| $alias:literal)*,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub(crate) struct $name { $($(#[$doc])* pub(crate) $field: $type,)+ }

        $crate::wawp::event::object::members!($name { $($field = $member $(| $alias)*,)+ });

        impl $crate::wawp::event::object::FromAny for $name {
            fn map<'de, A: serde::de::MapAccess<'de>>(map: A) -> Result<Self, A::Error> {
                Self::of_members(map)
            }
        }

        impl<'de> $crate::wawp::event::object::Slot<'de> for $name {
            fn read<A: serde::de::MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
                map.next_value::<$crate::wawp::event::object::Lax<Self>>().map(|lax| lax.0)
            }

            fn is_absent(&self) -> bool {
                $($crate::wawp::event::object::Slot::is_absent(&self.$field))&&+
            }
        }
    };
}

/// The loop over the members, for both.
macro_rules! members {
    ($name:ident { $($field:ident = $member:literal $(| $alias:literal)*,)+ }) => {
        impl $name {
            fn of_members<'de, A: serde::de::MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
                #[expect(non_camel_case_types, reason = "the names of the fields")]
                enum Member { $($field,)+ other_ }

                struct MemberVisitor;

                impl serde::de::Visitor<'_> for MemberVisitor {
                    type Value = Member;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a name")
                    }

                    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<Member, E> {
                        Ok(match name {
                            $($member $(| $alias)* => Member::$field,)+
                            _ => Member::other_,
                        })
                    }
                }

                impl<'de> serde::Deserialize<'de> for Member {
                    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                        deserializer.deserialize_identifier(MemberVisitor)
                    }
                }

                use $crate::wawp::event::object::Slot;
                let mut this = Self::default();
                while let Some(member) = map.next_key::<Member>()? {
                    match member {
                        $(Member::$field => {
                            let value = Slot::read(&mut map)?;
                            if this.$field.is_absent() {
                                this.$field = value;
                            }
                        })+
                        Member::other_ => {
                            map.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(this)
            }
        }
    };
}

pub(super) use {hints, members, object, text_or_object};
