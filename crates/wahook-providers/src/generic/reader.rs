//! From an item to what the configuration asks of it: known, unknown or malformed (N1).

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use jiff::Timestamp;
use wahook_core::{
    Context, Malformed, Parsed, Unknown, instant_of_text,
    json::{Raw, ReadError, Text},
    model::{Direction, Identity, Kind},
};

use super::{
    event::Event,
    fields::FieldPlaces,
    found::Findings,
    items::{self, Items},
    place::{Got, Place, Plans, Values},
    settings::{Digits, MessageIds, required},
    words::{Meaning, TypeMeaning, Words},
};

/// A configuration, ready to read with.
#[derive(Debug)]
pub(super) struct Reader {
    pub(super) items: Vec<Vec<Box<str>>>,
    pub(super) keying: Keying,
    pub(super) event: Option<NamePlace>,
    pub(super) account: Option<Place>,
    pub(super) account_address: Option<Place>,
    pub(super) tenant: Option<Place>,
    pub(super) time: Option<Place>,
    pub(super) message_ids: MessageIds,
    pub(super) digits: Digits,
    pub(super) fields: FieldPlaces,
    pub(super) plans: Plans,
    pub(super) words: Words,
}

/// What makes two deliveries the same.
#[derive(Debug)]
pub(super) struct Keying {
    pub(super) plans: Plans,
    /// All of them together; none for a digest.
    pub(super) parts: Vec<Place>,
    /// Whether the id that the signature covers is the key.
    pub(super) by_signed_id: bool,
    pub(super) id_header: Option<HeaderName>,
    pub(super) id_place: Option<Place>,
}

/// Where the name of an event stands.
#[derive(Debug)]
pub(super) enum NamePlace {
    Body(Place),
    Header(HeaderName),
}

impl Reader {
    pub(super) fn parse_each(&self, body: &Bytes, headers: &HeaderMap, each: impl FnMut(Parsed<Event>)) {
        let nothing = Findings::none();
        if self.plans.body.is_empty() {
            return self.parse_items(body, &nothing, headers, each);
        }
        let plan = &self.plans.body;
        plan.read(body, |whole| {
            self.parse_items(body, whole.unwrap_or(&nothing), headers, each);
        });
    }

    fn parse_items(
        &self,
        body: &Bytes,
        whole: &Findings<'_>,
        headers: &HeaderMap,
        mut each: impl FnMut(Parsed<Event>),
    ) {
        match items::split(body, &self.items) {
            Items::One(item) => each(self.parse(&item, whole, headers)),
            Items::Many(items) => items
                .iter()
                .for_each(|item| each(self.parse(item, whole, headers))),
            Items::Bad(error) => each(Parsed::Malformed(Malformed::new(
                None,
                error,
                Context::default(),
                Raw::new(body.clone()),
            ))),
        }
    }

    /// Reads an item, and decides while it is still borrowed: only what is kept is copied.
    fn parse(&self, item: &Bytes, body: &Findings<'_>, headers: &HeaderMap) -> Parsed<Event> {
        self.plans.item.read(item, |found| {
            let raw = Raw::new(item.clone());
            match found {
                Ok(found) => self.parsed(found, raw, body, headers),
                Err(error) => {
                    let name = self.header_name(headers).map(Text::from);
                    Parsed::Malformed(Malformed::new(name, error, Context::default(), raw))
                }
            }
        })
    }

    fn parsed(
        &self,
        item: &Findings<'_>,
        raw: Raw,
        body: &Findings<'_>,
        headers: &HeaderMap,
    ) -> Parsed<Event> {
        let mut values = Values {
            item,
            body,
            event: None,
            kind: None,
        };
        let name = match &self.event {
            None => Got::Absent,
            Some(NamePlace::Header(_)) => self.header_name(headers).map_or(Got::Absent, Got::Text),
            Some(NamePlace::Body(place)) => place.get(values),
        };
        let name = match name {
            Got::Text(name) => name,
            Got::Wrong(path) => {
                let error = ReadError::shape(path);
                return Parsed::Malformed(Malformed::new(None, error, self.context(values), raw));
            }
            Got::Absent | Got::List(_) => {
                return Parsed::Unknown(Unknown::new(None, self.context(values), raw));
            }
        };
        values.event = Some(name);
        values.kind = text(&self.fields.content_type, values);
        let Some(meaning) = self.words.kind(name) else {
            return Parsed::Unknown(Unknown::new(Some(name.into()), self.context(values), raw));
        };
        let kind = self.kind(meaning, values);
        // What an event of this kind cannot be without.
        for field in required(kind) {
            let Some(place) = (field.place)(&self.fields) else {
                continue;
            };
            let path = match place.get(values) {
                Got::Text(_) | Got::List(_) => continue,
                Got::Wrong(path) => path,
                Got::Absent => place.path(),
            };
            let error = ReadError::shape(path);
            return Parsed::Malformed(Malformed::new(
                Some(name.into()),
                error,
                self.context(values),
                raw,
            ));
        }
        // Texts are made where they stay.
        let event = Event {
            name: name.into(),
            kind,
            account: text(&self.account, values).map(Text::from),
            tenant: text(&self.tenant, values).map(Text::from),
            account_identity: self.account_identity(values),
            occurred_at: self.occurred_at(values),
            fields: self.fields.read(values),
        };
        Parsed::Known { event, raw }
    }

    fn header_name<'a>(&self, headers: &'a HeaderMap) -> Option<&'a str> {
        let Some(NamePlace::Header(header)) = &self.event else {
            return None;
        };
        let name = headers.get(header)?.to_str().ok()?.trim();
        (!name.is_empty()).then_some(name)
    }

    fn context(&self, values: Values<'_>) -> Context {
        let mut context = Context::default();
        context.account = text(&self.account, values).map(Text::from);
        context.tenant = text(&self.tenant, values).map(Text::from);
        context.account_identity = self.account_identity(values);
        context.occurred_at = self.occurred_at(values);
        context
    }

    fn account_identity(&self, values: Values<'_>) -> Option<Box<Identity>> {
        let address = text(&self.account_address, values)?;
        self.identity(address.into()).map(Box::new)
    }

    fn occurred_at(&self, values: Values<'_>) -> Option<Timestamp> {
        instant_of_text(text(&self.time, values)?)
    }

    /// The type of a message can say that it is none; a field that tells its direction is believed, as it is nearer to the
    /// message than the name of the event.
    fn kind(&self, meaning: Meaning, values: Values<'_>) -> Kind {
        let declared = match meaning {
            Meaning::Kind(kind @ (Kind::MessageReceived | Kind::MessageSent)) => Some(kind),
            Meaning::Message => None,
            Meaning::Kind(kind) => return kind,
        };
        let typed = values.kind.map(|word| self.words.content(word));
        if let Some(TypeMeaning::Kind(kind)) = typed {
            return kind;
        }
        let from_me = text(&self.fields.from_me, values).and_then(flag);
        let in_id = || self.own_by_id(text(&self.fields.message_id, values)?);
        let direction = text(&self.fields.direction, values);
        let direction = direction.map(|word| Direction::from(&*self.words.state(word)));
        let told = from_me.or(match direction {
            Some(Direction::Outbound) => Some(true),
            Some(Direction::Inbound) => Some(false),
            _ => None,
        });
        match told.or_else(in_id) {
            Some(true) => Kind::MessageSent,
            Some(false) => Kind::MessageReceived,
            // A bot that took its own message for a contact's would answer itself.
            None => declared.unwrap_or(Kind::Other),
        }
    }
}

fn text<'a>(place: &'a Option<Place>, values: Values<'a>) -> Option<&'a str> {
    place.as_ref()?.text(values)
}

/// A yes or no, in the ways in which senders write it.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}
