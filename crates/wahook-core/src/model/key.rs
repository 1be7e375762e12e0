//! The identity of an event: what was said, not how it was sent (G10).

use std::fmt::Write;

use jiff::Timestamp;

/// What makes two events the same, before provider and account are put in front of it.
///
/// ```
/// use wahook_core::model::EventKey;
///
/// let key = EventKey::new("message").part("3EB0:1");
/// assert_eq!(key.render("wawp", Some("A1"), "evt_1", 0), "v1:wawp:A1:message:3EB0%3A1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventKey {
    kind: &'static str,
    parts: String,
    natural: bool,
}

impl EventKey {
    /// A key of this kind; add what identifies the occurrence with [`part`](Self::part).
    #[must_use]
    pub const fn new(kind: &'static str) -> Self {
        Self {
            kind,
            parts: String::new(),
            natural: true,
        }
    }

    /// The fallback for what carries neither an id nor a time of this occurrence: the delivery's key and the item's
    /// place in it, so that nothing is ever swallowed.
    #[must_use]
    pub const fn of_delivery(kind: &'static str) -> Self {
        Self {
            kind,
            parts: String::new(),
            natural: false,
        }
    }

    /// Adds a part. Whatever it contains, two different lists of parts give two different keys.
    #[must_use]
    pub fn part(mut self, text: &str) -> Self {
        self.parts.reserve(text.len() + 1);
        self.parts.push(':');
        // The usual id is plain throughout.
        let plain = |byte: u8| matches!(byte, b' '..=b'~') & (byte != b':') & (byte != b'%');
        if text.bytes().fold(true, |all, byte| all & plain(byte)) {
            self.parts.push_str(text);
            return self;
        }
        for byte in text.chars() {
            match byte {
                ':' | '%' => {
                    let _ = write!(self.parts, "%{:02X}", u32::from(byte));
                }
                control if control.is_control() => {
                    let _ = write!(self.parts, "%{:04X}", u32::from(control));
                }
                plain => self.parts.push(plain),
            }
        }
        self
    }

    /// Adds a part that may be missing.
    #[must_use]
    pub fn optional(self, text: Option<&str>) -> Self {
        self.part(text.unwrap_or_default())
    }

    /// Adds a time, in milliseconds since 1970.
    #[must_use]
    pub fn time(self, at: Timestamp) -> Self {
        self.part(&at.as_millisecond().to_string())
    }

    /// The whole text. `delivery_key` and `index` are used only where nothing better is known.
    #[must_use]
    pub fn render(&self, provider: &str, account: Option<&str>, delivery_key: &str, index: usize) -> String {
        let Self { parts: account, .. } = Self::new("").optional(account);
        let Self { kind, parts, natural } = self;
        if *natural {
            format!("v1:{provider}{account}:{kind}{parts}")
        } else {
            let Self { parts: delivery, .. } = Self::new("").part(delivery_key);
            format!("v1:{provider}{account}:{kind}:delivery{delivery}:{index}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g10_different_parts_never_give_one_key() {
        let keys = [
            EventKey::new("a").part("b").part("c"),
            EventKey::new("a").part("b:c"),
            EventKey::new("a").part("b%3Ac"),
            EventKey::new("a").part("b").part("c").part(""),
            EventKey::new("a").part("b\n").part("c"),
        ];
        let texts: std::collections::BTreeSet<_> =
            keys.iter().map(|key| key.render("p", None, "d", 0)).collect();
        assert_eq!(texts.len(), keys.len());
        assert!(texts.iter().all(|text| !text.contains(char::is_control)));
    }
}
