//! What makes two deliveries the same.

use bytes::Bytes;
use serde_json::value::RawValue;
use wahook_core::{
    DeliveryKey, Keyed,
    guard::Digest,
    json::{Scanned, Text, scan},
    model::EventKey,
};

use super::{item::Item, reading};

/// `eventId` (waping.app/docs/webhooks, 2026-04). Without it: name, message, status and time, where these tell one
/// occurrence from the next; else a digest. A list has the digest over its ids, in order.
pub(super) fn of(body: &Bytes) -> Keyed {
    match scan(body, ["eventId"]) {
        Scanned::Object([Some(id)]) if !id.is_empty() => by_id(id),
        Scanned::Object(_) => {
            occurrence(body).map_or_else(|| digest(body), |key| Keyed::new(DeliveryKey::body(key), None))
        }
        Scanned::Other => match ids(body) {
            Some(ids) => match <[Text; 1]>::try_from(ids) {
                Ok([id]) => by_id(id),
                Err(ids) => Keyed::new(DeliveryKey::body(joined(&ids)), None),
            },
            None => digest(body),
        },
        _ => digest(body),
    }
}

fn by_id(id: Text) -> Keyed {
    Keyed::by_id(DeliveryKey::body(id.as_str()))
}

fn digest(body: &Bytes) -> Keyed {
    Keyed::new(DeliveryKey::digest(body), None)
}

/// The members of interest are nested, so this reads the event as the parse after it does: one pass, no tree.
fn occurrence(body: &Bytes) -> Option<String> {
    reading::read(body, |item| occurrence_of(item.ok()?))
}

fn occurrence_of(item: &Item<'_>) -> Option<String> {
    let name = item.kind.text()?;
    let message = item.message.get()?.id.text()?;
    let at = reading::time(item);
    let state = match reading::message_state(name, item) {
        Some(state) => state,
        // Neither a state nor a time: the next occurrence would look the same.
        None if at.is_none() => return None,
        None => Text::default(),
    };
    let key = EventKey::new("event")
        .part(name)
        .part(message)
        .part(&state)
        .optional(at.map(|at| at.as_millisecond().to_string()).as_deref());
    Some(key.render("waping", item.device_id.text()))
}

/// The ids of a list, if it has items and all have one.
fn ids(body: &Bytes) -> Option<Vec<Text>> {
    let items = super::items(body).ok()??;
    let ids: Option<Vec<_>> = items.into_iter().map(id).collect();
    ids.filter(|ids| !ids.is_empty())
}

fn id(item: &RawValue) -> Option<Text> {
    match scan(item.get().as_bytes(), ["eventId"]) {
        Scanned::Object([Some(id)]) => id.non_empty(),
        _ => None,
    }
}

/// The lengths keep `["a", "b"]` apart from `["ab"]`.
fn joined(ids: &[Text]) -> String {
    let text: String = ids.iter().map(|id| format!("{}:{id}", id.len())).collect();
    format!("batch:{}", Digest::of(text.as_bytes()))
}
