//! What the tests of the sinks share: events, and a clock.

use std::{fs, path::PathBuf, sync::Arc};

use serde_json::{Value, json};
use wahook_core::{
    Clock,
    model::Event,
    sink::{Delivered, Sink, SinkErrorKind},
};
use wahook_tower::SystemClock;

use super::program;

pub(crate) const PHONE: &str = "4915112345678";
pub(crate) const TEXT: &str = "the moon is blue";

/// A message, of which this is the number; its text and its sender must show up nowhere but in what is handed over.
pub(crate) fn event(number: u64) -> Event {
    read(form(number))
}

pub(crate) fn events(numbers: impl IntoIterator<Item = u64>) -> Vec<Event> {
    numbers.into_iter().map(event).collect()
}

pub(crate) fn form(number: u64) -> Value {
    json!({
        "schema": "wahook.event/1",
        "key": format!("v1:wawp:A1:message:m{number}"),
        "provider": "wawp",
        "endpoint": "shop",
        "account": "A1",
        "tenant": null,
        "kind": "message.received",
        "name": "message",
        "name_source": "body",
        "occurred_at": "2026-10-03T10:00:00.5Z",
        "time_source": "payload",
        "received_at": "2026-10-03T10:00:01Z",
        "account_identity": null,
        "delivery": {
            "id": "0199c0de-7c00-7000-8000-000000000000",
            "key": "d1",
            "key_source": "body",
            "provider_id": null,
            "conflict": false
        },
        "replay_of": null,
        "attempt": 1,
        "data": message(number),
        "raw": {"body": TEXT, "from": PHONE, "nul": "\u{0}"}
    })
}

fn message(number: u64) -> Value {
    json!({
        "message_id": format!("m{number}"),
        "direction": "inbound",
        "chat": null,
        "sender": null,
        "recipient": null,
        "origin": "contact",
        "content": {"type": "text", "text": TEXT},
        "reply_to": null,
        "forwarded": null
    })
}

pub(crate) fn read(form: Value) -> Event {
    serde_json::from_value(form).unwrap()
}

pub(crate) fn replayed(number: u64, replay: i64) -> Event {
    let mut event = event(number);
    event.replay_of = Some("0199c0de-7c00-7000-8000-000000000000".to_owned().into());
    event.replay = Some(replay);
    event
}

pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock::new())
}

pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = program::folder(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Hands over, and expects that all is done.
pub(crate) async fn all(sink: &dyn Sink, events: &[Event]) {
    let delivered = sink.deliver(events).await;
    assert!(delivered.error.is_none(), "{delivered:?}");
    assert_eq!(delivered.done, events.len());
}

/// Hands over, and expects an error that says nothing of the event.
pub(crate) async fn error(sink: &dyn Sink, events: &[Event]) -> (usize, SinkErrorKind, String) {
    let Delivered { done, error } = sink.deliver(events).await;
    let error = error.unwrap();
    let text = error.to_string();
    assert!(!text.contains(PHONE) && !text.contains(TEXT), "{text}");
    (done, error.kind(), text)
}

pub(crate) const AWAY: SinkErrorKind = SinkErrorKind::Unavailable { after: None };
