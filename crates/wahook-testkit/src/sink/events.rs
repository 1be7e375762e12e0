//! Events to hand over.

use wahook_core::model::Event;

use crate::contract::random;

/// A phone number that stands in each [`event`], and in no error.
pub const PHONE: &str = "4915112345678";
/// A message text that stands in each [`event`], and in no error.
pub const TEXT: &str = "the moon is blue";

/// A message of a conversation; `number` tells it from its neighbours. Its key ends in `{chat}-{number}`.
#[must_use]
pub fn event(chat: &str, number: u64) -> Event {
    let form = serde_json::json!({
        "schema": "wahook.event/1", "key": key(chat, number), "provider": "wawp", "endpoint": "shop", "account": "A1",
        "kind": "message.received", "time_source": "none", "received_at": "2026-10-03T10:00:01Z",
        "delivery": {"id": "0199c0de-7c00-7000-8000-000000000000", "key": "d1", "key_source": "body", "conflict": false},
        "data": {"message_id": format!("{chat}-{number}"), "direction": "inbound", "origin": "contact",
            "chat": {"type": "user", "id": chat}, "content": {"type": "text", "text": TEXT}},
        "raw": {"from": PHONE}
    });
    serde_json::from_value(form).expect("an event")
}

/// The key of that event.
pub(super) fn key(chat: &str, number: u64) -> String {
    format!("v1:wawp:A1:message:{chat}-{number}")
}

/// A name for a stream, queue or topic that nobody else has on a broker that others use as well.
#[must_use]
pub fn of_this_run(name: &str) -> String {
    format!("{name}-{:016x}", u64::from_le_bytes(random()))
}
