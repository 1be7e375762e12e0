//! What happens to a message later: `message.reaction`, `message.edited`, `message.revoked`.

use wahook_core::{
    guard::Digest,
    json::{Flag, Text},
    model::{Content, Data, Deleted, Edited, EventKey, Identity, Reaction},
};

use super::{
    super::{
        event::{self, EngineData},
        id::MessageId,
    },
    Said, Scene,
    address::Ends,
    content::{self, Carried},
    filled, message, taken, time,
};

fn bare(id: Option<&Text>) -> Option<Text> {
    filled(id).map(|id| MessageId::parse(id).bare.into())
}

pub(super) fn reaction(reaction: event::Reaction, scene: &Scene<'_>) -> Said {
    let hints = EngineData::or_none(reaction.data.as_deref());
    let at = time(reaction.timestamp.as_ref());
    let ends = Ends::new(
        scene.me,
        hints,
        reaction.id.as_ref(),
        reaction.from_me.map(Flag::get),
        [
            reaction.from.as_ref(),
            reaction.to.as_ref(),
            reaction.participant.as_ref(),
        ],
    );
    // Wawp's page has `senderId`, and a state "Revoked" where WAHA sends an empty text.
    let sender = match filled(reaction.sender_id.as_ref()) {
        Some(sender) => ends.person(sender),
        None => ends.sender(),
    };
    let event::Emoji { text, message_id } = reaction.reaction.unwrap_or_default();
    let target_message_id = bare(message_id.as_ref()).or_else(|| bare(reaction.message_id.as_ref()));
    let emoji = taken(text).filter(|text| !text.eq_ignore_ascii_case("revoked"));

    let own_id = ends
        .id
        .map(|id| id.bare)
        .filter(|id| Some(*id) != target_message_id.as_deref());
    let who = sender.as_ref().and_then(Identity::key_text);
    let mut key = EventKey::new("reaction").optional(target_message_id.as_deref());
    key = match (own_id, at) {
        (None, None) => EventKey::of_delivery("reaction"),
        // The reaction is a message of its own, and its id does not depend on how the sender is spelled.
        (Some(id), _) => key.part(id).optional(emoji.as_deref()),
        (None, Some(at)) => key.optional(who).optional(emoji.as_deref()).time(at),
    };
    Said {
        key,
        at,
        data: Data::MessageReaction(Box::new(Reaction {
            removed: emoji.is_none(),
            target_message_id,
            emoji,
            sender,
            chat: ends.chat(),
        })),
    }
}

pub(super) fn edited(edited: event::Edited, scene: &Scene<'_>) -> Said {
    let hints = EngineData::or_none(edited.data.as_deref());
    let participant = edited.participant.as_ref().filter(|text| !text.is_empty());
    let chat = Ends::new(
        scene.me,
        hints,
        edited.id.as_ref(),
        edited.from_me.map(Flag::get),
        [
            edited.from.as_ref(),
            edited.to.as_ref(),
            participant.or(edited.author.as_ref()),
        ],
    )
    .chat();
    let own_id = bare(edited.id.as_ref());
    let target_message_id = bare(edited.edited_message_id.as_ref()).or_else(|| own_id.clone());
    let own_id = own_id.filter(|id| Some(id) != target_message_id.as_ref());
    let text = [
        edited.new_body,
        edited.body,
        hints.new_body.text().map(Text::from),
    ]
    .into_iter()
    .flatten()
    .find(|text| !text.is_empty());
    let previous_text = taken(edited.prev_body).or_else(|| hints.prev_body.text().map(Text::from));

    // Under the message's own id its own time is sent, too, and not the edit's.
    let own_time = time(edited.timestamp.as_ref());
    let at = if own_id.is_some() {
        own_time
    } else {
        scene.at.or(own_time)
    };
    let digest = text.as_ref().map(|text| Digest::of(text.as_bytes()).to_string());
    let content = content::content(
        Carried {
            text,
            has_media: edited.has_media.is_some_and(Flag::get),
            media: edited.media,
            media_url: edited.media_url,
            location: edited.location,
            vcards: edited.vcards,
            kind: None,
        },
        false,
        hints,
    );
    let key = match (&target_message_id, &own_id, &digest) {
        (Some(target), Some(id), _) => {
            // What could not be read may come again, readable, under the same id.
            let kind = match content {
                Content::Unavailable(_) => "edit.unavailable",
                _ => "edit",
            };
            EventKey::new(kind).part(target).part(id)
        }
        (Some(target), None, Some(digest)) => {
            // There and back again is three texts of which two are the same: the event's time tells them apart.
            let key = EventKey::new("edit").part(target).part(digest);
            match scene.at {
                Some(at) => key.time(at),
                None => key,
            }
        }
        _ => EventKey::of_delivery("edit"),
    };
    Said {
        key,
        at,
        data: Data::MessageEdited(Box::new(Edited {
            target_message_id,
            content,
            previous_text,
            chat,
        })),
    }
}

pub(super) fn revoked(revoked: &event::Revoked, scene: &Scene<'_>) -> Said {
    let after = revoked.after.as_deref();
    let before = revoked.before.as_deref();
    let target_message_id = bare(revoked.revoked_message_id.as_ref())
        .or_else(|| bare(before.and_then(|message| message.id.as_ref())))
        .or_else(|| bare(revoked.id.as_ref()))
        .or_else(|| bare(after.and_then(|message| message.id.as_ref())));
    let ends = match after.or(before) {
        Some(message) => message::ends(message, scene.me),
        None => Ends::new(
            scene.me,
            EngineData::or_none(None),
            revoked.id.as_ref(),
            None,
            [None, None, None],
        ),
    };
    let by = match filled(revoked.revoked_by.as_ref()) {
        Some(by) => ends.person(by),
        // What is left of the message was written by whoever took it back.
        None => after.and_then(|_| ends.sender()),
    };
    Said {
        key: match &target_message_id {
            Some(id) => EventKey::new("delete").part(id),
            None => EventKey::of_delivery("delete"),
        },
        at: scene
            .at
            .or_else(|| time(after.and_then(|message| message.timestamp.as_ref()))),
        data: Data::MessageDeleted(Box::new(Deleted {
            target_message_id,
            by,
            chat: ends.chat(),
        })),
    }
}
