//! Which events are there, and what is known of one.

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CONTENT_TYPE};
use serde_json::{Value, value::RawValue};
use wahook_core::inbox::{EventRow, Kept};

use super::{
    AdminState,
    access::Rights,
    answer::{Refused, found},
    forms::{CopyForm, DeliveryForm, DeliverySheet, EventForm, EventPage, EventSheet, Shown},
    params::{EVENT_PARAMS, Params},
    query,
};

pub(super) async fn list(
    State(state): State<AdminState>,
    Extension(rights): Extension<Rights>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let mut params = Params::of(query.as_deref())?;
    let ask = params.events()?;
    let reveal = params.flag("reveal")?;
    params.end(&EVENT_PARAMS)?;
    let shown = state.shown(rights.reveal(reveal, &state)?);
    let query = ask.query()?;
    let rows = state.asked(state.desk.events(&query)).await?;
    Ok(found(&EventPage {
        masked: !shown.reveal,
        // A store may give fewer than there are, but not none: only an empty answer is the end.
        next: rows.last().map(|row| row.cursor),
        events: rows.iter().map(|row| EventForm::of(row, shown)).collect(),
    }))
}

pub(super) async fn one(
    State(state): State<AdminState>,
    Extension(rights): Extension<Rights>,
    Path((delivery, place)): Path<(String, String)>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let shown = only_reveal(&state, rights, query.as_deref())?;
    let kept = kept(&state, &delivery).await?;
    let place: usize = place
        .parse()
        .map_err(|_| Refused::question("the place of an event in its delivery is a number, from 0"))?;
    let Some(row) = kept.events.iter().find(|row| row.place == place) else {
        return Err(Refused::not_found(if kept.read {
            "the delivery has no event at this place; ask for the delivery to see all"
        } else {
            "the delivery is there and nobody has read it yet; ask again in a moment"
        }));
    };
    let (normalised, note) = normalised(&state, &kept, row, shown);
    let reader = state
        .reader
        .provider(&kept.stored)
        .filter(|_| kept.stored.redacted_at.is_none());
    let typed = reader.and_then(|provider| provider.typed(&kept.stored.delivery, place));
    let typed = typed.map(|typed| {
        if shown.reveal {
            typed
        } else {
            state.mask.debug(&typed)
        }
    });
    Ok(found(&EventSheet {
        masked: !shown.reveal,
        event: EventForm::of(row, shown),
        normalised,
        typed,
        note,
        delivery: DeliveryForm::of(&kept, shown),
    }))
}

pub(super) async fn delivery(
    State(state): State<AdminState>,
    Extension(rights): Extension<Rights>,
    Path(delivery): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let shown = only_reveal(&state, rights, query.as_deref())?;
    let kept = kept(&state, &delivery).await?;
    let (body, body_base64) = body(&kept.stored.delivery.body, shown);
    let copies = state.arrivals.journal().copies_of(kept.stored.delivery.id);
    Ok(found(&DeliverySheet {
        masked: !shown.reveal,
        copies: copies
            .iter()
            .map(|copy| CopyForm {
                at: copy.at,
                status: copy.status.map(|status| status.as_u16()),
            })
            .collect(),
        delivery: DeliveryForm::of(&kept, shown),
        events: kept.events.iter().map(|row| EventForm::of(row, shown)).collect(),
        body,
        body_base64,
    }))
}

/// The bytes of a delivery's body as they came; or, without the token, a fixture made from them.
pub(super) async fn bytes(
    State(state): State<AdminState>,
    Extension(rights): Extension<Rights>,
    Path(delivery): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let shown = only_reveal(&state, rights, query.as_deref())?;
    let kept = kept(&state, &delivery).await?;
    if kept.stored.redacted_at.is_some() {
        return Err(Refused::not_found("its body was removed, as the retention says"));
    }
    let body = kept.stored.delivery.body.clone();
    if shown.reveal {
        return Ok(([(CONTENT_TYPE, "application/octet-stream")], body).into_response());
    }
    let fixture = state.mask.fixture(&kept.stored.provider, &body).ok_or_else(|| {
        let message =
            "its body is no JSON, so nothing is known of its parts; with `reveal` it comes as it is";
        Refused::new(StatusCode::CONFLICT, "not_json", message)
    })?;
    Ok(([(CONTENT_TYPE, "application/json")], fixture).into_response())
}

/// A body: as JSON, masked unless it may be revealed; in base64 if it is none and may be.
pub(super) fn body(bytes: &[u8], shown: Shown<'_>) -> (Option<Box<RawValue>>, Option<String>) {
    let body = if shown.reveal {
        serde_json::from_slice(bytes).ok()
    } else {
        serde_json::from_slice(bytes)
            .ok()
            .and_then(|value| raw(&shown.mask.foreign(value)))
    };
    let base64 = (shown.reveal && body.is_none() && !bytes.is_empty()).then(|| base64(bytes));
    (body, base64)
}

impl AdminState {
    pub(super) const fn shown(&self, reveal: bool) -> Shown<'_> {
        Shown {
            mask: &self.mask,
            reveal,
        }
    }
}

pub(super) fn only_reveal<'a>(
    state: &'a AdminState,
    rights: Rights,
    query: Option<&str>,
) -> Result<Shown<'a>, Refused> {
    let mut params = Params::of(query)?;
    let reveal = params.flag("reveal")?;
    params.end(&["reveal"])?;
    Ok(state.shown(rights.reveal(reveal, state)?))
}

pub(super) async fn kept(state: &AdminState, delivery: &str) -> Result<Kept, Refused> {
    let id = query::delivery(delivery)?;
    state.asked(state.desk.delivery(id)).await?.ok_or_else(|| {
        Refused::not_found("no such delivery; it never came, or was removed when it was old enough")
    })
}

/// The event as it reads today, or why that cannot be told.
fn normalised(
    state: &AdminState,
    kept: &Kept,
    row: &EventRow,
    shown: Shown<'_>,
) -> (Option<Box<RawValue>>, Option<String>) {
    if kept.stored.redacted_at.is_some() {
        return (
            None,
            Some("its body was removed, as the retention says".to_owned()),
        );
    }
    let Some(events) = state.reader.read(&kept.stored) else {
        return (
            None,
            Some("nobody here reads this provider's deliveries".to_owned()),
        );
    };
    let Some(mut event) = events.into_iter().nth(row.place) else {
        let note = "read again today, the delivery has no event at this place";
        return (None, Some(note.to_owned()));
    };
    event.judge_late(row.late);
    let note = (event.key != row.summary.key)
        .then(|| "it reads differently today than when it was filed: another key".to_owned());
    let json = if shown.reveal {
        // Not through a tree: what the provider sent is shown as it sent it.
        serde_json::to_string(&event)
            .ok()
            .and_then(|text| RawValue::from_string(text).ok())
    } else {
        // The bytes of what is no JSON say something as well.
        let not_json = event.raw.as_ref().is_some_and(|raw| raw.as_json().is_none());
        let event = if not_json { event.without_raw() } else { event };
        serde_json::to_value(&event)
            .ok()
            .and_then(|value| raw(&state.mask.event(value)))
    };
    (json, note)
}

fn raw(value: &Value) -> Option<Box<RawValue>> {
    serde_json::value::to_raw_value(value).ok()
}

pub(super) fn base64(bytes: &[u8]) -> String {
    wahook_core::json::Raw::new(bytes::Bytes::copy_from_slice(bytes)).to_base64()
}
