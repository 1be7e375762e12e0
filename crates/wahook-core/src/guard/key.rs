//! What a store sees of a delivery or an event.

use std::fmt;

use sha2::{Digest as _, Sha256};

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

/// SHA-256 of a body: tells whether a second delivery under one key says the same (G7).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of a body.
    #[must_use]
    pub fn of(body: &[u8]) -> Self {
        Self(Sha256::digest(body).into())
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
