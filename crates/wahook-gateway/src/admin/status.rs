//! How the gateway is: for probes, collectors and people.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};
use wahook_core::{guard::StoreError, inbox};

use super::{
    AdminState, Trouble,
    answer::{Refused, found, json},
};
use crate::inbox::room;

/// The process lives.
pub(super) async fn health() -> Response {
    json(StatusCode::OK, &serde_json::json!({ "alive": true }))
}

/// Deliveries can be accepted and are worked on; else what is wrong.
pub(super) async fn ready(State(state): State<AdminState>) -> Response {
    let (_, troubles) = state.look().await;
    let ready = troubles.is_empty();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    json(
        status,
        &serde_json::json!({ "ready": ready, "troubles": troubles }),
    )
}

/// Counters and gauges in the text form that Prometheus reads.
pub(super) async fn metrics(State(state): State<AdminState>) -> Response {
    let (status, _) = state.look().await;
    let text = state.metrics.text(status.ok().as_ref());
    ([(CONTENT_TYPE, crate::metrics::CONTENT_TYPE)], text).into_response()
}

/// How the inbox and its sinks are.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct StatusForm {
    /// The release.
    pub(crate) version: String,
    /// Nothing is wrong.
    pub(crate) ready: bool,
    /// What is wrong.
    pub(crate) troubles: Vec<Trouble>,
    /// What will be, or waits in vain.
    #[serde(default)]
    pub(crate) findings: Vec<Trouble>,
    /// What survives of what was acknowledged (I1).
    pub(crate) guarantee: String,
    /// Which setting says so.
    pub(crate) because: String,
    /// What is unsafe.
    pub(crate) warnings: Vec<String>,
    /// The inbox.
    pub(crate) inbox: inbox::Status,
}

pub(super) async fn status(State(state): State<AdminState>) -> Result<Response, Refused> {
    let (status, troubles) = state.look().await;
    let status = status?;
    let assurance = state.desk.assurance();
    Ok(found(&StatusForm {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ready: troubles.is_empty(),
        troubles,
        findings: state.findings(&status),
        guarantee: assurance.guarantee.to_string(),
        because: assurance.because.to_string(),
        warnings: assurance.warnings.iter().map(ToString::to_string).collect(),
        inbox: status,
    }))
}

/// Has the configuration be read again at once.
pub(super) async fn reload(State(state): State<AdminState>) -> Result<Response, Refused> {
    let Some(asked) = &state.reload else {
        let message = "there is no configuration here that could be read again";
        return Err(Refused::new(StatusCode::CONFLICT, "reload", message));
    };
    asked.notify_one();
    Ok(found(&serde_json::json!({ "asked": true })))
}

/// A probe that waits longer is answered by nobody.
const PATIENCE: Duration = Duration::from_secs(2);

/// Whoever asks for more than the inbox can tell in this time had better ask for less.
const LONG_PATIENCE: Duration = Duration::from_secs(30);

impl AdminState {
    /// What the inbox answers, if it does so in time.
    pub(super) async fn asked<T>(
        &self,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, Refused> {
        match timeout(LONG_PATIENCE, answer).await {
            Ok(answer) => answer.map_err(Refused::from),
            Err(_) => Err(Refused::too_slow()),
        }
    }

    /// The same for what changes something: who asks next sees it.
    pub(super) async fn changed<T>(
        &self,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, Refused> {
        let changed = self.asked(answer).await;
        *self.seen.lock().await = None;
        changed
    }

    /// What an operator should see to before something is wrong.
    fn findings(&self, status: &inbox::Status) -> Vec<Trouble> {
        let full = status.room.iter().filter_map(room::nearly_full);
        let full = full.map(|why| Trouble::new("room", why));
        let gone = status
            .sinks
            .iter()
            .filter(|sink| sink.waiting > 0 && self.sinks.lack(&sink.name));
        let gone = gone.map(|sink| {
            let (name, waiting) = (&sink.name, sink.waiting);
            let why = format!(
                "{name} is not configured; {waiting} waiting: configure it again, or `wahook dead drop --sink {name} --waiting`"
            );
            Trouble::new("sink", why)
        });
        let away = status
            .sinks
            .iter()
            .filter(|sink| !self.sinks.lack(&sink.name) && self.metrics.is_away(&sink.name));
        let away = away.map(|sink| {
            let (name, waiting) = (&sink.name, sink.waiting);
            let why = format!(
                "{name} is away; {waiting} waiting, which go on by themselves once it is back: the log says why it is away"
            );
            Trouble::new("sink", why)
        });
        full.chain(gone)
            .chain(away)
            .chain(self.health.findings())
            .collect()
    }

    /// How the inbox is, and everything that is wrong.
    async fn look(&self) -> (Result<inbox::Status, Refused>, Vec<Trouble>) {
        let mut troubles = self.health.troubles();
        // Whoever comes while somebody looks waits for that answer: many collectors are one question.
        let mut seen = self.seen.lock().await;
        if let Some((at, status)) = &*seen
            && at.elapsed() < FRESH
        {
            return (Ok(status.clone()), troubles);
        }
        *seen = None;
        let status = match timeout(PATIENCE, self.desk.status()).await {
            Ok(Ok(status)) => {
                *seen = Some((Instant::now(), status.clone()));
                Ok(status)
            }
            Ok(Err(error)) => {
                troubles.push(Trouble::new("inbox", crate::failure::chain(&error)));
                Err(Refused::from(error))
            }
            Err(_) => {
                troubles.push(Trouble::new("inbox", "it did not answer in time"));
                Err(Refused::too_slow())
            }
        };
        (status, troubles)
    }
}

/// How long an answer is good for.
const FRESH: Duration = Duration::from_secs(1);

/// What was seen last, and when.
pub(super) type Seen = Arc<Mutex<Option<(Instant, inbox::Status)>>>;
