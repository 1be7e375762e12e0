//! What messages say.

use std::collections::BTreeMap;

use wahook_core::{
    json::{self, Flag, Number, Text},
    model::{
        Contact, Contacts, Content, Interactive, Location, Media, MediaContent, Order, OrderItem, ReplyType,
        System, TextContent,
    },
};

use super::{
    super::event::{self, Card, InteractiveType, Message, MessageType, OrderLine, Problem},
    filled, present, taken,
};

/// Whether what its type names is not there, or an error says why: the same message may come again with it.
pub(super) fn is_incomplete(message: &Message) -> bool {
    let is_there = match &message.kind {
        None | Some(MessageType::Unsupported) => false,
        Some(MessageType::Text) => message.text.is_some(),
        Some(MessageType::Image) => message.image.is_some(),
        Some(MessageType::Video) => message.video.is_some(),
        Some(MessageType::Audio) => message.audio.is_some(),
        Some(MessageType::Document) => message.document.is_some(),
        Some(MessageType::Sticker) => message.sticker.is_some(),
        Some(MessageType::Location) => message.location.is_some(),
        Some(MessageType::Contacts) => !message.contacts.is_empty(),
        Some(MessageType::Button) => message.button.is_some(),
        Some(MessageType::Interactive) => message.interactive.as_deref().is_some_and(is_chosen),
        Some(MessageType::Order) => message.order.is_some(),
        Some(MessageType::System) => message.system.is_some(),
        Some(MessageType::Reaction) => message.reaction.is_some(),
        Some(MessageType::Edit) => message.edit.is_some(),
        Some(MessageType::Revoke) => message.revoke.is_some(),
        // These have no object, or one of a name that nobody knows yet.
        Some(MessageType::MediaPlaceholder | MessageType::RequestWelcome | MessageType::Unknown(_)) => true,
    };
    !is_there || !message.errors.is_empty()
}

fn is_chosen(choice: &event::Interactive) -> bool {
    match &choice.kind {
        Some(InteractiveType::ButtonReply) => choice.button_reply.is_some(),
        Some(InteractiveType::ListReply) => choice.list_reply.is_some(),
        Some(InteractiveType::NfmReply) => choice.nfm_reply.is_some(),
        Some(InteractiveType::CallPermissionReply) => choice.call_permission_reply.is_some(),
        Some(InteractiveType::Unknown(_)) => true,
        None => false,
    }
}

/// By the type; what only its name is known of keeps that.
pub(super) fn content(message: Box<Message>) -> Content {
    let Some(kind) = message.kind else {
        return Content::unknown(None);
    };
    match kind {
        MessageType::Text => Content::Text(TextContent {
            text: message.text.and_then(|text| taken(text.body)),
        }),
        MessageType::Image => Content::Image(file(message.image, &message.errors)),
        MessageType::Video => Content::Video(file(message.video, &message.errors)),
        MessageType::Audio => {
            let voice = message.audio.as_ref().and_then(|audio| audio.voice);
            let file = file(message.audio, &message.errors);
            if voice.is_some_and(Flag::get) {
                Content::Voice(file)
            } else {
                Content::Audio(file)
            }
        }
        MessageType::Document => Content::Document(file(message.document, &message.errors)),
        MessageType::Sticker => Content::Sticker(file(message.sticker, &message.errors)),
        MessageType::Location => {
            Content::Location(message.location.map(|place| location(*place)).unwrap_or_default())
        }
        MessageType::Contacts => Content::Contacts(Contacts {
            contacts: message.contacts.into_iter().map(card).collect(),
        }),
        MessageType::Button => {
            Content::Interactive(message.button.map(|button| pressed(*button)).unwrap_or_default())
        }
        MessageType::Interactive => Content::Interactive(
            message
                .interactive
                .map(|choice| interactive(*choice))
                .unwrap_or_default(),
        ),
        MessageType::Order => Content::Order(Order {
            order_id: None,
            items: message
                .order
                .map(|order| order.product_items)
                .unwrap_or_default()
                .into_iter()
                .map(line)
                .collect(),
        }),
        MessageType::System => {
            let system = message.system.map(|system| *system).unwrap_or_default();
            Content::System(System {
                subtype: system.kind.map(event::SystemType::into_word),
                text: taken(system.body),
            })
        }
        MessageType::Unsupported => {
            let (what, errors) = (message.unsupported, message.errors);
            let what = what.and_then(|unsupported| taken(unsupported.kind));
            let why = || errors.into_iter().find_map(|error| taken(error.title));
            Content::unavailable(what.or_else(why).unwrap_or(Text::from_static("unsupported")))
        }
        kind => Content::unknown(Some(kind.into_word())),
    }
}

/// Where the file could not be had, the message tells why.
fn file(media: Option<Box<event::Media>>, errors: &[Problem]) -> MediaContent {
    let media = media.map(|media| *media).unwrap_or_default();
    let why = |error: &Problem| {
        let texts = [
            error.details(),
            error.title.as_ref(),
            error.message.as_ref(),
            error.code.as_ref(),
        ];
        texts.into_iter().find_map(present).cloned()
    };
    MediaContent {
        caption: taken(media.caption),
        media: Box::new(Media {
            id: taken(media.id),
            url: taken(media.url),
            mime_type: taken(media.mime_type),
            filename: taken(media.filename),
            sha256: taken(media.sha256),
            error: errors.iter().find_map(why),
            ..Media::default()
        }),
    }
}

fn location(place: event::Location) -> Location {
    Location {
        latitude: place.latitude.as_ref().and_then(Number::to_f64),
        longitude: place.longitude.as_ref().and_then(Number::to_f64),
        name: taken(place.name),
        address: taken(place.address),
        url: taken(place.url),
        live: None,
    }
}

fn card(card: Card) -> Contact {
    Contact {
        name: card.name.and_then(|name| {
            let whole = taken(name.formatted_name);
            whole.or_else(|| taken(name.first_name))
        }),
        phones: card
            .phones
            .into_iter()
            .filter_map(|phone| taken(phone.phone).or_else(|| taken(phone.wa_id)))
            .collect(),
        vcard: taken(card.vcard),
    }
}

fn pressed(button: event::Button) -> Interactive {
    Interactive {
        reply_type: ReplyType::Button,
        reply_id: taken(button.payload),
        title: taken(button.text),
        response: None,
    }
}

/// The object that its type names may be missing (webhooks/reference/messages/interactive, 2026-04).
fn interactive(choice: event::Interactive) -> Interactive {
    let of = |reply_type, reply: Option<event::Reply>| {
        let reply = reply.unwrap_or_default();
        Interactive {
            reply_type,
            reply_id: taken(reply.id),
            title: taken(reply.title),
            response: None,
        }
    };
    match choice.kind {
        Some(InteractiveType::ButtonReply) => of(ReplyType::Button, choice.button_reply),
        Some(InteractiveType::ListReply) => of(ReplyType::List, choice.list_reply),
        Some(InteractiveType::NfmReply) => {
            let form = choice.nfm_reply.unwrap_or_default();
            Interactive {
                reply_type: ReplyType::Flow,
                reply_id: taken(form.name),
                title: taken(form.body),
                // JSON in a text; what is none stays in `raw`.
                response: filled(form.response_json.as_ref())
                    .and_then(|answers| json::read::<BTreeMap<_, _>>(answers.as_bytes()).ok()),
            }
        }
        Some(InteractiveType::CallPermissionReply) => Interactive {
            title: choice
                .call_permission_reply
                .and_then(|permission| permission.response)
                .map(event::Permission::into_word),
            ..Interactive::default()
        },
        Some(InteractiveType::Unknown(_)) | None => Interactive::default(),
    }
}

fn line(line: OrderLine) -> OrderItem {
    OrderItem {
        product_id: taken(line.product_retailer_id),
        name: None,
        quantity: line
            .quantity
            .as_ref()
            .and_then(Number::to_i64)
            .and_then(|count| count.try_into().ok()),
        price: taken(line.item_price),
        currency: taken(line.currency),
    }
}
