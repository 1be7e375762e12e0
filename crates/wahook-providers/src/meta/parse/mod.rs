//! From a body to its items: known, unknown, or malformed, each for itself (N1).

mod element;
mod history;
mod place;
mod words;

use std::ops::Range;

use bytes::Bytes;
use serde_json::value::RawValue;
use wahook_core::{
    Context, Malformed, Parsed, Unknown, instant,
    json::{self, Raw, ReadError, Text},
};

use self::{
    element::element,
    place::Place,
    words::{text, under, word},
};
use super::{
    contacts::Contacts,
    envelope::{self, Body, Change, Entry, Part, Pieces, Rest, Rows, Typed, Value},
    event::{Contact, Event, Field, Metadata, Payload},
};

/// Reads every item of a body.
pub(super) fn parse_each(body: &Bytes, mut each: impl FnMut(Parsed<Event>)) {
    envelope::read(body, |read| {
        let mut items = Items {
            body,
            pieces: Pieces::of(body),
            each: &mut each,
            count: 0,
            has_told_whole: false,
        };
        match read {
            Err(error) => items.whole(None, Some(error)),
            Ok(read) => {
                items.body(read);
                if read.is_too_much {
                    // What there was room for is told; so is that there was more.
                    items.whole(None, Some(ReadError::shape("entry")));
                }
            }
        }
    });
}

/// Where a piece stands in the whole; nothing for what is no piece of it.
pub(super) fn place(piece: &[u8], whole: &[u8]) -> Option<Range<usize>> {
    let start = (piece.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    let end = start.checked_add(piece.len())?;
    (end <= whole.len()).then_some(start..end)
}

/// The name of the objects that are ours; other apps of Meta have the same envelope and the same signature.
const OBJECT: &str = "whatsapp_business_account";

/// Hands out the items of a body.
struct Items<'a, F> {
    body: &'a Bytes,
    pieces: Pieces<'a>,
    each: &'a mut F,
    count: usize,
    /// Whether the body is an item already: each copy of it would be as large as it.
    has_told_whole: bool,
}

impl<F: FnMut(Parsed<Event>)> Items<'_, F> {
    fn emit(&mut self, item: Parsed<Event>) {
        self.count += 1;
        (self.each)(item);
    }

    /// A piece of the body, without a copy.
    fn raw(&self, json: &RawValue) -> Raw {
        match place(json.get().as_bytes(), self.body) {
            Some(place) => Raw::new(self.body.slice(place)),
            // Read from a mended copy.
            None => Raw::from(json),
        }
    }

    /// All of a change.
    fn change_raw(&self, place: &Place) -> Raw {
        if let Some((change, _)) = &place.stands {
            return Raw::new(self.body.slice(change.clone()));
        }
        match self.pieces.change(place.entry, place.change) {
            Some(json) => self.raw(json),
            None => Raw::new(self.body.clone()),
        }
    }

    fn malformed(&mut self, name: Option<Text>, error: ReadError, context: Context, raw: Raw) {
        self.emit(Parsed::Malformed(Malformed::new(name, error, context, raw)));
    }

    fn unknown(&mut self, name: Option<Text>, context: Context, raw: Raw) {
        self.emit(Parsed::Unknown(Unknown::new(name, context, raw)));
    }

    /// The body as one item, and not more than once.
    fn whole(&mut self, name: Option<Text>, error: Option<ReadError>) {
        if std::mem::replace(&mut self.has_told_whole, true) {
            return;
        }
        let raw = Raw::new(self.body.clone());
        match error {
            Some(error) => self.malformed(name, error, Context::default(), raw),
            None => self.unknown(name, Context::default(), raw),
        }
    }

    fn body(&mut self, body: &mut Body<'_>) {
        match word(body.object) {
            Err(()) => return self.whole(None, Some(ReadError::shape("object"))),
            Ok(Some(object)) if object == OBJECT => {}
            Ok(object) => return self.whole(object.map(Text::from), None),
        }
        if body.entry.is_wrong() {
            return self.whole(None, Some(ReadError::shape("entry")));
        }
        for (index, entry) in body.entry.as_mut_slice().iter_mut().enumerate() {
            match entry {
                Part::Object(entry) => self.entry(entry, index),
                // Nothing but the body is kept of what has no place to be kept at.
                Part::Wrong => self.whole(None, Some(ReadError::shape(format!("entry[{index}]")))),
                Part::Absent => {}
            }
        }
        self.rest(&body.rest, "", &Context::default());
        if self.count == 0 && !body.is_too_much {
            self.whole(None, None);
        }
    }

    fn entry(&mut self, entry: &mut Entry<'_>, at: usize) {
        if entry.changes.is_wrong() {
            return self.whole(None, Some(ReadError::shape(format!("entry[{at}].changes"))));
        }
        let waba_id = text(entry.id).unwrap_or_default();
        let time = match entry.time.take() {
            Some(Typed::Read(time)) => Some(time),
            Some(Typed::Raw(json)) => json::read(json.get().as_bytes()).ok(),
            None => None,
        };
        for (index, change) in entry.changes.as_mut_slice().iter_mut().enumerate() {
            let mut place = Place {
                entry: at,
                change: index,
                name: Text::default(),
                field: Field::from(""),
                waba_id: waba_id.clone(),
                time: time.clone(),
                metadata: Metadata::default(),
                stands: None,
            };
            self.change(change, &mut place);
        }
        if !entry.rest.is_empty() {
            // Such as `messaging`, which entries of other objects have in the place of changes.
            let mut context = Context::default();
            context.tenant = waba_id;
            context.occurred_at = time.as_ref().and_then(instant);
            self.rest(&entry.rest, "", &context);
        }
    }

    /// Lists that nobody knows, beside what is known: one item each.
    fn rest(&mut self, rest: &Rest<'_>, before: &str, context: &Context) {
        for (name, list) in rest {
            let raw = self.raw(list);
            self.unknown(Some(Text::concat(&[before, name])), context.clone(), raw);
        }
    }

    fn change(&mut self, change: &mut Part<Change<'_>>, place: &mut Place) {
        let Part::Object(change) = change else {
            // An element that is nothing is a mistake here, too.
            let raw = self.change_raw(place);
            return self.malformed(None, ReadError::shape(place.path("")), place.context(), raw);
        };
        let metadata = match &mut change.value {
            Part::Object(value) => value.metadata.take(),
            Part::Absent | Part::Wrong => None,
        };
        let mut wrong_metadata = None;
        match metadata {
            Some(Typed::Read(metadata)) => place.metadata = metadata,
            Some(Typed::Raw(raw)) => match json::read(raw.get().as_bytes()) {
                Ok(metadata) => place.metadata = metadata,
                Err(error) => wrong_metadata = Some((raw, error)),
            },
            None => {}
        }
        match word(change.field) {
            Err(()) => {
                let raw = self.change_raw(place);
                let error = ReadError::shape(place.path(".field"));
                return self.malformed(None, error, place.context(), raw);
            }
            Ok(None) => {
                let raw = self.change_raw(place);
                return self.unknown(None, place.context(), raw);
            }
            Ok(Some(name)) => {
                place.field = Field::from(&*name);
                place.name = if place.field.as_str() == name {
                    // The program's own word is no copy; many a name has more bytes than have room in place.
                    place.field.clone().into_word()
                } else {
                    name.into()
                };
            }
        }
        if !place.field.has_lists() {
            place.stands = change.places(self.body);
        }
        if let Field::Unknown(_) = place.field {
            let raw = self.change_raw(place);
            return self.unknown(Some(place.name.clone()), place.context(), raw);
        }
        if !place.field.has_lists() {
            return self.value(place);
        }
        let value = match &mut change.value {
            Part::Object(value) => value,
            Part::Absent | Part::Wrong => {
                let raw = self.change_raw(place);
                let error = ReadError::shape(place.path(".value"));
                return self.malformed(Some(place.name.clone()), error, place.context(), raw);
            }
        };
        let before = self.count;
        if let Some((metadata, error)) = wrong_metadata {
            // What is said is said all the same, of an account that cannot be told.
            let raw = self.raw(metadata);
            let error = under(&place.path(".value.metadata"), &error);
            self.malformed(Some(place.name.clone()), error, place.context(), raw);
        }
        self.lists(value, place);
        if self.count == before {
            // Lists that came later, or none at all.
            let raw = self.change_raw(place);
            self.unknown(Some(place.name.clone()), place.context(), raw);
        } else if !value.rest.is_empty() {
            self.rest(&value.rest, &format!("{}.", place.name), &place.context());
        }
    }

    /// A value that is one thing.
    fn value(&mut self, place: &Place) {
        let raw = self.change_raw(place);
        let stands = place.stands.as_ref();
        let found;
        let value = match stands.and_then(|(_, value)| self.body.get(value.clone())) {
            Some(value) => Some(value),
            None => {
                found = raw.at(&["value"]);
                found.as_ref().map(|value| &**value.bytes())
            }
        };
        let payload = match value.map(std::str::from_utf8) {
            Some(Ok(value)) => place.field.read(value),
            _ => Ok(None),
        };
        let error = match payload {
            Ok(Some(payload)) => return self.known(place, place.name.clone(), None, payload, raw),
            Ok(None) => ReadError::shape(place.path(".value")),
            Err(error) => under(&place.path(".value"), &error),
        };
        self.malformed(Some(place.name.clone()), error, place.context(), raw);
    }

    fn known(
        &mut self,
        place: &Place,
        name: Text,
        contacts: Option<&Contacts<'_>>,
        payload: Payload,
        raw: Raw,
    ) {
        let contact = contacts.and_then(|contacts| contacts.of(&payload));
        let event = Event {
            name,
            field: place.field.clone(),
            waba_id: place.waba_id.clone(),
            time: place.time.clone(),
            metadata: place.metadata.clone(),
            contact: contact.map(|contact| Box::new(contact.clone())),
            payload,
        };
        self.emit(Parsed::Known { event, raw });
    }

    fn lists(&mut self, value: &mut Value<'_>, place: &Place) {
        self.read_contacts(&mut value.contacts, place);
        let contacts = Contacts::new(value.contacts.as_slice());
        for (list, rows) in &value.lists {
            let name = place.name_of(list.as_str());
            let path = || place.path(&format!(".value.{}", list.as_str()));
            if rows.is_wrong() {
                let raw = self.change_raw(place);
                self.malformed(Some(name), ReadError::shape(path()), place.context(), raw);
                continue;
            }
            for (index, row) in rows.as_slice().iter().enumerate() {
                let raw = self.raw(row);
                let error = match element(*list, place, row) {
                    Ok(Some(payload)) => {
                        self.known(place, name.clone(), Some(&contacts), payload, raw);
                        continue;
                    }
                    Ok(None) => ReadError::shape(format!("{}[{index}]", path())),
                    Err(error) => under(&format!("{}[{index}]", path()), &error),
                };
                self.malformed(Some(name.clone()), error, place.context(), raw);
            }
        }
        self.history(&value.history, place);
    }

    /// Reads who is spoken of, where that is not done yet. One that cannot be read is an item of its own, and no element's
    /// mistake.
    fn read_contacts(&mut self, rows: &mut Rows<Typed<'_, Contact>>, place: &Place) {
        let name = || Some(place.name_of("contacts"));
        if rows.is_wrong() {
            let raw = self.change_raw(place);
            let error = ReadError::shape(place.path(".value.contacts"));
            self.malformed(name(), error, place.context(), raw);
        }
        for (index, row) in rows.as_mut_slice().iter_mut().enumerate() {
            let Typed::Raw(json) = row else {
                continue;
            };
            match json::read(json.get().as_bytes()) {
                Ok(contact) => *row = Typed::Read(contact),
                Err(error) => {
                    let error = under(&place.path(&format!(".value.contacts[{index}]")), &error);
                    let raw = self.raw(json);
                    self.malformed(name(), error, place.context(), raw);
                }
            }
        }
    }
}
