//! Messages of users, and of the business in its app.

use jiff::Timestamp;
use wahook_core::{
    json::{Flag, Text},
    model::{
        Chat, Content, Data, Deleted, Direction, Edited, EventKey, Identity, Message, Origin, Reaction,
        ReplyTo,
    },
};

use super::{
    super::event::{self, Context, MessageType},
    Said, Scene, content, filled, taken, time, who,
};

/// Which way a message went, and between whom.
struct Ends {
    direction: Direction,
    origin: Origin,
    sender: Option<Identity>,
    recipient: Option<Identity>,
    chat: Option<Chat>,
}

/// `messages`: somebody wrote to the business.
pub(super) fn of_user(message: event::Message, scene: &Scene<'_>) -> Said {
    let sender = who::person(
        [&message.from, &message.from_user_id, &message.from_parent_user_id],
        scene.contact,
    );
    let ends = Ends {
        direction: Direction::Inbound,
        // WhatsApp itself says it about a user: nobody is there to be answered.
        origin: if message.kind == Some(MessageType::System) {
            Origin::Unknown
        } else {
            Origin::Contact
        },
        chat: chat(&message, sender.as_ref()),
        sender,
        recipient: scene.account.cloned(),
    };
    said(message, ends)
}

/// `message_echoes`: the business wrote, in its app; `from` is the business (webhooks/reference/smb_message_echoes,
/// 2026-04). What comes from its own number in another list it wrote as well.
pub(super) fn of_business(message: event::Message, scene: &Scene<'_>) -> Said {
    let recipient = who::person(
        [&message.to, &message.to_user_id, &message.to_parent_user_id],
        scene.contact,
    );
    let ends = Ends {
        direction: Direction::Outbound,
        origin: if scene.name.starts_with("smb_") {
            Origin::App
        } else {
            Origin::Unknown
        },
        chat: chat(&message, recipient.as_ref()),
        sender: who::person(
            [&message.from, &message.from_user_id, &message.from_parent_user_id],
            None,
        )
        .or_else(|| scene.account.cloned()),
        recipient,
    };
    said(message, ends)
}

/// A message in a field whose messages nobody described: which way it went nothing tells, so that it is no news.
pub(super) fn of_nobody(message: &event::Message) -> Said {
    let key = own_key("message.other", message.id.as_ref(), None);
    Said::other(key, time(message.timestamp.as_ref()))
}

fn chat(message: &event::Message, person: Option<&Identity>) -> Option<Chat> {
    match filled(message.group_id.as_ref()) {
        Some(group) => Some(who::group(group)),
        None => person.map(who::chat),
    }
}

fn said(mut message: event::Message, ends: Ends) -> Said {
    let at = time(message.timestamp.as_ref());
    let id = message.id.as_ref();
    // What could not be handed out, or not all of it, may come again, readable, under the same id.
    let is_incomplete = content::is_incomplete(&message);
    let key_of = |kind, at| {
        if is_incomplete {
            own_key("message.unavailable", id, None)
        } else {
            own_key(kind, id, at)
        }
    };
    // What a reaction, an edit or a revoke is about. Without it the first would read as taken back, and the others as news.
    let (is_about, target) = match message.kind {
        Some(MessageType::Reaction) => {
            let reaction = message.reaction.as_ref();
            (true, reaction.and_then(|reaction| reaction.message_id.as_ref()))
        }
        Some(MessageType::Edit) => {
            let edit = message.edit.as_ref();
            (true, edit.and_then(|edit| edit.original_message_id.as_ref()))
        }
        Some(MessageType::Revoke) => {
            let revoke = message.revoke.as_ref();
            (
                true,
                revoke.and_then(|revoke| revoke.original_message_id.as_ref()),
            )
        }
        _ => (false, None),
    };
    if is_about && filled(target).is_none() {
        return Said::other(own_key("message.unavailable", id, None), at);
    }
    match message.kind {
        Some(MessageType::Reaction) => {
            // Nobody promises that the next reaction to a message has another id.
            let key = key_of("reaction", at);
            return Said::new(reaction(message.reaction, ends), key, at);
        }
        Some(MessageType::Edit) => {
            let key = key_of("edited", None);
            // The event model does not say who changed a message: one that the business changed would read as the user's.
            return if ends.direction == Direction::Inbound {
                Said::new(edited(message.edit, ends), key, at)
            } else {
                Said::other(key, at)
            };
        }
        Some(MessageType::Revoke) => {
            let key = key_of("deleted", None);
            return if ends.direction == Direction::Inbound || ends.sender.is_some() {
                Said::new(deleted(message.revoke, ends), key, at)
            } else {
                Said::other(key, at)
            };
        }
        _ => {}
    }
    let key = key_of("message", None);
    let message_id = taken(message.id.take());
    let context = message.context.take();
    let content = content::content(message);
    let inbound = ends.direction == Direction::Inbound;
    // Made where it stays: it is large to move.
    let mut data = Box::<Message>::default();
    data.message_id = message_id;
    data.direction = ends.direction;
    data.chat = ends.chat;
    data.sender = ends.sender;
    data.recipient = ends.recipient;
    data.origin = ends.origin;
    data.content = content;
    data.forwarded = context.as_deref().and_then(forwarded);
    data.reply_to = context.and_then(|context| reply_to(*context)).map(Box::new);
    let data = if inbound {
        Data::MessageReceived(data)
    } else {
        Data::MessageSent(data)
    };
    Said::new(data, key, at)
}

/// The message's own id, bare; with a time where the id may not be of this occurrence only.
fn own_key(kind: &'static str, id: Option<&Text>, at: Option<Timestamp>) -> EventKey {
    let Some(id) = filled(id) else {
        return EventKey::of_delivery(kind);
    };
    let key = EventKey::new(kind).part(id);
    match at {
        Some(at) => key.time(at),
        None => key,
    }
}

/// A removal has an empty emoji, or none (webhooks/reference/messages/reaction, 2026-04).
fn reaction(reaction: Option<Box<event::Reaction>>, ends: Ends) -> Data {
    let reaction = reaction.map(|reaction| *reaction).unwrap_or_default();
    let emoji = taken(reaction.emoji);
    Data::MessageReaction(Box::new(Reaction {
        target_message_id: taken(reaction.message_id),
        removed: emoji.is_none(),
        emoji,
        sender: ends.sender,
        chat: ends.chat,
    }))
}

fn edited(edit: Option<Box<event::Edit>>, ends: Ends) -> Data {
    let edit = edit.map(|edit| *edit).unwrap_or_default();
    Data::MessageEdited(Box::new(Edited {
        target_message_id: taken(edit.original_message_id),
        content: edit
            .message
            .map_or_else(Content::default, |message| content::content(*message)),
        previous_text: None,
        chat: ends.chat,
    }))
}

fn deleted(revoke: Option<Box<event::Revoke>>, ends: Ends) -> Data {
    let revoke = revoke.map(|revoke| *revoke).unwrap_or_default();
    Data::MessageDeleted(Box::new(Deleted {
        target_message_id: taken(revoke.original_message_id),
        by: ends.sender,
        chat: ends.chat,
    }))
}

/// A flag tells; that there is none does not.
fn forwarded(context: &Context) -> Option<bool> {
    match (context.forwarded, context.frequently_forwarded) {
        (None, None) => None,
        (one, many) => Some(one.is_some_and(Flag::get) || many.is_some_and(Flag::get)),
    }
}

fn reply_to(context: Context) -> Option<ReplyTo> {
    let message_id = taken(context.id)?;
    Some(ReplyTo {
        message_id: Some(message_id),
        sender: who::person([&context.from, &context.from_user_id, &None], None),
        text: None,
    })
}
