//! What stands for a key in memory.

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

use super::Key;

/// Makes keyed 128-bit fingerprints of keys (G9): whoever sends keys cannot make two that meet.
pub(super) struct Fingerprints([u8; 16]);

impl Fingerprints {
    /// `hash_key` must be random and of this installation only.
    pub(super) const fn new(hash_key: [u8; 16]) -> Self {
        Self(hash_key)
    }

    pub(super) fn of(&self, key: &Key) -> u128 {
        let mut hasher = SipHasher13::new_with_key(&self.0);
        hasher.write(key.as_str().as_bytes());
        hasher.finish128().as_u128()
    }
}
