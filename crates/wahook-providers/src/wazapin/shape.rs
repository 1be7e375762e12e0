//! What a body is: wrapped or flat, and which event. Wazapin's pages contradict each other; every form of theirs is read.

use jiff::Timestamp;
use wahook_core::{
    Context, instant,
    json::{Number, ReadError},
    model::NameSource,
};

use super::{
    body::{Body, Fields},
    event::{
        CommerceOrder, ContactUpdated, ConversationUpdated, Event, EventName, MessageNew, MessageSent,
        MessageStatus, Payload, TemplateStatus,
    },
};
use crate::slot::Slot;

/// A body of which it is known what it says.
pub(super) struct Shaped {
    pub(super) name: Option<(EventName, NameSource)>,
    event_id: Option<String>,
    occurred_at: Option<Timestamp>,
    fields: Fields,
    wrapped: bool,
}

/// What came of it.
pub(super) enum Outcome {
    Known(Event),
    Unknown(Option<EventName>, Context),
    Malformed(EventName, ReadError, Context),
}

impl Shaped {
    /// Unwraps a body and finds its name: in the body, else declared, else by the members it has (N3).
    ///
    /// `type` and `event` are names only beside an object `data`: a flat body may have a `type` that is the message's.
    pub(super) fn of(body: Body, declared: Option<&EventName>) -> Self {
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
            Slot::Value(mut inner) if name.is_some() || !top.names_something() => {
                inner.channel_id = filled(inner.channel_id, top.channel_id);
                inner.organization_id = filled(inner.organization_id, top.organization_id);
                (inner, true)
            }
            _ => (top, false),
        };
        let name = name
            .map(|name| (name, NameSource::Body))
            .or_else(|| declared.map(|name| (name.clone(), NameSource::Declared)))
            .or_else(|| guess(&fields).map(|name| (name, NameSource::Guessed)));
        Self {
            name,
            event_id: event_id.text().map(str::to_owned),
            occurred_at: occurred_at
                .text()
                .and_then(|text| instant(&Number::Text(text.into()))),
            fields,
            wrapped,
        }
    }

    /// The typed event, if it is one.
    pub(super) fn event(self) -> Outcome {
        let mut context = Context::default();
        context.account = self.fields.channel_id.text().map(str::to_owned);
        context.tenant = self.fields.organization_id.text().map(str::to_owned);
        context.occurred_at = self.occurred_at;
        let Some((name, name_source)) = self.name else {
            return Outcome::Unknown(None, context);
        };
        // What an endpoint declares is no promise of the sender's: a test delivery may come there as well.
        if name_source != NameSource::Body && lacks_essentials(&name, &self.fields) {
            return Outcome::Unknown(Some(name), context);
        }
        match typed(&name, self.fields, if self.wrapped { "data." } else { "" }) {
            Err(error) => Outcome::Malformed(name, error, context),
            Ok(None) => Outcome::Unknown(Some(name), context),
            Ok(Some(payload)) => Outcome::Known(Event {
                name,
                name_source,
                event_id: self.event_id,
                occurred_at: self.occurred_at,
                organization_id: context.tenant,
                channel_id: context.account,
                payload,
            }),
        }
    }
}

/// The inner value, or the wrapper's where the inner one is absent or empty.
fn filled(inner: Slot<String>, outer: Slot<String>) -> Slot<String> {
    if is_absent(&inner) { outer } else { inner }
}

/// Null and the empty text are as good as missing.
fn is_absent(slot: &Slot<String>) -> bool {
    match slot {
        Slot::Absent => true,
        Slot::Wrong => false,
        Slot::Value(text) => text.is_empty(),
    }
}

/// The shape table: only a guess, and marked as one. An outbound echo and a `message.sent` with more members than are
/// documented look alike.
fn guess(fields: &Fields) -> Option<EventName> {
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
fn lacks_essentials(name: &EventName, fields: &Fields) -> bool {
    let lacks = |slots: &[&Slot<String>]| slots.iter().copied().any(is_absent);
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

/// The payload; a documented member of another shape is an error, an undocumented one is left to `raw`.
fn typed(name: &EventName, fields: Fields, prefix: &str) -> Result<Option<Payload>, ReadError> {
    let optional = |slot: Slot<String>, name: &str| {
        let text = slot.strict(|| format!("{prefix}{name}"))?;
        Ok(text.filter(|text| !text.is_empty()))
    };
    let needed =
        |slot, name: &str| optional(slot, name)?.ok_or_else(|| ReadError::shape(format!("{prefix}{name}")));
    if matches!(name, EventName::Unknown(_)) {
        return Ok(None);
    }
    fields.channel_id.strict(|| format!("{prefix}channel_id"))?;
    fields
        .organization_id
        .strict(|| format!("{prefix}organization_id"))?;
    Ok(Some(match name {
        EventName::MessageNew | EventName::MessageReceived => Payload::MessageNew(MessageNew {
            message_id: needed(fields.message_id, "message_id")?,
            conversation_id: optional(fields.conversation_id, "conversation_id")?,
            contact_id: optional(fields.contact_id, "contact_id")?,
            direction: optional(fields.direction, "direction")?.map(|word| word.as_str().into()),
            from_phone: optional(fields.from_phone, "from_phone")?,
            to: undocumented(fields.to),
            msg_type: optional(fields.msg_type, "msg_type")?.map(|word| word.as_str().into()),
            chat_id: undocumented(fields.chat_id),
            body: fields.body.lenient(),
        }),
        EventName::MessageSent => Payload::MessageSent(MessageSent {
            message_id: needed(fields.message_id, "message_id")?,
            conversation_id: optional(fields.conversation_id, "conversation_id")?,
            contact_id: undocumented(fields.contact_id),
            to: undocumented(fields.to),
            msg_type: undocumented(fields.msg_type).map(|word| word.as_str().into()),
            chat_id: undocumented(fields.chat_id),
            body: fields.body.lenient(),
        }),
        EventName::MessageStatusUpdate | EventName::MessageStatusUpdated => {
            Payload::MessageStatus(MessageStatus {
                message_id: needed(fields.message_id, "message_id")?,
                status: needed(fields.status, "status")?.as_str().into(),
                conversation_id: optional(fields.conversation_id, "conversation_id")?,
                to: optional(fields.to, "to")?,
                error: undocumented(fields.error),
                error_code: undocumented(fields.error_code),
                failure_reason: undocumented(fields.failure_reason),
            })
        }
        EventName::ConversationUpdated => Payload::ConversationUpdated(ConversationUpdated {
            conversation_id: needed(fields.conversation_id, "conversation_id")?,
            status: optional(fields.status, "status")?,
            contact_id: undocumented(fields.contact_id),
        }),
        EventName::ContactUpdated => Payload::ContactUpdated(ContactUpdated {
            contact_id: needed(fields.contact_id, "contact_id")?,
            name: optional(fields.name, "name")?,
        }),
        EventName::TemplateStatusUpdate => Payload::TemplateStatus(TemplateStatus {
            template_id: needed(fields.template_id, "template_id")?,
            status: needed(fields.status, "status")?,
        }),
        EventName::CommerceOrderUpdated => Payload::CommerceOrder(CommerceOrder {
            order_id: undocumented(fields.order_id),
            status: undocumented(fields.status),
        }),
        EventName::Unknown(_) => return Ok(None),
    }))
}

fn undocumented(slot: Slot<String>) -> Option<String> {
    slot.lenient().filter(|text| !text.is_empty())
}
