//! Several schemes on one endpoint (V3).

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::request::Parts;
use jiff::Timestamp;

use super::{Pending, Proof, Refusal, RefusalKind, Verifier};

/// What a scheme protects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// The body: nobody without the secret can write one.
    Body,
    /// Nothing but the sender's knowledge of a token.
    Bearer,
    /// Nothing but the sender's address.
    Address,
    /// Nothing.
    Nothing,
}

impl Class {
    /// What a combination protects in which all must hold.
    pub(super) fn of_all(parts: &[Verifier]) -> Self {
        let has = |class| parts.iter().any(|part| part.class() == class);
        [Self::Body, Self::Bearer, Self::Address]
            .into_iter()
            .find(|class| has(*class))
            .unwrap_or(Self::Nothing)
    }

    /// What a combination protects in which one must hold: what its weakest does.
    pub(super) fn of_any(parts: &[Verifier]) -> Self {
        let has = |class| parts.iter().any(|part| part.class() == class);
        [Self::Nothing, Self::Address, Self::Bearer]
            .into_iter()
            .find(|class| has(*class))
            .unwrap_or(if parts.is_empty() {
                Self::Nothing
            } else {
                Self::Body
            })
    }
}

/// Alternatives of one class.
pub(super) fn one_class(parts: Vec<Verifier>) -> Result<Arc<[Verifier]>, CombineError> {
    let wrong = |kind| Err(CombineError { kind });
    let Some(first) = parts.first() else {
        return wrong(CombineErrorKind::Empty);
    };
    let class = first.class();
    if parts.iter().any(|part| part.class() != class) {
        return wrong(CombineErrorKind::Mixed);
    }
    match class {
        Class::Body | Class::Bearer => Ok(parts.into()),
        Class::Address | Class::Nothing => wrong(CombineErrorKind::ProvesNothing),
    }
}

/// Requirements of which at least one is a proof.
pub(super) fn all_hold(parts: Vec<Verifier>) -> Result<Arc<[Verifier]>, CombineError> {
    let wrong = |kind| Err(CombineError { kind });
    if parts.is_empty() {
        return wrong(CombineErrorKind::Empty);
    }
    match Class::of_all(&parts) {
        Class::Body | Class::Bearer => Ok(parts.into()),
        Class::Address | Class::Nothing => wrong(CombineErrorKind::ProvesNothing),
    }
}

pub(super) fn begin_all(parts: &[Verifier], head: &Parts, now: Timestamp) -> Result<Vec<Pending>, Refusal> {
    parts.iter().map(|part| part.begin(head, now)).collect()
}

/// Each alternative for itself; those that the head rules out keep their refusal.
pub(super) fn begin_any(
    parts: &[Verifier],
    head: &Parts,
    now: Timestamp,
) -> Result<(Vec<Pending>, Option<Refusal>), Refusal> {
    let (mut pending, mut refused) = (Vec::new(), None);
    for part in parts {
        match part.begin(head, now) {
            Ok(part) => pending.push(part),
            Err(refusal) => refused = more_telling(refused, refusal),
        }
    }
    match refused {
        Some(refusal) if pending.is_empty() => Err(refusal),
        refused => Ok((pending, refused)),
    }
}

/// The proof says what any part can vouch for; its name is that of the first that binds the body, as a rule.
pub(super) fn finish_all(parts: Vec<Pending>, body: &Bytes) -> Result<Proof, Refusal> {
    let mut whole: Option<Proof> = None;
    for part in parts {
        let proof = part.finish(body)?;
        whole = Some(match whole {
            None => proof,
            Some(whole) => {
                let (id, signed_at) = (whole.id.or(proof.id), whole.signed_at.or(proof.signed_at));
                let scheme = if whole.scheme == super::address::NAME {
                    proof.scheme
                } else {
                    whole.scheme
                };
                Proof {
                    scheme,
                    id,
                    signed_at,
                }
            }
        });
    }
    whole.ok_or_else(|| Refusal::new(RefusalKind::HeaderMissing))
}

pub(super) fn finish_any(
    parts: Vec<Pending>,
    mut refused: Option<Refusal>,
    body: &Bytes,
) -> Result<Proof, Refusal> {
    for part in parts {
        match part.finish(body) {
            Ok(proof) => return Ok(proof),
            Err(refusal) => refused = more_telling(refused, refusal),
        }
    }
    Err(refused.unwrap_or_else(|| Refusal::new(RefusalKind::HeaderMissing)))
}

/// The refusal of the alternative that came furthest; the earlier one if equal.
fn more_telling(one: Option<Refusal>, other: Refusal) -> Option<Refusal> {
    let distance = |refusal: &Refusal| match refusal.kind() {
        RefusalKind::SignatureMismatch | RefusalKind::TokenMismatch => 5,
        RefusalKind::TimestampTooOld | RefusalKind::TimestampTooNew => 4,
        RefusalKind::SignatureUnsupported | RefusalKind::AlgorithmUnexpected => 3,
        RefusalKind::HeaderMissing | RefusalKind::TokenMissing => 1,
        _ => 2,
    };
    match one {
        Some(one) if distance(&one) >= distance(&other) => Some(one),
        _ => Some(other),
    }
}

/// Schemes that cannot be combined so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CombineError {
    kind: CombineErrorKind,
}

impl CombineError {
    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> CombineErrorKind {
        self.kind
    }
}

/// What is wrong with a combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CombineErrorKind {
    /// Nothing to combine.
    Empty,
    /// Alternatives of which one proves more than the other: a request could choose the weaker.
    Mixed,
    /// Only addresses, or nothing at all.
    ProvesNothing,
}

impl fmt::Display for CombineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            CombineErrorKind::Empty => "there is no scheme to combine",
            CombineErrorKind::Mixed => {
                "signatures over the body and bare tokens are no alternatives: a request could choose the weaker"
            }
            CombineErrorKind::ProvesNothing => "none of the schemes proves who sent a request",
        })
    }
}

impl std::error::Error for CombineError {}
