//! What was found of all that was asked for: borrowed from the body, and only as much as there is.

use std::{fmt, iter};

use wahook_core::json::Text;

/// What stood at a pointer; nothing for what is missing or null (N2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    /// An object or a list where a text or a number belongs.
    Wrong,
    /// A text, the digits of a number, or `true` and `false`.
    Text(Word<'a>),
    /// The elements of a list, of a pointer that asks for each.
    List(Vec<Word<'a>>),
}

/// A text.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Word<'a> {
    /// As it stands in the body.
    Sent(&'a str),
    /// With escapes resolved, or from a number.
    Made(Text),
}

impl Word<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Sent(text) => text,
            Self::Made(text) => text,
        }
    }
}

impl fmt::Debug for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

/// What was found, by slot. Most of what is asked for is not there: nothing is made ready for it but a number.
#[derive(Clone, Debug)]
pub(super) struct Findings<'a> {
    /// With their slots.
    values: Vec<(usize, Found<'a>)>,
    /// For each slot the place of its value, counted from 1; 0 for none.
    few: [u32; FEW],
    /// The same for the slots behind these.
    more: Vec<u32>,
    some: Slots,
}

/// As many slots as the plain form has.
const FEW: usize = 64;

impl Default for Findings<'_> {
    /// With room for as much as an event says.
    fn default() -> Self {
        Self {
            values: Vec::with_capacity(16),
            ..Self::none()
        }
    }
}

impl<'a> Findings<'a> {
    /// For where nothing is looked for.
    pub(super) const fn none() -> Self {
        Self {
            values: Vec::new(),
            few: [0; FEW],
            more: Vec::new(),
            some: Slots::ELSEWHERE,
        }
    }

    /// What is in a slot.
    pub(super) fn get(&self, slot: usize) -> Option<&Found<'a>> {
        let place = self.few.get(slot).or_else(|| self.more.get(slot - FEW))?;
        let (_, found) = self.values.get((*place as usize).checked_sub(1)?)?;
        Some(found)
    }

    pub(super) fn get_mut(&mut self, slot: usize) -> Option<&mut Found<'a>> {
        let place = self.few.get(slot).or_else(|| self.more.get(slot - FEW))?;
        let (_, found) = self.values.get_mut((*place as usize).checked_sub(1)?)?;
        Some(found)
    }

    /// Puts a value into a slot that has none.
    // Made where it stays, after there is room for it: a copy right behind what wrote it waits for that.
    #[inline(always)]
    pub(super) fn put(&mut self, slot: usize, value: impl FnOnce() -> Found<'a>) {
        self.values.extend(iter::once_with(|| (slot, value())));
        let Ok(place) = u32::try_from(self.values.len()) else {
            return;
        };
        self.some = self.some.with(slot);
        if let Some(few) = self.few.get_mut(slot) {
            *few = place;
            return;
        }
        self.put_more(slot - FEW, place);
    }

    fn put_more(&mut self, at: usize, place: u32) {
        if self.more.len() <= at {
            self.more.resize(at + 1, 0);
        }
        if let Some(more) = self.more.get_mut(at) {
            *more = place;
        }
    }

    /// The slots with something in them.
    pub(super) const fn some(&self) -> Slots {
        self.some
    }

    /// Everything, by the order of the slots.
    pub(super) fn into_values(mut self) -> impl Iterator<Item = (usize, Found<'a>)> {
        self.values.sort_unstable_by_key(|(slot, _)| *slot);
        self.values.into_iter()
    }
}

/// A set of slots in which some share a bit: what is not in it is not there, what is in it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slots(u64);

impl Slots {
    /// None.
    pub(super) const NONE: Self = Self(0);

    /// What is not in the item, so that the item says nothing of it; in the slots of every item.
    pub(super) const ELSEWHERE: Self = Self(1 << 63);

    /// With one more.
    pub(super) const fn with(self, slot: usize) -> Self {
        Self(self.0 | 1 << (slot % 63))
    }

    /// All of both.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether one may be in both.
    pub(super) const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_into_a_slot_is_there_and_nowhere_else() {
        let slots = [3, 0, 62, 63, 64, 67, 500];
        let mut findings = Findings::default();
        assert!(findings.some().meet(Slots::ELSEWHERE));
        for slot in slots {
            assert_eq!(findings.get(slot), None);
            findings.put(slot, || Found::Text(Word::Made(slot.to_string().as_str().into())));
            assert!(findings.some().meet(Slots::NONE.with(slot)));
        }
        assert!(!findings.some().meet(Slots::NONE.with(2)));
        for slot in 0..600 {
            let expected = slots.contains(&slot).then(|| slot.to_string());
            let found = findings.get(slot).map(|found| match found {
                Found::Text(word) => word.as_str().to_owned(),
                other => format!("{other:?}"),
            });
            assert_eq!(found, expected);
        }
        let order: Vec<_> = findings.into_values().map(|(slot, _)| slot).collect();
        assert_eq!(order, [0, 3, 62, 63, 64, 67, 500]);
    }
}
