//! Many JSON pointers, read in one pass over an item: no tree is built, and what nobody asked for is skipped.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use wahook_core::json::{ReadError, Text, read_seed};

/// Every element of a list.
pub(super) const EACH: &str = "*";

/// Where the pointers of a configuration lead, merged into one tree of names.
#[derive(Clone, Debug, Default)]
pub(super) struct Plan {
    root: Node,
    slots: usize,
}

#[derive(Clone, Debug, Default)]
struct Node {
    slot: Option<usize>,
    children: Vec<(Box<str>, Node)>,
}

/// What stood at a pointer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing, or null (N2).
    #[default]
    Absent,
    /// An object or a list where a text or a number belongs.
    Wrong,
    /// A text, the digits of a number, or `true` and `false`.
    Text(Text),
    /// The elements of a list, of a pointer with [`EACH`] in it.
    List(Vec<Text>),
}

impl Plan {
    /// Asks for what stands there, and tells in which slot it will be.
    pub(super) fn add(&mut self, pointer: &[Box<str>]) -> usize {
        let mut node = &mut self.root;
        for name in pointer {
            let known = node.children.iter().position(|(known, _)| known == name);
            let at = known.unwrap_or_else(|| {
                node.children.push((name.clone(), Node::default()));
                node.children.len() - 1
            });
            node = &mut node.children[at].1;
        }
        *node.slot.get_or_insert_with(|| {
            self.slots += 1;
            self.slots - 1
        })
    }

    /// Whether nobody asked for anything.
    pub(super) const fn is_empty(&self) -> bool {
        self.slots == 0
    }

    /// Reads an object.
    pub(super) fn read(&self, json: &[u8]) -> Result<Vec<Found>, ReadError> {
        read_seed(json, || Whole(self))
    }

    /// As [`read`](Self::read), and looks no further once it has everything; `None` for what is no object (G6).
    pub(super) fn scan(&self, json: &[u8]) -> Option<Vec<Found>> {
        let mut room = Room::new(self, true);
        let mut parser = serde_json::Deserializer::from_slice(json);
        let whole = parser.deserialize_map(At {
            node: &self.root,
            room: &mut room,
        });
        if room.left == 0 || (whole.is_ok() && parser.end().is_ok()) {
            return Some(room.found);
        }
        // Half an emoji in the name of a member: rare enough for a second pass that can read it.
        self.read(json).ok()
    }
}

struct Whole<'a>(&'a Plan);

impl<'de> DeserializeSeed<'de> for Whole<'_> {
    type Value = Vec<Found>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Vec<Found>, D::Error> {
        let mut room = Room::new(self.0, false);
        json.deserialize_map(At {
            node: &self.0.root,
            room: &mut room,
        })?;
        Ok(room.found)
    }
}

struct Room {
    found: Vec<Found>,
    left: usize,
    stops: bool,
}

impl Room {
    fn new(plan: &Plan, stops: bool) -> Self {
        Self {
            found: vec![Found::Absent; plan.slots],
            left: plan.slots,
            stops,
        }
    }

    /// Fills a slot. An error is how a visitor stops early; nobody reads it.
    fn put<E: de::Error>(&mut self, slot: Option<usize>, value: Found, many: bool) -> Result<(), E> {
        let Some(place) = slot.and_then(|slot| self.found.get_mut(slot)) else {
            return Ok(());
        };
        match (place, value) {
            (Found::List(list), Found::Text(text)) => {
                if list.len() < MAX_ELEMENTS {
                    list.push(text);
                }
                return Ok(());
            }
            (place @ Found::Absent, Found::Text(text)) if many => *place = Found::List(vec![text]),
            (place @ Found::Absent, value) => *place = value,
            _ => return Ok(()),
        }
        self.left = self.left.saturating_sub(1);
        if self.stops && self.left == 0 {
            return Err(de::Error::custom("complete"));
        }
        Ok(())
    }
}

/// A value, and what is asked of it.
struct At<'a> {
    node: &'a Node,
    room: &'a mut Room,
}

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl At<'_> {
    fn put<E: de::Error>(self, text: impl Into<Text>) -> Result<(), E> {
        self.room.put(self.node.slot, Found::Text(text.into()), false)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<(), E> {
        self.put(if flag { "true" } else { "false" })
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        self.put(number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        self.put(number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<(), E> {
        self.put(number.to_string())
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.put(text)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Self { node, room } = self;
        room.put(node.slot, Found::Wrong, false)?;
        let mut seen = Seen::default();
        while let Some(Name(name)) = map.next_key()? {
            match node.children.iter().position(|(known, _)| **known == *name) {
                // Of a member that comes twice the first counts.
                Some(at) if seen.is_first(at) => map.next_value_seed(At {
                    node: &node.children[at].1,
                    room: &mut *room,
                })?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        let Self { node, room } = self;
        room.put(node.slot, Found::Wrong, false)?;
        let mut index = 0_usize;
        loop {
            let name = itoa(index);
            let child = node
                .children
                .iter()
                .find(|(known, _)| **known == *EACH || **known == *name);
            let more = match child {
                Some((known, child)) if **known == *EACH => list
                    .next_element_seed(Each(At {
                        node: child,
                        room: &mut *room,
                    }))?
                    .is_some(),
                Some((_, child)) => list
                    .next_element_seed(At {
                        node: child,
                        room: &mut *room,
                    })?
                    .is_some(),
                None => list.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                return Ok(());
            }
            index += 1;
        }
    }
}

/// Only a list of a few is ever asked for by number.
fn itoa(index: usize) -> Cow<'static, str> {
    const FEW: [&str; 4] = ["0", "1", "2", "3"];
    FEW.get(index)
        .map_or_else(|| index.to_string().into(), |text| (*text).into())
}

/// One element of many: a text, or an object in which a text is looked for.
struct Each<'a>(At<'a>);

impl<'de> DeserializeSeed<'de> for Each<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let At { node, room } = self.0;
        let mut own = Room {
            found: vec![Found::Absent; room.found.len()],
            left: usize::MAX,
            stops: false,
        };
        json.deserialize_any(At { node, room: &mut own })?;
        for (slot, value) in own.found.into_iter().enumerate() {
            if let Found::Text(_) = value {
                room.put(Some(slot), value, true)?;
            }
        }
        Ok(())
    }
}

/// Which children were met. Beyond 128 names a repetition is not noticed, and the slot still keeps the first.
#[derive(Default)]
struct Seen(u128);

impl Seen {
    fn is_first(&mut self, at: usize) -> bool {
        let bit = u32::try_from(at).ok().and_then(|at| 1_u128.checked_shl(at));
        let Some(bit) = bit else { return true };
        let first = self.0 & bit == 0;
        self.0 |= bit;
        first
    }
}

/// The name of a member.
struct Name<'de>(Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(json: D) -> Result<Self, D::Error> {
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

        json.deserialize_str(NameVisitor).map(Self)
    }
}

/// More than any group has members; each costs memory of its own.
const MAX_ELEMENTS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(pointers: &[&str]) -> Plan {
        let mut plan = Plan::default();
        for (slot, pointer) in pointers.iter().enumerate() {
            let names: Vec<_> = pointer.split('/').skip(1).map(Box::from).collect();
            assert_eq!(plan.add(&names), slot);
        }
        plan
    }

    fn text(text: &str) -> Found {
        Found::Text(text.into())
    }

    #[test]
    fn one_pass_finds_everything_that_was_asked_for() {
        let plan = plan(&[
            "/id",
            "/a/b",
            "/a",
            "/list/1/x",
            "/all/*",
            "/people/*/id",
            "/none",
        ]);
        let json = br#"{"a":{"b":true,"b":1},"id":7,"id":8,"list":[{"x":1},{"x":"two"}],"all":["p",2,{}],
            "people":[{"id":"1@c.us"},{"name":"x"},{"id":"2@c.us"}],"none":null}"#;
        let expected = [
            text("7"),
            text("true"),
            Found::Wrong,
            text("two"),
            Found::List(vec!["p".into(), "2".into()]),
            Found::List(vec!["1@c.us".into(), "2@c.us".into()]),
            Found::Absent,
        ];
        assert_eq!(plan.read(json).unwrap(), expected);
        assert_eq!(plan.scan(json).unwrap(), expected);
    }

    #[test]
    fn g6_a_scan_looks_no_further_than_it_needs() {
        let plan = plan(&["/id"]);
        assert_eq!(plan.scan(br#"{"id":"x", cut"#).unwrap(), [text("x")]);
        assert_eq!(plan.scan(br#"{"other":1, cut"#), None);
        assert_eq!(plan.scan(b"[]"), None);
        assert_eq!(
            plan.scan("{\"\\ud800\":1,\"id\":\"x\"}".as_bytes()).unwrap(),
            [text("x")]
        );
    }
}
