//! The requests of a delivery, with or without a fault, and what a sound receiver answers.

use bytes::Bytes;
use http::{Request, StatusCode};
use jiff::{Timestamp, ToSpan};
use serde::de::IgnoredAny;
use wahook_core::{
    guard::Key,
    inbox::Incoming,
    proof::{Recipe, Refusal, RefusalKind, SignError},
};

use super::{fault::Fault, message::Outgoing, sender::Sender};
use crate::tokens::{TokenKind, tokens, with_member};

/// What to send, how, and what to expect.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// The requests, in their order.
    pub shots: Vec<Shot>,
    /// How they are sent.
    pub mode: Mode,
}

/// One request and its answer.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Shot {
    /// The request.
    pub request: Request<Bytes>,
    /// What a sound receiver answers.
    pub expected: Expected,
}

/// How requests are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// All at once.
    Concurrent,
    /// Each after the answer to the one before.
    Sequential,
    /// The head, with the length of the whole body, and half of the body; then nothing more.
    SlowBody,
}

/// What a sound receiver answers, and what it says of the delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Expected {
    /// Any of these.
    pub statuses: Vec<StatusCode>,
    /// Whether the delivery is flagged as a conflict (G7).
    pub conflict: bool,
}

impl Expected {
    fn status(status: StatusCode) -> Self {
        Self {
            statuses: vec![status],
            conflict: false,
        }
    }

    /// Whether this answer is as expected.
    #[must_use]
    pub fn takes(&self, status: StatusCode) -> bool {
        self.statuses.contains(&status)
    }
}

impl Sender {
    /// What to send for one delivery, with a fault or without.
    ///
    /// What is expected assumes a receiver that knew none of it before and handles it within the time that a copy waits.
    ///
    /// # Errors
    ///
    /// As [`Sender::request`].
    pub fn plan(&self, fault: Option<Fault>, outgoing: &Outgoing, at: Timestamp) -> Result<Plan, SignError> {
        let recipe = self.recipe();
        let sound = || self.request(outgoing, at);
        let ok = || Expected::status(StatusCode::OK);
        let one = |request, expected| Plan {
            shots: vec![Shot { request, expected }],
            mode: Mode::Sequential,
        };
        let changed = |change: &dyn Fn(&Bytes) -> Bytes| {
            let mut request = sound()?;
            *request.body_mut() = change(&outgoing.body);
            Ok::<_, SignError>(one(request, self.if_bound(binds_body(&recipe))))
        };
        let signed_at = |at: Timestamp| {
            let request = self.request(outgoing, at)?;
            Ok::<_, SignError>(one(request, self.if_bound(binds_time(&recipe))))
        };
        let copies = |count: usize, mode| {
            let request = sound()?;
            let shot = Shot {
                request,
                expected: ok(),
            };
            Ok::<_, SignError>(Plan {
                shots: vec![shot; count],
                mode,
            })
        };
        match fault {
            None => Ok(one(sound()?, ok())),
            Some(Fault::Duplicate) => copies(2, Mode::Sequential),
            Some(Fault::Concurrent) => copies(8, Mode::Concurrent),
            Some(Fault::Tamper) => changed(&tampered),
            Some(Fault::Reencode) => changed(&reencoded),
            Some(Fault::Truncate) => changed(&|body| body.slice(..body.len() / 2)),
            Some(Fault::Stale) => signed_at(at.checked_sub(1.hour()).unwrap_or(Timestamp::MIN)),
            Some(Fault::Future) => signed_at(at.checked_add(1.hour()).unwrap_or(Timestamp::MAX)),
            Some(Fault::WrongSecret) => {
                let request = self.with_wrong_secret(outgoing, at)?;
                Ok(one(request, self.if_bound(needs_secret(&recipe))))
            }
            Some(Fault::Oversize) => {
                let mut body = outgoing.body.to_vec();
                body.resize(self.cap_bytes.saturating_add(1), b' ');
                let large = Outgoing::new(outgoing.id.clone(), body);
                let request = self.request(&large, at)?;
                Ok(one(request, Expected::status(StatusCode::PAYLOAD_TOO_LARGE)))
            }
            Some(Fault::Slow) => Ok(Plan {
                mode: Mode::SlowBody,
                ..one(sound()?, Expected::status(StatusCode::REQUEST_TIMEOUT))
            }),
            Some(Fault::Conflict) => {
                let other = Outgoing::new(outgoing.id.clone(), conflicting(&outgoing.body));
                let (first, second) = (sound()?, self.request(&other, at)?);
                // Without an id a key is the digest of the body, and another body is another delivery.
                let conflict = self.key(&first, at) == self.key(&second, at);
                let mut plan = one(first, ok());
                plan.shots.push(Shot {
                    request: second,
                    expected: Expected { conflict, ..ok() },
                });
                Ok(plan)
            }
        }
    }

    /// Under which key a delivery of ours comes in.
    fn key(&self, request: &Request<Bytes>, at: Timestamp) -> Option<Key> {
        let (head, body) = request.clone().into_parts();
        let mut check = self.endpoint().begin(&head, at).ok()?;
        check.update(body);
        let verified = check.finish().ok()?;
        Some(Incoming::new(verified, &head.headers, [0; 10]).key().clone())
    }

    /// Refused where the scheme notices; else taken, whatever the body then is.
    fn if_bound(&self, bound: bool) -> Expected {
        let endpoint = self.endpoint();
        if bound {
            return Expected::status(endpoint.status(&Refusal::new(RefusalKind::SignatureMismatch)));
        }
        let mut statuses = vec![StatusCode::OK, endpoint.malformed_status()];
        statuses.dedup();
        Expected {
            statuses,
            conflict: false,
        }
    }
}

pub(crate) fn binds_body(recipe: &Recipe) -> bool {
    match recipe {
        Recipe::StandardWebhooks => true,
        Recipe::BodyHmac(hmac) => hmac.signed().contains("body"),
        Recipe::AllOf(parts) => parts.iter().any(binds_body),
        Recipe::AnyOf(parts) => parts.first().is_some_and(binds_body),
        _ => false,
    }
}

fn binds_time(recipe: &Recipe) -> bool {
    match recipe {
        Recipe::StandardWebhooks => true,
        Recipe::BodyHmac(hmac) => hmac.signed().contains("{timestamp}"),
        Recipe::AllOf(parts) => parts.iter().any(binds_time),
        Recipe::AnyOf(parts) => parts.first().is_some_and(binds_time),
        _ => false,
    }
}

fn needs_secret(recipe: &Recipe) -> bool {
    match recipe {
        Recipe::StandardWebhooks | Recipe::BodyHmac(_) | Recipe::Token { .. } => true,
        Recipe::AllOf(parts) => parts.iter().any(needs_secret),
        Recipe::AnyOf(parts) => parts.first().is_some_and(needs_secret),
        _ => false,
    }
}

/// One bit of a letter in the last text that has one; the rest stays, so it is still JSON.
fn tampered(body: &Bytes) -> Bytes {
    let mut bytes = body.to_vec();
    let place = std::str::from_utf8(body).ok().and_then(|json| {
        tokens(json)
            .into_iter()
            .rev()
            .filter(|token| token.kind == TokenKind::Text)
            // A letter behind a backslash is an escape.
            .find(|token| {
                body.get(token.place.clone())
                    .is_some_and(|text| !text.contains(&b'\\'))
            })
            .and_then(|token| {
                let text = body.get(token.place.clone())?;
                Some(token.place.start + text.iter().position(u8::is_ascii_alphanumeric)?)
            })
    });
    match place.and_then(|place| bytes.get_mut(place)) {
        // Of an ASCII letter or digit this makes no quote, no backslash and no control character.
        Some(byte) => *byte ^= 1,
        None => bytes.push(b' '),
    }
    bytes.into()
}

/// Parsed and written anew, members in their order, as JavaScript and Python do: without white space, or, where there
/// was none, with it. What cannot be parsed gets a line break.
fn reencoded(body: &Bytes) -> Bytes {
    if serde_json::from_slice::<IgnoredAny>(body).is_err() {
        return [body, &b"\n"[..]].concat().into();
    }
    let compact = spaced(body, false);
    if compact == body.trim_ascii() {
        return spaced(body, true).into();
    }
    compact.into()
}

/// JSON with no white space between its tokens, or with one space after each comma and colon.
pub(crate) fn spaced(json: &[u8], wide: bool) -> Vec<u8> {
    let mut written = Vec::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    for &byte in json {
        if !in_text && byte.is_ascii_whitespace() {
            continue;
        }
        written.push(byte);
        if wide && !in_text && matches!(byte, b',' | b':') {
            written.push(b' ');
        }
        in_text ^= byte == b'"' && !escaped;
        escaped = in_text && byte == b'\\' && !escaped;
    }
    written
}

/// The same ids, and one more member in the outermost object; what is no object gets white space.
fn conflicting(body: &Bytes) -> Bytes {
    let other = std::str::from_utf8(body)
        .ok()
        .map(|json| with_member(json, r#""x_wahook_other":true"#, |count| count == 0))
        .filter(|other| other.len() != body.len());
    other.map_or_else(|| [body, &b" "[..]].concat().into(), Bytes::from)
}
