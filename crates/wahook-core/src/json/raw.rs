//! JSON kept as it was sent.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor},
    ser,
};
use serde_json::value::RawValue;

use super::Text;

/// The bytes of one item as the provider sent them; usually JSON, never trusted to be (N2).
///
/// Cheap to clone. `Debug` shows the length only: the bytes are somebody's message.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Raw(Bytes);

impl Raw {
    /// Keeps bytes without a copy.
    #[must_use]
    pub const fn new(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// The JSON text, if it is JSON in UTF-8.
    #[must_use]
    pub fn as_json(&self) -> Option<&str> {
        let text = std::str::from_utf8(&self.0).ok()?;
        serde_json::from_str::<&RawValue>(text).ok().map(RawValue::get)
    }

    /// The bytes as base64, for what is not JSON.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// The value that these names of members lead to, one inside the other, without a copy.
    ///
    /// Of a member that comes twice, the first counts. Nothing where there is no such member, or no JSON.
    ///
    /// ```
    /// use wahook_core::json::Raw;
    ///
    /// let item = Raw::new(br#"{"payload":{"_data":{"viewMode":1}}}"#.as_slice().into());
    /// let data = item.at(&["payload", "_data"]).unwrap();
    /// assert_eq!(data.as_json(), Some(r#"{"viewMode":1}"#));
    /// ```
    #[must_use]
    pub fn at(&self, path: &[&str]) -> Option<Self> {
        let mut json = &*self.0;
        for name in path {
            let mut parser = serde_json::Deserializer::from_slice(json);
            json = parser.deserialize_map(Member(name)).ok()??.get().as_bytes();
        }
        Some(Self(self.0.slice_ref(json)))
    }

    /// Reads it as `T`, now that somebody wants to know.
    ///
    /// # Errors
    ///
    /// As [`super::read`].
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, super::ReadError> {
        super::read(&self.0)
    }
}

/// Finds the member of that name.
struct Member<'a>(&'a str);

impl<'de> Visitor<'de> for Member<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(name) = map.next_key::<Text>()? {
            if found.is_none() && name == self.0 {
                found = Some(map.next_value()?);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}

impl From<Bytes> for Raw {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<&RawValue> for Raw {
    fn from(value: &RawValue) -> Self {
        Self(Bytes::copy_from_slice(value.get().as_bytes()))
    }
}

impl<'de> Deserialize<'de> for Raw {
    /// Skips the value at scanning speed and keeps a copy of its text; builds no tree.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(Self::from)
    }
}

impl Serialize for Raw {
    /// The JSON as it was sent, on one line: a line break can only be white space there, and an event is one line.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let json = self
            .as_json()
            .ok_or_else(|| ser::Error::custom("the item is not JSON"))?;
        if json.contains(['\n', '\r']) {
            let line = json.replace(['\n', '\r'], " ");
            return serde_json::from_str::<&RawValue>(&line)
                .map_err(ser::Error::custom)?
                .serialize(serializer);
        }
        serde_json::from_str::<&RawValue>(json)
            .map_err(ser::Error::custom)?
            .serialize(serializer)
    }
}
