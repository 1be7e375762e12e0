//! What is configured to receive, for people who set it up.

use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::{
    extract::{Path, State},
    response::Response,
};
use bytes::Bytes;
use http::{Request, StatusCode};
use jiff::Timestamp;
use serde::Serialize;
use wahook_core::{DeliveryId, Endpoint};
use wahook_providers::provider;
use wahook_testkit::Outgoing;

use super::{
    AdminState,
    answer::{Refused, found},
    events::kept,
};
use crate::{arrivals::Outcome, config::Route, failure::chain, shell::quoted, trial};

/// The endpoints, until they are others. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Endpoints(Arc<ArcSwap<Vec<(EndpointSheet, Endpoint)>>>);

/// An endpoint as it is configured. Of its secrets only how many there are.
#[derive(Clone, Debug, Serialize)]
struct EndpointSheet {
    name: String,
    /// The provider's id.
    provider: String,
    /// The vendor's spelling.
    title: String,
    path: String,
    /// Where the provider has to send to, as far as that is known here.
    url: String,
    /// What is verified.
    verified: String,
    /// What makes two deliveries the same.
    key: String,
    /// How long the provider sends a delivery again.
    retries: String,
    secrets: usize,
    /// How to set it up.
    setup: Vec<String>,
}

/// The same, with how it goes.
#[derive(Debug, Serialize)]
struct EndpointForm {
    #[serde(flatten)]
    sheet: EndpointSheet,
    last: Option<LastForm>,
}

/// What came last.
#[derive(Debug, Serialize)]
struct LastForm {
    at: Timestamp,
    outcome: Outcome,
}

impl Endpoints {
    /// These from now on; `public` is the URL under which providers reach this machine, if that is known.
    pub fn are(&self, routes: &[Route], public: Option<&str>) {
        let all = routes
            .iter()
            .map(|route| (EndpointSheet::of(route, public), route.endpoint.clone()));
        self.0.store(Arc::new(all.collect()));
    }

    /// A delivery to the endpoint of this name, signed as its provider does.
    pub(super) fn signed(
        &self,
        name: &str,
        outgoing: impl FnOnce(&Endpoint) -> Option<Outgoing>,
        at: Timestamp,
    ) -> Result<Request<Bytes>, Refused> {
        let all = self.0.load();
        let (sheet, endpoint) = all.iter().find(|(sheet, _)| sheet.name == name).ok_or_else(|| {
            Refused::not_found("no endpoint of this name is configured; see /api/v1/endpoints")
        })?;
        let outgoing = outgoing(endpoint)
            .ok_or_else(|| Refused::not_found("nothing is known that this endpoint's provider would send"))?;
        trial::signed(endpoint, &sheet.path, &outgoing, at).map_err(|error| {
            let why = format!("a delivery to it cannot be signed here: {}", chain(&error));
            Refused::new(StatusCode::CONFLICT, "unsigned", why)
        })
    }
}

impl EndpointSheet {
    fn of(route: &Route, public: Option<&str>) -> Self {
        let endpoint = &route.endpoint;
        let id = endpoint.provider().id();
        let public = public.unwrap_or("https://YOUR-HOST").trim_end_matches('/');
        let url = format!("{public}{}", route.path);
        let row = provider(id);
        let setup = row.map_or(&[][..], |row| row.setup).iter().map(|step| {
            step.replace("{url}", &url)
                .replace("{secret}", "(the secret of this endpoint)")
        });
        Self {
            name: endpoint.name().to_owned(),
            provider: id.to_owned(),
            title: row.map_or(id, |row| row.title).to_owned(),
            path: route.path.clone(),
            verified: row.map_or("", |row| row.verified).to_owned(),
            key: row.map_or("", |row| row.key).to_owned(),
            retries: row.map_or("", |row| row.retries.text).to_owned(),
            secrets: endpoint
                .verifier()
                .keyrings()
                .iter()
                .map(|keyring| keyring.len())
                .sum(),
            setup: setup.collect(),
            url,
        }
    }
}

pub(super) async fn list(State(state): State<AdminState>) -> Result<Response, Refused> {
    let all = state.endpoints.0.load();
    let forms = all.iter().map(|(sheet, _)| {
        let last = state.arrivals.journal().last_of(&sheet.name);
        EndpointForm {
            sheet: sheet.clone(),
            last: last.map(|arrival| LastForm {
                at: arrival.at,
                outcome: arrival.outcome,
            }),
        }
    });
    Ok(found(
        &serde_json::json!({ "endpoints": forms.collect::<Vec<_>>() }),
    ))
}

/// What came of a test delivery.
#[derive(Debug, Serialize)]
struct Tested {
    /// The provider's name of the event.
    event: String,
    /// What the provider would have been answered.
    status: u16,
}

/// Sends a test delivery on the way that the provider's take.
pub(super) async fn test(
    State(state): State<AdminState>,
    Path(name): Path<String>,
) -> Result<Response, Refused> {
    let now = state.clock.now();
    let mut event = String::new();
    let request = state.endpoints.signed(
        &name,
        |endpoint| {
            let sample = trial::sample(endpoint)?;
            event = sample.name();
            // Another one each time: the same would be a duplicate.
            Some(Outgoing::personalise(
                &sample,
                now.as_microsecond().unsigned_abs(),
            ))
        },
        now,
    )?;
    let Some(router) = &state.listener else {
        let message = "there is no listener here that could take it";
        return Err(Refused::new(StatusCode::CONFLICT, "listener", message));
    };
    let status = router.deliver(request).await.as_u16();
    Ok(found(&Tested { event, status }))
}

/// A line for a shell that sends a delivery again, signed anew: whoever has it may send in the provider's name for as long
/// as the signature is good.
pub(super) async fn curl(
    State(state): State<AdminState>,
    Path(id): Path<String>,
) -> Result<Response, Refused> {
    let kept = kept(&state, &id).await?;
    let delivery = &kept.stored.delivery;
    if kept.stored.redacted_at.is_some() {
        return Err(Refused::not_found("its body was removed, as the retention says"));
    }
    let id = delivery.provider_id.clone();
    let id = id.map_or_else(|| DeliveryId::to_string(&delivery.id), |id| id.to_string());
    let outgoing = Outgoing::new(id, delivery.body.clone());
    let request = state
        .endpoints
        .signed(&delivery.endpoint, |_| Some(outgoing), state.clock.now())?;
    tracing::info!(target: "wahook", "contents of the inbox are revealed, by hand");
    Ok(found(&serde_json::json!({ "curl": line(&request) })))
}

fn line(request: &Request<Bytes>) -> String {
    let mut line = format!("curl -i -X POST {}", quoted(&format!("{HERE}{}", request.uri())));
    for (name, value) in request.headers() {
        let value = String::from_utf8_lossy(value.as_bytes());
        line.push_str(&format!(" -H {}", quoted(&format!("{name}: {value}"))));
    }
    match std::str::from_utf8(request.body()) {
        Ok(text) if !text.contains('\0') => format!("{line} --data-binary {}", quoted(text)),
        _ => {
            let base64 = super::events::base64(request.body());
            format!("echo {base64} | base64 -d | {line} --data-binary @-")
        }
    }
}

/// Where a gateway listens that was not told otherwise.
const HERE: &str = "http://127.0.0.1:8080";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_the_shell_says_what_the_request_says() {
        let request = |body: &'static [u8]| {
            let request = Request::post("/hooks/shop").header("x-sig", "it's");
            request.body(Bytes::from_static(body)).unwrap()
        };
        let text = line(&request(br#"{"a":"it's $HOME"}"#));
        assert_eq!(
            text,
            r#"curl -i -X POST http://127.0.0.1:8080/hooks/shop -H 'x-sig: it'\''s' --data-binary '{"a":"it'\''s $HOME"}'"#
        );
        assert!(line(&request(b"\xff")).starts_with("echo /w== | base64 -d | curl "));
    }
}
