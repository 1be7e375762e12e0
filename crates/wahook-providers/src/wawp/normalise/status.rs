//! `message.ack`, `message.ack.group`.

use wahook_core::{
    json::{Flag, Number, Text},
    model::{Data, EventKey, MessageState, StatusError, StatusUpdate},
};

use super::{
    super::event::{Ack, AckName, EngineData},
    Said, Scene,
    address::{Ends, beside},
    filled,
};

/// How far a message has come.
pub(super) fn ack(ack: &Ack, scene: &Scene<'_>) -> Said {
    let hints = EngineData::or_none(ack.data.as_deref());
    // `chatId` alone is Wawp's page; the direction of the *message* is in its id, `fromMe` differs by engine.
    let from = ack.from.as_ref().filter(|text| !text.is_empty());
    let ends = Ends::new(
        scene.me,
        hints,
        ack.id.as_ref(),
        ack.from_me.map(Flag::get),
        [
            from.or(ack.chat_id.as_ref()),
            ack.to.as_ref(),
            ack.participant.as_ref(),
        ],
    );
    let own = ends.id.and_then(|id| id.from_me).or(ends.from_me);
    let recipient = if ends.is_shared() {
        // WEBJS names the author of the message here, who is the account.
        let person = ends.participant.filter(|person| !ends.is_me(person));
        person.and_then(|person| {
            let identity = ends.person(person)?;
            Some(beside(identity, ends.beside_in_receipt(person)))
        })
    } else if own == Some(false) {
        // The account read what somebody wrote to it.
        scene.me.cloned()
    } else {
        ends.chat_address().and_then(|chat| {
            let identity = ends.person(chat)?;
            Some(beside(identity, ends.beside_in_receipt(chat)))
        })
    };
    let mut chat = ends.chat();
    if let Some((chat, recipient)) = chat.as_mut().zip(recipient.as_ref())
        && chat.lid.is_some()
        && chat.lid == recipient.lid
        && chat.phone.is_none()
    {
        chat.phone.clone_from(&recipient.phone);
        chat.jid.clone_from(&recipient.jid);
    }
    let (state, raw_state) = state(ack);
    let reason = filled(ack.ack_reason.as_ref());
    let message_id = ends.id.map(|id| Text::from(id.bare));
    let key = match &message_id {
        Some(id) => {
            let said = match state {
                MessageState::Unknown => raw_state.as_deref().unwrap_or_default(),
                known => known.as_str(),
            };
            let recipient = recipient.as_ref().and_then(|who| who.key_text());
            EventKey::new("status")
                .part(id)
                .optional(recipient.or(ends.chat_address()))
                .part(said)
        }
        None => EventKey::of_delivery("status"),
    };
    Said {
        key,
        // The payload's time, where it has one, is the message's and not this state's.
        at: None,
        data: Data::MessageStatus(Box::new(StatusUpdate {
            message_id,
            state,
            raw_state,
            recipient,
            chat,
            errors: reason
                .map(|reason| StatusError {
                    detail: Some(reason.into()),
                    ..StatusError::default()
                })
                .into_iter()
                .collect(),
        })),
    }
}

/// The number is the truth; the name beside it may contradict it, and both are kept (api.wawp.net/en/docs/message-ack,
/// 2026-07).
fn state(ack: &Ack) -> (MessageState, Option<Text>) {
    let number = ack.ack.as_ref().map(|number| {
        let shown = match number {
            Number::Text(text) => text.clone(),
            Number::Integer(number) => number.to_string().into(),
            Number::Float(number) => number.to_string().into(),
            _ => Text::default(),
        };
        (number.to_i64(), shown)
    });
    let name = ack.ack_name.as_ref().map(AckName::as_str);
    let state = match (&number, &ack.ack_name) {
        (Some((Some(-1), _)), _) | (None, Some(AckName::Error)) => MessageState::Failed,
        (Some((Some(0), _)), _) | (None, Some(AckName::Pending)) => MessageState::Sending,
        (Some((Some(1), _)), _) | (None, Some(AckName::Server | AckName::Sent)) => MessageState::Sent,
        (Some((Some(2), _)), _) | (None, Some(AckName::Device | AckName::Delivered)) => {
            MessageState::Delivered
        }
        (Some((Some(3), _)), _) | (None, Some(AckName::Read | AckName::Seen)) => MessageState::Read,
        (Some((Some(4), _)), _) | (None, Some(AckName::Played)) => MessageState::Played,
        _ => MessageState::Unknown,
    };
    let raw = match (number, name) {
        (Some((_, number)), Some(name)) => Some(Text::concat(&[&number, " ", name])),
        (Some((_, number)), None) => Some(number),
        (None, name) => name.map(Text::from),
    };
    (state, raw)
}
