//! One item of a body as a delivery of its own: for those whose code reads Meta's deliveries, and shall have only a part of
//! them.
//!
//! Nothing is written anew. Each item is a piece of the body, so a body for it alone is the body without the pieces that
//! are other items: whatever else stands around it, known or not, stays as it was sent. What is in doubt is left out: of
//! lists beside the way to an item all but its own contact, and of members with one name all but the one that counted.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
};

use bytes::Bytes;
use serde_json::value::RawValue;
use wahook_core::{Parsed, Split, json};

use super::{
    envelope::{AsSent, plain},
    event::{Contact, Event},
    parse,
};

/// A place in the body.
type Place = Range<usize>;

/// Takes a body apart. An only item is the body as it was sent.
pub(super) fn split(body: &Bytes) -> Split {
    let mut items = Vec::with_capacity(1);
    parse::parse_each(body, |item| items.push(Item::of(item, body)));
    let body = body.clone();
    if items.len() == 1 {
        return Split::new(1, move |_| Some(body.clone()));
    }
    let mut places: Vec<_> = items.iter().filter_map(|item| item.place.clone()).collect();
    // The outer one first, where one stands in the other.
    places.sort_by_key(|place| (place.start, std::cmp::Reverse(place.end)));
    // What is no text is no JSON, and one item.
    let tree = std::str::from_utf8(&body).map(|text| Node::open(text, 0..text.len(), &places));
    Split::new(items.len(), move |index| {
        let item = items.get(index)?;
        // Without a place nobody can tell what else belongs to others.
        let place = item.place.clone()?;
        if place == (0..body.len()) {
            return Some(body.clone());
        }
        let contact = item.contact.as_ref();
        let way = Way { place, contact };
        way.body(std::str::from_utf8(&body).ok()?, tree.as_ref().ok()?)
    })
}

/// Where an item stands, and whom it is about.
struct Item {
    /// Nothing for what is no piece of the body.
    place: Option<Place>,
    contact: Option<Ids>,
}

/// By which a contact is paired with what is about it.
type Ids = [Option<json::Text>; 3];

fn ids(contact: Contact) -> Ids {
    [contact.user_id, contact.parent_user_id, contact.wa_id]
}

impl Item {
    fn of(item: Parsed<Event>, body: &Bytes) -> Self {
        let place = parse::place(item.raw().bytes(), body);
        let contact = match item {
            Parsed::Known { event, .. } => event.contact.map(|contact| ids(*contact)),
            Parsed::Unknown(_) | Parsed::Malformed(_) => None,
        };
        Self { place, contact }
    }
}

/// A piece of the body, opened as far as there are items in it.
struct Node {
    place: Place,
    inside: Inside,
}

enum Inside {
    /// No item, or it is one and nothing but that.
    Closed,
    Elements(Vec<Node>),
    Members(Vec<Member>),
}

struct Member {
    /// With its quotation marks.
    name: Place,
    value: Node,
    stays: Stays,
}

/// What becomes of a member that does not lead to the item.
enum Stays {
    Always,
    /// A list, of other items or of nobody's; or a name that comes again: another reader may count that one.
    Never,
    /// The contacts of a list: that of the item.
    Contacts(HashMap<Ids, Place>),
}

impl Node {
    /// Opens the piece at this place. `items` are sorted by where they begin.
    fn open(body: &str, place: Place, items: &[Place]) -> Self {
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
        Self { place, inside }
    }

    fn part(body: &str, json: &RawValue, items: &[Place]) -> Self {
        Self::open(body, place(json, body), items)
    }

    const fn holds(&self, place: &Place) -> bool {
        self.place.start <= place.start && place.end <= self.place.end
    }
}

impl Member {
    fn open(body: &str, members: Vec<(&RawValue, &RawValue)>, items: &[Place]) -> Vec<Self> {
        let members = members
            .into_iter()
            .map(|(name, value)| (plain(name), name, value));
        // Of equal names the first that is something counts here.
        let (filled, empty): (Vec<_>, Vec<_>) = members.partition(|(_, _, value)| value.get() != "null");
        let mut names = HashSet::new();
        let members = filled.into_iter().chain(empty).map(|(plain, name, value)| {
            let contacts = (plain == "contacts").then(|| contacts(body, value)).flatten();
            let is_list = value.get().starts_with('[') && value.get().get(1..).is_some_and(is_filled);
            Self {
                name: place(name, body),
                value: Node::part(body, value, items),
                stays: match contacts {
                    _ if !names.insert(plain) => Stays::Never,
                    Some(contacts) => Stays::Contacts(contacts),
                    None if is_list => Stays::Never,
                    None => Stays::Always,
                },
            }
        });
        let mut members: Vec<_> = members.collect();
        members.sort_by_key(|member| member.name.start);
        members
    }
}

/// Whether there is an element behind the bracket.
fn is_filled(list: &str) -> bool {
    !list.trim_start().starts_with(']')
}

fn place(json: &RawValue, body: &str) -> Place {
    parse::place(json.get().as_bytes(), body.as_bytes()).unwrap_or_default()
}

/// The contacts of a list; of two with the same ids the first, as everywhere.
fn contacts(body: &str, list: &RawValue) -> Option<HashMap<Ids, Place>> {
    let rows: Vec<&RawValue> = serde_json::from_str(list.get()).ok()?;
    let mut contacts = HashMap::new();
    for row in rows {
        if let Ok(contact) = json::read::<Contact>(row.get().as_bytes()) {
            contacts.entry(ids(contact)).or_insert_with(|| place(row, body));
        }
    }
    Some(contacts)
}

/// The way to one item.
struct Way<'a> {
    place: Place,
    contact: Option<&'a Ids>,
}

impl Way<'_> {
    fn body(&self, text: &str, tree: &Node) -> Option<Bytes> {
        let mut body = String::with_capacity(self.place.len() + ENVELOPE);
        self.write(text, tree, &mut body)?;
        Some(body.into())
    }

    /// Nothing where the item is not there.
    fn write(&self, text: &str, node: &Node, into: &mut String) -> Option<()> {
        match &node.inside {
            Inside::Closed => into.push_str(text.get(node.place.clone())?),
            Inside::Elements(elements) => {
                let next = elements.partition_point(|element| element.place.end < self.place.end);
                let element = elements.get(next).filter(|next| next.holds(&self.place))?;
                into.push('[');
                self.write(text, element, into)?;
                into.push(']');
            }
            Inside::Members(members) => {
                into.push('{');
                let start = into.len();
                for member in members {
                    self.member(text, member, into, start)?;
                }
                into.push('}');
            }
        }
        Some(())
    }

    fn member(&self, text: &str, member: &Member, into: &mut String, start: usize) -> Option<()> {
        let leads = member.value.holds(&self.place);
        let contact = match &member.stays {
            _ if leads => None,
            Stays::Always => None,
            Stays::Never => return Some(()),
            Stays::Contacts(contacts) => match self.contact.and_then(|ids| contacts.get(ids)) {
                Some(contact) => Some(contact),
                None => return Some(()),
            },
        };
        if into.len() > start {
            into.push(',');
        }
        into.push_str(text.get(member.name.clone())?);
        into.push(':');
        match contact {
            Some(contact) => {
                into.push('[');
                into.push_str(text.get(contact.clone())?);
                into.push(']');
                Some(())
            }
            None => self.write(text, &member.value, into),
        }
    }
}

/// Bytes around an item, as a rule.
const ENVELOPE: usize = 512;
