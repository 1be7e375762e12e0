//! What is answered, as JSON and as the verbs read it back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use wahook_core::{
    DeliveryId, KeySource,
    inbox::{DeadLetter, EntryId, EntryState, EventRow, Kept, Progress},
    model::Kind,
};

use super::mask::Mask;

/// How something is shown: masked, unless it is to be revealed.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a> {
    pub(super) mask: &'a Mask,
    pub(super) reveal: bool,
}

impl Shown<'_> {
    pub(super) fn words(self, text: &str) -> String {
        if self.reveal {
            text.to_owned()
        } else {
            self.mask.words(text)
        }
    }

    /// The provider's own name of an event.
    fn name(self, name: &str) -> String {
        if self.reveal {
            name.to_owned()
        } else {
            self.mask.name(name)
        }
    }

    pub(super) fn stand_in(self, text: &str) -> String {
        if self.reveal {
            text.to_owned()
        } else {
            self.mask.stand_in(text)
        }
    }
}

/// Some events, and where to go on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EventPage {
    /// Persons are shown as stand-ins.
    pub(crate) masked: bool,
    pub(crate) events: Vec<EventForm>,
    /// What to give as `after` for more; null if there are none.
    pub(crate) next: Option<i64>,
}

/// An event that the inbox knows.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EventForm {
    /// `<delivery>/<place>`: what `show` and `replay` name it by.
    pub(crate) id: String,
    pub(crate) cursor: i64,
    pub(crate) delivery: DeliveryId,
    pub(crate) place: usize,
    pub(crate) endpoint: String,
    pub(crate) provider: String,
    pub(crate) received_at: Timestamp,
    pub(crate) occurred_at: Option<Timestamp>,
    pub(crate) kind: Kind,
    pub(crate) name: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) chat: Option<String>,
    pub(crate) message_id: Option<String>,
    pub(crate) key: String,
    pub(crate) duplicate: bool,
    pub(crate) late: bool,
    pub(crate) progress: Vec<ProgressForm>,
}

/// How far a sink is with it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ProgressForm {
    pub(crate) id: EntryId,
    pub(crate) sink: String,
    pub(crate) state: EntryState,
    pub(crate) attempts: u32,
    pub(crate) at: Timestamp,
    pub(crate) error: Option<String>,
    pub(crate) replay_of: Option<DeliveryId>,
}

impl EventForm {
    pub(super) fn of(row: &EventRow, shown: Shown<'_>) -> Self {
        let summary = &row.summary;
        Self {
            id: format!("{}/{}", row.delivery, row.place),
            cursor: row.cursor,
            delivery: row.delivery,
            place: row.place,
            endpoint: row.endpoint.to_string(),
            provider: row.provider.to_string(),
            received_at: row.received_at,
            occurred_at: summary.occurred_at,
            kind: summary.kind,
            name: summary.name.as_deref().map(|name| shown.name(name)),
            account: summary.account.as_deref().map(|account| shown.words(account)),
            chat: summary.chat.as_deref().map(|chat| shown.stand_in(chat)),
            message_id: summary.message_id.as_deref().map(|id| shown.words(id)),
            key: shown.stand_in(&summary.key),
            duplicate: row.duplicate,
            late: row.late,
            progress: row
                .progress
                .iter()
                .map(|one| ProgressForm::of(one, shown))
                .collect(),
        }
    }
}

impl ProgressForm {
    fn of(progress: &Progress, shown: Shown<'_>) -> Self {
        Self {
            id: progress.id,
            sink: progress.sink.to_string(),
            state: progress.state,
            attempts: progress.attempts,
            at: progress.at,
            // Holds nothing of the event, as sinks promise; what a sink of somebody else says is not trusted.
            error: progress.error.as_deref().map(|error| shown.words(error)),
            replay_of: progress.replay_of,
        }
    }
}

/// One event with all that is known of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EventSheet {
    pub(crate) masked: bool,
    pub(crate) event: EventForm,
    /// The event in the neutral words; null where that cannot be told.
    pub(crate) normalised: Option<Box<RawValue>>,
    /// The event in the provider's own types, as Rust shows them; masked, their form alone.
    #[serde(default)]
    pub(crate) typed: Option<String>,
    /// Why it cannot be told, or what is odd about it.
    pub(crate) note: Option<String>,
    pub(crate) delivery: DeliveryForm,
}

/// A delivery with all its events.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeliverySheet {
    pub(crate) masked: bool,
    pub(crate) delivery: DeliveryForm,
    pub(crate) events: Vec<EventForm>,
    /// What came under its key afterwards, lately, and was no news.
    #[serde(default)]
    pub(crate) copies: Vec<CopyForm>,
    /// The body, if it is JSON; masked, its form alone.
    pub(crate) body: Option<Box<RawValue>>,
    /// The body, if it is none and may be shown.
    pub(crate) body_base64: Option<String>,
}

/// A copy of a delivery, of those that came lately.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CopyForm {
    pub(crate) at: Timestamp,
    /// None where the sender hung up before it was answered.
    pub(crate) status: Option<u16>,
}

/// What is known of a delivery beside its body.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeliveryForm {
    pub(crate) id: DeliveryId,
    pub(crate) position: i64,
    pub(crate) endpoint: String,
    pub(crate) provider: String,
    pub(crate) received_at: Timestamp,
    pub(crate) signed_at: Option<Timestamp>,
    pub(crate) key: String,
    pub(crate) key_source: KeySource,
    pub(crate) provider_id: Option<String>,
    pub(crate) conflict: bool,
    /// Whether its events are known.
    pub(crate) read: bool,
    pub(crate) redacted_at: Option<Timestamp>,
    pub(crate) body_bytes: usize,
    pub(crate) headers: BTreeMap<String, Vec<String>>,
}

impl DeliveryForm {
    pub(super) fn of(kept: &Kept, shown: Shown<'_>) -> Self {
        let stored = &kept.stored;
        let delivery = &stored.delivery;
        let mut headers: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (name, value) in &delivery.headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            headers
                .entry(name.to_string())
                .or_default()
                .push(shown.words(&value));
        }
        Self {
            id: delivery.id,
            position: stored.position,
            endpoint: delivery.endpoint.to_string(),
            provider: stored.provider.to_string(),
            received_at: delivery.received_at,
            signed_at: delivery.signed_at,
            key: shown.stand_in(&delivery.key.text),
            key_source: delivery.key.source,
            provider_id: delivery.provider_id.as_deref().map(|id| shown.words(id)),
            conflict: delivery.conflict,
            read: kept.read,
            redacted_at: stored.redacted_at,
            body_bytes: delivery.body.len(),
            headers,
        }
    }
}

/// Some dead letters, and where to go on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeadPage {
    pub(crate) masked: bool,
    pub(crate) dead: Vec<DeadForm>,
    /// What to give as `before` for more; null if there are none.
    pub(crate) next: Option<EntryId>,
}

/// An event that a sink gave up on.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DeadForm {
    pub(crate) id: EntryId,
    pub(crate) sink: String,
    pub(crate) attempts: u32,
    pub(crate) died_at: Timestamp,
    pub(crate) error: String,
    /// Whether its lane stands still for it.
    pub(crate) blocks: bool,
    pub(crate) event: EventForm,
}

impl DeadForm {
    pub(super) fn of(dead: &DeadLetter, shown: Shown<'_>) -> Self {
        Self {
            id: dead.id,
            sink: dead.sink.to_string(),
            attempts: dead.attempts,
            died_at: dead.died_at,
            error: shown.words(&dead.error),
            blocks: dead.blocks,
            event: EventForm::of(&dead.event, shown),
        }
    }
}

/// How many were retried or dropped.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Count {
    pub(crate) count: u64,
}
