//! The identity of an event: what was said, not how it was sent (G10).

use arrayvec::ArrayString;
use jiff::Timestamp;

use crate::{delivery::Delivery, guard::Digest};

/// What makes two events the same, before provider and account are put in front of it.
///
/// ```
/// use wahook_core::model::EventKey;
///
/// let key = EventKey::new("message").part("3EB0:1");
/// assert_eq!(key.render("wawp", Some("A1")), "v1:wawp:A1:message:3EB0%3A1");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventKey {
    kind: &'static str,
    parts: Parts,
    natural: bool,
}

/// Parts of usual length need no allocation: the whole key will have one.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Parts {
    Short(ArrayString<SHORT>),
    Long(String),
}

/// A long id and a time.
const SHORT: usize = 72;

impl Parts {
    fn push_str(&mut self, text: &str) {
        match self {
            Self::Short(short) => {
                if short.try_push_str(text).is_err() {
                    *self = Self::Long([short, text].concat());
                }
            }
            Self::Long(long) => long.push_str(text),
        }
    }

    fn as_str(&self) -> &str {
        match self {
            Self::Short(short) => short,
            Self::Long(long) => long,
        }
    }
}

impl EventKey {
    /// A key of this kind; add what identifies the occurrence with [`part`](Self::part).
    #[must_use]
    #[inline]
    pub const fn new(kind: &'static str) -> Self {
        Self {
            kind,
            parts: Parts::Short(ArrayString::new_const()),
            natural: true,
        }
    }

    /// The fallback for what carries neither an id nor a time of this occurrence: the delivery's key and the item's
    /// place in it, so that nothing is ever swallowed.
    #[must_use]
    pub const fn of_delivery(kind: &'static str) -> Self {
        Self {
            kind,
            parts: Parts::Short(ArrayString::new_const()),
            natural: false,
        }
    }

    /// Adds a part. Whatever it contains, two different lists of parts give two different keys.
    // In two, so that the large key is filled in place instead of being handed through.
    #[must_use]
    #[inline]
    pub fn part(mut self, text: &str) -> Self {
        self.add(text);
        self
    }

    fn add(&mut self, text: &str) {
        push(text, |text| self.parts.push_str(text));
    }

    /// Adds a part that may be missing.
    #[must_use]
    #[inline]
    pub fn optional(self, text: Option<&str>) -> Self {
        self.part(text.unwrap_or_default())
    }

    /// Adds a time, in milliseconds since 1970.
    #[must_use]
    #[inline]
    pub fn time(mut self, at: Timestamp) -> Self {
        self.add_time(at);
        self
    }

    fn add_time(&mut self, at: Timestamp) {
        self.parts.push_str(":");
        self.parts
            .push_str(itoa::Buffer::new().format(at.as_millisecond()));
    }

    /// The whole text.
    #[must_use]
    pub fn render(&self, provider: &str, account: Option<&str>) -> String {
        self.render_with(provider, account, 0)
    }

    /// The whole text, with room for `more` bytes behind it.
    fn render_with(&self, provider: &str, account: Option<&str>, more: usize) -> String {
        let account = account.unwrap_or_default();
        let parts = self.parts.as_str();
        let length = "v1:::".len() + provider.len() + account.len() + self.kind.len() + parts.len();
        let mut text = String::with_capacity(length + more);
        text.push_str("v1:");
        text.push_str(provider);
        push(account, |part| text.push_str(part));
        text.push(':');
        text.push_str(self.kind);
        text.push_str(parts);
        text
    }

    /// The whole text, where the fallback needs parts that tell this item of this delivery from every other.
    pub(super) fn render_in(
        &self,
        provider: &str,
        account: Option<&str>,
        delivery: &Delivery,
        index: usize,
    ) -> String {
        if self.natural {
            return self.render(provider, account);
        }
        let more = ":delivery::".len() + delivery.key.text.len() + 20;
        let mut text = self.render_with(provider, account, more);
        text.push_str(":delivery");
        let mut add = |part: &str| push(part, |part| text.push_str(part));
        add(&delivery.key.text);
        add(itoa::Buffer::new().format(index));
        if delivery.conflict {
            // Another body under the same delivery key says something else (G7).
            add(&Digest::of(&delivery.body).to_string());
        }
        text
    }
}

/// Adds a colon and the part, in which what could be taken for another part is escaped.
fn push(text: &str, mut add: impl FnMut(&str)) {
    add(":");
    // The usual id is plain throughout.
    let plain = |byte: u8| matches!(byte, b' '..=b'~') & (byte != b':') & (byte != b'%');
    if text.bytes().fold(true, |all, byte| all & plain(byte)) {
        return add(text);
    }
    for character in text.chars() {
        match character {
            ':' | '%' => add(&format!("%{:02X}", u32::from(character))),
            control if control.is_control() => add(&format!("%{:04X}", u32::from(control))),
            plain => add(plain.encode_utf8(&mut [0; 4])),
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
        let texts: std::collections::BTreeSet<_> = keys.iter().map(|key| key.render("p", None)).collect();
        assert_eq!(texts.len(), keys.len());
        assert!(texts.iter().all(|text| !text.contains(char::is_control)));
    }

    #[test]
    fn g10_another_body_under_the_same_delivery_key_is_another_event() {
        let at = Timestamp::UNIX_EPOCH;
        let delivery = |body: &'static [u8], conflict| {
            let mut delivery = Delivery::dangerous_unverified("x", http::HeaderMap::new(), body.into(), at);
            delivery.key = crate::DeliveryKey::header("evt_1");
            delivery.conflict = conflict;
            delivery
        };
        let key = |delivery| EventKey::of_delivery("presence").render_in("p", None, &delivery, 0);
        let (first, second) = (key(delivery(b"{}", false)), key(delivery(b"[]", true)));
        assert_eq!(first, "v1:p::presence:delivery:evt_1:0");
        assert!(second.starts_with(&first) && second != first);
    }
}
