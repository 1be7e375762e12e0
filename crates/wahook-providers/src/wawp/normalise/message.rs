//! `message`, `message.any`, `message.waiting`.

use wahook_core::{
    json::{Flag, Text},
    model::{Content, Data, Direction, EventKey, Identity, Message, Origin, ReplyTo},
};

use super::{
    super::{
        event::{self, EngineData, Source},
        id::MessageId,
    },
    Said, Scene,
    address::{Ends, Who},
    content::{self, Carried},
    filled, taken, time,
};

/// A message; `from_me` is what the event's name says where nothing else does.
pub(super) fn message(
    message: event::Message,
    from_me: Option<bool>,
    waiting: bool,
    scene: &Scene<'_>,
) -> Said {
    let hints = EngineData::or_none(message.data.as_deref());
    let mut ends = ends(&message, scene.me);
    ends.from_me = ends.from_me.or(from_me);
    let at = time(message.timestamp.as_ref());
    let Some(own) = ends.from_me else {
        // Which way it went is told by nothing: whoever answers would perhaps answer himself.
        return Said { at, ..Said::other() };
    };
    let Who {
        chat,
        sender,
        recipient,
    } = ends.who();
    let message_id = ends.id.map(|id| Text::from(id.bare));
    let origin = match (own, &message.source) {
        (false, _) => Origin::Contact,
        (true, Some(Source::Api)) => Origin::Api,
        (true, Some(Source::App)) => Origin::App,
        (true, _) => Origin::Unknown,
    };
    let reply_to = message.reply_to.and_then(|reply| reply_to(*reply));
    let content = content::content(
        Carried {
            text: message.body,
            has_media: message.has_media.is_some_and(Flag::get),
            media: message.media,
            media_url: message.media_url,
            location: message.location,
            vcards: message.vcards,
            kind: message.kind,
        },
        waiting,
        hints,
    );
    // What could not be read may come again, readable, under the same id.
    let kind = match content {
        Content::Unavailable(_) => "message.unavailable",
        _ => "message",
    };
    let key = match &message_id {
        Some(id) => EventKey::new(kind).part(id),
        None => EventKey::of_delivery(kind),
    };
    let data = Message {
        message_id,
        direction: if own {
            Direction::Outbound
        } else {
            Direction::Inbound
        },
        chat,
        sender,
        recipient,
        origin,
        content,
        reply_to: reply_to.map(Box::new),
        forwarded: None,
    };
    Said {
        data: if own {
            Data::MessageSent(Box::new(data))
        } else {
            Data::MessageReceived(Box::new(data))
        },
        key,
        at,
    }
}

/// The ends of a whole message.
pub(super) fn ends<'a>(message: &'a event::Message, me: Option<&'a Identity>) -> Ends<'a> {
    let participant = message
        .participant
        .as_ref()
        .filter(|text| !text.is_empty())
        .or(message.author.as_ref());
    Ends::new(
        me,
        EngineData::or_none(message.data.as_deref()),
        message.id.as_ref(),
        message.from_me.map(Flag::get),
        [message.from.as_ref(), message.to.as_ref(), participant],
    )
}

fn reply_to(reply: event::ReplyTo) -> Option<ReplyTo> {
    let reply = ReplyTo {
        message_id: filled(reply.id.as_ref()).map(|id| MessageId::parse(id).bare.into()),
        sender: reply.participant.as_deref().and_then(Identity::from_address),
        text: taken(reply.body),
    };
    (reply != ReplyTo::default()).then_some(reply)
}
