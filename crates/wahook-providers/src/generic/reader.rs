//! From an item to what the configuration asks of it: known, unknown or malformed (N1).

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use wahook_core::{
    Context, Malformed, Parsed, Unknown, instant_of_text,
    json::{Raw, ReadError, Text},
    model::{Direction, Kind},
};

use super::{
    event::Event,
    fields::FieldPlaces,
    items::{self, Items},
    place::{Got, Place, Plans, Values},
    plan::Found,
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
    pub(super) fn parse_each(&self, body: &Bytes, headers: &HeaderMap, mut each: impl FnMut(Parsed<Event>)) {
        let whole = if self.plans.body.is_empty() {
            Vec::new()
        } else {
            self.plans.body.read(body).unwrap_or_default()
        };
        match items::split(body, &self.items) {
            Items::One(item) => each(self.parse(item, &whole, headers)),
            Items::Many(items) => items
                .into_iter()
                .for_each(|item| each(self.parse(item, &whole, headers))),
            Items::Bad(error) => each(Parsed::Malformed(Malformed::new(
                None,
                error,
                Context::default(),
                Raw::new(body.clone()),
            ))),
        }
    }

    fn parse(&self, item: Bytes, body: &[Found], headers: &HeaderMap) -> Parsed<Event> {
        let found = self.plans.item.read(&item);
        let raw = Raw::new(item);
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                let name = self.header_name(headers).map(Text::from);
                return Parsed::Malformed(Malformed::new(name, error, Context::default(), raw));
            }
        };
        let mut values = Values {
            item: &found,
            body,
            event: None,
            kind: None,
        };
        let name = match &self.event {
            None => Got::Absent,
            Some(NamePlace::Header(_)) => self.header_name(headers).map_or(Got::Absent, Got::Text),
            Some(NamePlace::Body(place)) => place.get(values),
        };
        let context = self.context(values);
        let name = match name {
            Got::Text(name) => name,
            Got::Wrong(path) => {
                let error = ReadError::shape(path);
                return Parsed::Malformed(Malformed::new(None, error, context, raw));
            }
            Got::Absent | Got::List(_) => return Parsed::Unknown(Unknown::new(None, context, raw)),
        };
        values.event = Some(name);
        values.kind = self.fields.place("type").and_then(|place| place.text(values));
        let name = Text::from(name);
        let Some(meaning) = self.words.kind(&name) else {
            return Parsed::Unknown(Unknown::new(Some(name), context, raw));
        };
        let kind = self.kind(meaning, values);
        // What an event of this kind cannot be without.
        for field in required(kind) {
            let Some(place) = self.fields.place(field) else {
                continue;
            };
            let path = match place.get(values) {
                Got::Text(_) | Got::List(_) => continue,
                Got::Wrong(path) => path,
                Got::Absent => place.path(),
            };
            let error = ReadError::shape(path);
            return Parsed::Malformed(Malformed::new(Some(name), error, context, raw));
        }
        let fields = Box::new(self.fields.read(values));
        let Context {
            account,
            tenant,
            account_identity,
            occurred_at,
            ..
        } = context;
        let event = Event {
            name,
            kind,
            account,
            tenant,
            account_identity,
            occurred_at,
            fields,
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
        let text = |place: &Option<Place>| place.as_ref()?.text(values).map(Text::from);
        let mut context = Context::default();
        context.account = text(&self.account);
        context.tenant = text(&self.tenant);
        context.account_identity = text(&self.account_address)
            .and_then(|address| self.identity(address))
            .map(Box::new);
        context.occurred_at = self
            .time
            .as_ref()
            .and_then(|place| place.text(values))
            .and_then(instant_of_text);
        context
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
        let field = |name| self.fields.place(name).and_then(|place| place.text(values));
        let from_me = field("from_me").and_then(flag);
        let in_id = || self.split_id(field("message_id")?.into()).from_me;
        let direction = field("direction").map(|word| Direction::from(&*self.words.state(word)));
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

/// A yes or no, in the ways in which senders write it.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}
