//! Does this request come from the provider? One file per scheme (V1–V7).
//!
//! A scheme comes from the configuration, never from the request (V3). It judges the head first, takes the body as it
//! arrives, and ends in a [`Proof`](crate::proof::Proof) or in a [`Refusal`](crate::proof::Refusal). Only this module makes a `Proof`.

mod address;
mod body_hmac;
mod combine;
mod contents;
mod diagnose;
mod header;
mod hint;
mod keyring;
mod layout;
mod mac;
mod recipe;
mod refusal;
mod reprint;
mod signer;
mod standard;
mod standard_head;
mod template;
mod token;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use http::{HeaderValue, Uri, request::Parts};
use jiff::Timestamp;

use self::combine::Class;
pub use self::{
    address::{Allowlist, ClientAddr},
    body_hmac::BodyHmac,
    combine::{CombineError, CombineErrorKind},
    hint::Hint,
    keyring::Keyring,
    layout::Encoding,
    mac::Algorithm,
    recipe::{HmacRecipe, Recipe, SignError, SignErrorKind, Signed},
    refusal::{Refusal, RefusalKind},
    signer::StandardSigner,
    standard::StandardWebhooks,
    template::{Template, TemplateError, TemplateErrorKind},
    token::{StaticToken, TokenPlace},
};
use crate::secret::{Secret, SecretError, SecretErrorKind};

/// What a scheme proved, and what it can vouch for. Dedupe on these values, never on a header read again.
#[derive(Clone, PartialEq, Eq)]
pub struct Proof {
    scheme: &'static str,
    /// Visible ASCII.
    id: Option<HeaderValue>,
    signed_at: Option<Timestamp>,
}

impl Proof {
    /// The scheme's name, such as `standard-webhooks`.
    #[must_use]
    pub const fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// The delivery's id, where it is part of what was signed.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.id.as_ref().and_then(|id| id.to_str().ok())
    }

    /// The time of the attempt, where it is part of what was signed.
    #[must_use]
    pub const fn signed_at(&self) -> Option<Timestamp> {
        self.signed_at
    }

    const fn bare(scheme: &'static str) -> Self {
        Self {
            scheme,
            id: None,
            signed_at: None,
        }
    }
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof")
            .field("scheme", &self.scheme)
            .finish_non_exhaustive()
    }
}

/// What proves that a request is the provider's. Cheap to clone; clones share their keyrings.
///
/// ```
/// use wahook_core::proof::{Algorithm, BodyHmac, StandardWebhooks, StaticToken, Verifier};
///
/// let hmac = BodyHmac::new("x-signature".parse()?, Algorithm::Sha256, "7d0ab5c2".try_into()?)?;
/// let standard = StandardWebhooks::new("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".try_into()?)?;
/// let token = StaticToken::query("secret", "a-long-token".try_into()?)?;
///
/// // Both bind the body.
/// assert!(Verifier::any_of([hmac.clone().into(), standard.into()]).is_ok());
/// // A request could choose the weaker.
/// assert!(Verifier::any_of([hmac.into(), token.into()]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verifier {
    scheme: Scheme,
}

#[derive(Clone, Debug)]
enum Scheme {
    Unverified,
    Standard(StandardWebhooks),
    BodyHmac(BodyHmac),
    Token(StaticToken),
    Allowlist(Allowlist),
    All(Arc<[Verifier]>),
    Any(Arc<[Verifier]>),
}

impl Verifier {
    const fn new(scheme: Scheme) -> Self {
        Self { scheme }
    }

    /// Takes every request for genuine. The one door around verification: for tests and for tools.
    #[must_use]
    pub const fn dangerous_unverified() -> Self {
        Self::new(Scheme::Unverified)
    }

    /// Takes every request from these networks for genuine. Addresses are shared, forged and reassigned.
    #[must_use]
    pub const fn dangerous_allowlist_alone(allowlist: Allowlist) -> Self {
        Self::new(Scheme::Allowlist(allowlist))
    }

    /// One of several schemes of one class: all bind the body, or all are bare tokens (V3).
    ///
    /// # Errors
    ///
    /// [`CombineErrorKind::Empty`], [`CombineErrorKind::Mixed`] and [`CombineErrorKind::ProvesNothing`].
    pub fn any_of(alternatives: impl IntoIterator<Item = Self>) -> Result<Self, CombineError> {
        combine::one_class(alternatives.into_iter().collect()).map(|parts| Self::new(Scheme::Any(parts)))
    }

    /// One of several schemes, whatever their class: the endpoint is as weak as its weakest, and a request chooses it.
    /// Without any, everything is refused.
    #[must_use]
    pub fn dangerous_any_of(alternatives: impl IntoIterator<Item = Self>) -> Self {
        Self::new(Scheme::Any(alternatives.into_iter().collect()))
    }

    /// All of several schemes.
    ///
    /// # Errors
    ///
    /// [`CombineErrorKind::Empty`], and [`CombineErrorKind::ProvesNothing`] where none is more than an address.
    pub fn all_of(requirements: impl IntoIterator<Item = Self>) -> Result<Self, CombineError> {
        combine::all_hold(requirements.into_iter().collect()).map(|parts| Self::new(Scheme::All(parts)))
    }

    /// This, and an address out of these networks; the address is judged first, since it costs least.
    #[must_use]
    pub fn and_allowlist(self, allowlist: Allowlist) -> Self {
        Self::new(Scheme::All(
            [Self::dangerous_allowlist_alone(allowlist), self].into(),
        ))
    }

    /// Its keyrings, in the order of the configuration; swap them while serving (V5).
    #[must_use]
    pub fn keyrings(&self) -> Vec<Keyring> {
        match &self.scheme {
            Scheme::Unverified | Scheme::Allowlist(_) => Vec::new(),
            Scheme::Standard(scheme) => vec![scheme.keyring().clone()],
            Scheme::BodyHmac(scheme) => vec![scheme.keyring().clone()],
            Scheme::Token(scheme) => vec![scheme.keyring().clone()],
            Scheme::All(parts) | Scheme::Any(parts) => parts.iter().flat_map(Self::keyrings).collect(),
        }
    }

    /// The names of its schemes, in the order of the configuration.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        match &self.scheme {
            Scheme::Unverified => vec!["unverified"],
            Scheme::Standard(_) => vec![standard::NAME],
            Scheme::BodyHmac(_) => vec![body_hmac::NAME],
            Scheme::Token(_) => vec![token::NAME],
            Scheme::Allowlist(_) => vec![address::NAME],
            Scheme::All(parts) | Scheme::Any(parts) => parts.iter().flat_map(Self::names).collect(),
        }
    }

    /// Takes tokens out of a head: query parameters out of the URI, token headers out of the map. Everything else stays
    /// byte for byte. Nothing inside the layer, the inbox or an export then sees a token.
    pub fn redact(&self, head: &mut Parts) {
        match &self.scheme {
            Scheme::Token(token) => token.redact(head),
            Scheme::All(parts) | Scheme::Any(parts) => parts.iter().for_each(|part| part.redact(head)),
            Scheme::Unverified | Scheme::Standard(_) | Scheme::BodyHmac(_) | Scheme::Allowlist(_) => {}
        }
    }

    /// Signs a request as a sender of this endpoint does, each scheme with the first of its own secrets; of alternatives
    /// the first. For test deliveries of whoever holds the secrets anyway; what comes back may hold a token.
    ///
    /// # Errors
    ///
    /// As [`Recipe::sign`]; a public key signs nothing.
    pub fn sign(&self, body: &[u8], id: &str, at: Timestamp, url: &Uri) -> Result<Signed, SignError> {
        match &self.scheme {
            Scheme::All(parts) => parts.iter().try_fold(Signed::default(), |whole, part| {
                Ok(whole.and(part.sign(body, id, at, url)?))
            }),
            Scheme::Any(parts) => match parts.first() {
                Some(first) => first.sign(body, id, at, url),
                None => Ok(Signed::default()),
            },
            Scheme::Unverified | Scheme::Allowlist(_) => Ok(Signed::default()),
            Scheme::Standard(_) | Scheme::BodyHmac(_) | Scheme::Token(_) => {
                let keys = self.keyrings().into_iter().map(|keyring| keyring.load());
                let secret = keys.filter_map(|keys| keys.secrets().first().cloned()).next();
                let secret = secret.ok_or_else(|| SecretError::new(SecretErrorKind::Empty))?;
                self.recipe().sign(&secret, body, id, at, url)
            }
        }
    }

    /// Whether one of its secrets, or of those before them, stands in these bytes: what is shown of a request to an
    /// operator must not tell it, wherever its sender put it (V4).
    #[must_use]
    pub fn is_told_by(&self, bytes: &[u8]) -> bool {
        let holds = |secret: &Secret| {
            let whole = secret.expose().trim();
            // In its own notation, or with what stands before it left out.
            let bare = whole.split_once('_').map_or(whole, |(_, bare)| bare);
            let found =
                |part: &str| !part.is_empty() && bytes.windows(part.len()).any(|at| at == part.as_bytes());
            found(whole) || (bare.len() >= 16 && found(bare))
        };
        self.keyrings().iter().any(|keyring| {
            let keys = keyring.load();
            keys.secrets().iter().chain(keys.retired()).any(holds)
        })
    }

    /// How a sender signs what this takes.
    #[must_use]
    pub fn recipe(&self) -> Recipe {
        let all = |parts: &[Self]| parts.iter().map(Self::recipe).collect();
        match &self.scheme {
            Scheme::Unverified => Recipe::Unverified,
            Scheme::Standard(_) => Recipe::StandardWebhooks,
            Scheme::BodyHmac(scheme) => Recipe::BodyHmac(HmacRecipe(Arc::clone(scheme.layout()))),
            Scheme::Token(scheme) => Recipe::Token {
                place: scheme.place().clone(),
            },
            Scheme::Allowlist(_) => Recipe::Allowlist,
            Scheme::All(parts) => Recipe::AllOf(all(parts)),
            Scheme::Any(parts) => Recipe::AnyOf(all(parts)),
        }
    }

    /// Whether nobody without the secret can write a body.
    pub(crate) fn binds_body(&self) -> bool {
        self.class() == Class::Body
    }

    /// Whether whatever it proves has an id.
    pub(crate) fn proves_id(&self) -> bool {
        match &self.scheme {
            Scheme::Standard(_) => true,
            Scheme::Unverified | Scheme::BodyHmac(_) | Scheme::Token(_) | Scheme::Allowlist(_) => false,
            Scheme::All(parts) => parts.iter().any(Self::proves_id),
            Scheme::Any(parts) => !parts.is_empty() && parts.iter().all(Self::proves_id),
        }
    }

    fn class(&self) -> Class {
        match &self.scheme {
            Scheme::Unverified => Class::Nothing,
            Scheme::Standard(_) | Scheme::BodyHmac(_) => Class::Body,
            Scheme::Token(_) => Class::Bearer,
            Scheme::Allowlist(_) => Class::Address,
            Scheme::All(parts) => Class::of_all(parts),
            Scheme::Any(parts) => Class::of_any(parts),
        }
    }

    /// Judges the head.
    pub(crate) fn begin(&self, head: &Parts, now: Timestamp) -> Result<Pending, Refusal> {
        Ok(Pending(match &self.scheme {
            Scheme::Unverified => State::Proved(Proof::bare("unverified")),
            Scheme::Standard(scheme) => State::Standard(scheme.begin(head, now)?),
            Scheme::BodyHmac(scheme) => State::BodyHmac(scheme.begin(head, now)?),
            Scheme::Token(scheme) => State::Proved(scheme.begin(head)?),
            Scheme::Allowlist(allowlist) => {
                allowlist.begin(head)?;
                State::Proved(Proof::bare(address::NAME))
            }
            Scheme::All(parts) => State::All(combine::begin_all(parts, head, now)?),
            Scheme::Any(parts) => {
                let (pending, refused) = combine::begin_any(parts, head, now)?;
                State::Any(pending, refused)
            }
        }))
    }
}

impl From<StandardWebhooks> for Verifier {
    fn from(scheme: StandardWebhooks) -> Self {
        Self::new(Scheme::Standard(scheme))
    }
}

impl From<BodyHmac> for Verifier {
    fn from(scheme: BodyHmac) -> Self {
        Self::new(Scheme::BodyHmac(scheme))
    }
}

impl From<StaticToken> for Verifier {
    fn from(scheme: StaticToken) -> Self {
        Self::new(Scheme::Token(scheme))
    }
}

/// A judgement on its way. It holds on to the keys with which it began.
#[derive(Debug)]
pub(crate) struct Pending(State);

#[derive(Debug)]
enum State {
    Proved(Proof),
    Standard(standard::Pending),
    BodyHmac(body_hmac::Pending),
    All(Vec<Pending>),
    Any(Vec<Pending>, Option<Refusal>),
}

impl Pending {
    /// Takes the next piece of the body, so that it need not be read at once in the end. A body in one piece need not be
    /// told: it is fastest as a whole.
    pub(crate) fn update(&mut self, frame: &[u8]) {
        match &mut self.0 {
            State::Proved(_) => {}
            State::Standard(pending) => pending.update(frame),
            State::BodyHmac(pending) => pending.update(frame),
            State::All(parts) | State::Any(parts, _) => parts.iter_mut().for_each(|part| part.update(frame)),
        }
    }

    /// Decides. `body` is all of it, and everything that `update` took if it took anything.
    pub(crate) fn finish(self, body: &Bytes) -> Result<Proof, Refusal> {
        match self.0 {
            State::Proved(proof) => Ok(proof),
            State::Standard(pending) => pending.finish(body),
            State::BodyHmac(pending) => pending.finish(body),
            State::All(parts) => combine::finish_all(parts, body),
            State::Any(parts, refused) => combine::finish_any(parts, refused, body),
        }
    }
}
