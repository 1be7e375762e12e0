//! Texts of the envelope, and the places of mistakes.

use std::borrow::Cow;

use wahook_core::json::{self, ReadError, Text};

use super::super::envelope::{Typed, Word};

/// A text with something in it; an error where it is no text.
pub(super) fn text(json: Word<'_>) -> Result<Option<Text>, ()> {
    word(json).map(|word| word.map(Text::from))
}

/// As [`text`], without a copy.
pub(super) fn word(json: Word<'_>) -> Result<Option<Cow<'_, str>>, ()> {
    let json = match json {
        None | Some(Typed::Read("")) => return Ok(None),
        Some(Typed::Read(word)) => return Ok(Some(Cow::Borrowed(word))),
        Some(Typed::Raw(json)) => json.get(),
    };
    let bare = json.strip_prefix('"').and_then(|json| json.strip_suffix('"'));
    let word = match bare.filter(|text| !text.contains('\\')) {
        // There is nothing to decode.
        Some(text) => Cow::Borrowed(text),
        None => match json::read::<Text>(json.as_bytes()) {
            Ok(text) => Cow::Owned(text.into_string()),
            Err(_) => return Err(()),
        },
    };
    Ok(Some(word).filter(|word| !word.is_empty()))
}

/// The mistake, and where it stands in the body.
pub(super) fn under(path: &str, error: &ReadError) -> ReadError {
    let inner = error.path();
    let dot = if inner.is_empty() || inner.starts_with('[') {
        ""
    } else {
        "."
    };
    ReadError::shape(format!("{path}{dot}{inner}"))
}
