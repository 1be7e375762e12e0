//! Calls.

use wahook_core::model::{self, CallState, Data, EventKey};

use super::{
    super::event::{Call, CallDirection, CallEvent, Status},
    Said, Scene, filled, taken, time, who,
};
use crate::slot::lower;

/// `calls`: a call began or ended.
pub(super) fn call(call: Call, scene: &Scene<'_>) -> Said {
    let at = time(call.timestamp.as_ref());
    let of_business = call.direction == Some(CallDirection::BusinessInitiated);
    let key = match (filled(call.id.as_ref()), &call.event) {
        (Some(id), Some(event)) => EventKey::new("call").part(id).part(event.as_str()),
        _ => EventKey::of_delivery("call"),
    };
    let contact = scene.contact.filter(|_| !of_business);
    let mut from = None;
    let ids = [&call.from, &call.from_user_id, &call.from_parent_user_id];
    who::person(&mut from, ids, contact);
    let data = model::Call {
        // That a call of the business is put through is no ringing here, and an end has no neutral word.
        state: match call.event {
            Some(CallEvent::Connect) if call.direction == Some(CallDirection::UserInitiated) => {
                CallState::Received
            }
            _ => CallState::Unknown,
        },
        call_id: taken(call.id),
        from: from.map(Box::new),
        video: None,
        group: None,
    };
    Said::new(Data::Call(data), key, at)
}

/// `statuses` in the field `calls`: how far a call of the business has come.
pub(super) fn status(status: Status, scene: &Scene<'_>) -> Said {
    let at = time(status.timestamp.as_ref());
    let key = match (filled(status.id.as_ref()), &status.status) {
        (Some(id), Some(word)) => EventKey::new("call")
            .part(id)
            .part("status")
            .part(&lower(word.as_str())),
        _ => EventKey::of_delivery("call"),
    };
    let word = status.status.as_ref().map(|word| lower(word.as_str()));
    let data = model::Call {
        call_id: taken(status.id),
        state: match word.as_deref() {
            Some("accepted") => CallState::Accepted,
            Some("rejected") => CallState::Rejected,
            // That it rings at the user's is no call that came in. Whose telephone it is the model has no place for: the typed
            // event and `raw` do.
            _ => CallState::Unknown,
        },
        from: scene.account.cloned().map(Box::new),
        video: None,
        group: None,
    };
    Said::new(Data::Call(data), key, at)
}
