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

/// `messages`: somebody wrote to the business.
pub(super) fn of_user(message: Box<event::Message>, scene: &Scene<'_>) -> Said {
    let mut data = Box::<Message>::default();
    let ids = [&message.from, &message.from_user_id, &message.from_parent_user_id];
    who::person(&mut data.sender, ids, scene.contact);
    data.chat = chat(&message, data.sender.as_ref());
    data.recipient = scene.account.cloned();
    data.direction = Direction::Inbound;
    // WhatsApp itself says it about a user: nobody is there to be answered.
    if message.kind != Some(MessageType::System) {
        data.origin = Origin::Contact;
    }
    said(message, data)
}

/// `message_echoes`: the business wrote, in its app; `from` is the business (webhooks/reference/smb_message_echoes,
/// 2026-04). What comes from its own number in another list it wrote as well.
pub(super) fn of_business(message: Box<event::Message>, scene: &Scene<'_>) -> Said {
    let mut data = Box::<Message>::default();
    let ids = [&message.to, &message.to_user_id, &message.to_parent_user_id];
    who::person(&mut data.recipient, ids, scene.contact);
    data.chat = chat(&message, data.recipient.as_ref());
    let ids = [&message.from, &message.from_user_id, &message.from_parent_user_id];
    who::person(&mut data.sender, ids, None);
    if data.sender.is_none() {
        data.sender = scene.account.cloned();
    }
    data.direction = Direction::Outbound;
    if scene.name.starts_with("smb_") {
        data.origin = Origin::App;
    }
    said(message, data)
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

/// The data has all but what the message says.
fn said(mut message: Box<event::Message>, mut data: Box<Message>) -> Said {
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
            return Said::new(reaction(message.reaction, *data), key, at);
        }
        Some(MessageType::Edit) => {
            let key = key_of("edited", None);
            // The event model does not say who changed a message: one that the business changed would read as the user's.
            return if data.direction == Direction::Inbound {
                Said::new(edited(message.edit, *data), key, at)
            } else {
                Said::other(key, at)
            };
        }
        Some(MessageType::Revoke) => {
            let key = key_of("deleted", None);
            return if data.direction == Direction::Inbound || data.sender.is_some() {
                Said::new(deleted(message.revoke, *data), key, at)
            } else {
                Said::other(key, at)
            };
        }
        _ => {}
    }
    let key = key_of("message", None);
    let message_id = taken(message.id.take());
    let context = message.context.take();
    data.message_id = message_id;
    data.content = content::content(message);
    data.forwarded = context.as_deref().and_then(forwarded);
    data.reply_to = context.and_then(|context| reply_to(*context)).map(Box::new);
    let data = if data.direction == Direction::Inbound {
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
fn reaction(reaction: Option<Box<event::Reaction>>, message: Message) -> Data {
    let reaction = reaction.map(|reaction| *reaction).unwrap_or_default();
    let emoji = taken(reaction.emoji);
    Data::MessageReaction(Box::new(Reaction {
        target_message_id: taken(reaction.message_id),
        removed: emoji.is_none(),
        emoji,
        sender: message.sender,
        chat: message.chat,
    }))
}

fn edited(edit: Option<Box<event::Edit>>, message: Message) -> Data {
    let edit = edit.map(|edit| *edit).unwrap_or_default();
    Data::MessageEdited(Box::new(Edited {
        target_message_id: taken(edit.original_message_id),
        content: edit.message.map_or_else(Content::default, content::content),
        previous_text: None,
        chat: message.chat,
    }))
}

fn deleted(revoke: Option<Box<event::Revoke>>, message: Message) -> Data {
    let revoke = revoke.map(|revoke| *revoke).unwrap_or_default();
    Data::MessageDeleted(Box::new(Deleted {
        target_message_id: taken(revoke.original_message_id),
        by: message.sender,
        chat: message.chat,
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
    let mut reply = ReplyTo {
        message_id: Some(taken(context.id)?),
        ..ReplyTo::default()
    };
    who::person(
        &mut reply.sender,
        [&context.from, &context.from_user_id, &None],
        None,
    );
    Some(reply)
}
