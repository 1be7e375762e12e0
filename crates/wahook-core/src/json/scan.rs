//! A bounded look at the top level of a body: no tree, and no further than needed (G6).

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};

use super::Text;

/// What a [`scan`] saw.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scanned<const N: usize> {
    /// The body is an object; the wanted members, where they are texts or numbers.
    Object([Option<Text>; N]),
    /// It is JSON, or begins like it, but no object.
    Other,
    /// It is not JSON.
    NotJson,
}

/// Reads the named members of a top-level object and stops as soon as it has them all.
///
/// Of a member that comes twice, the first counts.
///
/// ```
/// use wahook_core::json::{Scanned, scan};
///
/// let body = br#"{"id":"evt_1","payload":{"id":"not this"},"event":7}"#;
/// let Scanned::Object([id, event]) = scan(body, ["id", "event"]) else { unreachable!() };
/// assert_eq!(id.unwrap(), "evt_1");
/// assert_eq!(event.unwrap(), "7");
/// ```
#[must_use]
pub fn scan<const N: usize>(body: &[u8], names: [&str; N]) -> Scanned<N> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    let mut found = [const { None }; N];
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut complete = false;
    let result = json.deserialize_map(Members {
        names: &names,
        found: &mut found,
        complete: &mut complete,
    });
    match (result, first) {
        _ if complete => Scanned::Object(found),
        (Ok(()), Some(b'{')) => match json.end() {
            Ok(()) => Scanned::Object(found),
            Err(_) => Scanned::NotJson,
        },
        (Err(_), Some(b'{')) => Scanned::NotJson,
        _ => match serde_json::from_slice::<IgnoredAny>(body) {
            Ok(IgnoredAny) => Scanned::Other,
            Err(_) => Scanned::NotJson,
        },
    }
}

struct Members<'a> {
    names: &'a [&'a str],
    found: &'a mut [Option<Text>],
    complete: &'a mut bool,
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = 0;
        while let Some(key) = map.next_key::<Text>()? {
            let place = self.names.iter().position(|name| *name == key.as_str());
            match place.and_then(|place| self.found.get_mut(place)) {
                Some(slot) if slot.is_none() => {
                    *slot = map.next_value::<Scalar>()?.0;
                    seen += usize::from(slot.is_some());
                    if seen == self.names.len() {
                        *self.complete = true;
                        // An error is how a visitor stops early; nobody reads it.
                        return Err(serde::de::Error::custom("complete"));
                    }
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// A text or number; anything else is skipped and absent.
struct Scalar(Option<Text>);

impl<'de> serde::Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&serde_json::value::RawValue>::deserialize(deserializer)?;
        Ok(Self(super::read(raw.get().as_bytes()).ok()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(body: &[u8]) -> Scanned<1> {
        scan(body, ["id"])
    }

    #[test]
    fn g6_a_scan_tells_object_other_and_not_json_apart() {
        let none = Scanned::Object([None]);
        for (body, expected) in [
            (&b"{}"[..], none.clone()),
            (b" {\"id\":null}", none.clone()),
            (b"{\"id\":{\"id\":\"x\"}}", none),
            (b"{\"id\":\"x\"", Scanned::Object([Some("x".into())])), // complete before the cut
            (b"\xef\xbb\xbf{\"id\":\"x\"}", Scanned::Object([Some("x".into())])),
            (b"[1]", Scanned::Other),
            (b"\"id\"", Scanned::Other),
            (b"{\"a\":1", Scanned::NotJson),
            (b"", Scanned::NotJson),
            (b"\xff\xfe", Scanned::NotJson),
            (b"{\"a\":1}x", Scanned::NotJson),
        ] {
            assert_eq!(one(body), expected, "{}", String::from_utf8_lossy(body));
        }
    }

    #[test]
    fn g6_the_first_of_two_equal_members_counts_and_an_escaped_name_is_the_same_name() {
        assert_eq!(
            one(br#"{"\u0069d":"a","id":"b"}"#),
            Scanned::Object([Some("a".into())])
        );
    }
}
