//! The tables of a configuration: from the provider's words to ours.

use std::{borrow::Cow, collections::BTreeMap};

use wahook_core::{
    BuildError,
    model::{
        CalendarAnswer, CallState, ChatAction, Direction, GroupAction, Kind, LabelAction, MessageState,
        ParticipantsAction, PresenceState, SessionState,
    },
};

use super::names::Table;
use crate::slot::lower;

/// What the name of an event means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// A message, whose direction a field tells.
    Message,
    /// This.
    Kind(Kind),
}

/// What the type of a message means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TypeMeaning {
    /// This content.
    Content(&'static str),
    /// Not a message at all: Meta and its resellers send reactions and changes as messages.
    Kind(Kind),
    /// Nothing that we have a word for.
    Unknown,
}

/// The tables.
#[derive(Clone, Debug)]
pub(super) struct Words {
    /// Without a table, a kind's own word is its name.
    kinds: Table<Meaning>,
    has_kinds: bool,
    types: Table<TypeMeaning>,
    /// Our own.
    contents: Table<&'static str>,
    states: Table<&'static str>,
}

/// The types of contents.
const CONTENTS: &[&str] = &[
    "text",
    "image",
    "video",
    "audio",
    "voice",
    "document",
    "sticker",
    "location",
    "contacts",
    "interactive",
    "template",
    "poll",
    "order",
    "system",
    "unavailable",
];

/// A message, whose direction a field tells.
const MESSAGE: &str = "message";

impl Words {
    pub(super) fn new(
        kinds: Option<&BTreeMap<String, String>>,
        types: &BTreeMap<String, String>,
        states: &BTreeMap<String, String>,
    ) -> Result<Self, BuildError> {
        let state_words: Vec<_> = states_of_all().collect();
        let names = || [MESSAGE].into_iter().chain(kind_words());
        Ok(Self {
            kinds: match kinds {
                Some(kinds) => table("kinds", kinds, meaning, names())?,
                None => names().filter_map(|name| Some((name, meaning(name)?))).collect(),
            },
            has_kinds: kinds.is_some(),
            types: table(
                "types",
                types,
                |word| {
                    let content = CONTENTS.iter().find(|content| **content == word);
                    content
                        .map(|content| TypeMeaning::Content(content))
                        .or_else(|| kind(word).map(TypeMeaning::Kind))
                },
                CONTENTS.iter().copied().chain(kind_words()),
            )?,
            contents: CONTENTS.iter().map(|content| (content, *content)).collect(),
            states: table(
                "states",
                states,
                |word| state_words.iter().find(|known| **known == word).copied(),
                states_of_all(),
            )?,
        })
    }

    /// What an event of this name is; `None` for a name that nobody declared.
    pub(super) fn kind(&self, name: &str) -> Option<Meaning> {
        self.kinds.get(name)
    }

    /// What a message of this type is. Our own words need no row.
    pub(super) fn content(&self, word: &str) -> TypeMeaning {
        self.types.get(word).unwrap_or_else(|| {
            let content = self.contents.get(&lower(word));
            content.map_or(TypeMeaning::Unknown, TypeMeaning::Content)
        })
    }

    /// Our word for a state, or the provider's in small letters. Our own words need no row.
    pub(super) fn state<'a>(&self, word: &'a str) -> Cow<'a, str> {
        match self.states.get(word) {
            Some(state) => Cow::Borrowed(state),
            None => lower(word),
        }
    }

    /// A name of messages that does not say whose they are.
    pub(super) fn undirected(&self) -> Option<&str> {
        let mut declared = self.kinds.iter().filter(|_| self.has_kinds);
        let undirected = declared.find(|(_, meaning)| matches!(meaning, Meaning::Message));
        undirected.map(|(name, _)| name)
    }

    /// Every kind that an event can turn out to be.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (&str, Kind)> {
        let declared = self.kinds.iter().filter(|_| self.has_kinds);
        let named = declared.flat_map(|(name, meaning)| {
            let kinds: &[Kind] = match meaning {
                Meaning::Message => &[Kind::MessageReceived],
                Meaning::Kind(kind) => std::slice::from_ref(kind),
            };
            kinds.iter().map(move |kind| (name, *kind))
        });
        let typed = self.types.iter().filter_map(|(name, meaning)| match meaning {
            TypeMeaning::Kind(kind) => Some((name, *kind)),
            TypeMeaning::Content(_) | TypeMeaning::Unknown => None,
        });
        named.chain(typed)
    }

    /// The words that can stand for `{type}`: those of files, ours and the provider's.
    pub(super) fn types<'a>(types: &'a BTreeMap<String, String>) -> Vec<&'a str> {
        let mut words: Vec<&'a str> = types.keys().map(String::as_str).collect();
        words.extend(CONTENTS.iter().filter(|word| !types.contains_key(**word)));
        words
    }
}

fn meaning(word: &str) -> Option<Meaning> {
    if word == MESSAGE {
        return Some(Meaning::Message);
    }
    kind(word).map(Meaning::Kind)
}

/// A kind that a name may be declared to be; what is unknown or malformed is found out, not declared.
fn kind(word: &str) -> Option<Kind> {
    let declared = |kind: &&Kind| !matches!(kind, Kind::Unknown | Kind::Malformed);
    let mut kinds = Kind::ALL.iter().filter(declared);
    kinds.find(|kind| kind.as_str() == word).copied()
}

fn kind_words() -> impl Iterator<Item = &'static str> {
    Kind::ALL
        .iter()
        .map(|kind| kind.as_str())
        .filter(|word| kind(word).is_some())
}

fn states_of_all() -> impl Iterator<Item = &'static str> {
    macro_rules! words {
        ($($set:ident),+) => { [].into_iter()$(.chain($set::ALL.iter().map(|word| word.as_str())))+ };
    }
    words!(
        MessageState,
        SessionState,
        CallState,
        PresenceState,
        ParticipantsAction,
        GroupAction,
        ChatAction,
        LabelAction,
        CalendarAnswer,
        Direction
    )
}

fn table<'a, V>(
    name: &str,
    given: &'a BTreeMap<String, String>,
    read: impl Fn(&str) -> Option<V>,
    known: impl Iterator<Item = &'static str>,
) -> Result<Table<V>, BuildError> {
    let mut known: Vec<_> = known.collect();
    known.sort_unstable();
    known.dedup();
    let row = |(theirs, ours): (&'a String, &String)| {
        let value = read(ours).ok_or_else(|| {
            let hint =
                nearest(ours, &known).map_or_else(String::new, |word| format!("; did you mean `{word}`?"));
            BuildError::option(format!(
                "`{name}`: {theirs:?} is mapped to {ours:?}, which is none of {}{hint}",
                known.join(", ")
            ))
        })?;
        Ok((theirs, value))
    };
    given.iter().map(row).collect()
}

/// The word that is at most a few letters away.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let far = word.chars().count() / 3 + 1;
    let distances = known.iter().map(|known| (distance(word, known), *known));
    distances
        .min()
        .filter(|(distance, _)| *distance <= far)
        .map(|(_, known)| known)
}

/// How many letters have to be changed, added or left out.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (at, letter) in one.chars().enumerate() {
        let (mut before, mut left) = (at, at + 1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, known) in row.iter_mut().skip(1).zip(other.chars()) {
            let changed = before + usize::from(letter != known);
            before = *cell;
            left = changed.min(before + 1).min(left + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_word_has_the_nearest_one_beside_it() {
        assert_eq!(
            nearest("mesage.recieved", &["message.received", "presence"]),
            Some("message.received")
        );
        assert_eq!(nearest("red", &["read", "sent"]), Some("read"));
        assert_eq!(nearest("something", &["read", "sent"]), None);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
    }

    #[test]
    fn n2_states_are_read_in_any_letter_case() {
        let states = BTreeMap::from([("2".to_owned(), "delivered".to_owned())]);
        let words = Words::new(None, &BTreeMap::new(), &states).unwrap();
        assert_eq!(words.state("2"), "delivered");
        assert_eq!(words.state("READ"), "read");
        assert_eq!(words.state("Eaten"), "eaten");
    }
}
