//! What was refused lately, and why. The sender was told nothing but a status (V4).

use std::collections::BTreeMap;

use axum::{
    Extension,
    extract::{Path, RawQuery, State},
    response::Response,
};
use http::Method;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    AdminState,
    access::Rights,
    answer::{Refused, found},
    events::{body, only_reveal},
    forms::Shown,
    mask::HIDDEN,
    params::Params,
    query::{A_LIMIT, limit},
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
    let limit = limit(params.parsed("limit", A_LIMIT)?)?;
    params.end(&["before", "limit"])?;
    let kept = state.arrivals.refused(before, limit as usize);
    Ok(found(&RefusedPage {
        // One more would have been told.
        next: kept
            .last()
            .filter(|_| kept.len() == limit as usize)
            .map(|refused| refused.id),
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
        let name = name.as_str();
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = if may_be_shown(name, shown) {
            shown.words(&value)
        } else {
            HIDDEN.to_owned()
        };
        headers.entry(shown.words(name)).or_default().push(value);
    }
    let (body, body_base64) = body(&refused.body, shown);
    Ok(found(&RefusedSheet {
        masked: !shown.reveal,
        refused: RefusedForm::of(&refused),
        method: method(&refused.method, shown).to_owned(),
        path: shown.words(refused.uri.path()),
        query: refused.uri.query().map(|query| parameters(query, shown)),
        headers,
        body,
        body_base64,
        body_bytes: refused.body_bytes,
        body_cut: refused.body.len() < refused.body_bytes,
    }))
}

/// A method that HTTP knows; others are texts of the sender's.
fn method<'a>(method: &'a Method, shown: Shown<'_>) -> &'a str {
    let is_known = [
        Method::GET,
        Method::POST,
        Method::PUT,
        Method::HEAD,
        Method::DELETE,
        Method::OPTIONS,
        Method::PATCH,
    ];
    if shown.reveal || is_known.contains(method) {
        method.as_str()
    } else {
        HIDDEN
    }
}

/// Whether the value of a header is shown: what is known to be harmless, and to those who may see more all that is not
/// named like a credential.
fn may_be_shown(name: &str, shown: Shown<'_>) -> bool {
    HARMLESS.contains(&name) || (shown.reveal && !is_credential(name))
}

const HARMLESS: [&str; 12] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "date",
    "host",
    "svix-timestamp",
    "transfer-encoding",
    "user-agent",
    "webhook-timestamp",
];

/// Names of what may tell who somebody is, as far as names tell that.
fn is_credential(name: &str) -> bool {
    const WORDS: [&str; 14] = [
        "auth",
        "cookie",
        "token",
        "secret",
        "key",
        "pass",
        "pwd",
        "credential",
        "session",
        "jwt",
        "assertion",
        "oidc",
        "bearer",
        "csrf",
    ];
    let name = name.to_ascii_lowercase();
    WORDS.iter().any(|word| name.contains(word))
}

/// The names of a query's parameters: a value of any may be a token.
fn parameters(query: &str, shown: Shown<'_>) -> String {
    let names = form_urlencoded::parse(query.as_bytes()).map(|(name, value)| match &*value {
        // A parameter without a name is a value.
        "" => HIDDEN.to_owned(),
        _ => format!("{}={HIDDEN}", shown.words(&name)),
    });
    names.take(50).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::{super::mask::Mask, *};

    #[test]
    fn p_credentials_are_hidden_also_when_revealed() {
        let mask = Mask::new([7; 16]);
        let shown = |reveal| Shown { mask: &mask, reveal };
        for name in [
            "authorization",
            "cookie",
            "x-api-key",
            "x-hub-token",
            "set-cookie",
            "cf-access-jwt-assertion",
            "x-amzn-oidc-data",
            "x-session-id",
            "x-passwd",
        ] {
            assert!(!may_be_shown(name, shown(true)), "{name}");
        }
        for name in ["svix-id", "svix-signature", "x-wap-signature", "x-15557770001"] {
            assert!(!may_be_shown(name, shown(false)), "{name}");
            assert!(may_be_shown(name, shown(true)), "{name}");
        }
        assert!(may_be_shown("content-type", shown(false)));
        for query in [
            "a=1&token=hunter2&b",
            "%74oken=hunter2",
            "hunter2",
            "a=1;token=hunter2",
        ] {
            let shown = parameters(query, shown(true));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}
