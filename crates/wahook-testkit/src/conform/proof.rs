//! Where a request carries its proof, and what is bound by it.

use bytes::Bytes;
use http::{
    HeaderName, HeaderValue, Request,
    header::{AUTHORIZATION, HeaderMap},
};
use jiff::Timestamp;
use wahook_core::proof::{Recipe, TokenPlace};

use crate::{
    Outgoing, Sender,
    play::{binds_body, with_query},
};

/// The proof of one endpoint's requests.
#[derive(Clone, Debug)]
pub(super) struct ProofOf {
    place: Place,
    /// Whether it is a signature, not a secret that is sent along.
    pub(super) is_signature: bool,
    /// Whether the body cannot be changed without breaking it.
    pub(super) binds_body: bool,
    /// Whether several signatures may stand side by side.
    pub(super) is_list: bool,
    signed: Option<String>,
}

#[derive(Clone, Debug)]
enum Place {
    Header(HeaderName),
    Query(String),
}

impl ProofOf {
    /// Nothing where the endpoint asks for no proof that a sender could make.
    pub(super) fn of(sender: &Sender) -> Option<Self> {
        Self::of_recipe(&sender.recipe())
    }

    fn of_recipe(recipe: &Recipe) -> Option<Self> {
        let token = |place| Self {
            place,
            is_signature: false,
            binds_body: false,
            is_list: false,
            signed: None,
        };
        Some(match recipe {
            Recipe::StandardWebhooks => Self {
                place: Place::Header(HeaderName::from_static("svix-signature")),
                is_signature: true,
                binds_body: true,
                is_list: true,
                signed: Some("{id}.{timestamp}.{body}".to_owned()),
            },
            Recipe::BodyHmac(hmac) => Self {
                place: Place::Header(hmac.header().clone()),
                is_signature: true,
                binds_body: binds_body(recipe),
                is_list: false,
                signed: Some(hmac.signed()),
            },
            Recipe::Token { place } => token(match place {
                TokenPlace::Header(name) => Place::Header(name.clone()),
                TokenPlace::Bearer => Place::Header(AUTHORIZATION),
                TokenPlace::Query(name) => Place::Query(name.clone()),
                _ => return None,
            }),
            Recipe::AllOf(parts) => parts.iter().find_map(Self::of_recipe)?,
            Recipe::AnyOf(parts) => Self::of_recipe(parts.first()?)?,
            _ => return None,
        })
    }

    fn signs(&self, what: &str) -> bool {
        self.signed.as_ref().is_some_and(|signed| signed.contains(what))
    }

    pub(super) fn binds_id(&self) -> bool {
        self.signs("{id}")
    }

    pub(super) fn binds_time(&self) -> bool {
        self.signs("{timestamp}")
    }

    /// The request with its proof changed; `None` takes it away.
    pub(super) fn changed(
        &self,
        sender: &Sender,
        mut request: Request<Bytes>,
        change: impl FnOnce(&str) -> Option<String>,
    ) -> Request<Bytes> {
        match &self.place {
            Place::Header(name) => {
                let value = request.headers().get(name).and_then(|value| value.to_str().ok());
                match change(value.unwrap_or_default()).map(HeaderValue::try_from) {
                    Some(Ok(value)) => drop(request.headers_mut().insert(name, value)),
                    _ => drop(request.headers_mut().remove(name)),
                }
            }
            Place::Query(name) => {
                let query = request.uri().query().unwrap_or_default().as_bytes();
                let pairs = form_urlencoded::parse(query);
                let value = pairs.filter(|(known, _)| known == name).last();
                let value = value.map(|(_, value)| value.into_owned());
                *request.uri_mut() = match change(&value.unwrap_or_default()) {
                    Some(value) => with_query(sender.url(), name, &value),
                    None => sender.url().clone(),
                };
            }
        }
        request
    }

    /// Where the signature itself begins in such a value, behind `v1,`, `sha256=` or `t=…,v1=`. All of a token.
    pub(super) fn core(&self, value: &str) -> usize {
        if !self.is_signature {
            return 0;
        }
        let bare = value.trim_end_matches('=');
        bare.rfind(['=', ',']).map_or(0, |place| place + 1)
    }

    /// A proof of the same form that differs in one character.
    pub(super) fn wrong(&self, value: &str) -> String {
        let core = self.core(value);
        let mut wrong = value.to_owned();
        if let Some(first) = value.get(core..core + 1) {
            wrong.replace_range(core..core + 1, if first == "0" { "1" } else { "0" });
        }
        wrong
    }
}

/// The headers that hold the delivery's id, and those that hold its time.
fn holding(headers: &HeaderMap, text: &str) -> Vec<HeaderName> {
    let holding = headers
        .iter()
        .filter(|(_, value)| value.to_str().is_ok_and(|value| value == text));
    holding.map(|(name, _)| name.clone()).collect()
}

/// With another id in the headers.
pub(super) fn with_other_id(mut request: Request<Bytes>, outgoing: &Outgoing) -> Request<Bytes> {
    for name in holding(request.headers(), &outgoing.id) {
        if let Ok(other) = HeaderValue::try_from(format!("{}0", outgoing.id)) {
            request.headers_mut().insert(name, other);
        }
    }
    request
}

/// With another time in the headers, and in the proof where it stands there.
pub(super) fn with_other_time(
    proof: &ProofOf,
    sender: &Sender,
    mut request: Request<Bytes>,
    at: Timestamp,
) -> Request<Bytes> {
    let (time, other) = (at.as_second().to_string(), (at.as_second() + 1).to_string());
    for name in holding(request.headers(), &time) {
        if let Ok(other) = HeaderValue::try_from(&other) {
            request.headers_mut().insert(name, other);
        }
    }
    proof.changed(sender, request, |value| {
        Some(value.replacen(&format!("={time},"), &format!("={other},"), 1))
    })
}

/// With other values in every header that nobody signed and somebody may dedupe on.
pub(super) fn with_other_unsigned_ids(
    proof: &ProofOf,
    mut request: Request<Bytes>,
    outgoing: &Outgoing,
) -> Request<Bytes> {
    if !proof.binds_id() {
        request = with_other_id(request, outgoing);
    }
    let own = request.headers().clone();
    for name in [
        "idempotency-key",
        "x-request-id",
        "x-event-id",
        "x-delivery-id",
        "x-webhook-id",
        "webhook-id",
    ] {
        if !own.contains_key(name)
            && let Ok(value) = HeaderValue::try_from(format!("{}1", outgoing.id))
        {
            request.headers_mut().insert(name, value);
        }
    }
    request
}
