//! What is configured to receive, for people who set it up.

use std::sync::Arc;

use arc_swap::{ArcSwap, ArcSwapOption};
use axum::{
    extract::{Path, State},
    response::Response,
};
use bytes::Bytes;
use http::{Request, StatusCode};
use jiff::Timestamp;
use serde::Serialize;
use wahook_core::{DeliveryId, Endpoint, model::Kind};
use wahook_providers::provider;
use wahook_testkit::Outgoing;

use super::{
    AdminState,
    answer::{Refused, found},
    events::{base64, kept},
};
use crate::{arrivals::Outcome, config::Route, failure::chain, trial};

/// The endpoints, until they are others. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct Endpoints {
    all: Arc<ArcSwap<Vec<(EndpointSheet, Endpoint)>>>,
    /// Where they are on this machine.
    here: Arc<ArcSwapOption<String>>,
}

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

#[derive(Debug, Serialize)]
struct EndpointPage {
    endpoints: Vec<EndpointForm>,
    /// The words for kinds of events, for those who filter by them.
    kinds: &'static [Kind],
}

/// The same, with how it goes.
#[derive(Debug, Serialize)]
struct EndpointForm {
    #[serde(flatten)]
    sheet: EndpointSheet,
    /// Until when what does not verify is asked to come again, since its secret is being rotated; null if it is not.
    rotating_until: Option<Timestamp>,
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
        self.all.store(Arc::new(all.collect()));
    }

    /// They are under this URL on this machine.
    pub fn are_at(&self, url: String) {
        self.here.store(Some(Arc::new(url)));
    }

    /// Whether a request tells a secret of the endpoint of this name.
    fn are_told_by(&self, name: &str, request: &Request<Bytes>) -> bool {
        self.named(name).map_or(true, |(_, endpoint)| {
            let is_told = |bytes: &[u8]| endpoint.verifier().is_told_by(bytes);
            is_told(request.uri().to_string().as_bytes())
                || request.headers().values().any(|value| is_told(value.as_bytes()))
                || is_told(request.body())
        })
    }

    /// The endpoint of this name, and its path.
    pub(super) fn named(&self, name: &str) -> Result<(String, Endpoint), Refused> {
        let all = self.all.load();
        let named = all.iter().find(|(sheet, _)| sheet.name == name);
        named
            .map(|(sheet, endpoint)| (sheet.path.clone(), endpoint.clone()))
            .ok_or_else(|| {
                Refused::not_found("no endpoint of this name is configured; see /api/v1/endpoints")
            })
    }

    /// A delivery to the endpoint of this name, signed as its provider does.
    pub(super) fn signed(
        &self,
        name: &str,
        outgoing: impl FnOnce(&Endpoint) -> Option<Outgoing>,
        at: Timestamp,
    ) -> Result<Request<Bytes>, Refused> {
        let (path, endpoint) = self.named(name)?;
        let outgoing = outgoing(&endpoint)
            .ok_or_else(|| Refused::not_found("nothing is known that this endpoint's provider would send"))?;
        trial::signed(&endpoint, &path, &outgoing, at).map_err(|error| {
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
        let setup = row.map(|row| row.steps(&url, "(the secret of this endpoint)"));
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
            setup: setup.unwrap_or_default(),
            url,
        }
    }
}

pub(super) async fn list(State(state): State<AdminState>) -> Result<Response, Refused> {
    let all = state.endpoints.all.load();
    let forms = all.iter().map(|(sheet, endpoint)| {
        let last = state.arrivals.journal().last_of(&sheet.name);
        EndpointForm {
            sheet: sheet.clone(),
            rotating_until: endpoint
                .rotating_until()
                .filter(|_| endpoint.is_rotating(state.clock.now())),
            last: last.map(|arrival| LastForm {
                at: arrival.at,
                outcome: arrival.outcome,
            }),
        }
    });
    Ok(found(&EndpointPage {
        endpoints: forms.collect(),
        kinds: Kind::ALL,
    }))
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
            let number = now.as_microsecond().unsigned_abs();
            Some(Outgoing::happening(&sample, number, now))
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

/// A line for a shell that sends a delivery again, signed anew: whoever has it may send this one for as long as the
/// signature is good.
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
    if state.endpoints.are_told_by(&delivery.endpoint, &request) {
        let message = "its secret would stand in the line; replay the delivery, or use `wahook send --file` with the secret in a file";
        return Err(Refused::new(StatusCode::CONFLICT, "secret", message));
    }
    let here = state.endpoints.here.load();
    let here = here.as_deref().map_or(HERE, String::as_str);
    let line = line(here, &request).ok_or_else(|| {
        Refused::new(
            StatusCode::CONFLICT,
            "line",
            "it fits into no line of a shell; replay the delivery instead",
        )
    })?;
    tracing::info!(target: "wahook", "contents of the inbox are revealed, by hand");
    Ok(found(&serde_json::json!({ "curl": line })))
}

/// A line that says in every shell what the request says, also where pasting it types it; none where that is not sure.
fn line(here: &str, request: &Request<Bytes>) -> Option<String> {
    let mut line = format!(
        "curl -g -i -X POST {}",
        plain(&format!("{here}{}", request.uri()))?
    );
    for (name, value) in request.headers() {
        line.push_str(&format!(
            " -H {}",
            plain(&format!("{name}: {}", value.to_str().ok()?))?
        ));
    }
    if request.body().len() > LONGEST {
        return None;
    }
    Some(match std::str::from_utf8(request.body()).ok().and_then(plain) {
        Some(text) => format!("{line} --data-raw {text}"),
        None => format!(
            "echo {} | base64 -d | {line} --data-binary @-",
            base64(request.body())
        ),
    })
}

/// A text in quotes, if it holds nothing that a terminal or a shell takes for more than a letter.
fn plain(text: &str) -> Option<String> {
    let is_safe = !text.contains(char::is_control) && !text.contains(['\'', '\\', '!']);
    is_safe.then(|| format!("'{text}'"))
}

/// Systems take arguments of 128 KiB.
const LONGEST: usize = 64 << 10;

/// Where a gateway listens that was not told otherwise.
const HERE: &str = "http://127.0.0.1:8080";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_for_the_shell_says_what_the_request_says() {
        let request = |body: &'static str| {
            let request = Request::post("/hooks/shop").header("x-sig", "00ff");
            line(
                "http://127.0.0.1:1",
                &request.body(Bytes::from_static(body.as_bytes())).unwrap(),
            )
            .unwrap()
        };
        assert_eq!(
            request(r#"{"a":"$HOME `x`"}"#),
            r#"curl -g -i -X POST 'http://127.0.0.1:1/hooks/shop' -H 'x-sig: 00ff' --data-raw '{"a":"$HOME `x`"}'"#
        );
        for hostile in ["it's", "a\\'b", "\u{7f}\u{7f}", "\u{1b}[201~", "a\nb", "!!"] {
            let line = request(hostile);
            assert!(
                line.starts_with("echo ") && line.ends_with("--data-binary @-"),
                "{line}"
            );
            assert!(
                !line.contains(char::is_control) && !line.contains(hostile),
                "{line}"
            );
        }
        let long = Request::post("/")
            .body(Bytes::from(vec![b'a'; LONGEST + 1]))
            .unwrap();
        assert_eq!(line(HERE, &long), None);
        let quoted = Request::post("/")
            .header("x-id", "it's")
            .body(Bytes::new())
            .unwrap();
        assert_eq!(line(HERE, &quoted), None);
    }
}
