//! What came to the endpoints lately, whatever became of it.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use jiff::Timestamp;
use serde::Serialize;
use wahook_core::{DeliveryId, inbox::Accepted};

use super::{
    AdminState,
    answer::{Refused, found},
    mask::Mask,
    params::Params,
    query::{A_LIMIT, limit},
};
use crate::arrivals::{Arrival, Batch, Outcome};

/// Some of what came, in the order in which it was answered.
#[derive(Debug, Serialize)]
pub(super) struct ArrivalPage {
    pub(super) arrivals: Vec<ArrivalForm>,
    /// How many more there were.
    pub(super) missed: u64,
    /// What to give as `after` for what comes next.
    pub(super) next: u64,
}

/// A request to an endpoint, and what became of it.
#[derive(Debug, Serialize)]
pub(super) struct ArrivalForm {
    id: u64,
    at: Timestamp,
    endpoint: String,
    provider: &'static str,
    took_us: u64,
    /// None where the sender hung up before it was answered.
    status: Option<u16>,
    outcome: Outcome,
    /// Why it was refused.
    reason: Option<&'static str>,
    /// A stand-in for its key.
    key: Option<String>,
    /// Of what was stored.
    delivery: Option<DeliveryId>,
    /// Of a duplicate: the delivery that came first, if that was lately.
    first: Option<DeliveryId>,
    /// Another body came under the same key.
    conflict: bool,
}

impl ArrivalForm {
    fn of(arrival: &Arrival, mask: &Mask) -> Self {
        let receipt = arrival.receipt.as_ref();
        let conflict = receipt.is_some_and(|receipt| match receipt.accepted {
            Accepted::Stored { conflict } | Accepted::Duplicate { conflict } => conflict,
            _ => false,
        });
        Self {
            id: arrival.id,
            at: arrival.at,
            endpoint: arrival.endpoint.to_string(),
            provider: arrival.provider,
            took_us: u64::try_from(arrival.took.as_micros()).unwrap_or(u64::MAX),
            status: arrival.status.map(|status| status.as_u16()),
            outcome: arrival.outcome,
            reason: arrival.reason.map(|reason| reason.as_str()),
            key: receipt.map(|receipt| mask.stand_in(&receipt.key)),
            delivery: receipt
                .filter(|_| arrival.outcome == Outcome::Stored)
                .map(|receipt| receipt.delivery),
            first: arrival.first,
            conflict,
        }
    }
}

impl ArrivalPage {
    pub(super) fn of(batch: &Batch, mask: &Mask) -> Self {
        Self {
            arrivals: batch
                .arrivals
                .iter()
                .map(|arrival| ArrivalForm::of(arrival, mask))
                .collect(),
            missed: batch.missed,
            next: batch.next,
        }
    }
}

pub(super) async fn list(
    State(state): State<AdminState>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let mut params = Params::of(query.as_deref())?;
    let after = params.parsed("after", "the `next` of an answer")?.unwrap_or(0);
    let limit = limit(params.parsed("limit", A_LIMIT)?)?;
    params.end(&["after", "limit"])?;
    let batch = state.arrivals.journal().since(after, limit as usize);
    Ok(found(&ArrivalPage::of(&batch, &state.mask)))
}
