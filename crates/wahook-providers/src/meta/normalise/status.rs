//! How far messages have come.

use wahook_core::{
    json::Text,
    model::{Data, EventKey, MessageState, StatusError, StatusUpdate},
};

use super::{
    super::event::{Problem, Status, StatusWord},
    Said, Scene, filled, taken, time, who,
};
use crate::slot::lower;

/// `statuses`.
pub(super) fn of_message(status: Box<Status>, scene: &Scene<'_>) -> Said {
    let at = time(status.timestamp.as_ref());
    let key = key(&status);
    let mut update = Box::<StatusUpdate>::default();
    if status.is_of_group() {
        let ids = [
            &status.recipient_participant_id,
            &status.recipient_participant_user_id,
            &status.recipient_participant_parent_user_id,
        ];
        who::person(&mut update.recipient, ids, scene.contact);
        update.chat = filled(status.recipient_id.as_ref()).map(who::group);
    } else {
        let ids = [
            &status.recipient_id,
            &status.recipient_user_id,
            &status.recipient_parent_user_id,
        ];
        who::person(&mut update.recipient, ids, scene.contact);
        update.chat = update.recipient.as_ref().map(who::chat);
    }
    update.message_id = taken(status.id);
    update.raw_state = status.status.map(StatusWord::into_word);
    if let Some(word) = &update.raw_state {
        update.state = MessageState::from(&*lower(word));
    }
    update.errors = status.errors.into_iter().map(error).collect();
    Said::new(Data::MessageStatus(update), key, at)
}

/// Message, member of the group, state. Not the time: a repetition may carry the same one, and a second such state cannot
/// be, but for one that is repeated with its price. Not the recipient either: outside of groups a message has one, whom two
/// apps of one business may be told by different ids.
fn key(status: &Status) -> EventKey {
    let (Some(id), Some(word)) = (filled(status.id.as_ref()), &status.status) else {
        return EventKey::of_delivery("status");
    };
    let key = EventKey::new("status")
        .part(id)
        .optional(status.member())
        .part(&lower(word.as_str()));
    if status.pricing.is_some() {
        key.part("priced")
    } else {
        key
    }
}

/// What went wrong.
fn error(problem: Problem) -> StatusError {
    let detail = problem.details().cloned();
    // `message` is the same as `title`, which older payloads have alone.
    let (title, message) = (taken(problem.title), taken(problem.message));
    let detail = detail.and_then(Text::non_empty);
    StatusError {
        code: taken(problem.code),
        detail: detail.or_else(|| message.clone().filter(|message| Some(message) != title.as_ref())),
        title: title.or(message),
    }
}
