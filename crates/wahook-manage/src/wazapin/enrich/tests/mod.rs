//! Events as Wazapin's webhooks make them, and records.

mod filling;
mod handing_on;
mod remembering;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use wahook_core::{BoxFuture, Clock, model::Event};
use wahook_testkit::ManualClock;

use super::{Enricher, Settings, memory::Records};
use crate::{Error, ErrorKind, read::Members, wazapin::Message};

pub(super) const NOW: &str = "2026-10-03T10:00:10Z";

/// An inbound message of ten seconds ago, thin as it comes.
pub(super) fn thin(id: &str) -> Event {
    event(id, "message.received", &json!({"type": "text", "text": null}))
}

pub(super) fn event(id: &str, kind: &str, content: &Value) -> Event {
    let inbound = kind == "message.received";
    serde_json::from_value(json!({
        "schema": "wahook.event/1", "key": format!("v1:wazapin:c1:message:{id}"),
        "provider": "wazapin", "endpoint": "shop", "account": "c1", "tenant": null,
        "kind": kind, "name": "message.new", "name_source": "declared",
        "occurred_at": "2026-10-03T10:00:00Z", "time_source": "header",
        "received_at": "2026-10-03T10:00:00Z", "account_identity": null,
        "delivery": {
            "id": "0199c0de-7c00-7000-8000-000000000000", "key": "d1", "key_source": "header",
            "provider_id": null, "conflict": false
        },
        "replay_of": null, "attempt": 1,
        "data": {
            "message_id": id, "direction": if inbound { "inbound" } else { "outbound" },
            "chat": null, "sender": null, "recipient": null, "origin": "unknown",
            "content": content, "reply_to": null, "forwarded": null
        },
        "raw": {"message_id": id}
    }))
    .unwrap()
}

pub(super) fn record(json: Value) -> Message {
    let members = Members::unwrapped(json).ok();
    Message::read(members.unwrap())
}

/// A record of a text.
pub(super) fn saying(id: &str) -> Message {
    record(json!({"id": id, "type": "text", "content": {"text": format!("the words of {id}")}}))
}

pub(super) fn content_of(event: &Event) -> Value {
    serde_json::to_value(event).unwrap()["data"]["content"].clone()
}

/// Tells records, or why not, when it is let.
#[derive(Debug, Default)]
pub(super) struct Fake {
    pub(super) calls: AtomicUsize,
    inside: AtomicUsize,
    pub(super) most: AtomicUsize,
    /// What goes wrong next.
    pub(super) errors: Mutex<Vec<ErrorKind>>,
    pub(super) gate: Option<Semaphore>,
}

struct Shared(Arc<Fake>);

impl Records for Shared {
    fn record<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Message, Error>> {
        Box::pin(async move {
            let fake = &self.0;
            fake.calls.fetch_add(1, Ordering::SeqCst);
            let inside = fake.inside.fetch_add(1, Ordering::SeqCst) + 1;
            fake.most.fetch_max(inside, Ordering::SeqCst);
            if let Some(gate) = &fake.gate {
                gate.acquire().await.unwrap().forget();
            }
            fake.inside.fetch_sub(1, Ordering::SeqCst);
            let error = fake.errors.lock().unwrap().pop();
            match error {
                Some(kind) => Err(Error::new(kind, "no")),
                None if id == "another" => Ok(saying("somebody's")),
                None => Ok(saying(id)),
            }
        })
    }
}

impl Fake {
    pub(super) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

/// An enricher of a fake, and a clock.
pub(super) fn with(
    fake: Fake,
    settings: impl Fn(Settings) -> Settings,
) -> (Enricher, Arc<Fake>, Arc<ManualClock>) {
    let fake = Arc::new(fake);
    let clock = Arc::new(ManualClock::new(NOW.parse().unwrap()));
    let settings = settings(Settings::new()).clock(Arc::clone(&clock) as Arc<dyn Clock>);
    let enricher = Enricher::from_records(Box::new(Shared(Arc::clone(&fake))), settings);
    (enricher, fake, clock)
}

pub(super) const SECOND: Duration = Duration::from_secs(1);
