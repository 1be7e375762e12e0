//! How objects and lists of the envelope are read, whatever stands in their place.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    Json, Part, Rest, Rows, Typed,
    left::Left,
    name::{Name, NameSeed},
};
use crate::object::InPlace;

pub(super) trait Members<'de>: Default {
    fn member<A: MapAccess<'de>>(
        &mut self,
        name: &Name<'de>,
        map: &mut A,
        left: &Left,
    ) -> Result<(), A::Error>;
}

/// Of two equal members the first counts.
pub(super) fn first<'de, A: MapAccess<'de>>(slot: &mut Json<'de>, map: &mut A) -> Result<(), A::Error> {
    // An `Option` of it would be a copy of the parser's own.
    let value: &'de RawValue = map.next_value()?;
    if slot.is_none() && value.get() != "null" {
        *slot = Some(value);
    }
    Ok(())
}

/// As [`first`], of what has one shape.
pub(super) fn first_typed<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    slot: &mut Option<Typed<'de, T>>,
    map: &mut A,
    left: &Left,
) -> Result<(), A::Error> {
    if left.is_quick() {
        let value: Option<T> = map.next_value()?;
        if slot.is_none() {
            *slot = value.map(Typed::Read);
        }
        return Ok(());
    }
    let mut json = None;
    first(&mut json, map)?;
    if slot.is_none() {
        *slot = json.map(Typed::Raw);
    }
    Ok(())
}

pub(super) fn pass<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|IgnoredAny| ())
}

/// A list under a name that is not known: what came later, or belongs to another sort of object. Anything else under such a
/// name is a member more, and says nothing for itself.
pub(super) fn rest<'de, A: MapAccess<'de>>(
    slot: &mut Rest<'de>,
    name: &str,
    map: &mut A,
    left: &Left,
) -> Result<&'de RawValue, A::Error> {
    let value: &'de RawValue = map.next_value()?;
    let inside = value.get().strip_prefix('[').map(str::trim_start);
    if inside.is_none_or(|inside| inside.starts_with(']')) {
        return Ok(value);
    }
    if left.take() {
        slot.push((name.into(), value));
    } else {
        left.spill();
    }
    Ok(value)
}

pub(super) fn rows<'de, T: Row<'de>, A: MapAccess<'de>>(
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
pub(super) trait Row<'de>: Sized {
    /// Reads one more into the rows.
    fn read<D: Deserializer<'de>>(rows: &mut Rows<Self>, json: D, left: &Left) -> Result<(), D::Error>;
}

/// An element is filled where it stays: to hand it on would cost as much as to read it.
struct RowSeed<'a, T>(&'a mut Rows<T>, &'a Left);

impl<'de, T: Row<'de>> DeserializeSeed<'de> for RowSeed<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        T::read(self.0, json, self.1)
    }
}

impl<'de> Row<'de> for &'de RawValue {
    fn read<D: Deserializer<'de>>(rows: &mut Rows<Self>, json: D, _: &Left) -> Result<(), D::Error> {
        let row = Self::deserialize(json)?;
        rows.add(|| row);
        Ok(())
    }
}

impl<'de, T: InPlace> Row<'de> for Typed<'de, T> {
    fn read<D: Deserializer<'de>>(rows: &mut Rows<Self>, json: D, left: &Left) -> Result<(), D::Error> {
        if !left.is_quick() {
            let row = <&'de RawValue>::deserialize(json)?;
            rows.add(|| Typed::Raw(row));
            return Ok(());
        }
        match rows.add(|| Typed::Read(T::default())) {
            Some(Typed::Read(row)) => row.read(json),
            Some(Typed::Raw(_)) | None => Ok(()),
        }
    }
}

impl<'de, T: Members<'de>> Row<'de> for Part<T> {
    fn read<D: Deserializer<'de>>(rows: &mut Rows<Self>, json: D, left: &Left) -> Result<(), D::Error> {
        match rows.add(|| Self::Absent) {
            Some(part) => PartSeed(part, left).deserialize(json),
            None => Ok(()),
        }
    }
}

/// The first byte tells what a value is; nothing of a list or object is read before that.
fn looked_at<'de, D, S>(json: D, begins: u8, seed: S, wrong: impl FnOnce(S)) -> Result<(), D::Error>
where
    D: Deserializer<'de>,
    S: Visitor<'de, Value = ()>,
{
    let raw = <&'de RawValue>::deserialize(json)?.get();
    match raw.as_bytes().first() {
        Some(first) if *first == begins => serde_json::Deserializer::from_str(raw)
            .deserialize_any(seed)
            .map_err(de::Error::custom),
        Some(b'n') => Ok(()),
        _ => {
            wrong(seed);
            Ok(())
        }
    }
}

pub(super) struct PartSeed<'a, T>(pub(super) &'a mut Part<T>, pub(super) &'a Left);

impl<'de, T: Members<'de>> DeserializeSeed<'de> for PartSeed<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        if self.1.is_careful() {
            return looked_at(json, b'{', self, |seed| *seed.0 = Part::Wrong);
        }
        json.deserialize_any(self)
    }
}

struct RowsSeed<'a, T>(&'a mut Rows<T>, &'a Left);

impl<'de, T: Row<'de>> DeserializeSeed<'de> for RowsSeed<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        if self.1.is_careful() {
            return looked_at(json, b'[', self, |seed| *seed.0 = Rows::Wrong);
        }
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
        *self.0 = Part::Object(T::default());
        match self.0 {
            Part::Object(object) => ObjectVisitor(object, self.1).visit_map(map),
            Part::Absent | Part::Wrong => Ok(()),
        }
    }
}

impl<'de, T: Row<'de>> Visitor<'de> for RowsSeed<'_, T> {
    type Value = ();

    anything_else!(Rows::Wrong);

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        *self.0 = Rows::empty();
        loop {
            if !self.1.take() {
                while list.next_element::<IgnoredAny>()?.is_some() {
                    self.1.spill();
                }
                break;
            }
            if list.next_element_seed(RowSeed(self.0, self.1))?.is_none() {
                self.1.give_back();
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        *self.0 = Rows::Wrong;
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

pub(super) struct ObjectVisitor<'a, T>(pub(super) &'a mut T, pub(super) &'a Left);

impl<'de, T: Members<'de>> Visitor<'de> for ObjectVisitor<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key_seed(NameSeed(self.1))? {
            self.0.member(&name, &mut map, self.1)?;
        }
        Ok(())
    }
}
