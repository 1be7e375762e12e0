//! Lenient scalars.

use std::{
    borrow::{Borrow, Cow},
    fmt,
    ops::Deref,
};

use compact_str::{CompactString, ToCompactString, format_compact};
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Visitor},
};

/// Text as a provider sent it; a number is read as its digits. Derefs to `str`.
///
/// Up to 24 bytes, which most ids and all phone numbers are, need no allocation.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text(CompactString);

impl Text {
    /// A text of the program, without a copy.
    #[must_use]
    pub fn from_static(text: &'static str) -> Self {
        Self(if text.len() <= size_of::<Self>() {
            // It has room in place, and `const_new` copies byte by byte.
            CompactString::new(text)
        } else {
            CompactString::const_new(text)
        })
    }

    /// These texts, one after the other.
    #[must_use]
    pub fn concat(parts: &[&str]) -> Self {
        let mut text = CompactString::with_capacity(parts.iter().map(|part| part.len()).sum());
        for part in parts {
            text.push_str(part);
        }
        Self(text)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, without a copy.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0.into_string()
    }

    /// The text, unless it is empty: senders write `""` where they mean nothing.
    #[must_use]
    pub fn non_empty(self) -> Option<Self> {
        (!self.0.is_empty()).then_some(self)
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        self
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        self
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.into_string()
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Text {
    // So that it is made where it stays: to hand it on right away takes longer than to make it.
    #[inline]
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<Cow<'_, str>> for Text {
    fn from(text: Cow<'_, str>) -> Self {
        Self(text.into())
    }
}

/// In a schema it is a string as any other.
#[cfg(feature = "schema")]
impl schemars::JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

impl Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<String> for Text {
    fn eq(&self, other: &String) -> bool {
        self.0 == *other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

pub(super) struct TextVisitor;

impl Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
        Ok(text.into())
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Text, E> {
        Ok(text.into())
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Text, E> {
        Ok(Text(number.to_compact_string()))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Text, E> {
        Ok(Text(number.to_compact_string()))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Text, E> {
        // Two ids that differ must not become one: it was rounded before it came here.
        if number.abs() > EXACT {
            return Err(E::invalid_value(
                de::Unexpected::Other("a number with more digits than are kept"),
                &self,
            ));
        }
        Ok(Text(format_compact!("{number}")))
    }
}

/// Beyond 2^53 a float is no exact whole number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A number, or a text that is one. Keeps what was sent.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Number {
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A text; it may or may not be a number.
    Text(Text),
}

impl Number {
    /// As a whole number, a fraction cut off.
    #[must_use]
    pub fn to_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Float(number) => whole(*number),
            Self::Text(text) => {
                let text = text.trim();
                text.parse().ok().or_else(|| text.parse().ok().and_then(whole))
            }
        }
    }

    /// As a floating-point number; never infinite, never not-a-number.
    #[must_use]
    pub fn to_f64(&self) -> Option<f64> {
        let number = match self {
            #[expect(clippy::cast_precision_loss, reason = "coordinates and seconds fit")]
            Self::Integer(number) => *number as f64,
            Self::Float(number) => *number,
            Self::Text(text) => text.trim().parse().ok()?,
        };
        number.is_finite().then_some(number)
    }
}

fn whole(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "checked")]
    (number.abs() <= EXACT).then_some(number as i64)
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberVisitor;

        impl Visitor<'_> for NumberVisitor {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Number, E> {
                Ok(Number::Integer(number))
            }

            #[expect(clippy::cast_precision_loss, reason = "too large for a whole number")]
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Number, E> {
                Ok(i64::try_from(number).map_or(Number::Float(number as f64), Number::Integer))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Number, E> {
                Ok(Number::Float(number))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Number, E> {
                Ok(Number::Text(text.into()))
            }
        }

        deserializer.deserialize_any(NumberVisitor)
    }
}

/// A boolean, `0`/`1`, or a text that says one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flag(bool);

impl Flag {
    /// The boolean.
    #[must_use]
    pub const fn get(self) -> bool {
        self.0
    }
}

impl From<bool> for Flag {
    fn from(flag: bool) -> Self {
        Self(flag)
    }
}

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FlagVisitor;

        impl Visitor<'_> for FlagVisitor {
            type Value = bool;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }

            fn visit_bool<E: de::Error>(self, flag: bool) -> Result<bool, E> {
                Ok(flag)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<bool, E> {
                match number {
                    0 => Ok(false),
                    1 => Ok(true),
                    _ => Err(E::invalid_value(de::Unexpected::Other("a number"), &self)),
                }
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<bool, E> {
                match text {
                    "true" | "1" => Ok(true),
                    "false" | "0" | "" => Ok(false),
                    _ => Err(E::invalid_value(de::Unexpected::Other("a text"), &self)),
                }
            }
        }

        deserializer.deserialize_any(FlagVisitor).map(Self)
    }
}

/// Reads a list in which `null` members count as absent, and a missing or `null` list as empty.
///
/// For `#[serde(default, deserialize_with = "wahook_core::json::list")]`.
///
/// # Errors
///
/// The deserializer's.
pub fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::<Vec<Option<T>>>::deserialize(deserializer)?
        .unwrap_or_default()
        .into_iter()
        .flatten()
        .collect())
}

#[cfg(test)]
mod tests {
    use super::Text;
    use crate::json::read;

    #[test]
    fn n5_a_number_that_was_rounded_is_no_text() {
        for (sent, text) in [
            ("18446744073709551615", "18446744073709551615"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("1503435956.000247", "1503435956.000247"),
            ("1e0", "1"),
        ] {
            assert_eq!(read::<Text>(sent.as_bytes()).unwrap(), text);
        }
        for sent in ["18446744073709551616", "-9223372036854775809", "1e300"] {
            assert!(read::<Text>(sent.as_bytes()).is_err(), "{sent}");
        }
    }
}
