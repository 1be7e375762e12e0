//! What is wrong with a body, without quoting it.

use std::{fmt, marker::PhantomData};

use serde::de::{DeserializeOwned, DeserializeSeed};

use super::surrogate;

/// Why bytes could not be read: category, place and path. Never the parser's own text, which quotes the payload (N1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    category: ReadErrorCategory,
    line: usize,
    column: usize,
    path: String,
}

/// What sort of mistake it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadErrorCategory {
    /// The text is cut off.
    Cut,
    /// It is not UTF-8.
    NotUtf8,
    /// It is JSON of another shape: a type that the field cannot have.
    Shape,
    /// It is not JSON.
    Syntax,
}

impl ReadErrorCategory {
    /// A word for labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cut => "cut",
            Self::NotUtf8 => "not_utf8",
            Self::Shape => "shape",
            Self::Syntax => "syntax",
        }
    }
}

impl ReadError {
    /// A value that is JSON, but not of the shape that was expected.
    #[must_use]
    pub fn shape(path: impl Into<String>) -> Self {
        Self {
            category: ReadErrorCategory::Shape,
            line: 0,
            column: 0,
            path: path.into(),
        }
    }

    /// What sort of mistake it is.
    #[must_use]
    pub const fn category(&self) -> ReadErrorCategory {
        self.category
    }

    /// The line, from 1; 0 if unknown.
    #[must_use]
    pub const fn line(&self) -> usize {
        self.line
    }

    /// The column, from 1; 0 if unknown.
    #[must_use]
    pub const fn column(&self) -> usize {
        self.column
    }

    /// The way to the value, such as `payload.media.url`; names that do not look like field names are shown as `*`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn of(error: &serde_json::Error, path: String) -> Self {
        let category = match error.classify() {
            serde_json::error::Category::Data => ReadErrorCategory::Shape,
            serde_json::error::Category::Eof => ReadErrorCategory::Cut,
            serde_json::error::Category::Io | serde_json::error::Category::Syntax => {
                ReadErrorCategory::Syntax
            }
        };
        Self {
            category,
            line: error.line(),
            column: error.column(),
            path,
        }
    }

    fn not_utf8(bytes: &[u8], at: usize) -> Self {
        let before = bytes.get(..at).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = before.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        Self {
            category: ReadErrorCategory::NotUtf8,
            line,
            column,
            path: String::new(),
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.category {
            ReadErrorCategory::Cut => "the JSON is cut off",
            ReadErrorCategory::NotUtf8 => "the text is not UTF-8",
            ReadErrorCategory::Shape => "a value has another shape than expected",
            ReadErrorCategory::Syntax => "the text is not JSON",
        })?;
        if self.line > 0 {
            write!(f, ", line {} column {}", self.line, self.column)?;
        }
        if !self.path.is_empty() {
            write!(f, ", at {}", self.path)?;
        }
        Ok(())
    }
}

impl std::error::Error for ReadError {}

/// Reads JSON in one pass. A byte order mark is passed over, a lone surrogate escape reads as U+FFFD (N3).
///
/// # Errors
///
/// With the path of the value, found by a second pass that only a failure pays for.
pub fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ReadError> {
    read_seed(bytes, || PhantomData::<T>)
}

/// As [`read`], with a seed; `seed` is called again for the passes that only a failure pays for.
///
/// # Errors
///
/// As [`read`].
pub fn read_seed<T, V, F>(bytes: &[u8], seed: F) -> Result<V, ReadError>
where
    F: Fn() -> T,
    T: for<'de> DeserializeSeed<'de, Value = V>,
{
    read_text(text(bytes)?, seed)
}

/// As [`read_seed`], of a text, which needs no check.
///
/// # Errors
///
/// As [`read`].
pub fn read_text<T, V, F>(text: &str, seed: F) -> Result<V, ReadError>
where
    F: Fn() -> T,
    T: for<'de> DeserializeSeed<'de, Value = V>,
{
    match whole(text, seed()) {
        Err(error) if error.is_syntax() => match surrogate::repaired(text) {
            Some(text) => whole(&text, seed()).map_err(|error| ReadError::of(&error, path(&text, seed()))),
            None => Err(ReadError::of(&error, path(text, seed()))),
        },
        result => result.map_err(|error| ReadError::of(&error, path(text, seed()))),
    }
}

/// One check of the whole text spares the parser one for each string.
pub(super) fn text(bytes: &[u8]) -> Result<&str, ReadError> {
    let text = std::str::from_utf8(bytes).map_err(|error| ReadError::not_utf8(bytes, error.valid_up_to()))?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

pub(super) fn whole<'a, T: DeserializeSeed<'a>>(text: &'a str, seed: T) -> serde_json::Result<T::Value> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = seed.deserialize(&mut json)?;
    json.end()?;
    Ok(value)
}

pub(super) fn path<'a, T: DeserializeSeed<'a>>(text: &'a str, seed: T) -> String {
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_str(text);
    let _ = seed.deserialize(serde_path_to_error::Deserializer::new(&mut json, &mut track));
    let mut path = String::new();
    for segment in track.path().iter().take(MAX_DEPTH) {
        use serde_path_to_error::Segment;
        use std::fmt::Write;
        let _ = match segment {
            Segment::Seq { index } => write!(path, "[{index}]"),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                let dot = if path.is_empty() { "" } else { "." };
                write!(path, "{dot}{}", if is_field_name(key) { key } else { "*" })
            }
            Segment::Unknown => Ok(()),
        };
    }
    path
}

/// A key of somebody's map may be a phone number or a name: only what looks like a field of ours is shown.
fn is_field_name(key: &str) -> bool {
    (1..=32).contains(&key.len())
        && key
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
        && key.bytes().filter(u8::is_ascii_digit).count() <= 2
}

const MAX_DEPTH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Outer {
        payload: Inner,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Inner {
        url: super::super::Text,
    }

    #[test]
    fn n1_an_error_has_a_path_and_quotes_nothing() {
        let error = read::<Outer>(br#"{"payload":{"url":{"+15550001":"hello"}}}"#).unwrap_err();
        assert_eq!(error.category(), ReadErrorCategory::Shape);
        assert_eq!(error.path(), "payload.url");
        assert!(!error.to_string().contains("hello") && !error.to_string().contains("555"));
    }

    #[test]
    fn n3_a_lone_surrogate_makes_nothing_malformed() {
        for (escaped, expected) in [
            (r"\ud83d", "\u{fffd}"),
            (r"a\udc4b", "a\u{fffd}"),
            (r"\ud83d\ud83d\udc4b", "\u{fffd}\u{1f44b}"),
            (r"\\ud83d\ud83d", "\\ud83d\u{fffd}"),
        ] {
            let body = format!(r#"{{"payload":{{"url":"{escaped}"}}}}"#);
            let outer: Outer = read(body.as_bytes()).unwrap();
            assert_eq!(outer.payload.url, expected);
        }
    }

    #[test]
    fn n1_categories() {
        for (bytes, category) in [
            (&b"{\"payload\":"[..], ReadErrorCategory::Cut),
            (b"", ReadErrorCategory::Cut),
            (b"{]", ReadErrorCategory::Syntax),
            (b"[]", ReadErrorCategory::Shape),
            (b"{\"payload\":{\"url\":\"\xff\"}}", ReadErrorCategory::NotUtf8),
        ] {
            assert_eq!(read::<Outer>(bytes).unwrap_err().category(), category);
        }
    }
}
