//! Events once more (I4).

use axum::{body::Bytes, extract::State, response::Response};

use super::{
    AdminState,
    answer::{Refused, found},
    query::{self, ReplayAsk},
};

pub(super) async fn replay(State(state): State<AdminState>, bytes: Bytes) -> Result<Response, Refused> {
    let replay = query::body::<ReplayAsk>(&bytes)?.replay()?;
    if let Some(sink) = replay.to.as_deref() {
        state.sinks.has(sink)?;
    }
    let replayed = state.changed(state.desk.replay(&replay)).await?;
    if !replay.dry_run {
        tracing::info!(target: "wahook", events = replayed.events, deliveries = replayed.deliveries, "replayed, by hand");
    }
    Ok(found(&replayed))
}
