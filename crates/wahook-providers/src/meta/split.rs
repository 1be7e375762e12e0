//! One item of a body as a delivery of its own: for those whose code reads Meta's deliveries, and shall have only a part of
//! them.
//!
//! Nothing is written anew. Each item is a piece of the body, so a body for it alone is the body without the pieces that
//! are other items: whatever else stands around it, known or not, stays as it was sent. Of the contacts, which pair with
//! the elements beside them and are found by their place in many a program, the item's own stays.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use bytes::Bytes;
use serde_json::value::RawValue;
use wahook_core::{Parsed, json};

use super::{
    envelope::{AsSent, plain},
    event::{Contact, Event},
    parse,
};

/// Each item of a body, in their order, as a body that says it and nothing else. An only item is the body as it was sent;
/// so is one that has no place of its own in it.
pub(super) fn split(body: &Bytes) -> Vec<Bytes> {
    let mut items = Vec::with_capacity(1);
    parse::parse_each(body, |item| items.push(Item::of(item, body)));
    if items.len() == 1 {
        return vec![body.clone()];
    }
    let mut places: Vec<_> = items.iter().filter_map(|item| item.place.clone()).collect();
    // The outer one first, where one stands in the other.
    places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
    // What is no text is no JSON, and one item.
    let text = std::str::from_utf8(body).unwrap_or_default();
    let tree = Node::open(text, 0..text.len(), &places);
    let alone = |item: &Item| match &item.place {
        None => body.clone(),
        Some(_) => item.within(&tree),
    };
    items.iter().map(alone).collect()
}

/// Bytes around an item, as a rule.
const ENVELOPE: usize = 512;

/// Where an item stands, and whom it is about.
struct Item {
    /// Nothing for what is all of the body, or no piece of it.
    place: Option<Range<usize>>,
    contact: Option<Ids>,
}

/// By which a contact is told from others.
type Ids = [Option<json::Text>; 2];

fn ids(contact: Contact) -> Ids {
    [contact.user_id, contact.wa_id]
}

impl Item {
    fn of(item: Parsed<Event>, body: &Bytes) -> Self {
        let place = parse::place(item.raw().bytes(), body).filter(|place| place.len() < body.len());
        let contact = match item {
            Parsed::Known { event, .. } => event.contact.map(|contact| ids(*contact)),
            Parsed::Unknown(_) | Parsed::Malformed(_) => None,
        };
        Self { place, contact }
    }

    fn within(&self, body: &Node<'_>) -> Bytes {
        let place = self.place.clone().unwrap_or_default();
        let mut text = String::with_capacity(place.len() + ENVELOPE);
        let contact = self.contact.as_ref();
        Way { place, contact }.write(body, &mut text);
        text.into()
    }
}

/// A piece of the body, opened as far as there are items in it.
struct Node<'a> {
    text: &'a str,
    place: Range<usize>,
    /// Whether it is a list that is an item, or has items in it: such may be left out, an object never.
    is_list_of_items: bool,
    inside: Inside<'a>,
}

enum Inside<'a> {
    /// No item, or it is one and nothing but that.
    Closed,
    Elements(Vec<Node<'a>>),
    Members(Vec<Member<'a>>),
}

struct Member<'a> {
    /// As sent, with its quotation marks.
    name: &'a str,
    value: Node<'a>,
    /// Of equal names only one counts here; another may count elsewhere.
    is_shadowed: bool,
    /// The contacts in it, if it is a list of them.
    contacts: Option<HashMap<Ids, &'a str>>,
}

impl<'a> Node<'a> {
    /// Opens the piece of the body at this place. `items` are sorted by where they begin.
    fn open(body: &'a str, place: Range<usize>, items: &[Range<usize>]) -> Self {
        let text = body.get(place.clone()).unwrap_or_default();
        let first = items.partition_point(|item| item.start < place.start);
        let last = items.partition_point(|item| item.start < place.end);
        let items = items.get(first..last).unwrap_or_default();
        let json = text.trim_start_matches('\u{feff}').trim();
        let inside = if items.iter().all(|item| *item == place) {
            Inside::Closed
        } else if let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(json) {
            let elements = elements.into_iter();
            Inside::Elements(elements.map(|json| Self::part(body, json, items)).collect())
        } else {
            let members = serde_json::from_str(json).map_or_else(|_| Vec::new(), |AsSent(members)| members);
            Inside::Members(Member::open(body, members, items))
        };
        Self {
            text,
            place,
            is_list_of_items: json.starts_with('[') && !items.is_empty(),
            inside,
        }
    }

    fn part(body: &'a str, json: &'a RawValue, items: &[Range<usize>]) -> Self {
        let place = parse::place(json.get().as_bytes(), body.as_bytes());
        Self::open(body, place.unwrap_or_default(), items)
    }

    const fn holds(&self, place: &Range<usize>) -> bool {
        self.place.start <= place.start && place.end <= self.place.end
    }

    const fn is_open(&self) -> bool {
        !matches!(self.inside, Inside::Closed)
    }
}

impl<'a> Member<'a> {
    fn open(body: &'a str, members: Vec<(&'a RawValue, &'a RawValue)>, items: &[Range<usize>]) -> Vec<Self> {
        let mut names = HashSet::new();
        let mut opened = Vec::with_capacity(members.len());
        for (name, value) in members {
            let contacts = (plain(name) == "contacts").then(|| contacts(value)).flatten();
            let value = Node::part(body, value, items);
            if value.is_open() || value.is_list_of_items {
                names.insert(plain(name));
            }
            opened.push((name, value, contacts));
        }
        let opened = opened.into_iter().map(|(name, value, contacts)| Self {
            name: name.get(),
            is_shadowed: !value.is_open() && !value.is_list_of_items && names.contains(&plain(name)),
            value,
            contacts,
        });
        opened.collect()
    }
}

/// The contacts of a list; of two with the same ids the first, as everywhere.
fn contacts(list: &RawValue) -> Option<HashMap<Ids, &str>> {
    let rows: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
    let mut contacts = HashMap::new();
    for row in rows {
        if let Ok(contact) = json::read::<Contact>(row.get().as_bytes()) {
            contacts.entry(ids(contact)).or_insert(row.get());
        }
    }
    Some(contacts)
}

/// The way to one item.
struct Way<'a> {
    place: Range<usize>,
    contact: Option<&'a Ids>,
}

impl Way<'_> {
    fn write(&self, node: &Node<'_>, into: &mut String) {
        match &node.inside {
            Inside::Closed => into.push_str(node.text),
            Inside::Elements(elements) => {
                let next = elements.partition_point(|element| element.place.end < self.place.end);
                into.push('[');
                if let Some(element) = elements.get(next).filter(|next| next.holds(&self.place)) {
                    self.write(element, into);
                }
                into.push(']');
            }
            Inside::Members(members) => {
                into.push('{');
                let start = into.len();
                for member in members {
                    self.member(member, into, start);
                }
                into.push('}');
            }
        }
    }

    fn member(&self, member: &Member<'_>, into: &mut String, start: usize) {
        let leads = member.value.holds(&self.place);
        let contact = match &member.contacts {
            Some(contacts) if !leads => match self.contact.and_then(|ids| contacts.get(ids)) {
                Some(contact) => Some(contact),
                None => return,
            },
            _ => None,
        };
        if member.is_shadowed || (member.value.is_list_of_items && !leads && contact.is_none()) {
            return;
        }
        if into.len() > start {
            into.push(',');
        }
        into.push_str(member.name);
        into.push(':');
        match contact {
            Some(contact) => {
                into.push('[');
                into.push_str(contact);
                into.push(']');
            }
            None => self.write(&member.value, into),
        }
    }
}
