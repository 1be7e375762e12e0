//! The pass over an item that fills the slots of a plan.

use std::fmt;

use serde::{
    Deserialize as _, Deserializer,
    de::{self, DeserializeSeed, IgnoredAny, IntoDeserializer, MapAccess, SeqAccess, Visitor},
};
use wahook_core::json::Text;

use super::{
    found::{Findings, Found, Word},
    names::Names,
    plan::{Element, Node},
};

/// Where findings go.
#[derive(Debug, Default)]
pub(super) struct Room<'a> {
    pub(super) found: Findings<'a>,
    /// How many slots are to be filled until the rest does not matter; `None` where everything is to be read.
    left: Option<usize>,
}

impl<'a> Room<'a> {
    /// For so many slots, and complete as soon as there is something in each.
    pub(super) fn until(slots: usize) -> Self {
        Self {
            left: Some(slots),
            ..Self::default()
        }
    }

    /// Whether nothing is missing.
    pub(super) fn is_full(&self) -> bool {
        self.left == Some(0)
    }

    /// Fills a slot; the first value stays. An error is how a visitor stops early; nobody reads it.
    #[inline(always)]
    fn put<E: de::Error>(&mut self, slot: usize, value: impl FnOnce() -> Found<'a>) -> Result<(), E> {
        if self.found.get(slot).is_none() {
            self.found.put(slot, value);
            return self.one_less();
        }
        Ok(())
    }

    /// Adds a text to the list of a slot.
    fn push<E: de::Error>(&mut self, slot: usize, text: Word<'a>) -> Result<(), E> {
        match self.found.get_mut(slot) {
            Some(Found::List(list)) => {
                if list.len() < MAX_ELEMENTS {
                    list.push(text);
                }
                Ok(())
            }
            Some(_) => Ok(()),
            None => {
                self.found.put(slot, || Found::List(vec![text]));
                self.one_less()
            }
        }
    }

    fn one_less<E: de::Error>(&mut self) -> Result<(), E> {
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return Err(de::Error::custom("complete"));
            }
        }
        Ok(())
    }
}

/// A value, and what is asked of it.
pub(super) struct At<'a, 'de> {
    node: &'a Node,
    room: &'a mut Room<'de>,
    /// Whether it is one of several of which only texts matter.
    many: bool,
}

impl<'a, 'de> At<'a, 'de> {
    pub(super) const fn new(node: &'a Node, room: &'a mut Room<'de>) -> Self {
        Self {
            node,
            room,
            many: false,
        }
    }

    #[inline(always)]
    fn put<E: de::Error>(self, text: impl FnOnce() -> Word<'de>) -> Result<(), E> {
        let Some(slot) = self.node.slot else {
            return Ok(());
        };
        // What is a list already takes what comes under the same pointer by another way.
        if self.many || matches!(self.room.found.get(slot), Some(Found::List(_))) {
            return self.room.push(slot, text());
        }
        self.room.put(slot, || Found::Text(text()))
    }

    /// Neither a text nor a number.
    fn wrong<E: de::Error>(&mut self) -> Result<(), E> {
        match self.node.slot {
            Some(slot) if !self.many => self.room.put(slot, || Found::Wrong),
            _ => Ok(()),
        }
    }

    /// As [`Text`] has numbers; one that was rounded does not say what was sent.
    fn number<E: de::Error>(mut self, number: impl IntoDeserializer<'de, de::value::Error>) -> Result<(), E> {
        match Text::deserialize(number.into_deserializer()) {
            Ok(text) => self.put(|| Word::Made(text)),
            Err(_) => self.wrong(),
        }
    }
}

impl<'de> DeserializeSeed<'de> for At<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_unit<E: de::Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<(), E> {
        self.put(|| Word::Sent(if flag { "true" } else { "false" }))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<(), E> {
        self.number(number)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<(), E> {
        self.number(number)
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<(), E> {
        self.number(number)
    }

    fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<(), E> {
        self.put(|| Word::Sent(text))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.put(|| Word::Made(text.into()))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.wrong()?;
        let Self { node, room, .. } = self;
        let mut seen = Seen::default();
        while let Some(child) = map.next_key_seed(Known(&node.names))? {
            match child {
                // Of a member that comes twice the first counts.
                Some(at) if seen.is_first(at) => map.next_value_seed(At::new(&node.children[at], room))?,
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        self.wrong()?;
        let Self { node, room, .. } = self;
        let mut index = 0_usize;
        loop {
            let more = match node.element(index) {
                Some((Element::Each, node)) if index < MAX_ELEMENTS => {
                    list.next_element_seed(Each { node, room })?.is_some()
                }
                Some((Element::At(_), node)) => list.next_element_seed(At::new(node, room))?.is_some(),
                _ => list.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                return Ok(());
            }
            index += 1;
        }
    }
}

/// One element of many: a text, or an object in which a text is looked for.
struct Each<'a, 'de> {
    node: &'a Node,
    room: &'a mut Room<'de>,
}

impl<'de> DeserializeSeed<'de> for Each<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        let Self { node, room } = self;
        if node.children.is_empty() {
            return json.deserialize_any(At {
                node,
                room,
                many: true,
            });
        }
        let mut own = Room::default();
        json.deserialize_any(At::new(node, &mut own))?;
        for (slot, value) in own.found.into_values() {
            if let Found::Text(text) = value {
                room.push(slot, text)?;
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

/// The name of a member, as the place of the child that it leads to.
struct Known<'a>(&'a Names);

impl<'de> DeserializeSeed<'de> for Known<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Option<usize>, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for Known<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Option<usize>, E> {
        Ok(self.0.find(name))
    }
}

/// More than any group has members; each costs memory of its own.
const MAX_ELEMENTS: usize = 10_000;
