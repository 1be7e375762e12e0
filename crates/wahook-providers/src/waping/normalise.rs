//! From WAPing's words to the event model (N4).

use wahook_core::{
    json::{Raw, Text},
    model::{
        Chat, ChatAction, ChatUpdate, Contacts, Content, Data, Direction, Draft, EventKey, Identity,
        Interactive, Location, MediaContent, Message, MessageState, NameSource, Origin, SessionState,
        SessionStatus, StatusError, StatusUpdate, Template, TextContent,
    },
};

use super::event::{self, Event, Media, MessageStatus, MessageType, Payload, Problem, Session, State};
use crate::slot::lower;

pub(super) fn draft(event: Event, raw: Raw) -> Draft {
    let Event {
        event_id: _,
        name,
        timestamp,
        device_id,
        payload,
    } = event;
    let (data, key) = match payload {
        Payload::Message(message) => {
            let key = EventKey::new("message").part(&message.id);
            (Data::MessageReceived(received(message)), key)
        }
        Payload::MessageStatus(status) => message_status(status),
        Payload::Session(session) => {
            // The account in the key says whose session it is.
            let key = timestamp.map(|at| EventKey::new("session").part(&lower(&session.word)).time(at));
            (
                Data::SessionStatus(session_status(session)),
                or_delivery(key, "session"),
            )
        }
        Payload::Conversation(conversation) => {
            let key = timestamp.map(|at| {
                EventKey::new("chat")
                    .part(&conversation.id)
                    .part(&conversation.action)
                    .optional(conversation.status.as_deref())
                    .time(at)
            });
            let update = ChatUpdate {
                chat_id: Some(conversation.id),
                action: match conversation.action.as_str() {
                    "archived" => ChatAction::Archived,
                    "unarchived" => ChatAction::Unarchived,
                    _ => ChatAction::Updated,
                },
                status: conversation.status,
            };
            (Data::ChatUpdated(update), or_delivery(key, "chat"))
        }
    };
    Draft {
        account: device_id,
        tenant: None,
        account_identity: None,
        name: Some((name, NameSource::Body)),
        occurred_at: timestamp,
        data,
        key,
        raw,
    }
}

/// Without a time of this occurrence only its delivery tells it from the next one (G10).
fn or_delivery(key: Option<EventKey>, kind: &'static str) -> EventKey {
    key.unwrap_or_else(|| EventKey::of_delivery(kind))
}

/// Made where it stays: it is large to move.
fn received(from: event::Message) -> Box<Message> {
    let mut message = Box::<Message>::default();
    message.message_id = Some(from.id);
    message.direction = Direction::Inbound;
    message.sender = from.from.and_then(Identity::from_address);
    message.chat = message.sender.as_ref().map(Chat::with);
    message.recipient = from.to.and_then(Identity::from_address);
    message.origin = Origin::Contact;
    message.content = content(from.kind, from.body, from.media);
    message
}

/// `message.sent` is inferred to be a status: the API for sending answers `queued`, and the pages speak of delivery
/// states (waping.app/docs/send-message, 2026-04).
fn message_status(status: MessageStatus) -> (Data, EventKey) {
    let recipient = status.to.and_then(Identity::from_address);
    let key = EventKey::new("status")
        .part(&status.id)
        .optional(recipient.as_ref().and_then(Identity::key_text))
        .part(status.status.as_str());
    let update = StatusUpdate {
        message_id: Some(status.id),
        state: MessageState::from(status.status.as_str()),
        raw_state: Some(status.word),
        chat: recipient.as_ref().map(Chat::with),
        recipient,
        errors: status
            .error
            .map(|Problem { code, message }| StatusError {
                code,
                title: message,
                detail: None,
            })
            .into_iter()
            .collect(),
    };
    (Data::MessageStatus(Box::new(update)), key)
}

fn session_status(session: Session) -> SessionStatus {
    let Session {
        state,
        word,
        reason,
        error,
    } = session;
    SessionStatus {
        state: match state {
            State::Connected => SessionState::Connected,
            State::Connecting => SessionState::Connecting,
            State::Degraded => SessionState::Degraded,
            State::Disconnected => SessionState::Disconnected,
            State::Unlinked => SessionState::LoggedOut,
            State::Unknown(_) => SessionState::Unknown,
        },
        raw_state: Some(word),
        reason: reason.or_else(|| {
            let Problem { code, message } = error?;
            message.or(code)
        }),
        late: None,
    }
}

fn content(kind: Option<MessageType>, body: Option<Text>, media: Option<Media>) -> Content {
    // Of several contents the file comes before the text; `raw` has the rest.
    let kind = kind
        .or_else(|| media.as_ref().map(|media| media.kind.clone()))
        .or_else(|| body.is_some().then_some(MessageType::Text));
    match kind {
        Some(MessageType::Text) => Content::Text(TextContent { text: body }),
        Some(MessageType::Image) => Content::Image(file(media, body)),
        Some(MessageType::Video) => Content::Video(file(media, body)),
        Some(MessageType::Audio) => Content::Audio(file(media, body)),
        Some(MessageType::Voice) => Content::Voice(file(media, body)),
        Some(MessageType::Document) => Content::Document(file(media, body)),
        Some(MessageType::Sticker) => Content::Sticker(file(media, body)),
        Some(MessageType::Location) => Content::Location(Location::default()),
        Some(MessageType::Contacts) => Content::Contacts(Contacts::default()),
        Some(MessageType::Interactive) => Content::Interactive(Interactive {
            title: body,
            ..Interactive::default()
        }),
        Some(MessageType::Template) => Content::Template(Template::default()),
        Some(MessageType::Unknown(word)) => Content::unknown(Some(word)),
        None => Content::unknown(None),
    }
}

fn file(media: Option<Media>, body: Option<Text>) -> MediaContent {
    let Some(media) = media else {
        return MediaContent {
            caption: body,
            ..MediaContent::default()
        };
    };
    MediaContent {
        caption: media.caption.or(body),
        media: Box::new(wahook_core::model::Media {
            id: media.id,
            url: media.url,
            mime_type: media.mime_type,
            filename: media.filename,
            ..wahook_core::model::Media::default()
        }),
    }
}
