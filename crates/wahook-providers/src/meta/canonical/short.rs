//! A digest in a key.

use wahook_core::guard::Digest;

/// 128 bits of the SHA-256 of a text, in hex; without memory of its own.
pub(in crate::meta) struct Short([u8; 32]);

impl Short {
    pub(in crate::meta) fn of(text: &str) -> Self {
        let digest = Digest::of(text.as_bytes());
        let mut hex = [0; 32];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(digest.as_bytes()) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        Self(hex)
    }

    pub(in crate::meta) fn as_str(&self) -> &str {
        // Digits are a text.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

const fn digit(half: u8) -> u8 {
    half + if half < 10 { b'0' } else { b'a' - 10 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g10_it_is_the_beginning_of_the_digest() {
        for text in ["", "a", "wahook"] {
            let whole = Digest::of(text.as_bytes()).to_string();
            assert_eq!(Some(Short::of(text).as_str()), whole.get(..32));
        }
    }
}
