//! What a store sees of a delivery or an event.

use std::fmt;

use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_128;

/// A key in its scope: the same id on two endpoints is two keys, and a delivery's key never meets an event's (G6).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    text: String,
    scope_bytes: usize,
}

impl Key {
    /// The key of a delivery; the scope is the endpoint's name.
    #[must_use]
    pub fn delivery(scope: &str, key: &str) -> Self {
        Self::new("d", scope, key)
    }

    /// The key of an event; the scope is the endpoint's name, or its dedupe group.
    #[must_use]
    pub fn event(scope: &str, key: &str) -> Self {
        Self::new("e", scope, key)
    }

    fn new(space: &str, scope: &str, key: &str) -> Self {
        // Endpoint and group names have neither colon nor `#`, so the text splits in one way only, and a shortened key
        // is never the text of another.
        let text = if key.len() > MAX_KEY_BYTES {
            format!("{space}:{scope}#{}", Digest::of(key.as_bytes()))
        } else {
            [space, scope, key].join(":")
        };
        Self {
            text,
            scope_bytes: space.len() + 1 + scope.len(),
        }
    }

    /// The whole key as text, at most a few hundred bytes; a long one is shortened to its digest.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Space and scope alone.
    #[must_use]
    pub fn scope(&self) -> &str {
        self.text.get(..self.scope_bytes).unwrap_or_default()
    }
}

/// Longer than any id seen; databases bound what they index.
const MAX_KEY_BYTES: usize = 512;

/// Tells whether a second delivery under one key says the same (G7), or stands for a long text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// SHA-256: for a text of which a stranger may choose every byte, such as a key, or a body that only a token vouches for.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        Self(Sha256::digest(text).into())
    }

    /// XXH3, 128 bits of it, and the length: for a body that was signed.
    ///
    /// By accident two bodies meet once in 2¹²⁸. To make two that meet, or one that meets another, is no art, but takes
    /// the secret here, and who has that needs no such art. It costs a fifteenth of SHA-256, which would be as dear as the
    /// signature.
    #[must_use]
    pub fn of_signed(body: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&xxh3_128(body).to_be_bytes());
        bytes[16..24].copy_from_slice(&(body.len() as u64).to_be_bytes());
        Self(bytes)
    }

    /// A digest that was kept.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&const_hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

/// Names one claim, so that a holder whose lease ran out cannot settle the claim of the next (G4).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Token([u8; 16]);

impl Token {
    /// A token from random bytes. Whoever claims makes one.
    #[must_use]
    pub const fn new(random: [u8; 16]) -> Self {
        Self(random)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Stores keep them, and processes of other releases and machines compare theirs: they never change. The values are those
    /// of the reference implementation.
    #[test]
    fn g7_digests_of_signed_bodies_are_the_same_everywhere() {
        let (long, longer) = ("x".repeat(1_000), "x".repeat(20_480));
        for (body, digest) in [
            ("", "99aa06d3014798d86001c324468d497f0000000000000000"),
            ("{\"a\":1}", "3c8c141663acf5a1b6b7137162fa70fb0000000000000007"),
            (&long, "50a1af5a5f2dcf01c0a4877b962cba8200000000000003e8"),
            (&longer, "041ca97b11e6d1f33840bff51fb889840000000000005000"),
        ] {
            assert_eq!(
                Digest::of_signed(body.as_bytes()).to_string(),
                format!("{digest:0<64}")
            );
        }
    }

    #[test]
    fn g6_a_long_key_is_shortened_and_never_the_text_of_another() {
        let long = |end: &str| format!("{}{end}", "x".repeat(MAX_KEY_BYTES));
        let key = |text: &str| Key::delivery("shop", text);
        let shortened = key(&long("a"));
        assert!(shortened.as_str().len() < 100);
        assert_eq!(shortened.scope(), "d:shop");
        assert_ne!(shortened, key(&long("b")));
        assert_ne!(shortened, key(&Digest::of(long("a").as_bytes()).to_string()));
        assert_eq!(key(&long("")).as_str().len(), "d:shop:".len() + MAX_KEY_BYTES);
    }
}
