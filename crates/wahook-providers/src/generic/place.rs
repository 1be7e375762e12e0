//! Where a value stands, as configuration writes it.
//!
//! `/payload/id` is a JSON pointer (RFC 6901) into the item, `body:/session` one into the whole body, `event` the name of
//! the event. Several with ` | ` between them: the first that is there. `{type}` in a pointer stands for the type of the
//! message as sent.

use http::HeaderName;
use wahook_core::BuildError;

use super::{
    found::{Findings, Found, Slots, Word},
    plan::{EACH, Plan},
};

/// The plans that the places of one reading share.
#[derive(Clone, Debug, Default)]
pub(super) struct Plans {
    /// Over the item.
    pub(super) item: Plan,
    /// Over the whole body.
    pub(super) body: Plan,
}

/// What was read of an item.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a> {
    pub(super) item: &'a Findings<'a>,
    pub(super) body: &'a Findings<'a>,
    /// The name of the event.
    pub(super) event: Option<&'a str>,
    /// The type of the message, as sent.
    pub(super) kind: Option<&'a str>,
}

/// Where a value stands: the first of these that is there.
#[derive(Clone, Debug)]
pub(super) struct Place {
    alternatives: Vec<Alternative>,
    /// Where something has to be in the item for anything to be here: most of what an endpoint reads is missing in most of
    /// its items.
    slots: Slots,
    /// The slot of the only alternative, as most places have: there nothing is to be chosen.
    sole: Option<usize>,
}

#[derive(Clone, Debug)]
struct Alternative {
    source: Source,
    /// Only for messages of this type.
    only: Option<Box<str>>,
    /// For errors: names with dots between them.
    path: Box<str>,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Item(usize),
    Body(usize),
    Event,
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Got<'a> {
    Absent,
    /// An object or a list, at this path.
    Wrong(&'a str),
    Text(&'a str),
    List(&'a [Word<'a>]),
}

/// What a place may be, beside pointers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rules<'a> {
    /// For errors: the setting.
    pub(super) name: &'a str,
    /// The words that `{type}` stands for; without any it is refused.
    pub(super) types: &'a [&'a str],
    /// Whether `event` is one.
    pub(super) event: bool,
    /// Whether a list is wanted.
    pub(super) many: bool,
}

impl Place {
    /// Reads a place and asks the plans for it.
    pub(super) fn parse(text: &str, rules: Rules<'_>, plans: &mut Plans) -> Result<Self, BuildError> {
        let mut alternatives = Vec::new();
        for one in text.split(" | ").map(str::trim) {
            if one == "event" && rules.event {
                alternatives.push(Alternative {
                    source: Source::Event,
                    only: None,
                    path: "event".into(),
                });
                continue;
            }
            let (pointer, in_body) = one
                .strip_prefix("body:")
                .map_or((one, false), |pointer| (pointer, true));
            let mut names = pointer_names(pointer, rules)?;
            if rules.many && !names.iter().any(|name| **name == *EACH) {
                names.push(EACH.into());
            }
            let mut add = |names: &[Box<str>], only: Option<Box<str>>| {
                let source = if in_body {
                    Source::Body(plans.body.add(names))
                } else {
                    Source::Item(plans.item.add(names))
                };
                let path = names.join(".").into();
                alternatives.push(Alternative { source, only, path });
            };
            if names.iter().any(|name| **name == *TYPE) {
                for &word in rules.types {
                    let names: Vec<Box<str>> = names
                        .iter()
                        .map(|name| {
                            if **name == *TYPE {
                                word.into()
                            } else {
                                name.clone()
                            }
                        })
                        .collect();
                    add(&names, Some(word.into()));
                }
            } else {
                add(&names, None);
            }
        }
        let slots = alternatives
            .iter()
            .fold(Slots::NONE, |slots, alternative| match alternative.source {
                Source::Item(slot) => slots.with(slot),
                Source::Body(_) | Source::Event => slots.and(Slots::ELSEWHERE),
            });
        let sole = match alternatives.as_slice() {
            [
                Alternative {
                    source: Source::Item(slot),
                    only: None,
                    ..
                },
            ] => Some(*slot),
            _ => None,
        };
        Ok(Self {
            alternatives,
            slots,
            sole,
        })
    }

    /// Whether it is sure that nothing stands there, without a look.
    #[inline]
    pub(super) const fn is_bare(&self, values: Values<'_>) -> bool {
        !self.slots.meet(values.item.some())
    }

    /// What stands there. An empty text is none: senders write `""` where they mean nothing.
    #[inline]
    pub(super) fn get<'a>(&'a self, values: Values<'a>) -> Got<'a> {
        if self.is_bare(values) {
            Got::Absent
        } else {
            self.look(values)
        }
    }

    fn look<'a>(&'a self, values: Values<'a>) -> Got<'a> {
        if let Some(slot) = self.sole
            && let Some(Found::Text(text)) = values.item.get(slot)
            && !text.as_str().is_empty()
        {
            return Got::Text(text.as_str());
        }
        let mut best = Got::Absent;
        for alternative in &self.alternatives {
            if alternative.only.is_some() && alternative.only.as_deref() != values.kind {
                continue;
            }
            let found = match alternative.source {
                Source::Item(slot) => values.item.get(slot),
                Source::Body(slot) => values.body.get(slot),
                Source::Event => match values.event {
                    Some(name) => return Got::Text(name),
                    None => None,
                },
            };
            match found {
                Some(Found::Text(text)) if !text.as_str().is_empty() => return Got::Text(text.as_str()),
                Some(Found::List(list)) => return Got::List(list),
                Some(Found::Wrong) if best == Got::Absent => best = Got::Wrong(&alternative.path),
                _ => {}
            }
        }
        best
    }

    /// The text there, if it has something in it.
    pub(super) fn text<'a>(&'a self, values: Values<'a>) -> Option<&'a str> {
        match self.get(values) {
            Got::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The first path, for errors.
    pub(super) fn path(&self) -> &str {
        self.alternatives
            .first()
            .map_or("", |alternative| alternative.path.as_ref())
    }
}

const TYPE: &str = "{type}";

/// The names that a pointer leads through.
pub(super) fn pointer_names(pointer: &str, rules: Rules<'_>) -> Result<Vec<Box<str>>, BuildError> {
    let wrong = |why: &str| {
        let event = if rules.event { ", or `event`" } else { "" };
        BuildError::option(format!(
            "`{}`: {pointer:?} {why}; a place is a JSON pointer such as \"/payload/id\", or \"body:/id\" into the whole body{event}",
            rules.name
        ))
    };
    if pointer.starts_with("header:") {
        return Err(BuildError::option(format!(
            "`{}` cannot come from a header: only `event` and `delivery_id` can, and `key` where the header is signed",
            rules.name
        )));
    }
    let Some(rest) = pointer.strip_prefix('/') else {
        return Err(wrong("begins with no `/`"));
    };
    if pointer.contains("|/") {
        return Err(wrong("has a `|` without spaces around it"));
    }
    rest.split('/')
        .map(|name| {
            if name.replace("~0", "").replace("~1", "").contains('~') {
                return Err(wrong("has a `~` that is neither `~0` nor `~1`"));
            }
            if name == EACH && !rules.many {
                return Err(wrong("has a `*`, which only lists can have"));
            }
            if name == TYPE && rules.types.is_empty() {
                return Err(wrong(
                    "has a `{type}`, which only the fields of a message can have",
                ));
            }
            Ok(name.replace("~1", "/").replace("~0", "~").into())
        })
        .collect()
}

/// The header of a `header:x-name`.
pub(super) fn header_of(text: &str) -> Option<Result<HeaderName, BuildError>> {
    text.trim().strip_prefix("header:").map(header)
}

/// The name of a header.
pub(super) fn header(name: &str) -> Result<HeaderName, BuildError> {
    name.trim()
        .parse()
        .map_err(|_| BuildError::option(format!("{name:?} is no name of a header")))
}
