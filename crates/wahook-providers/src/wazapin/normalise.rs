//! From Wazapin's words to the event model (N4).

use jiff::Timestamp;
use wahook_core::{
    guard::Digest,
    json::{Raw, Text},
    model::{
        Chat, ChatAction, ChatType, ChatUpdate, ContactUpdate, Contacts, Content, Data, Direction, Draft,
        EventKey, Identity, Interactive, Location, MediaContent, Message, MessageState, NameSource,
        OrderUpdate, Origin, OtherData, StatusError, StatusUpdate, Template, TemplateStatus, TextContent,
    },
};

use super::event::{self, Event, EventName, MessageNew, MessageSent, MessageStatus, MessageType, Payload};
use crate::slot::lower;

pub(super) fn draft(event: Event, raw: Raw) -> Draft {
    let Event {
        name,
        name_source,
        event_id: _,
        occurred_at,
        organization_id,
        channel_id,
        payload,
    } = event;
    let (data, key) = match payload {
        Payload::MessageNew(new) => message_new(new, &name),
        Payload::MessageSent(sent) => message_sent(sent),
        Payload::MessageStatus(status) => message_status(status),
        Payload::ConversationUpdated(conversation) => {
            let key = occurrence(
                "chat",
                Some(&conversation.conversation_id),
                conversation.status.as_deref(),
                occurred_at,
            );
            let update = ChatUpdate {
                chat_id: Some(conversation.conversation_id),
                action: ChatAction::Updated,
                status: conversation.status,
            };
            (Data::ChatUpdated(update), key)
        }
        Payload::ContactUpdated(contact) => {
            // Its state is its name; keys show up in more places than names should. Without a time there is no such key.
            let name = contact.name.as_deref().filter(|_| occurred_at.is_some());
            let state = name.map(|name| Digest::of(name.as_bytes()).to_string());
            let key = occurrence(
                "contact",
                Some(&contact.contact_id),
                state.as_deref(),
                occurred_at,
            );
            let update = ContactUpdate {
                contact_id: Some(contact.contact_id),
                identity: contact
                    .name
                    .map(|name| Box::new(Identity::default().named(Some(name)))),
            };
            (Data::ContactUpdated(update), key)
        }
        Payload::TemplateStatus(template) => {
            let state = lower(&template.status);
            let key = occurrence("template", Some(&template.template_id), Some(&state), occurred_at);
            let update = TemplateStatus {
                template_id: Some(template.template_id),
                state: Some(state.into()),
                ..TemplateStatus::default()
            };
            (Data::TemplateStatus(update), key)
        }
        Payload::CommerceOrder(order) => {
            let key = occurrence(
                "order",
                order.order_id.as_deref(),
                order.status.as_deref(),
                occurred_at,
            );
            let update = OrderUpdate {
                order_id: order.order_id,
                status: order.status,
            };
            (Data::OrderUpdated(update), key)
        }
    };
    Draft {
        account: channel_id,
        tenant: organization_id,
        account_identity: None,
        name: Some((name.into_word(), name_source)),
        occurred_at,
        data,
        key,
        raw,
    }
}

/// The key of an occurrence: what, which state, when. The flat form has no time, so only its delivery tells two
/// occurrences apart (G10): open, closed, open again are three events.
fn occurrence(kind: &'static str, id: Option<&str>, state: Option<&str>, at: Option<Timestamp>) -> EventKey {
    match (id, at) {
        (Some(id), Some(at)) => EventKey::new(kind).part(id).optional(state).time(at),
        _ => EventKey::of_delivery(kind),
    }
}

/// `message.new` comes for outbound echoes as well (Wazapin docs, webhook event catalog, 2026-08): only a `direction`
/// that is there tells. `from_phone` does not, it is only promised for inbound messages; a bot that took an echo for a
/// contact's message would answer itself.
fn message_new(new: MessageNew, name: &EventName) -> (Data, EventKey) {
    let direction = match (&new.direction, name) {
        (Some(event::Direction::Inbound), _) | (None, EventName::MessageReceived) => Direction::Inbound,
        (Some(event::Direction::Outbound), _) => Direction::Outbound,
        (Some(event::Direction::Unknown(_)) | None, _) => {
            let key = EventKey::new("other").part(name.as_str()).part(&new.message_id);
            return (Data::Other(OtherData::default()), key);
        }
    };
    let key = EventKey::new("message").part(&new.message_id);
    let inbound = direction == Direction::Inbound;
    let sender = new.from_phone.and_then(Identity::from_address);
    let recipient = new.to.and_then(Identity::from_address);
    let contact = if inbound { &sender } else { &recipient };
    // Made where it stays: it is large to move.
    let mut message = Box::<Message>::default();
    message.message_id = Some(new.message_id);
    message.direction = direction;
    message.chat = chat(new.conversation_id, new.chat_id.as_deref(), contact.as_ref());
    message.sender = sender;
    message.recipient = recipient;
    message.origin = if inbound { Origin::Contact } else { Origin::Unknown };
    message.content = content(new.msg_type, new.body);
    let data = if inbound {
        Data::MessageReceived(message)
    } else {
        Data::MessageSent(message)
    };
    (data, key)
}

fn message_sent(sent: MessageSent) -> (Data, EventKey) {
    let key = EventKey::new("message").part(&sent.message_id);
    let mut message = Box::<Message>::default();
    message.message_id = Some(sent.message_id);
    message.direction = Direction::Outbound;
    message.recipient = sent.to.and_then(Identity::from_address);
    message.chat = chat(
        sent.conversation_id,
        sent.chat_id.as_deref(),
        message.recipient.as_ref(),
    );
    // From the workspace: through the API or by a person in its inbox, the page does not tell.
    message.origin = Origin::Unknown;
    message.content = content(sent.msg_type, sent.body);
    (Data::MessageSent(message), key)
}

fn message_status(status: MessageStatus) -> (Data, EventKey) {
    let raw_state = status.status.into_word();
    let word = lower(&raw_state);
    let recipient = status.to.and_then(Identity::from_address);
    let key = EventKey::new("status")
        .part(&status.message_id)
        .optional(recipient.as_ref().and_then(Identity::key_text))
        .part(&word);
    let error = StatusError {
        code: status.error_code,
        title: status.error,
        detail: status.failure_reason,
    };
    let update = StatusUpdate {
        message_id: Some(status.message_id),
        state: MessageState::from(&*word),
        raw_state: Some(raw_state),
        chat: chat(status.conversation_id, None, recipient.as_ref()),
        recipient,
        errors: if error == StatusError::default() {
            Vec::new()
        } else {
            vec![error]
        },
    };
    (Data::MessageStatus(Box::new(update)), key)
}

/// The provider's conversation id names the chat; address and phone stand beside it. A group's address wins over the
/// contact, who is only the sender there.
fn chat(conversation_id: Option<Text>, chat_id: Option<&str>, contact: Option<&Identity>) -> Option<Chat> {
    let address = chat_id
        .and_then(Chat::from_address)
        .filter(|chat| chat.kind != ChatType::Unknown || contact.is_none())
        .or_else(|| contact.map(Chat::with));
    match (address, conversation_id) {
        (Some(chat), Some(id)) => Some(Chat { id: Some(id), ..chat }),
        (None, Some(id)) => Some(Chat::opaque(id)),
        (chat, None) => chat,
    }
}

/// The type is told, the content is behind the API: null inside (Wazapin docs, handle inbound text, 2026-08).
fn content(kind: Option<MessageType>, body: Option<Text>) -> Content {
    let media = |caption| MediaContent {
        caption,
        ..MediaContent::default()
    };
    match kind {
        Some(MessageType::Text) => Content::Text(TextContent { text: body }),
        Some(MessageType::Image) => Content::Image(media(body)),
        Some(MessageType::Video) => Content::Video(media(body)),
        Some(MessageType::Audio) => Content::Audio(media(body)),
        Some(MessageType::Document) => Content::Document(media(body)),
        Some(MessageType::Sticker) => Content::Sticker(media(body)),
        Some(MessageType::Interactive) => Content::Interactive(Interactive {
            title: body,
            ..Interactive::default()
        }),
        Some(MessageType::Location) => Content::Location(Location::default()),
        Some(MessageType::Template) => Content::Template(Template::default()),
        Some(MessageType::Contact) => Content::Contacts(Contacts::default()),
        Some(MessageType::Unknown(word)) => Content::unknown(Some(word)),
        None if body.is_some() => Content::Text(TextContent { text: body }),
        None => Content::unknown(None),
    }
}

/// The name of an item without a type, with its true source: the model takes it for one of the body.
pub(super) fn renamed(draft: Draft, name: Option<(EventName, NameSource)>) -> Draft {
    match name {
        Some((name, source)) => Draft {
            name: Some((name.into_word(), source)),
            ..draft
        },
        None => draft,
    }
}
