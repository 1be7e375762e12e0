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
    query::{self, DeadAsk, WaitingAsk},
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
    let count = state.changed(state.desk.retry(&query)).await?;
    tracing::info!(target: "wahook", count, "dead letters are tried again, by hand");
    Ok(found(&Count { count }))
}

pub(super) async fn drop(State(state): State<AdminState>, bytes: Bytes) -> Result<Response, Refused> {
    let query = query::body::<DeadAsk>(&bytes)?.to_change()?;
    let count = state.changed(state.desk.drop_dead(&query)).await?;
    tracing::info!(target: "wahook", count, "dead letters are dropped for good, by hand");
    Ok(found(&Count { count }))
}

/// What waits for a sink that is gone. One that is there would hand it over: that is no backlog.
pub(super) async fn drop_waiting(State(state): State<AdminState>, bytes: Bytes) -> Result<Response, Refused> {
    let (sink, limit) = query::body::<WaitingAsk>(&bytes)?.checked()?;
    if !state.sinks.lack(&sink) {
        return Err(Refused::question(
            "this sink is configured, so what waits for it will be handed over; take it out of the configuration first",
        ));
    }
    let count = state.changed(state.desk.drop_waiting(&sink, limit)).await?;
    tracing::info!(target: "wahook", count, "events that waited for a sink that is gone are dropped for good, by hand");
    Ok(found(&Count { count }))
}
