//! What was refused lately, and why. The sender was told nothing but a status (V4).

use std::collections::BTreeMap;

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    response::Response,
};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    AdminState,
    access::Rights,
    answer::{Refused, found},
    arrivals::limit,
    events::{base64, only_reveal, raw},
    forms::Shown,
    mask::HIDDEN,
    params::Params,
};
use crate::arrivals;

#[derive(Debug, Serialize)]
struct RefusedPage {
    refused: Vec<RefusedForm>,
    /// What to give as `before` for more; null if there are none.
    next: Option<u64>,
}

/// A request that was refused.
#[derive(Debug, Serialize)]
struct RefusedForm {
    id: u64,
    at: Timestamp,
    endpoint: String,
    provider: &'static str,
    reason: &'static str,
    /// The reason in words.
    why: String,
    /// What would have helped, where that could be worked out.
    hints: Vec<String>,
}

/// One of them, with what is kept of it.
#[derive(Debug, Serialize)]
struct RefusedSheet {
    masked: bool,
    #[serde(flatten)]
    refused: RefusedForm,
    method: String,
    path: String,
    query: Option<String>,
    headers: BTreeMap<String, Vec<String>>,
    /// The body, if it is JSON; masked, its form alone.
    body: Option<Box<RawValue>>,
    /// The body, if it is none and may be shown.
    body_base64: Option<String>,
    /// How many bytes of it were read.
    body_bytes: usize,
    /// Only its beginning is kept.
    body_cut: bool,
}

impl RefusedForm {
    fn of(refused: &arrivals::Refused) -> Self {
        Self {
            id: refused.id,
            at: refused.at,
            endpoint: refused.endpoint.to_string(),
            provider: refused.provider,
            reason: refused.kind.as_str(),
            why: refused.why.clone(),
            hints: refused.hints.clone(),
        }
    }
}

pub(super) async fn list(
    State(state): State<AdminState>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let mut params = Params::of(query.as_deref())?;
    let before = params.parsed("before", "the `id` of a refused request")?;
    let limit = limit(&mut params)?;
    params.end(&["before", "limit"])?;
    let kept = state.arrivals.refused(before, limit);
    Ok(found(&RefusedPage {
        next: kept.last().map(|refused| refused.id),
        refused: kept.iter().map(|refused| RefusedForm::of(refused)).collect(),
    }))
}

pub(super) async fn one(
    State(state): State<AdminState>,
    Extension(rights): Extension<Rights>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Refused> {
    let shown = only_reveal(&state, rights, query.as_deref())?;
    let refused = id.parse().ok().and_then(|id| state.arrivals.refused_one(id));
    let refused = refused.ok_or_else(|| {
        Refused::not_found("no such refused request; only the last ones are kept, until the next start")
    })?;
    let mut headers: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for (name, value) in &refused.headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = if is_credential(name.as_str()) {
            HIDDEN.to_owned()
        } else {
            shown.words(&value)
        };
        headers.entry(name.to_string()).or_default().push(value);
    }
    let json: Option<serde_json::Value> = serde_json::from_slice(&refused.body).ok();
    let body = match json {
        Some(value) if !shown.reveal => raw(&state.mask.foreign(value)),
        Some(_) => serde_json::from_slice(&refused.body).ok(),
        None => None,
    };
    Ok(found(&RefusedSheet {
        masked: !shown.reveal,
        refused: RefusedForm::of(&refused),
        method: shown.words(refused.method.as_str()),
        path: shown.words(refused.uri.path()),
        query: refused.uri.query().map(|query| parameters(query, shown)),
        headers,
        body_base64: (shown.reveal && body.is_none() && !refused.body.is_empty())
            .then(|| base64(&refused.body)),
        body,
        body_bytes: refused.body_bytes,
        body_cut: refused.body.len() < refused.body_bytes,
    }))
}

/// Names of what tells who somebody is: not even revealed.
fn is_credential(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["auth", "cookie", "token", "secret", "key", "password"]
        .iter()
        .any(|word| name.contains(word))
}

/// A query with the values of what could be credentials hidden.
fn parameters(query: &str, shown: Shown<'_>) -> String {
    let pairs = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if is_credential(name) => format!("{}={HIDDEN}", shown.words(name)),
        _ => shown.words(pair),
    });
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::{super::mask::Mask, *};

    #[test]
    fn p_credentials_are_hidden_also_when_revealed() {
        for name in [
            "Authorization",
            "cookie",
            "x-api-key",
            "X-Hub-Token",
            "set-cookie",
        ] {
            assert!(is_credential(name), "{name}");
        }
        for name in ["svix-id", "svix-signature", "content-type", "x-wap-signature"] {
            assert!(!is_credential(name), "{name}");
        }
        let mask = Mask::new([7; 16]);
        let shown = Shown {
            mask: &mask,
            reveal: true,
        };
        assert_eq!(
            parameters("a=1&token=hunter2&b", shown),
            format!("a=1&token={HIDDEN}&b")
        );
    }
}
