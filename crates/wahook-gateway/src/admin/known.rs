//! Which deliveries came, by the ids that their provider gave them: after an outage it is asked to send again what is
//! missing, and only that.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use http::StatusCode;
use serde::Serialize;
use wahook_core::guard::Key;

use super::{
    AdminState,
    answer::{Refused, found},
    params::{KNOWN_PARAMS, Params},
};

#[derive(Debug, Serialize)]
struct Known {
    /// In the order of the ids.
    known: Vec<bool>,
}

pub(super) async fn known(
    State(state): State<AdminState>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let mut params = Params::of(query.as_deref())?;
    let ask = params.known()?;
    params.end(&KNOWN_PARAMS)?;
    let (name, ids) = ask.checked()?;
    let (_, endpoint) = state.endpoints.named(&name)?;
    let keys: Option<Vec<Key>> = ids.iter().map(|id| endpoint.key_of_id(id)).collect();
    let keys = keys.ok_or_else(|| {
        let message = "deliveries to this endpoint are told apart by what stands in them, not by an id beside the body: \
                       none can be looked up by its id";
        Refused::new(StatusCode::CONFLICT, "no_id", message)
    })?;
    let known = state.asked(state.desk.known(&keys)).await?;
    Ok(found(&Known { known }))
}
