//! Names of members.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, Visitor},
};
use serde_json::value::RawValue;
use wahook_core::json::{self, Text};

use super::left::Left;

/// Reads the name of a member.
pub(super) struct NameSeed<'a>(pub(super) &'a Left);

impl<'de> DeserializeSeed<'de> for NameSeed<'_> {
    type Value = Name<'de>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        if self.0.is_quick() {
            json.deserialize_str(self)
        } else {
            Name::deserialize(json)
        }
    }
}

impl<'de> Visitor<'de> for NameSeed<'_> {
    type Value = Name<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Borrowed(name)))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Name(Cow::Owned(name.to_owned())))
    }
}

/// The name of a member, borrowed where it has no escapes. Half a character in it is no mistake of the body's.
pub(in crate::meta) struct Name<'de>(pub(in crate::meta) Cow<'de, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = <&'de RawValue>::deserialize(deserializer)?.get();
        let bare = raw.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        Ok(Self(match bare {
            Some(name) if !name.contains('\\') => Cow::Borrowed(name),
            _ => Cow::Owned(
                json::read::<Text>(raw.as_bytes())
                    .unwrap_or_default()
                    .into_string(),
            ),
        }))
    }
}
