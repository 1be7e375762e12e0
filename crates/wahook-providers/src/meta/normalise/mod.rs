//! From Meta's words to the event model (N4).

mod account;
mod call;
mod content;
mod group;
mod message;
mod status;
mod who;

use jiff::Timestamp;
use wahook_core::{
    Parsed, Unknown, instant,
    json::{Number, Raw, Text},
    model::{Data, Draft, EventKey, Identity, NameSource, OtherData},
};

use super::{
    canonical::{self, Short},
    event::{Contact, Event, Field, Payload},
};

pub(super) fn draft(item: Parsed<Event>) -> Draft {
    // At once, for the event is large to move.
    let (event, raw) = match item {
        Parsed::Known { event, raw } => (event, raw),
        Parsed::Unknown(other) => return unknown(other),
        Parsed::Malformed(malformed) => return Draft::malformed(malformed),
    };
    let Event {
        name,
        field,
        waba_id,
        time,
        metadata,
        contact,
        payload,
    } = event;
    let account_identity = metadata.display_phone_number.and_then(Identity::boxed_address);
    let scene = Scene {
        name: &name,
        field: &field,
        raw: &raw,
        tenant: waba_id.as_deref(),
        account: account_identity.as_deref(),
        contact: contact.as_deref(),
        at: time.as_ref().and_then(instant),
    };
    let Said {
        data,
        key,
        at,
        account: own,
    } = said(payload, &scene);
    let occurred_at = at.or(scene.at);
    Draft {
        account: metadata.phone_number_id.and_then(Text::non_empty),
        tenant: waba_id,
        account_identity: account_identity.or(own),
        name: Some((name, NameSource::Body)),
        occurred_at,
        data,
        key,
        raw,
    }
}

/// A field or a list that came later. The entry tells a time of some fields: then it is the same in every batch.
fn unknown(unknown: Unknown) -> Draft {
    let mut draft = Draft::unknown(unknown);
    if let Some(at) = draft.occurred_at {
        let name = draft.name.as_ref().map(|(name, _)| name.as_str());
        // A change, or a list.
        let digest = || canonical::digest_of("value", &draft.raw);
        draft.key = whole("unknown", &[draft.tenant.as_deref(), name], digest, Some(at));
    }
    draft
}

fn said(payload: Payload, scene: &Scene<'_>) -> Said {
    match payload {
        Payload::Message(message) if *scene.field == Field::Messages => message::of_user(message, scene),
        Payload::Message(message) => message::of_nobody(&message),
        Payload::Echo(message) => message::of_business(message, scene),
        Payload::Status(status) => status::of_message(status, scene),
        Payload::CallStatus(status) => call::status(*status, scene),
        Payload::Call(call) => call::call(*call, scene),
        Payload::Group(group) => group::group(*group),
        Payload::StateSync(sync) => account::book(*sync),
        Payload::UserPreference(preference) => account::preference(&preference),
        Payload::AutomaticEvent(event) => account::automatic(&event),
        // What went wrong has neither an id nor a time of its own.
        Payload::Error(_) => Said::other(scene.key("error"), None),
        // Phase and order come again with the next synchronisation, and a piece has no time of its own.
        Payload::HistoryChunk(_) => Said::other(scene.key("history"), None),
        Payload::HistoryMessage(from) => {
            // Not the key of the message: the same one may come, or have come, as news.
            let key = match from.message.id.as_deref().filter(|id| !id.is_empty()) {
                // A file follows under the id of its placeholder.
                Some(id) => EventKey::new("history")
                    .part(id)
                    .optional(from.message.kind.as_ref().map(|kind| kind.as_str())),
                None => EventKey::of_delivery("history"),
            };
            Said::other(key, time(from.message.timestamp.as_ref()))
        }
        Payload::TemplateStatus(template) => account::template_status(*template, scene),
        // What changes of a template beside its state has no neutral kind.
        Payload::TemplateQuality(_) | Payload::TemplateComponents(_) | Payload::TemplateCategory(_) => {
            Said::other(scene.key("template"), None)
        }
        Payload::AccountUpdate(update) => account::update(&update, scene),
        Payload::AccountReview(review) => account::review(&review, scene),
        Payload::AccountAlert(alert) => account::alert(*alert, scene),
        Payload::BusinessCapability(_) => account::capability(scene),
        Payload::PhoneQuality(quality) => account::phone_quality(&quality, scene),
        Payload::PhoneName(name) => account::phone_name(*name, scene),
        Payload::Security(security) => account::security(&security, scene),
        Payload::PaymentConfiguration(payment) => account::payment(&payment, scene),
    }
}

/// What the envelope tells about every element.
struct Scene<'a> {
    /// The event's name.
    name: &'a Text,
    /// The field, by which the app subscribes.
    field: &'a Field,
    /// The item as sent.
    raw: &'a Raw,
    /// The business account.
    tenant: Option<&'a str>,
    /// The business's number.
    account: Option<&'a Identity>,
    /// Whom it is about.
    contact: Option<&'a Contact>,
    /// The entry's time.
    at: Option<Timestamp>,
}

impl Scene<'_> {
    /// The key of what has no id of its own and comes with a time of its entry: entry, field, all that it says, and when.
    fn key(&self, kind: &'static str) -> EventKey {
        self.key_at(kind, self.at)
    }

    fn key_at(&self, kind: &'static str, at: Option<Timestamp>) -> EventKey {
        let about = [self.tenant, Some(self.name)];
        if self.field.has_lists() {
            return whole(kind, &about, || canonical::digest(self.raw), at);
        }
        // Without the field, which is told beside it.
        whole(kind, &about, || canonical::digest_of("value", self.raw), at)
    }
}

/// The key that says all of something.
fn whole(
    kind: &'static str,
    about: &[Option<&str>],
    digest: impl FnOnce() -> Short,
    at: Option<Timestamp>,
) -> EventKey {
    let Some(at) = at else {
        return EventKey::of_delivery(kind);
    };
    let digest = digest();
    let about = about
        .iter()
        .fold(EventKey::new(kind), |key, part| key.optional(*part));
    about.part(digest.as_str()).time(at)
}

/// What an element says, without its envelope.
struct Said {
    data: Data,
    key: EventKey,
    /// Its own time; without one the entry's counts.
    at: Option<Timestamp>,
    /// Whose account it is, where the value itself tells.
    account: Option<Box<Identity>>,
}

impl Said {
    const fn new(data: Data, key: EventKey, at: Option<Timestamp>) -> Self {
        Self {
            data,
            key,
            at,
            account: None,
        }
    }

    /// Typed at the provider, no neutral kind.
    const fn other(key: EventKey, at: Option<Timestamp>) -> Self {
        Self::new(Data::Other(OtherData {}), key, at)
    }
}

/// The key of something without an id of its own (G10): what it is about, all that it says, and when. Without a time every
/// delivery is one of its own.
fn occurrence(
    kind: &'static str,
    about: &[Option<&str>],
    says: &[Option<&str>],
    at: Option<Timestamp>,
) -> EventKey {
    at.map_or_else(
        || EventKey::of_delivery(kind),
        |at| said_of(kind, about, says).time(at),
    )
}

/// What it is about, and all that it says: as a digest, for it may be long, and keys show up in more places than texts should.
fn said_of(kind: &'static str, about: &[Option<&str>], says: &[Option<&str>]) -> EventKey {
    let length = |part: &Option<&str>| LENGTH + part.map_or(0, str::len);
    let mut text = String::with_capacity(says.iter().map(length).sum());
    for part in says {
        let part = part.unwrap_or_default();
        // The lengths keep `ab`, `c` apart from `a`, `bc`.
        push_number(part.len(), &mut text);
        text.push(':');
        text.push_str(part);
    }
    let about = about
        .iter()
        .fold(EventKey::new(kind), |key, part| key.optional(*part));
    about.part(Short::of(&text).as_str())
}

/// Bytes for the length of most texts, and what ends it.
const LENGTH: usize = 3;

fn push_number(number: usize, text: &mut String) {
    if number > 9 {
        push_number(number / 10, text);
    }
    text.push(char::from(b"0123456789"[number % 10]));
}

/// The text, unless it is missing or empty: here both mean the same (webhooks/reference, 2026-04).
fn filled(text: Option<&Text>) -> Option<&str> {
    present(text).map(Text::as_str)
}

/// The same, to keep: a copy of a text costs less than a text made anew.
fn present(text: Option<&Text>) -> Option<&Text> {
    text.filter(|text| !text.is_empty())
}

/// The text without a copy, unless it is missing or empty.
fn taken(text: Option<Text>) -> Option<Text> {
    text.and_then(Text::non_empty)
}

fn time(number: Option<&Number>) -> Option<Timestamp> {
    number.and_then(instant)
}
