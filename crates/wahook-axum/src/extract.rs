//! What a handler asks for.

use std::{fmt, sync::Arc};

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{StatusCode, request::Parts};
use wahook_core::{
    Parsed, TypedEvent,
    guard::Fresh,
    model::{Event, Kind},
};

use crate::handler::Carried;

/// The events of a delivery in the neutral model, without those that were handled before.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "taken apart in a handler's arguments")]
pub struct Events(pub Vec<Event>);

impl<S: Sync> FromRequestParts<S> for Events {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ExtractError> {
        let fresh = carried(parts)?;
        let events = fresh.events();
        check_malformed(&fresh, events.iter().any(|event| event.kind() == Kind::Malformed))?;
        Ok(Self(events))
    }
}

impl IntoIterator for Events {
    type Item = Event;
    type IntoIter = std::vec::IntoIter<Event>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A delivery with one provider's typed events, such as `Delivery<wawp::Event>`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivery<E> {
    /// What is said in it, item by item: known, unknown or malformed.
    pub items: Vec<Parsed<E>>,
    /// The delivery itself: its ids, headers and signed bytes.
    pub delivery: wahook_core::Delivery,
}

impl<S: Sync, E: TypedEvent> FromRequestParts<S> for Delivery<E> {
    type Rejection = ExtractError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ExtractError> {
        let fresh = carried(parts)?;
        let items = fresh
            .typed::<E::Provider>()
            .ok_or_else(|| ExtractError::new(ExtractErrorKind::OtherProvider))?;
        check_malformed(&fresh, items.iter().any(Parsed::is_malformed))?;
        Ok(Self {
            items,
            delivery: fresh.delivery().clone(),
        })
    }
}

fn carried(parts: &Parts) -> Result<Arc<Fresh>, ExtractError> {
    match parts.extensions.get::<Carried>() {
        Some(Carried(fresh)) => Ok(Arc::clone(fresh)),
        None => Err(ExtractError::new(ExtractErrorKind::OutsideStack)),
    }
}

fn check_malformed(fresh: &Fresh, malformed: bool) -> Result<(), ExtractError> {
    let status = fresh.endpoint().malformed_status();
    if malformed && !status.is_success() {
        return Err(ExtractError {
            kind: ExtractErrorKind::Malformed,
            status,
        });
    }
    Ok(())
}

/// Why an extractor has nothing to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtractError {
    kind: ExtractErrorKind,
    status: StatusCode,
}

/// What is wrong with the use of an extractor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExtractErrorKind {
    /// An item is malformed, and the endpoint wants such deliveries refused.
    Malformed,
    /// The endpoint is another provider's.
    OtherProvider,
    /// The route was mounted without the layers.
    OutsideStack,
}

impl ExtractError {
    const fn new(kind: ExtractErrorKind) -> Self {
        Self {
            kind,
            status: StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> ExtractErrorKind {
        self.kind
    }
}

impl fmt::Display for ExtractError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ExtractErrorKind::Malformed => "the delivery holds a malformed item",
            ExtractErrorKind::OtherProvider => {
                "the handler asks for another provider's events; use the event type of the endpoint's provider"
            }
            ExtractErrorKind::OutsideStack => {
                "the route is not behind wahook; mount it with `wahook_axum::endpoint` or under `WebhookLayer`"
            }
        })
    }
}

impl std::error::Error for ExtractError {}

impl IntoResponse for ExtractError {
    fn into_response(self) -> Response {
        if self.status.is_server_error() {
            tracing::error!(target: "wahook", "{self}");
        }
        (self.status, self.to_string()).into_response()
    }
}
