//! Standard Webhooks: `v1` (HMAC-SHA256) and `v1a` (ed25519) over `{id}.{timestamp}.{body}`.
//!
//! Standard Webhooks specification and the libraries of it and of Svix, 2026-08. Where those differ (see the tests),
//! this is the strict reading: nothing is signed over that is not byte for byte what was sent.

use std::{fmt, sync::Arc, time::Duration};

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use ed25519_dalek::VerifyingKey;
use http::request::Parts;
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{
    Proof,
    header::check_age,
    keyring::{Key, Keyring, Keys, Sort},
    mac::{Algorithm, Mac, Tag},
    refusal::{Refusal, RefusalKind},
    standard_head::Head,
};
use crate::secret::{Secret, SecretError, SecretErrorKind, Secrets};

pub(super) const NAME: &str = "standard-webhooks";

/// Padding or none, and stray low bits: the official suites hold secrets of each sort.
pub(super) const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Standard Webhooks, as Svix and its customers send them.
///
/// - Headers: a complete `svix-*` family if there is one, else a complete `webhook-*` family; never a mixture. A header
///   that comes twice is refused.
/// - The id is visible ASCII without `.`, so that nothing can move between id, time and body.
/// - The window is 300 s both ways, inclusive, unless set otherwise (V7).
/// - Secrets: `whsec_…` or the bare base64 (16 to 128 bytes), or `whpk_…` for ed25519. Several may be valid (V5).
///
/// ```
/// use wahook_core::proof::{StandardWebhooks, Verifier};
///
/// let scheme = StandardWebhooks::new("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".try_into()?)?;
/// let verifier = Verifier::from(scheme);
/// assert_eq!(verifier.names(), ["standard-webhooks"]);
/// # Ok::<(), wahook_core::SecretError>(())
/// ```
#[derive(Clone, Debug)]
pub struct StandardWebhooks {
    keyring: Keyring,
    tolerance: Option<Duration>,
}

impl StandardWebhooks {
    /// With these secrets.
    ///
    /// # Errors
    ///
    /// [`SecretErrorKind::Undecodable`] for what is not base64, [`SecretErrorKind::Empty`] for what decodes to nothing,
    /// [`SecretErrorKind::WrongLength`] outside 16 to 128 bytes, [`SecretErrorKind::OtherKeyKind`] for `whsk_`,
    /// [`SecretErrorKind::SignaturePrefix`] for `v1,whsec_`.
    pub fn new(secrets: Secrets) -> Result<Self, SecretError> {
        Ok(Self {
            keyring: Keyring::new(Sort::Standard, secrets)?,
            tolerance: Some(Duration::from_secs(300)),
        })
    }

    /// Another window. It holds in both directions, ends included.
    #[must_use]
    pub fn tolerance(self, tolerance: Duration) -> Self {
        Self {
            tolerance: Some(tolerance),
            ..self
        }
    }

    /// No window: a captured request verifies for ever. For tools that look at old requests.
    #[must_use]
    pub fn dangerous_without_tolerance(self) -> Self {
        Self {
            tolerance: None,
            ..self
        }
    }

    /// Its secrets.
    #[must_use]
    pub const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    pub(super) fn window(&self) -> Option<Duration> {
        self.tolerance
    }

    pub(super) fn begin(&self, head: &Parts, now: Timestamp) -> Result<Pending, Refusal> {
        let read = Head::read(&head.headers, self.tolerance.is_none())?;
        if let Some(tolerance) = self.tolerance {
            check_age(i128::from(read.seconds) * 1_000_000_000, now, tolerance)
                .map_err(|refusal| refusal.header(&read.family.timestamp))?;
        }
        let keys = self.keyring.load();
        let asymmetric = keys.iter().any(|key| matches!(key, Key::Ed25519(_)));
        let primary = keys.primary();
        let usable =
            (!read.symmetric.is_empty() && primary.is_some()) || (!read.asymmetric.is_empty() && asymmetric);
        if !usable {
            return Err(Refusal::new(RefusalKind::SignatureUnsupported).header(&read.family.signature));
        }
        Ok(Pending {
            at: primary.filter(|_| !read.symmetric.is_empty()),
            mac: None,
            keys,
            read,
        })
    }
}

/// A judgement on its way.
pub(super) struct Pending {
    keys: Arc<Keys>,
    read: Head,
    /// The likeliest key; none if only `v1a` can fit.
    at: Option<usize>,
    /// Its MAC, once the body comes in pieces: a state to carry about that a body in one piece does not need.
    mac: Option<Box<Mac>>,
}

impl Pending {
    pub(super) fn update(&mut self, frame: &[u8]) {
        if self.mac.is_none() {
            let begun = self
                .at
                .and_then(|at| self.keys.mac(at, |mac| self.read.feed(mac)));
            self.mac = begun.map(Box::new);
        }
        if let Some(mac) = &mut self.mac {
            mac.update(frame);
        }
    }

    pub(super) fn finish(self, body: &[u8]) -> Result<Proof, Refusal> {
        let Self { keys, read, at, mac } = self;
        if let Some(at) = at {
            let feed = |mac: &mut Mac| {
                read.feed(mac);
                mac.update(body);
            };
            let fits = |tag: &Tag| read.symmetric.contain(tag);
            let tag = match mac {
                Some(mac) => Some(mac.finish()),
                None => keys.tag(at, feed),
            };
            if tag.as_ref().is_some_and(fits) || keys.any_other(at, feed, fits) {
                return Ok(read.into_proof());
            }
        }
        if !read.asymmetric.is_empty() {
            let message = read.message(body);
            let fits = |key: &Key| matches!(key, Key::Ed25519(key) if read.fits_ed25519(key, &message));
            if keys.iter().any(fits) {
                return Ok(read.into_proof());
            }
        }
        Err(Refusal::new(RefusalKind::SignatureMismatch).header(&read.family.signature))
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}

/// A key out of a secret's text.
pub(super) fn prepare(secret: &Secret) -> Result<Key, SecretError> {
    let text = secret.expose();
    let wrong = |kind| Err(SecretError::new(kind));
    if text.starts_with("v1,") || text.starts_with("v1a,") {
        return wrong(SecretErrorKind::SignaturePrefix);
    }
    if text.starts_with("whsk_") {
        return wrong(SecretErrorKind::OtherKeyKind);
    }
    if let Some(public) = text.strip_prefix("whpk_") {
        let bytes = decode_key(public)?;
        let Ok(bytes) = <&[u8; 32]>::try_from(bytes.as_slice()) else {
            return wrong(SecretErrorKind::WrongLength);
        };
        return match VerifyingKey::from_bytes(bytes) {
            Ok(key) if !key.is_weak() => Ok(Key::Ed25519(key)),
            _ => wrong(SecretErrorKind::Undecodable),
        };
    }
    let bytes = decode_key(text.strip_prefix("whsec_").unwrap_or(text))?;
    if !(16..=128).contains(&bytes.len()) {
        return wrong(SecretErrorKind::WrongLength);
    }
    Mac::new(Algorithm::Sha256, &bytes).map(Key::Mac)
}

/// The bytes of a key; never none.
pub(super) fn decode_key(text: &str) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    match LENIENT.decode(text) {
        Ok(bytes) if bytes.is_empty() => Err(SecretError::new(SecretErrorKind::Empty)),
        Ok(bytes) => Ok(Zeroizing::new(bytes)),
        Err(_) => Err(SecretError::new(SecretErrorKind::Undecodable)),
    }
}
