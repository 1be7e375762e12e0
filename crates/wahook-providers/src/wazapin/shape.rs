//! What a body is: wrapped or flat, and which event. Wazapin's pages contradict each other; every form of theirs is read.

use std::mem;

use jiff::Timestamp;
use serde::Deserializer;
use wahook_core::{
    Context, Malformed, Parsed, Unknown, instant_of_text,
    json::{Fill, Raw, ReadError, Text, read_borrowed},
    model::NameSource,
};

use super::{
    body::{Body, Fields},
    event::{
        CommerceOrder, ContactUpdated, ConversationUpdated, Event, EventName, MessageNew, MessageSent,
        MessageStatus, Payload, TemplateStatus,
    },
};
use crate::slot::{Slot, TextSlot, object};

/// A body of which it is known what it says.
pub(super) struct Shaped<'a, 'de> {
    pub(super) name: Option<(EventName, NameSource)>,
    event_id: Option<Text>,
    occurred_at: Option<Timestamp>,
    fields: &'a mut Fields<'de>,
    wrapped: bool,
}

/// Reads a body in one pass and decides while it is still borrowed: only what is kept is copied.
pub(super) fn read<V>(
    bytes: &[u8],
    declared: Option<&EventName>,
    then: impl FnOnce(Result<Shaped<'_, '_>, ReadError>) -> V,
) -> V {
    struct Borrowed;

    impl Fill for Borrowed {
        type Target<'de> = Body<'de>;

        fn fill<'de, D: Deserializer<'de>>(&self, body: &mut Body<'de>, json: D) -> Result<(), D::Error> {
            object(body, json)
        }
    }

    read_borrowed(&Borrowed, bytes, |body| {
        then(body.map(|body| Shaped::of(body, declared)))
    })
}

impl<'a, 'de> Shaped<'a, 'de> {
    /// Unwraps a body and finds its name: in the body, else declared, else by the members it has (N3).
    ///
    /// `type` and `event` are names only beside an object `data`: a flat body may have a `type` that is the message's.
    pub(super) fn of(body: &'a mut Body<'de>, declared: Option<&EventName>) -> Self {
        let Body {
            event_type,
            kind,
            event,
            event_id,
            occurred_at,
            top,
            data,
        } = body;
        let has_data = matches!(data, Slot::Value(_));
        let wrapper_name = has_data.then(|| kind.text().or_else(|| event.text())).flatten();
        let name = event_type.text().or(wrapper_name).map(EventName::from);
        let (fields, wrapped) = match data {
            // Without a name it is a wrapper only if nothing beside `data` says what happened.
            Slot::Value(inner) if name.is_some() || !top.names_something() => {
                inner.any_wrong |= top.any_wrong;
                fill_gap(&mut inner.channel_id, &mut top.channel_id);
                fill_gap(&mut inner.organization_id, &mut top.organization_id);
                (inner, true)
            }
            _ => (top, false),
        };
        let name = name
            .map(|name| (name, NameSource::Body))
            .or_else(|| declared.map(|name| (name.clone(), NameSource::Declared)))
            .or_else(|| guess(fields).map(|name| (name, NameSource::Guessed)));
        Self {
            name,
            event_id: event_id.to_text(),
            occurred_at: occurred_at.text().and_then(instant_of_text),
            fields,
            wrapped,
        }
    }

    /// The item, typed if it is an event of ours.
    pub(super) fn parsed(self, raw: Raw) -> Parsed<Event> {
        let account = self.fields.channel_id.to_text();
        let tenant = self.fields.organization_id.to_text();
        let context = |account, tenant| {
            let mut context = Context::default();
            (context.account, context.tenant) = (account, tenant);
            context.occurred_at = self.occurred_at;
            context
        };
        let Some((name, name_source)) = self.name else {
            return Parsed::Unknown(Unknown::new(None, context(account, tenant), raw));
        };
        // What an endpoint declares is no promise of the sender's: a test delivery may come there as well.
        if name_source != NameSource::Body && lacks_essentials(&name, self.fields) {
            return unknown(name, context(account, tenant), raw);
        }
        match typed(&name, self.fields, if self.wrapped { "data." } else { "" }) {
            Err(error) => malformed(Some(name), error, context(account, tenant), raw),
            Ok(None) => unknown(name, context(account, tenant), raw),
            Ok(Some(payload)) => Parsed::Known {
                event: Event {
                    name,
                    name_source,
                    event_id: self.event_id,
                    occurred_at: self.occurred_at,
                    organization_id: tenant,
                    channel_id: account,
                    payload,
                },
                raw,
            },
        }
    }
}

fn unknown(name: EventName, context: Context, raw: Raw) -> Parsed<Event> {
    Parsed::Unknown(Unknown::new(Some(name.into_word()), context, raw))
}

pub(super) fn malformed(
    name: Option<EventName>,
    error: ReadError,
    context: Context,
    raw: Raw,
) -> Parsed<Event> {
    let name = name.map(|name| name.into_word());
    Parsed::Malformed(Malformed::new(name, error, context, raw))
}

/// The wrapper's value where the inner one is absent or empty.
fn fill_gap<'de>(inner: &mut TextSlot<'de>, outer: &mut TextSlot<'de>) {
    if is_absent(inner) {
        *inner = mem::take(outer);
    }
}

/// Null and the empty text are as good as missing.
fn is_absent(slot: &TextSlot<'_>) -> bool {
    match slot {
        Slot::Absent => true,
        Slot::Wrong => false,
        Slot::Value(text) => text.is_empty(),
    }
}

/// The shape table: only a guess, and marked as one. An outbound echo and a `message.sent` with more members than are
/// documented look alike.
fn guess(fields: &Fields<'_>) -> Option<EventName> {
    let has = |slot| !is_absent(slot);
    let message = has(&fields.message_id);
    let described = has(&fields.msg_type) || has(&fields.direction);
    Some(if has(&fields.template_id) {
        EventName::TemplateStatusUpdate
    } else if message && has(&fields.status) && !described {
        EventName::MessageStatusUpdate
    } else if message && (described || has(&fields.from_phone)) {
        EventName::MessageNew
    } else if message && has(&fields.conversation_id) {
        EventName::MessageSent
    } else if message {
        return None;
    } else if has(&fields.conversation_id) {
        EventName::ConversationUpdated
    } else if has(&fields.contact_id) {
        EventName::ContactUpdated
    } else {
        return None;
    })
}

/// Whether the member is missing without which the event says nothing.
fn lacks_essentials(name: &EventName, fields: &Fields<'_>) -> bool {
    let lacks = |slots: &[&TextSlot<'_>]| slots.iter().copied().any(is_absent);
    match name {
        EventName::MessageNew | EventName::MessageReceived | EventName::MessageSent => {
            lacks(&[&fields.message_id])
        }
        EventName::MessageStatusUpdate | EventName::MessageStatusUpdated => {
            lacks(&[&fields.message_id, &fields.status])
        }
        EventName::ConversationUpdated => lacks(&[&fields.conversation_id]),
        EventName::ContactUpdated => lacks(&[&fields.contact_id]),
        EventName::TemplateStatusUpdate => lacks(&[&fields.template_id, &fields.status]),
        // No member of it is documented.
        EventName::CommerceOrderUpdated | EventName::Unknown(_) => false,
    }
}

/// The documented member of another shape than the documented one, if there is one.
#[cold]
fn wrong(name: &EventName, fields: &Fields<'_>) -> Option<&'static str> {
    let shapes: &[(&TextSlot<'_>, &'static str)] = match name {
        EventName::MessageNew | EventName::MessageReceived => &[
            (&fields.message_id, "message_id"),
            (&fields.conversation_id, "conversation_id"),
            (&fields.contact_id, "contact_id"),
            (&fields.direction, "direction"),
            (&fields.from_phone, "from_phone"),
            (&fields.msg_type, "msg_type"),
        ],
        EventName::MessageSent => &[
            (&fields.message_id, "message_id"),
            (&fields.conversation_id, "conversation_id"),
        ],
        EventName::MessageStatusUpdate | EventName::MessageStatusUpdated => &[
            (&fields.message_id, "message_id"),
            (&fields.status, "status"),
            (&fields.conversation_id, "conversation_id"),
            (&fields.to, "to"),
        ],
        EventName::ConversationUpdated => &[
            (&fields.conversation_id, "conversation_id"),
            (&fields.status, "status"),
        ],
        EventName::ContactUpdated => &[(&fields.contact_id, "contact_id"), (&fields.name, "name")],
        EventName::TemplateStatusUpdate => {
            &[(&fields.template_id, "template_id"), (&fields.status, "status")]
        }
        // No member of it is documented.
        EventName::CommerceOrderUpdated | EventName::Unknown(_) => &[],
    };
    let everywhere = [
        (&fields.channel_id, "channel_id"),
        (&fields.organization_id, "organization_id"),
    ];
    let mut slots = everywhere.iter().chain(shapes);
    slots.find_map(|(slot, name)| matches!(slot, Slot::Wrong).then_some(*name))
}

/// The payload; a documented member of another shape is an error, an undocumented one is left to `raw`.
fn typed(name: &EventName, fields: &Fields<'_>, prefix: &str) -> Result<Option<Payload>, ReadError> {
    let error = |name| ReadError::shape(format!("{prefix}{name}"));
    if fields.any_wrong
        && !matches!(name, EventName::Unknown(_))
        && let Some(name) = wrong(name, fields)
    {
        return Err(error(name));
    }
    let needed = |slot: &TextSlot<'_>, name| slot.to_text().ok_or_else(|| error(name));
    let body = || fields.body.get().map(|text| Text::from(text.as_ref()));
    Ok(Some(match name {
        EventName::MessageNew | EventName::MessageReceived => Payload::MessageNew(MessageNew {
            message_id: needed(&fields.message_id, "message_id")?,
            conversation_id: fields.conversation_id.to_text(),
            contact_id: fields.contact_id.to_text(),
            direction: fields.direction.text().map(Into::into),
            from_phone: fields.from_phone.to_text(),
            to: fields.to.to_text(),
            msg_type: fields.msg_type.text().map(Into::into),
            chat_id: fields.chat_id.to_text(),
            body: body(),
        }),
        EventName::MessageSent => Payload::MessageSent(MessageSent {
            message_id: needed(&fields.message_id, "message_id")?,
            conversation_id: fields.conversation_id.to_text(),
            contact_id: fields.contact_id.to_text(),
            to: fields.to.to_text(),
            msg_type: fields.msg_type.text().map(Into::into),
            chat_id: fields.chat_id.to_text(),
            body: body(),
        }),
        EventName::MessageStatusUpdate | EventName::MessageStatusUpdated => {
            Payload::MessageStatus(MessageStatus {
                message_id: needed(&fields.message_id, "message_id")?,
                status: needed(&fields.status, "status")?.into(),
                conversation_id: fields.conversation_id.to_text(),
                to: fields.to.to_text(),
                error: fields.error.to_text(),
                error_code: fields.error_code.to_text(),
                failure_reason: fields.failure_reason.to_text(),
            })
        }
        EventName::ConversationUpdated => Payload::ConversationUpdated(ConversationUpdated {
            conversation_id: needed(&fields.conversation_id, "conversation_id")?,
            status: fields.status.to_text(),
            contact_id: fields.contact_id.to_text(),
        }),
        EventName::ContactUpdated => Payload::ContactUpdated(ContactUpdated {
            contact_id: needed(&fields.contact_id, "contact_id")?,
            name: fields.name.to_text(),
        }),
        EventName::TemplateStatusUpdate => Payload::TemplateStatus(TemplateStatus {
            template_id: needed(&fields.template_id, "template_id")?,
            status: needed(&fields.status, "status")?,
        }),
        EventName::CommerceOrderUpdated => Payload::CommerceOrder(CommerceOrder {
            order_id: fields.order_id.to_text(),
            status: fields.status.to_text(),
        }),
        EventName::Unknown(_) => return Ok(None),
    }))
}
