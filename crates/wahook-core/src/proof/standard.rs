//! Standard Webhooks: `v1` (HMAC-SHA256) and `v1a` (ed25519) over `{id}.{timestamp}.{body}`.
//!
//! Standard Webhooks specification and the libraries of it and of Svix, 2026-08. Where those differ (see the tests),
//! this is the strict reading: nothing is signed over that is not byte for byte what was sent.

use std::{fmt, sync::Arc, time::Duration};

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use ed25519_dalek::{Signature, VerifyingKey};
use http::{HeaderMap, HeaderName, HeaderValue, request::Parts};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{
    Proof,
    header::{check_age, single, visible},
    keyring::{Key, Keyring, Keys, Sort},
    mac::{Algorithm, Claimed, Mac, Tag},
    refusal::{Refusal, RefusalKind},
};
use crate::secret::{Secret, SecretError, SecretErrorKind, Secrets};

pub(super) const NAME: &str = "standard-webhooks";

/// Entries looked at: a sender signs with its current key and at most ten old ones (Svix server, 2026-08).
const MAX_ENTRIES: usize = 32;
/// An ed25519 check costs fifty MACs and reads the body anew, so that strangers get fewer of them.
const MAX_ASYMMETRIC: usize = 12;
const MAX_ID_BYTES: usize = 512;
const MAX_LIST_BYTES: usize = 8 * 1024;

/// Padding or none, and stray low bits: the official suites hold secrets of each sort.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
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
        let primary = primary
            .filter(|_| !read.symmetric.is_empty())
            .map(|(at, mut mac)| {
                mac.update(read.signed.as_bytes());
                (at, mac)
            });
        Ok(Pending { keys, read, primary })
    }
}

/// Where the three values stand.
pub(super) struct Family {
    pub(super) id: HeaderName,
    pub(super) timestamp: HeaderName,
    pub(super) signature: HeaderName,
}

pub(super) static SVIX: Family = Family {
    id: HeaderName::from_static("svix-id"),
    timestamp: HeaderName::from_static("svix-timestamp"),
    signature: HeaderName::from_static("svix-signature"),
};

pub(super) static WEBHOOK: Family = Family {
    id: HeaderName::from_static("webhook-id"),
    timestamp: HeaderName::from_static("webhook-timestamp"),
    signature: HeaderName::from_static("webhook-signature"),
};

impl Family {
    pub(super) fn names(&self) -> [&HeaderName; 3] {
        [&self.id, &self.timestamp, &self.signature]
    }

    pub(super) fn present(&self, headers: &HeaderMap) -> usize {
        self.names()
            .iter()
            .filter(|name| headers.contains_key(**name))
            .count()
    }

    fn complete(&self, headers: &HeaderMap) -> bool {
        self.names().iter().all(|name| headers.contains_key(*name))
    }

    fn of(headers: &HeaderMap) -> Result<&'static Self, Refusal> {
        if SVIX.complete(headers) {
            return Ok(&SVIX);
        }
        if WEBHOOK.complete(headers) {
            return Ok(&WEBHOOK);
        }
        let nearest = if WEBHOOK.present(headers) > SVIX.present(headers) {
            &WEBHOOK
        } else {
            &SVIX
        };
        let missing = nearest
            .names()
            .into_iter()
            .find(|name| !headers.contains_key(*name));
        let refusal = Refusal::new(RefusalKind::HeaderMissing);
        Err(match missing {
            Some(name) => refusal.header(name),
            None => refusal,
        })
    }
}

/// What the headers say, before it is known whether it is true.
pub(super) struct Head {
    pub(super) family: &'static Family,
    /// `{id}.{timestamp}.` as received, in one piece: the proof's id is cut out of it.
    pub(super) signed: String,
    id_bytes: usize,
    pub(super) seconds: i64,
    pub(super) symmetric: Claimed,
    pub(super) asymmetric: Vec<Signature>,
}

impl Head {
    /// `any_sign` takes a negative time too, which only a verifier without a window can.
    pub(super) fn read(headers: &HeaderMap, any_sign: bool) -> Result<Self, Refusal> {
        let family = Family::of(headers)?;
        let id = visible(single(headers, &family.id)?)
            .filter(|id| (1..=MAX_ID_BYTES).contains(&id.len()) && !id.contains('.'))
            .ok_or_else(|| Refusal::new(RefusalKind::HeaderMalformed).header(&family.id))?;
        let timestamp = single(headers, &family.timestamp)?;
        let (timestamp, seconds) = read_seconds(timestamp, any_sign)
            .ok_or_else(|| Refusal::new(RefusalKind::TimestampMalformed).header(&family.timestamp))?;
        let list = single(headers, &family.signature)?;
        let (symmetric, asymmetric) =
            read_list(list.as_bytes()).map_err(|kind| Refusal::new(kind).header(&family.signature))?;
        let mut signed = String::with_capacity(id.len() + timestamp.len() + 2);
        signed.push_str(id);
        signed.push('.');
        signed.push_str(timestamp);
        signed.push('.');
        Ok(Self {
            family,
            signed,
            id_bytes: id.len(),
            seconds,
            symmetric,
            asymmetric,
        })
    }

    /// Whether a key signed this body under these headers.
    pub(super) fn fits(&self, key: &Key, body: &[u8]) -> bool {
        match key {
            Key::Mac(mac) => self.fits_mac(mac.clone(), body),
            Key::Ed25519(key) => !self.asymmetric.is_empty() && self.fits_ed25519(key, &self.message(body)),
            Key::Token(_) => false,
        }
    }

    fn fits_mac(&self, mut mac: Mac, body: &[u8]) -> bool {
        mac.update(self.signed.as_bytes());
        mac.update(body);
        self.symmetric.contain(&mac.finish())
    }

    fn message(&self, body: &[u8]) -> Vec<u8> {
        [self.signed.as_bytes(), body].concat()
    }

    fn fits_ed25519(&self, key: &VerifyingKey, message: &[u8]) -> bool {
        self.asymmetric
            .iter()
            .any(|signature| key.verify_strict(message, signature).is_ok())
    }

    fn into_proof(self) -> Proof {
        let mut id = self.signed;
        id.truncate(self.id_bytes);
        Proof {
            scheme: NAME,
            id: Some(id),
            signed_at: Timestamp::from_second(self.seconds).ok(),
        }
    }
}

/// Digits only, more than zero, and signed over as received.
fn read_seconds(value: &HeaderValue, any_sign: bool) -> Option<(&str, i64)> {
    let text = visible(value).filter(|text| text.len() <= 20)?;
    let digits = match text.strip_prefix('-') {
        Some(digits) if any_sign => digits,
        _ => text,
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = text.parse::<i64>().ok()?;
    (any_sign || seconds > 0).then_some((text, seconds))
}

/// Entries are split by spaces; what is malformed or of another version is passed over.
fn read_list(list: &[u8]) -> Result<(Claimed, Vec<Signature>), RefusalKind> {
    if list.len() > MAX_LIST_BYTES {
        return Err(RefusalKind::HeaderMalformed);
    }
    let (mut symmetric, mut asymmetric, mut versions, mut ours) = (Claimed::default(), Vec::new(), 0, 0);
    let entries = list.split(|byte| *byte == b' ').filter(|entry| !entry.is_empty());
    for entry in entries.take(MAX_ENTRIES) {
        let Some(comma) = entry.iter().position(|byte| *byte == b',') else {
            continue;
        };
        let (version, rest) = entry.split_at(comma);
        let text = rest.get(1..).unwrap_or_default();
        versions += 1;
        match version {
            b"v1" => {
                ours += 1;
                if let Some(bytes) = decode::<32>(text) {
                    symmetric.push(Tag::new(&bytes));
                }
            }
            b"v1a" => {
                ours += 1;
                if let Some(bytes) = decode::<64>(text).filter(|_| asymmetric.len() < MAX_ASYMMETRIC) {
                    asymmetric.push(Signature::from_bytes(&bytes));
                }
            }
            _ => {}
        }
    }
    if !symmetric.is_empty() || !asymmetric.is_empty() {
        Ok((symmetric, asymmetric))
    } else if versions > 0 && ours == 0 {
        Err(RefusalKind::SignatureUnsupported)
    } else {
        Err(RefusalKind::HeaderMalformed)
    }
}

/// Strict base64 of exactly `N` bytes.
fn decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != N.div_ceil(3) * 4 {
        return None;
    }
    // Room for what the engine estimates before it has seen the padding.
    let mut room = [0; 66];
    let count = general_purpose::STANDARD.decode_slice(text, &mut room).ok()?;
    if count != N {
        return None;
    }
    room.first_chunk::<N>().copied()
}

/// A judgement on its way.
pub(super) struct Pending {
    keys: Arc<Keys>,
    read: Head,
    primary: Option<(usize, Mac)>,
}

impl Pending {
    pub(super) fn update(&mut self, frame: &[u8]) {
        if let Some((_, mac)) = &mut self.primary {
            mac.update(frame);
        }
    }

    pub(super) fn finish(self, body: &[u8]) -> Result<Proof, Refusal> {
        let Self { keys, read, primary } = self;
        if let Some((at, mac)) = primary {
            let feed = |mac: &mut Mac| {
                mac.update(read.signed.as_bytes());
                mac.update(body);
            };
            if read.symmetric.contain(&mac.finish())
                || keys.any_other(at, feed, |tag| read.symmetric.contain(tag))
            {
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
