//! Changes and pieces of the history as a whole, looked up where somebody asks for one.

use std::{cell::OnceCell, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    MAX_ITEMS, Name, Part, Rows,
    left::{Care, Left},
    reading::{self, ObjectVisitor, pass, rows},
};

/// Where they stand in a body.
pub(in crate::meta) struct Pieces<'a> {
    body: &'a [u8],
    /// All at once, so that a body with many is not gone through for each.
    found: OnceCell<Body<'a>>,
}

#[derive(Default)]
struct Body<'a> {
    entry: Rows<Part<Entry<'a>>>,
}

#[derive(Default)]
struct Entry<'a> {
    changes: Rows<&'a RawValue>,
}

impl<'de> reading::Members<'de> for Body<'de> {
    fn member<A: MapAccess<'de>>(
        &mut self,
        name: &Name<'de>,
        map: &mut A,
        left: &Left,
    ) -> Result<(), A::Error> {
        match &*name.0 {
            "entry" => rows(&mut self.entry, map, left),
            _ => pass(map),
        }
    }
}

impl<'de> reading::Members<'de> for Entry<'de> {
    fn member<A: MapAccess<'de>>(
        &mut self,
        name: &Name<'de>,
        map: &mut A,
        left: &Left,
    ) -> Result<(), A::Error> {
        match &*name.0 {
            "changes" => rows(&mut self.changes, map, left),
            _ => pass(map),
        }
    }
}

impl<'a> Pieces<'a> {
    pub(in crate::meta) const fn of(body: &'a [u8]) -> Self {
        let found = OnceCell::new();
        Self { body, found }
    }

    /// A change, by the places of its entry and of itself there.
    pub(in crate::meta) fn change(&self, entry: usize, change: usize) -> Option<&'a RawValue> {
        let found = self.found.get_or_init(|| self.find());
        match found.entry.as_slice().get(entry)? {
            Part::Object(entry) => entry.changes.as_slice().get(change).copied(),
            Part::Absent | Part::Wrong => None,
        }
    }

    /// What was read already; at once, or with care.
    fn find(&self) -> Body<'a> {
        let text = std::str::from_utf8(self.body).unwrap_or_default();
        let text = text.trim_start_matches('\u{feff}');
        let read = |care| {
            let mut body = Body::default();
            let left = Left::new(MAX_ITEMS, care);
            let mut parser = serde_json::Deserializer::from_str(text);
            let done = parser.deserialize_map(ObjectVisitor(&mut body, &left));
            done.map(|()| body)
        };
        read(Care::Plain)
            .or_else(|_| read(Care::Careful))
            .unwrap_or_default()
    }
}

/// A piece of the history in a change.
pub(in crate::meta) fn chunk(change: &RawValue, index: usize) -> Option<&RawValue> {
    list(member(change, "value")?, "history").get(index).copied()
}

/// The elements of a list in an object; none where there is no list.
fn list<'a>(object: &'a RawValue, name: &str) -> Vec<&'a RawValue> {
    let list = member(object, name).and_then(|list| serde_json::from_str(list.get()).ok());
    list.unwrap_or_default()
}

/// As everywhere: of two equal members the first that is something.
fn member<'a>(object: &'a RawValue, name: &str) -> Option<&'a RawValue> {
    let Members(members) = serde_json::from_str(object.get()).ok()?;
    let mut members = members.into_iter();
    members
        .find(|(key, value)| value.get() != "null" && plain(key) == name)
        .map(|(_, value)| value)
}

/// The members of an object, as they stand.
pub(in crate::meta) struct Members<'a>(pub(in crate::meta) Vec<(&'a RawValue, &'a RawValue)>);

/// A name without its escapes.
pub(in crate::meta) fn plain(name: &RawValue) -> String {
    let name: Result<Name<'_>, _> = serde_json::from_str(name.get());
    name.map(|Name(name)| name.into_owned()).unwrap_or_default()
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Each)
    }
}
