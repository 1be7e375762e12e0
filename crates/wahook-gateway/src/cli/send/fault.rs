//! What goes wrong on the way, and what a receiver should answer then (A).

use bytes::Bytes;
use clap::ValueEnum;
use http::{HeaderName, HeaderValue, Uri};
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use wahook_core::{Secret, proof::Recipe};

use crate::{Failure, failure::chain};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Fault {
    /// The same delivery twice, one after the other.
    Duplicate,
    /// Eight copies of one delivery at once.
    Concurrent,
    /// A letter of the body is changed after signing.
    Tamper,
    /// Signed an hour ago.
    Stale,
    /// Signed an hour ahead.
    Future,
    /// The JSON is written in another way after signing.
    Reencode,
    /// Signed with another secret.
    WrongSecret,
    /// The connection ends in the middle of the body.
    Truncate,
    /// A body of more than 4 MiB.
    Oversize,
    /// The body stops in its middle, and the connection stays open.
    Slow,
    /// The same key with another body, both signed.
    Conflict,
}

/// How a body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Whole,
    /// Half of it, then nothing more.
    Stop,
    /// Half of it, then the end of the connection.
    Cut,
}

/// One request, or copies of it at once, and what may be answered.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) url: Url,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
    pub(super) way: Way,
    pub(super) copies: usize,
    /// The statuses that are right; 0 stands for a connection that was closed without an answer.
    pub(super) expected: Vec<u16>,
}

/// What is needed to sign.
pub(super) struct Kit {
    pub(super) recipe: Recipe,
    /// The status for what does not verify.
    pub(super) refused: u16,
    pub(super) secret: Secret,
    pub(super) wrong_secret: Secret,
    pub(super) to: Url,
    pub(super) now: Timestamp,
    pub(super) expect: Option<u16>,
}

const COPIES: usize = 8;
const OVERSIZE: usize = (4 << 20) + 1;

impl Kit {
    /// The requests that play this fault with this body.
    pub(super) fn steps(&self, fault: Option<Fault>, body: &Bytes, id: &str) -> Result<Vec<Step>, Failure> {
        let good = self.signed(body, id, self.now, &self.secret, &[200])?;
        let refused_if = |bound: bool| vec![if bound { self.refused } else { 200 }];
        let bound = binds_body(&self.recipe);
        let hour = SignedDuration::from_hours(1);
        let mut steps = match fault {
            None => vec![good],
            Some(Fault::Duplicate) => vec![good.clone(), good],
            // While the first is still at work, "later" is right too.
            Some(Fault::Concurrent) => vec![Step {
                copies: COPIES,
                expected: vec![200, 503],
                ..good
            }],
            Some(Fault::Tamper) => vec![Step {
                body: tampered(body),
                expected: refused_if(bound),
                ..good
            }],
            Some(Fault::Reencode) => vec![Step {
                body: reencoded(body),
                expected: refused_if(bound),
                ..good
            }],
            Some(Fault::Stale | Fault::Future) => {
                let at = match fault {
                    Some(Fault::Stale) => self.now.saturating_sub(hour),
                    _ => self.now.saturating_add(hour),
                };
                let at = at.map_err(|error| Failure::io(error.to_string()))?;
                vec![self.signed(body, id, at, &self.secret, &refused_if(binds_time(&self.recipe)))?]
            }
            Some(Fault::WrongSecret) => {
                vec![self.signed(body, id, self.now, &self.wrong_secret, &[self.refused])?]
            }
            Some(Fault::Truncate) => vec![Step {
                way: Way::Cut,
                expected: vec![400, 0],
                ..good
            }],
            Some(Fault::Slow) => vec![Step {
                way: Way::Stop,
                expected: vec![408],
                ..good
            }],
            Some(Fault::Oversize) => {
                vec![self.signed(&padded(body, OVERSIZE), id, self.now, &self.secret, &[413])?]
            }
            Some(Fault::Conflict) => {
                let other = padded(body, body.len() + 1);
                vec![good, self.signed(&other, id, self.now, &self.secret, &[200])?]
            }
        };
        if let Some(status) = self.expect {
            steps.iter_mut().for_each(|step| step.expected = vec![status]);
        }
        Ok(steps)
    }

    fn signed(
        &self,
        body: &Bytes,
        id: &str,
        at: Timestamp,
        secret: &Secret,
        expected: &[u16],
    ) -> Result<Step, Failure> {
        let uri: Uri = self
            .to
            .as_str()
            .parse()
            .map_err(|_| Failure::wrong_use("--to cannot be used; write it as http://host:port/path"))?;
        let signed = self
            .recipe
            .sign(secret, body, id, at, &uri)
            .map_err(|error| Failure::wrong_use(chain(&error)))?;
        let mut url = self.to.clone();
        if let Some((name, value)) = &signed.query {
            url.query_pairs_mut().append_pair(name, value);
        }
        Ok(Step {
            url,
            headers: signed.headers,
            body: body.clone(),
            way: Way::Whole,
            copies: 1,
            expected: expected.to_vec(),
        })
    }
}

/// Whether another body under the same signature is refused. A token says nothing of the body.
fn binds_body(recipe: &Recipe) -> bool {
    match recipe {
        Recipe::BodyHmac(_) | Recipe::StandardWebhooks => true,
        Recipe::AllOf(parts) => parts.iter().any(binds_body),
        Recipe::AnyOf(parts) => parts.iter().all(binds_body),
        _ => false,
    }
}

/// Whether the time is part of what is signed.
fn binds_time(recipe: &Recipe) -> bool {
    match recipe {
        Recipe::StandardWebhooks => true,
        Recipe::BodyHmac(hmac) => hmac.signed().contains("{timestamp}"),
        Recipe::AllOf(parts) => parts.iter().any(binds_time),
        Recipe::AnyOf(parts) => parts.iter().all(binds_time),
        _ => false,
    }
}

/// The last letter in another case: still JSON, often still the same event.
fn tampered(body: &Bytes) -> Bytes {
    let mut bytes = body.to_vec();
    match bytes.iter_mut().rev().find(|byte| byte.is_ascii_alphabetic()) {
        Some(byte) => *byte ^= 0x20,
        None => bytes.push(b' '),
    }
    Bytes::from(bytes)
}

/// The same JSON with other white space, as a middleware does that parses and writes again.
fn reencoded(body: &Bytes) -> Bytes {
    let pretty = serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|value| serde_json::to_vec_pretty(&value).ok())
        .filter(|pretty| pretty != body);
    match pretty {
        Some(pretty) => Bytes::from(pretty),
        None => padded(body, body.len() + 1),
    }
}

/// White space after the JSON says nothing, and makes another body of it.
fn padded(body: &Bytes, length: usize) -> Bytes {
    let mut bytes = body.to_vec();
    bytes.resize(length.max(body.len()), b' ');
    Bytes::from(bytes)
}
