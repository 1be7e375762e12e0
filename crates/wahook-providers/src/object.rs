//! Objects by their members: every member optional, `null` as missing, what is not known skipped.
//!
//! Written out rather than derived: a derived struct may also be read from an array, and fails when a member comes
//! twice. Here an array is never an object, and of two equal members the first counts, as in the scan for the key.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;
use wahook_core::json::{self, Text};

/// A place for a member.
pub(crate) trait Slot<'de>: Sized {
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
        // As it stands first: a number may be larger than any that could be read.
        let value = map.next_value::<&RawValue>()?.get();
        Ok(Self(
            value
                .starts_with('"')
                .then(|| json::read(value.as_bytes()).ok())
                .flatten(),
        ))
    }

    fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

/// Whether a member of the engine's own message is there: anything but `false`, `null` and 0.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Present(pub(crate) bool);

impl<'de> Slot<'de> for Present {
    fn read<A: MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
        let value = map.next_value::<&RawValue>()?.get();
        Ok(Self(!matches!(value, "false" | "null" | "0")))
    }

    fn is_absent(&self) -> bool {
        !self.0
    }
}

/// How a member is read into its field: of two equal ones the first.
///
/// By its [`Slot`], but for texts, which most fields are: they are read to where they stay. A slot of their own would be
/// another one beside that of every `Option`, so the compiler chooses by the type of the field: it looks for a method of a
/// [`FieldType`] before it looks for one of a reference to it.
pub(crate) mod field {
    use std::marker::PhantomData;

    use serde::de::MapAccess;
    use wahook_core::json::{Text, TextPlace};

    use super::Slot;

    /// The type of a field.
    pub(crate) struct FieldType<T>(PhantomData<T>);

    impl<T> FieldType<T> {
        pub(crate) const fn of(_: &T) -> Self {
            Self(PhantomData)
        }
    }

    pub(crate) trait TextField<'de> {
        fn read<A: MapAccess<'de>>(&self, field: &mut Option<Text>, map: &mut A) -> Result<(), A::Error>;
    }

    impl<'de> TextField<'de> for FieldType<Option<Text>> {
        fn read<A: MapAccess<'de>>(&self, field: &mut Option<Text>, map: &mut A) -> Result<(), A::Error> {
            map.next_value_seed(TextPlace::new(field))
        }
    }

    pub(crate) trait SlotField<'de, T> {
        fn read<A: MapAccess<'de>>(&self, field: &mut T, map: &mut A) -> Result<(), A::Error>;
    }

    impl<'de, T: Slot<'de>> SlotField<'de, T> for &FieldType<T> {
        fn read<A: MapAccess<'de>>(&self, field: &mut T, map: &mut A) -> Result<(), A::Error> {
            let value = T::read(map)?;
            if field.is_absent() {
                *field = value;
            }
            Ok(())
        }
    }
}

/// An object by its members. It is filled where it stays: to hand it on would cost as much as to read it.
pub(crate) trait Members: Default {
    /// Reads the members that matter, and passes over the rest.
    fn fill<'de, A: MapAccess<'de>>(&mut self, map: A) -> Result<(), A::Error>;
}

/// Fills what must be an object.
pub(crate) struct Object<'a, T>(pub(crate) &'a mut T);

impl<'de, T: Members> Visitor<'de> for Object<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.fill(map)
    }
}

/// What is read where it stays.
pub(crate) trait InPlace: Default {
    /// Reads it.
    fn read<'de, D: Deserializer<'de>>(&mut self, json: D) -> Result<(), D::Error>;
}

/// Reads a value in a place of its own; `None` for `null`.
pub(crate) struct Boxed<T>(pub(crate) PhantomData<T>);

impl<'de, T: InPlace> DeserializeSeed<'de> for Boxed<T> {
    type Value = Option<Box<T>>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_option(self)
    }
}

impl<'de, T: InPlace> Visitor<'de> for Boxed<T> {
    type Value = Option<Box<T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value or null")
    }

    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        let mut value = Box::<T>::default();
        value.read(json)?;
        Ok(Some(value))
    }
}

/// Reads any JSON value as a `T`. Only a number that is none (`1e999`) is still a mistake.
pub(crate) struct Lax<T>(pub(crate) T);

impl<'de, T: Members> Deserialize<'de> for Lax<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LaxVisitor(PhantomData)).map(Self)
    }
}

struct LaxVisitor<T>(PhantomData<T>);

impl<'de, T: Members> Visitor<'de> for LaxVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<T, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(T::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        let mut object = T::default();
        object.fill(map)?;
        Ok(object)
    }
}

/// Declares an object by its members: `field: Type = "member"`, with other spellings after `|`.
macro_rules! object {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty = $member:literal $(| $alias:literal)*,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        #[non_exhaustive]
        pub struct $name { $($(#[$doc])* pub $field: $type,)+ }

        $crate::object::members!($name { $($field = $member $(| $alias)*,)+ });

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let mut object = Self::default();
                $crate::object::InPlace::read(&mut object, deserializer)?;
                Ok(object)
            }
        }

        impl $crate::object::InPlace for $name {
            fn read<'de, D: serde::Deserializer<'de>>(&mut self, json: D) -> Result<(), D::Error> {
                json.deserialize_map($crate::object::Object(self))
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

        $crate::object::members!($name { $($field = $member $(| $alias)*,)+ });

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
                        let mut object = $name::default();
                        $crate::object::Members::fill(&mut object, map)?;
                        Ok(object)
                    }
                }

                deserializer.deserialize_any(TextOrObject)
            }
        }
    };
}

/// As [`object!`], for the engine's own message: whatever has another shape counts as missing.
macro_rules! hints {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty = $member:literal $(| $alias:literal)*,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        $vis struct $name { $($(#[$doc])* pub(crate) $field: $type,)+ }

        $crate::object::members!($name { $($field = $member $(| $alias)*,)+ });

        impl<'de> $crate::object::Slot<'de> for $name {
            fn read<A: serde::de::MapAccess<'de>>(map: &mut A) -> Result<Self, A::Error> {
                map.next_value::<$crate::object::Lax<Self>>().map(|lax| lax.0)
            }

            fn is_absent(&self) -> bool {
                $($crate::object::Slot::is_absent(&self.$field))&&+
            }
        }
    };
}

/// The loop over the members, for all of them.
macro_rules! members {
    ($name:ident { $($field:ident = $member:literal $(| $alias:literal)*,)+ }) => {
        impl $crate::object::Members for $name {
            fn fill<'de, A: serde::de::MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
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

                use $crate::object::field::*;
                while let Some(member) = map.next_key::<Member>()? {
                    match member {
                        $(Member::$field => {
                            (&FieldType::of(&self.$field)).read(&mut self.$field, &mut map)?;
                        })+
                        Member::other_ => {
                            map.next_value::<serde::de::IgnoredAny>()?;
                        }
                    }
                }
                Ok(())
            }
        }
    };
}

pub(crate) use {hints, members, object, text_or_object};
