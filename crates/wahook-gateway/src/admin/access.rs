//! Who may ask, and what (P: privacy and safety).
//!
//! Pages of other sites run in the operator's browser and can reach this listener, on 127.0.0.1 as well. `Host` keeps out
//! those that give our address a name of theirs, `Origin` and `Sec-Fetch-Site` those that say whose they are, the custom
//! header those that would change something with a form, and the token everybody who has none.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, Method, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST, ORIGIN},
    request::Parts,
    uri::Authority,
};
use subtle::ConstantTimeEq;
use wahook_core::{Secret, guard::Digest};

use super::{
    AdminState,
    answer::{Refused, harden},
    page,
};

/// What whoever asks may do; put into the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rights {
    /// Look at what is masked.
    Look,
    /// Reveal and change.
    All,
}

impl Rights {
    /// Whether what is masked is to be shown, if it may.
    pub(super) fn reveal(self, wanted: bool, state: &AdminState) -> Result<bool, Refused> {
        match self {
            Self::Look if wanted => Err(state.no_token()),
            Self::All if wanted => {
                tracing::info!(target: "wahook", "contents of the inbox are revealed, by hand");
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}

/// The header that changes need: a browser lets no page of another site send it.
pub(super) const CHANGE: HeaderName = HeaderName::from_static("x-wahook-request");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

/// What probes may ask of a listener that is open to others.
const OPEN: [&str; 2] = ["/health", "/ready"];

fn is_open(path: &str) -> bool {
    OPEN.contains(&path) || page::is_open(path)
}

/// The middleware around everything, answers to unknown paths included.
pub(super) async fn guard(State(state): State<AdminState>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    let mut answer = match state.judge(&head) {
        Ok(rights) => {
            head.extensions.insert(rights);
            in_our_words(next.run(Request::from_parts(head, body)).await)
        }
        Err(refused) => {
            state.metrics.admin_refused(refused.kind());
            refused.into_response()
        }
    };
    harden(answer.headers_mut());
    answer
}

/// What the router itself refuses, such as a body that is too large, is said as everything else is.
fn in_our_words(answer: Response) -> Response {
    let status = answer.status();
    let ours = answer
        .headers()
        .get(CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/json");
    if ours || !(status.is_client_error() || status.is_server_error()) {
        return answer;
    }
    let message = match status {
        StatusCode::PAYLOAD_TOO_LARGE => "the body is too large; ask in several questions",
        _ => "the address or the body makes no sense; see the API's documentation",
    };
    Refused::new(status, "question", message).into_response()
}

/// The middleware around what changes something.
pub(super) async fn change(State(state): State<AdminState>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await; // answered by the router: another method is none
    }
    match state.may_change(&request) {
        Ok(()) => next.run(request).await,
        Err(refused) => {
            state.metrics.admin_refused(refused.kind());
            refused.into_response()
        }
    }
}

impl AdminState {
    /// Judges a request by its head alone.
    fn judge(&self, head: &Parts) -> Result<Rights, Refused> {
        let host = asked_host(head)?;
        if !self.knows(&host) {
            let message = "it was asked under a name that is not its own; ask under 127.0.0.1, or add the name to `admin.hosts`";
            return Err(Refused::new(StatusCode::FORBIDDEN, "host", message));
        }
        of_same_site(head, &host)?;
        match (bearer(&head.headers)?, &self.token) {
            (Some(given), Some(token)) if same(given, token) => Ok(Rights::All),
            (Some(_), Some(_)) => Err(Refused::new(
                StatusCode::UNAUTHORIZED,
                "token_wrong",
                "the token is not the one of this gateway; take the one that it was started with",
            )),
            (None, _) if is_local(self.address) || is_open(head.uri.path()) => Ok(Rights::Look),
            (None, _) | (Some(_), None) => Err(self.no_token()),
        }
    }

    /// What is said to those who need a token and gave none, or gave one to a gateway without.
    fn no_token(&self) -> Refused {
        if self.token.is_some() {
            let message = "this needs the token; send it as `Authorization: Bearer …`, or set WAHOOK_ADMIN_TOKEN for the verbs";
            return Refused::new(StatusCode::UNAUTHORIZED, "token_missing", message);
        }
        let message =
            "this needs a token and the gateway has none; set `admin.token_file` and start it again";
        Refused::new(StatusCode::FORBIDDEN, "token_unset", message)
    }

    fn may_change(&self, request: &Request) -> Result<(), Refused> {
        if request.extensions().get() != Some(&Rights::All) {
            return Err(self.no_token());
        }
        if request.headers().get(CHANGE).is_none_or(|value| value != "1") {
            let message = "what changes something needs the header `x-wahook-request: 1`";
            return Err(Refused::new(StatusCode::FORBIDDEN, "header_missing", message));
        }
        let json = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split(';').next())
            .is_some_and(|value| value.trim().eq_ignore_ascii_case("application/json"));
        if !json {
            let message = "what to change is said as JSON; send `content-type: application/json`";
            return Err(Refused::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "content_type",
                message,
            ));
        }
        Ok(())
    }

    /// Whether this is a name of ours: a browser that was told a name of somebody else's for our address is kept out.
    fn knows(&self, host: &Authority) -> bool {
        let name = host.host();
        let name = name.strip_suffix('.').unwrap_or(name);
        let bare = name.trim_start_matches('[').trim_end_matches(']');
        if let Ok(ip) = bare.parse::<IpAddr>() {
            let bound = self.address.ip();
            // No name is in play where the address itself was asked for.
            return ip.is_loopback() || ip == bound || bound.is_unspecified() || self.hosts.contains(bare);
        }
        name.eq_ignore_ascii_case("localhost") || self.hosts.contains(&name.to_ascii_lowercase())
    }
}

/// The host that was asked, from the one place where it stands.
fn asked_host(head: &Parts) -> Result<Authority, Refused> {
    let wrong = |message: &str| Refused::new(StatusCode::BAD_REQUEST, "host", message);
    let mut headers = head.headers.get_all(HOST).iter();
    let header = match (headers.next(), headers.next()) {
        (_, Some(_)) => return Err(wrong("there are two `Host` headers; send one")),
        (Some(value), None) => Some(
            Authority::try_from(value.as_bytes())
                .map_err(|_| wrong("the `Host` header is none; send the address"))?,
        ),
        (None, None) => None,
    };
    let host = match (head.uri.authority(), header) {
        (Some(of_uri), Some(header)) if *of_uri != header => {
            return Err(wrong("the address and the `Host` header say different things"));
        }
        (_, Some(header)) => header,
        (Some(of_uri), None) => of_uri.clone(),
        (None, None) => return Err(wrong("there is no `Host` header; send the address")),
    };
    if host.as_str().contains('@') {
        return Err(wrong("a host has no user; send the address alone"));
    }
    Ok(host)
}

/// Browsers say whose page it is that asks; programs say nothing.
fn of_same_site(head: &Parts, host: &Authority) -> Result<(), Refused> {
    let headers = &head.headers;
    let other = || {
        let message = "a page of another site asked; open the address itself, or ask from a program";
        Err(Refused::new(StatusCode::FORBIDDEN, "origin", message))
    };
    for site in headers.get_all(SEC_FETCH_SITE) {
        if site != "same-origin" && site != "none" && !follows_link(head) {
            return other();
        }
    }
    for origin in headers.get_all(ORIGIN) {
        let same = origin.to_str().ok().and_then(|origin| {
            let place = origin
                .strip_prefix("http://")
                .or_else(|| origin.strip_prefix("https://"))?;
            Some(place.eq_ignore_ascii_case(host.as_str()))
        });
        if same != Some(true) {
            return other();
        }
    }
    Ok(())
}

/// Whether somebody followed a link to the page, such as from an alert: it is the same for everybody and tells nothing, and
/// the other site does not get to see it.
fn follows_link(head: &Parts) -> bool {
    let says = |name: HeaderName, word: &str| head.headers.get(name).is_some_and(|value| value == word);
    head.method == Method::GET
        && page::is_open(head.uri.path())
        && says(SEC_FETCH_MODE, "navigate")
        && says(SEC_FETCH_DEST, "document")
}

/// The token that was sent, if one was.
fn bearer(headers: &HeaderMap) -> Result<Option<&[u8]>, Refused> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let wrong = || {
        let message = "the token is sent as `Authorization: Bearer …`, once";
        Refused::new(StatusCode::UNAUTHORIZED, "token_wrong", message)
    };
    if values.next().is_some() {
        return Err(wrong());
    }
    let (scheme, token) = value.as_bytes().split_at_checked(7).ok_or_else(wrong)?;
    let token = token.trim_ascii();
    if !scheme.eq_ignore_ascii_case(b"bearer ") || token.is_empty() {
        return Err(wrong());
    }
    Ok(Some(token))
}

/// Compared in constant time (V4), as digests: these have one length.
fn same(given: &[u8], token: &Secret) -> bool {
    let (given, token) = (Digest::of(given), Digest::of(token.expose().as_bytes()));
    bool::from(given.as_bytes().ct_eq(token.as_bytes()))
}

/// Whether this address is of this machine alone.
pub(super) fn is_local(address: SocketAddr) -> bool {
    address.ip().is_loopback()
}
