//! Keys and contents by their hashes: an hour of traffic has a million of each, and none may be printed (P).

use std::hash::Hasher;

use siphasher::sip128::{Hasher128, SipHasher13};

/// Stands for a key, or for what an event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Mark(u128);

impl Mark {
    /// Of these parts; two lists of parts never have one mark, but by a chance that nobody lives to see.
    pub(super) fn of(parts: &[&str]) -> Self {
        let mut hasher = SipHasher13::new();
        for part in parts {
            hasher.write_usize(part.len());
            hasher.write(part.as_bytes());
        }
        Self(hasher.finish128().as_u128())
    }

    /// Of this one and another.
    pub(super) fn with(self, other: Self) -> Self {
        let mut hasher = SipHasher13::new();
        hasher.write_u128(self.0);
        hasher.write_u128(other.0);
        Self(hasher.finish128().as_u128())
    }

    /// A number below `limit` that follows from it and from a seed.
    pub(super) fn draw(self, seed: u64, limit: u64) -> u64 {
        let mut hasher = SipHasher13::new_with_keys(seed, 0);
        hasher.write_u128(self.0);
        hasher.finish128().h1 % limit.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_part_ends_counts() {
        assert_ne!(Mark::of(&["ab", "c"]), Mark::of(&["a", "bc"]));
        assert_ne!(Mark::of(&["a"]), Mark::of(&["a", ""]));
        assert_eq!(Mark::of(&["a", "b"]), Mark::of(&["a", "b"]));
        assert_eq!(Mark::of(&["a"]).draw(1, 0), 0);
    }
}
