//! HMAC with a kept key state, and comparison in constant time (V4).

use hmac::{Hmac, KeyInit, Mac as _};
use sha1::Sha1;
use sha2::{Sha256, Sha512};
use subtle::{Choice, ConstantTimeEq};

use crate::secret::{SecretError, SecretErrorKind};

/// The hash that an HMAC stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// HMAC-SHA1. Still sound as a MAC; for providers that have nothing else.
    Sha1,
    /// HMAC-SHA256, what most providers use.
    Sha256,
    /// HMAC-SHA512.
    Sha512,
}

impl Algorithm {
    /// Every algorithm.
    pub const ALL: &'static [Self] = &[Self::Sha1, Self::Sha256, Self::Sha512];

    /// Its usual name in lower case, such as `sha256`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
        }
    }

    /// How many bytes its signatures have.
    #[must_use]
    pub const fn output_bytes(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }
}

/// A key state, or a computation on its way: cloning a prepared key is how one begins. Wiped on drop by its crates.
#[derive(Clone)]
pub(super) enum Mac {
    Sha1(Hmac<Sha1>),
    Sha256(Hmac<Sha256>),
    /// Boxed, since it is twice as large and every judgement would carry the room for it.
    Sha512(Box<Hmac<Sha512>>),
}

impl Mac {
    pub(super) fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, SecretError> {
        // An HMAC takes keys of any length; the error can only mean that this changed.
        let wrong = |_| SecretError::new(SecretErrorKind::WrongLength);
        Ok(match algorithm {
            Algorithm::Sha1 => Self::Sha1(Hmac::new_from_slice(key).map_err(wrong)?),
            Algorithm::Sha256 => Self::Sha256(Hmac::new_from_slice(key).map_err(wrong)?),
            Algorithm::Sha512 => Self::Sha512(Box::new(Hmac::new_from_slice(key).map_err(wrong)?)),
        })
    }

    pub(super) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(mac) => mac.update(bytes),
            Self::Sha256(mac) => mac.update(bytes),
            Self::Sha512(mac) => mac.update(bytes),
        }
    }

    /// The tag of what `feed` gives to a MAC with this key.
    pub(super) fn tag(&self, feed: impl FnOnce(&mut Self)) -> Tag {
        let mut mac = self.clone();
        feed(&mut mac);
        mac.finish()
    }

    pub(super) fn finish(self) -> Tag {
        match self {
            Self::Sha1(mac) => Tag::new(&mac.finalize().into_bytes()),
            Self::Sha256(mac) => Tag::new(&mac.finalize().into_bytes()),
            Self::Sha512(mac) => Tag::new(&mac.finalize().into_bytes()),
        }
    }
}

/// A signature of an HMAC, at most 64 bytes.
#[derive(Clone, Copy)]
pub(super) struct Tag {
    /// Zeros behind it.
    bytes: [u8; 64],
    len: usize,
}

impl Tag {
    /// Longer input is cut; every caller has checked the length.
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut tag = Self {
            bytes: [0; 64],
            len: bytes.len().min(64),
        };
        if let (Some(to), Some(from)) = (tag.bytes.get_mut(..tag.len), bytes.get(..tag.len)) {
            to.copy_from_slice(from);
        }
        tag
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }

    fn words(&self) -> impl Iterator<Item = u64> {
        let (words, _) = self.bytes.as_chunks();
        let words = words.iter().map(|word| u64::from_ne_bytes(*word));
        words.take(self.len.div_ceil(8))
    }
}

impl ConstantTimeEq for Tag {
    /// By words, which takes an eighth of the time. The length is no secret.
    fn ct_eq(&self, other: &Self) -> Choice {
        let same_length = Choice::from(u8::from(self.len == other.len));
        let pairs = self.words().zip(other.words());
        pairs.fold(same_length, |same, (one, other)| same & one.ct_eq(&other))
    }
}

/// The signatures that a request claims; one, as a rule.
#[derive(Clone, Default)]
pub(super) struct Claimed {
    first: Option<Tag>,
    rest: Vec<Tag>,
}

impl Claimed {
    pub(super) fn push(&mut self, tag: Tag) {
        if self.first.is_none() {
            self.first = Some(tag);
        } else {
            self.rest.push(tag);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Whether one of them is this one. Looks at all of them.
    pub(super) fn contain(&self, tag: &Tag) -> bool {
        let mut found = Choice::from(0);
        for claimed in self.first.iter().chain(&self.rest) {
            found |= claimed.ct_eq(tag);
        }
        found.into()
    }
}
