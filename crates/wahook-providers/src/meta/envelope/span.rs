//! Where an object stands, told by its first name and its last value: there is no further look at what was read.

use std::{borrow::Cow, ops::Range};

use serde_json::value::RawValue;

use super::{super::parse, Name, left::Left};

/// An object that is being read.
#[derive(Debug, Default)]
pub(super) struct Span<'de> {
    is_begun: bool,
    /// Nothing where it does not stand as it says.
    first_name: Option<&'de str>,
    /// Nothing where it was read as something else.
    last_value: Option<&'de str>,
    /// Whether that is a text without its quotation marks.
    is_text: bool,
}

impl<'de> Span<'de> {
    /// A member comes.
    pub(super) fn begin(&mut self, name: &Name<'de>, left: &Left) {
        (self.last_value, self.is_text) = (None, false);
        if !std::mem::replace(&mut self.is_begun, true)
            && left.is_quick()
            && let Cow::Borrowed(name) = name.0
        {
            self.first_name = Some(name);
        }
    }

    /// The value of that member.
    pub(super) fn end(&mut self, value: &'de RawValue) {
        self.last_value = Some(value.get());
    }

    /// The same of a text, borrowed from the body.
    pub(super) const fn end_of_text(&mut self, text: &'de str) {
        (self.last_value, self.is_text) = (Some(text), true);
    }

    /// Where it stands in the body.
    pub(super) fn place(&self, body: &[u8]) -> Option<Range<usize>> {
        let last = parse::place(self.last_value?.as_bytes(), body)?;
        self.place_to(last.end + usize::from(self.is_text), body)
    }

    /// The same, where the last value ends there.
    pub(super) fn place_to(&self, end: usize, body: &[u8]) -> Option<Range<usize>> {
        let name = parse::place(self.first_name?.as_bytes(), body)?;
        let before = body.get(..name.start)?.strip_suffix(b"\"")?;
        let before = before.trim_ascii_end().strip_suffix(b"{")?;
        let after = body.get(end..)?.trim_ascii_start().strip_prefix(b"}")?;
        Some(before.len()..body.len() - after.len())
    }
}
