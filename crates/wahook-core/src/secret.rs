//! Secrets: wiped on drop, never printed, refused when they protect nothing (V4, V6).

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// One secret shared with a provider.
///
/// White space around it is dropped (a value read from a file or the environment often ends in a newline). It never
/// shows up in `Debug`, and there is no `Display`.
///
/// ```
/// use wahook_core::Secret;
///
/// let secret = Secret::new("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n")?;
/// assert_eq!(format!("{secret:?}"), "Secret(…)");
/// assert!(Secret::new("  ").is_err());
/// assert!(Secret::new("changeme").is_err());
/// # Ok::<(), wahook_core::SecretError>(())
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a secret as the provider's page shows it.
    ///
    /// # Errors
    ///
    /// [`SecretErrorKind::Empty`] and [`SecretErrorKind::WellKnown`].
    pub fn new(text: impl Into<String>) -> Result<Self, SecretError> {
        let secret = Self::dangerous_published(text)?;
        if WELL_KNOWN
            .iter()
            .any(|known| known.eq_ignore_ascii_case(secret.expose()))
        {
            return Err(SecretError::new(SecretErrorKind::WellKnown));
        }
        Ok(secret)
    }

    /// Takes a secret that is printed in public documentation, for the test vectors that use it.
    ///
    /// Whoever reads the same page can forge every delivery.
    ///
    /// # Errors
    ///
    /// [`SecretErrorKind::Empty`].
    pub fn dangerous_published(text: impl Into<String>) -> Result<Self, SecretError> {
        let text = SecretString::from(text.into());
        match text.expose_secret().trim() {
            "" => Err(SecretError::new(SecretErrorKind::Empty)),
            trimmed if trimmed.len() == text.expose_secret().len() => Ok(Self(text)),
            trimmed => Ok(Self(SecretString::from(trimmed))),
        }
    }

    /// The secret itself. Do not print it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Whether it is the same as another one, compared in constant time: how long that takes tells no more than their lengths.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        bool::from(self.expose().as_bytes().ct_eq(other.expose().as_bytes()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The secrets that are valid at the same time, at least one (V5).
///
/// Conversions from text, a [`Secret`] or a `Vec` of either make it pleasant to write: `wazapin::endpoint("shop", "whsec_…")`.
#[derive(Clone, Debug)]
pub struct Secrets(Vec<Secret>);

impl Secrets {
    /// Several secrets, any of which may match. The first is the current one.
    ///
    /// # Errors
    ///
    /// [`SecretErrorKind::Empty`] for an empty list.
    pub fn new(secrets: Vec<Secret>) -> Result<Self, SecretError> {
        if secrets.is_empty() {
            return Err(SecretError::new(SecretErrorKind::Empty));
        }
        Ok(Self(secrets))
    }

    /// The secrets, the current one first; never empty.
    #[must_use]
    pub fn as_slice(&self) -> &[Secret] {
        &self.0
    }
}

impl From<Secret> for Secrets {
    fn from(secret: Secret) -> Self {
        Self(vec![secret])
    }
}

impl TryFrom<&str> for Secrets {
    type Error = SecretError;

    fn try_from(text: &str) -> Result<Self, SecretError> {
        Secret::new(text).map(Self::from)
    }
}

impl TryFrom<String> for Secrets {
    type Error = SecretError;

    fn try_from(text: String) -> Result<Self, SecretError> {
        Secret::new(text).map(Self::from)
    }
}

impl TryFrom<Vec<Secret>> for Secrets {
    type Error = SecretError;

    fn try_from(secrets: Vec<Secret>) -> Result<Self, SecretError> {
        Self::new(secrets)
    }
}

impl TryFrom<Vec<String>> for Secrets {
    type Error = SecretError;

    fn try_from(texts: Vec<String>) -> Result<Self, SecretError> {
        Self::new(texts.into_iter().map(Secret::new).collect::<Result<_, _>>()?)
    }
}

/// A secret that cannot be used. It never contains the secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretError {
    kind: SecretErrorKind,
}

impl SecretError {
    pub(crate) const fn new(kind: SecretErrorKind) -> Self {
        Self { kind }
    }

    /// What is wrong with it.
    #[must_use]
    pub const fn kind(&self) -> SecretErrorKind {
        self.kind
    }
}

/// What is wrong with a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretErrorKind {
    /// It is a key of the other sort: `whpk_` and `whsk_` where a `whsec_` belongs, or the reverse.
    OtherKeyKind,
    /// Nothing is left of it.
    Empty,
    /// It begins with `v1,`, which belongs to signatures.
    SignaturePrefix,
    /// It is not base64 although the scheme says that it must be.
    Undecodable,
    /// Its decoded form has a length that the scheme does not allow.
    WrongLength,
    /// It is a default or an example from public documentation.
    WellKnown,
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            SecretErrorKind::OtherKeyKind => {
                "the secret is a key of another kind; copy the one that the provider's page calls signing secret"
            }
            SecretErrorKind::Empty => "the secret is empty; copy it from the provider's page",
            SecretErrorKind::SignaturePrefix => "the secret begins with `v1,`, which belongs to signatures; leave it out",
            SecretErrorKind::Undecodable => "the secret is not base64; copy it whole, with its `whsec_` prefix",
            SecretErrorKind::WrongLength => "the secret has the wrong length; copy it whole from the provider's page",
            SecretErrorKind::WellKnown => "the secret is a well-known default; generate one of your own",
        })
    }
}

impl std::error::Error for SecretError {}

impl From<std::convert::Infallible> for SecretError {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

/// Defaults, and examples of public pages: whoever guesses first tries these.
const WELL_KNOWN: &[&str] = &[
    "secret",
    "changeme",
    "change-me",
    "change_me",
    "password",
    "test",
    "token",
    "example",
    "my-secret",
    "my-secret-key", // WAHA's documentation, events page, 2026-07
    "your-secret",
    "your_secret",
    "your-secret-key",
    "your_webhook_secret",
    "whsec_",
    "whsec_xxx",
    "whsec_...",
    "whsec_…",
    // The vectors of the Standard Webhooks and Svix libraries.
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
];
