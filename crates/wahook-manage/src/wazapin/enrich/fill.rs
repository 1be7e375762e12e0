//! From a record into an event (N4): what is null is filled, what is there stays.

use wahook_core::{
    json::Text,
    model::{
        Chat, ChatType, Content, Data, Direction, Event, Identity, Interactive, Location, MediaContent,
        Message as Said, ReplyTo, ReplyType,
    },
};

use super::content::{content, text};
use crate::wazapin::Message;

/// The id to ask for: of a message of Wazapin's that names its type at most, and not what it says.
#[must_use]
pub fn is_thin(event: &Event) -> Option<&str> {
    if event.provider.as_str() != "wazapin" {
        return None;
    }
    let (Data::MessageReceived(message) | Data::MessageSent(message)) = &event.data else {
        return None;
    };
    let id = message.message_id.as_deref().filter(|id| !id.is_empty())?;
    is_empty(&message.content).then_some(id)
}

/// Fills in what the record tells and the event does not, and says whether that was anything.
///
/// Only a [thin](is_thin) event is filled. What the webhook said stays, first of all the type: records of stickers and
/// places are shown with `"type": "text"` (Wazapin, API: send a message, 2026-08). Key, kind, direction, account, tenant,
/// times and `raw` stay in any case: they were decided upon, or are the provider's word.
pub fn fill(event: &mut Event, record: &Message) -> bool {
    if is_thin(event).is_none() {
        return false;
    }
    let (Data::MessageReceived(message) | Data::MessageSent(message)) = &mut event.data else {
        return false;
    };
    let before = message.clone();
    fill_content(&mut message.content, record);
    fill_people(message, record);
    if message.reply_to.is_none() {
        message.reply_to = reply_to(record).map(Box::new);
    }
    *message != before
}

/// Whether there is nothing in it that the record could not tell better. A type without neutral words is no such.
fn is_empty(content: &Content) -> bool {
    match content {
        Content::Text(text) => text.text.is_none(),
        Content::Image(media)
        | Content::Video(media)
        | Content::Audio(media)
        | Content::Voice(media)
        | Content::Document(media)
        | Content::Sticker(media) => media.media.url.is_none() && media.media.id.is_none(),
        Content::Location(place) => place.latitude.is_none() && place.longitude.is_none(),
        Content::Contacts(cards) => cards.contacts.is_empty(),
        Content::Interactive(choice) => choice.reply_id.is_none() && choice.response.is_none(),
        Content::Template(template) => template.name.is_none(),
        Content::Unknown(unknown) => unknown.raw_type.is_none(),
        _ => false,
    }
}

fn fill_content(said: &mut Content, record: &Message) {
    let Some(kind) = word(said).or(record.kind.as_deref()) else {
        return;
    };
    let told = content(kind, record);
    match (said, told) {
        (Content::Text(said), Content::Text(told)) => or(&mut said.text, told.text),
        (Content::Image(said), Content::Image(told))
        | (Content::Video(said), Content::Video(told))
        | (Content::Audio(said), Content::Audio(told))
        | (Content::Voice(said), Content::Voice(told))
        | (Content::Document(said), Content::Document(told))
        | (Content::Sticker(said), Content::Sticker(told)) => fill_media(said, told),
        (Content::Location(said), Content::Location(told)) => fill_place(said, told),
        (Content::Contacts(said), Content::Contacts(told)) => said.contacts = told.contacts,
        (Content::Interactive(said), Content::Interactive(told)) => fill_choice(said, told),
        (Content::Template(said), Content::Template(told)) => {
            or(&mut said.name, told.name);
            or(&mut said.language, told.language);
        }
        // The webhook named no type.
        (said @ Content::Unknown(_), told) => *said = told,
        _ => {}
    }
}

/// The word of a type that the webhook told.
const fn word(said: &Content) -> Option<&'static str> {
    Some(match said {
        Content::Text(_) => "text",
        Content::Image(_) => "image",
        Content::Video(_) => "video",
        Content::Audio(_) => "audio",
        Content::Voice(_) => "voice",
        Content::Document(_) => "document",
        Content::Sticker(_) => "sticker",
        Content::Location(_) => "location",
        Content::Contacts(_) => "contact",
        Content::Interactive(_) => "interactive",
        Content::Template(_) => "template",
        _ => return None,
    })
}

fn fill_media(said: &mut MediaContent, told: MediaContent) {
    or(&mut said.caption, told.caption);
    or(&mut said.media.url, told.media.url);
    or(&mut said.media.filename, told.media.filename);
    or(&mut said.media.mime_type, told.media.mime_type);
}

fn fill_place(said: &mut Location, told: Location) {
    or(&mut said.latitude, told.latitude);
    or(&mut said.longitude, told.longitude);
    or(&mut said.name, told.name);
    or(&mut said.address, told.address);
}

fn fill_choice(said: &mut Interactive, told: Interactive) {
    if said.reply_type == ReplyType::Unknown {
        said.reply_type = told.reply_type;
    }
    or(&mut said.reply_id, told.reply_id);
    or(&mut said.title, told.title);
}

/// `sender_phone`, `to_phone`, `conversation_id` (Wazapin, API: send a message, 2026-08).
fn fill_people(message: &mut Said, record: &Message) {
    let identity = |phone: &Option<String>| Identity::from_address(phone.as_deref()?);
    if message.sender.is_none() {
        message.sender = identity(&record.sender_phone);
    }
    if message.recipient.is_none() {
        message.recipient = identity(&record.to_phone);
    }
    let contact = match message.direction {
        Direction::Inbound => message.sender.as_ref(),
        Direction::Outbound => message.recipient.as_ref(),
        _ => None,
    };
    // As the webhook's own members are read: the conversation names the chat, the contact's address stands beside it.
    let with = contact.map(Chat::with);
    let conversation = || record.conversation_id.as_deref().map(Text::from);
    match (&mut message.chat, with) {
        (chat @ None, with) => {
            *chat = match (with, conversation()) {
                (Some(with), Some(id)) => Some(Chat { id: Some(id), ..with }),
                (with, id) => with.or_else(|| id.map(Chat::opaque)),
            }
        }
        (Some(chat), Some(with)) if has_no_address(chat) => {
            chat.kind = with.kind;
            (chat.phone, chat.jid, chat.lid) = (with.phone, with.jid, with.lid);
            if chat.id.is_none() {
                chat.id = with.id;
            }
        }
        _ => {}
    }
}

const fn has_no_address(chat: &Chat) -> bool {
    let none = chat.phone.is_none() && chat.jid.is_none() && chat.lid.is_none();
    none && matches!(chat.kind, ChatType::Unknown)
}

/// `reply_preview` (Wazapin, API: send a message, 2026-08). Its `sender_label` may be a name or a word for one, and is left
/// alone; so is a text that it says is not that of the message.
fn reply_to(record: &Message) -> Option<ReplyTo> {
    let preview = record.rest.get("reply_preview")?;
    let is_resolved = preview.get("has_resolved_content").and_then(|is| is.as_bool()) != Some(false);
    let reply = ReplyTo {
        message_id: text(preview.get("message_id")),
        sender: None,
        text: text(preview.get("text")).filter(|_| is_resolved),
    };
    (reply != ReplyTo::default()).then_some(reply)
}

fn or<T>(said: &mut Option<T>, told: Option<T>) {
    if said.is_none() {
        *said = told;
    }
}
