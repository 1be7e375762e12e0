//! What stands for a key in memory.

use std::{fmt, hash::Hasher};

use siphasher::sip128::{Hasher128, SipHasher13};

use super::Key;

/// Makes keyed 128-bit fingerprints of keys and texts (G9): whoever sends them cannot make two that meet.
pub struct Fingerprints([u8; 16]);

impl Fingerprints {
    /// `hash_key` must be random and of this installation only.
    #[must_use]
    pub const fn new(hash_key: [u8; 16]) -> Self {
        Self(hash_key)
    }

    /// Of a key.
    #[must_use]
    pub fn of(&self, key: &Key) -> u128 {
        self.of_bytes(key.as_str().as_bytes())
    }

    /// Of anything else that must not be mistaken.
    #[must_use]
    pub fn of_bytes(&self, bytes: &[u8]) -> u128 {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write(bytes);
        hasher.finish128().as_u128()
    }
}

impl fmt::Debug for Fingerprints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprints(…)")
    }
}
