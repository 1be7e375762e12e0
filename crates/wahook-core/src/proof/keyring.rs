//! The keys of one scheme: prepared once, tried in a clever order, swapped while serving (V5).

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use arc_swap::ArcSwap;
use ed25519_dalek::VerifyingKey;
use zeroize::Zeroizing;

use super::{
    mac::{Algorithm, Mac, Tag},
    standard, token,
};
use crate::secret::{Secret, SecretError, SecretErrorKind, Secrets};

/// How many secrets that are no longer valid are remembered, for the hint "verifies with a previous secret".
const RETIRED: usize = 3;

/// The secrets of one scheme, ready for use. Clones share them: a swap is seen by every clone at once (V5).
///
/// A request whose head was judged before a swap is decided by the secrets of that moment, so that a swap drops nobody.
///
/// ```
/// use wahook_core::{Secrets, proof::{StaticToken, Verifier}};
///
/// let verifier = Verifier::from(StaticToken::bearer("the-old-secret".try_into()?)?);
/// for keyring in verifier.keyrings() {
///     keyring.replace(Secrets::try_from("the-new-secret")?)?;
/// }
/// # Ok::<(), wahook_core::SecretError>(())
/// ```
#[derive(Clone)]
pub struct Keyring(Arc<Ring>);

struct Ring {
    sort: Sort,
    keys: ArcSwap<Keys>,
}

/// What becomes of a secret's text.
#[derive(Clone, Copy)]
pub(super) enum Sort {
    Standard,
    Hmac(Algorithm),
    Token,
}

impl Sort {
    pub(super) fn prepare(self, secret: &Secret) -> Result<Key, SecretError> {
        match self {
            Self::Standard => standard::prepare(secret),
            // Shorter ones are guessed, not chosen (V6).
            Self::Hmac(_) if secret.expose().len() < token::MIN_BYTES => {
                Err(SecretError::new(SecretErrorKind::WrongLength))
            }
            Self::Hmac(algorithm) => Mac::new(algorithm, secret.expose().as_bytes()).map(Key::Mac),
            Self::Token => token::prepare(secret),
        }
    }

    fn prepare_all(self, secrets: &Secrets) -> Result<Vec<Key>, SecretError> {
        secrets
            .as_slice()
            .iter()
            .map(|secret| self.prepare(secret))
            .collect()
    }
}

/// A prepared key.
#[derive(Clone)]
pub(super) enum Key {
    Mac(Mac),
    Ed25519(VerifyingKey),
    /// The SHA-256 of a token.
    Token(Zeroizing<[u8; 32]>),
}

/// The keys of one moment. A judgement holds on to those with which it began.
pub(super) struct Keys {
    keys: Vec<Key>,
    secrets: Secrets,
    retired: Vec<Secret>,
    /// The one that matched last: it is fed while the body arrives, so that a rotation costs nothing.
    last: AtomicUsize,
}

impl Keyring {
    pub(super) fn new(sort: Sort, secrets: Secrets) -> Result<Self, SecretError> {
        let keys = Keys {
            keys: sort.prepare_all(&secrets)?,
            secrets,
            retired: Vec::new(),
            last: AtomicUsize::new(0),
        };
        Ok(Self(Arc::new(Ring {
            sort,
            keys: ArcSwap::from_pointee(keys),
        })))
    }

    /// Swaps the secrets. All of them are prepared first: on an error nothing changes.
    ///
    /// # Errors
    ///
    /// What the scheme's constructor would say.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "secrets should not linger at the caller"
    )]
    pub fn replace(&self, secrets: Secrets) -> Result<(), SecretError> {
        let keys = self.0.sort.prepare_all(&secrets)?;
        self.0.keys.rcu(|old| {
            let mut retired: Vec<Secret> = Vec::with_capacity(RETIRED);
            for secret in old.secrets.as_slice().iter().chain(&old.retired) {
                let known = |other: &Secret| other.expose() == secret.expose();
                if retired.len() < RETIRED && !secrets.as_slice().iter().chain(&retired).any(known) {
                    retired.push(secret.clone());
                }
            }
            Keys {
                keys: keys.clone(),
                secrets: secrets.clone(),
                retired,
                last: AtomicUsize::new(0),
            }
        });
        Ok(())
    }

    /// How many secrets are valid.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.keys.load().keys.len()
    }

    /// Never: a keyring holds at least one secret (V6).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn load(&self) -> Arc<Keys> {
        self.0.keys.load_full()
    }

    pub(super) fn sort(&self) -> Sort {
        self.0.sort
    }
}

impl Keys {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
    }

    pub(super) fn secrets(&self) -> &[Secret] {
        self.secrets.as_slice()
    }

    pub(super) fn retired(&self) -> &[Secret] {
        &self.retired
    }

    /// The place of the likeliest MAC key.
    pub(super) fn primary(&self) -> Option<usize> {
        let is_mac = |at: &usize| matches!(self.keys.get(*at), Some(Key::Mac(_)));
        let last = self.last.load(Ordering::Relaxed);
        Some(last)
            .filter(is_mac)
            .or_else(|| (0..self.keys.len()).find(is_mac))
    }

    /// A MAC begun with the key at this place, and fed.
    pub(super) fn mac(&self, at: usize, feed: impl FnOnce(&mut Mac)) -> Option<Mac> {
        match self.keys.get(at) {
            Some(Key::Mac(mac)) => {
                let mut mac = mac.clone();
                feed(&mut mac);
                Some(mac)
            }
            _ => None,
        }
    }

    /// The tag that the key at this place makes; `feed` gives it the signed bytes.
    pub(super) fn tag(&self, at: usize, feed: impl FnOnce(&mut Mac)) -> Option<Tag> {
        match self.keys.get(at) {
            Some(Key::Mac(mac)) => Some(mac.tag(feed)),
            _ => None,
        }
    }

    /// Whether any MAC key but the one at `except` makes a tag that `fits`; `feed` gives it the signed bytes.
    pub(super) fn any_other(
        &self,
        except: usize,
        feed: impl Fn(&mut Mac),
        fits: impl Fn(&Tag) -> bool,
    ) -> bool {
        self.keys.iter().enumerate().any(|(at, key)| match key {
            Key::Mac(mac) if at != except => {
                let fit = fits(&mac.tag(&feed));
                if fit {
                    self.last.store(at, Ordering::Relaxed);
                }
                fit
            }
            _ => false,
        })
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keyring({})", self.len())
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.keys.len())
    }
}
