//! Dead letters: which are there, and what becomes of them.

use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State},
    response::Response,
};

use super::{
    AdminState,
    access::Rights,
    answer::{Refused, found},
    forms::{Count, DeadForm, DeadPage},
    params::{DEAD_PARAMS, Params},
    query::{self, DeadAsk},
};

pub(super) async fn list(
    State(state): State<AdminState>,
    Extension(rights): Extension<Rights>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let mut params = Params::of(query.as_deref())?;
    let ask = params.dead()?;
    let reveal = params.flag("reveal")?;
    params.end(&DEAD_PARAMS)?;
    let shown = state.shown(rights.reveal(reveal, &state)?);
    let query = ask.query()?;
    let dead = state.asked(state.desk.dead(&query)).await?;
    Ok(found(&DeadPage {
        masked: !shown.reveal,
        next: dead.last().map(|one| one.id),
        dead: dead.iter().map(|one| DeadForm::of(one, shown)).collect(),
    }))
}

pub(super) async fn retry(State(state): State<AdminState>, bytes: Bytes) -> Result<Response, Refused> {
    let query = query::body::<DeadAsk>(&bytes)?.to_change()?;
    let count = state.asked(state.desk.retry(&query)).await?;
    tracing::info!(target: "wahook", count, "dead letters are tried again, by hand");
    Ok(found(&Count { count }))
}

pub(super) async fn drop(State(state): State<AdminState>, bytes: Bytes) -> Result<Response, Refused> {
    let query = query::body::<DeadAsk>(&bytes)?.to_change()?;
    let count = state.asked(state.desk.drop_dead(&query)).await?;
    tracing::info!(target: "wahook", count, "dead letters are dropped for good, by hand");
    Ok(found(&Count { count }))
}
