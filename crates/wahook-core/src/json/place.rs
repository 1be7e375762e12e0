//! A text read to where it stays.

use std::fmt;

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, Visitor},
};

use super::{Text, text::TextVisitor};

/// Reads a text to where it stays: to hand on what was just written takes longer than to write it. `null` is none. What is
/// there stays, for of two equal members the first counts.
///
/// ```
/// use serde::de::DeserializeSeed;
/// use wahook_core::json::{Text, TextPlace};
///
/// let mut place = None;
/// for json in ["null", "7", "8"] {
///     TextPlace::new(&mut place).deserialize(&mut serde_json::Deserializer::from_str(json))?;
/// }
/// assert_eq!(place.as_deref(), Some("7"));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug)]
pub struct TextPlace<'a>(&'a mut Option<Text>);

impl<'a> TextPlace<'a> {
    /// Reads it to this place.
    pub const fn new(place: &'a mut Option<Text>) -> Self {
        Self(place)
    }
}

impl<'de> DeserializeSeed<'de> for TextPlace<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(PlaceVisitor(self.0))
    }
}

struct PlaceVisitor<'a>(&'a mut Option<Text>);

impl PlaceVisitor<'_> {
    fn put(self, text: Text) {
        if self.0.is_none() {
            *self.0 = Some(text);
        }
    }
}

impl<'de> Visitor<'de> for PlaceVisitor<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        TextVisitor.expecting(f)
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_none<E: Error>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        if self.0.is_none() {
            *self.0 = Some(text.into());
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        TextVisitor.visit_u64(number).map(|text| self.put(text))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        TextVisitor.visit_i64(number).map(|text| self.put(text))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        TextVisitor.visit_f64(number).map(|text| self.put(text))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::Deserializer as Json;

    use super::*;

    #[test]
    fn n2_it_is_what_an_optional_text_is_and_of_two_the_first() {
        let all = [
            "null",
            r#""""#,
            r#""a""#,
            r#""\u00e9""#,
            "7",
            "-7",
            "1.5",
            "1e300",
            "18446744073709551616",
            "true",
            "[]",
            "{}",
            "x",
            "",
        ];
        for first in all {
            for second in all {
                let mut place = None;
                let mut expected = None;
                for json in [first, second] {
                    let found = TextPlace::new(&mut place).deserialize(&mut Json::from_str(json));
                    let own = Option::<Text>::deserialize(&mut Json::from_str(json));
                    let error = own.as_ref().err().map(ToString::to_string);
                    assert_eq!(found.err().map(|error| error.to_string()), error, "{json}");
                    expected = expected.or(own.ok().flatten());
                }
                assert_eq!(place, expected, "{first}, {second}");
            }
        }
    }
}
