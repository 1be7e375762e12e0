//! What makes two hand-overs of an event the same.

use std::fmt::Write as _;

use crate::{guard::Digest, model::Event};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

/// The event's key; for a replay with `#r` and the number of the replay behind it. The same in all attempts, another in
/// each replay (I4).
///
/// A key that would be too long for a header is cut, with its digest behind it.
#[must_use]
pub fn identity(event: &Event) -> String {
    let mut text = short(&event.key);
    match (event.replay, &event.replay_of) {
        (Some(number), _) => {
            let _ = write!(text, "#r{number}"); // writing to a string does not fail
        }
        // It says that it is one, and not which: still not the original.
        (None, Some(delivery)) => {
            let _ = write!(text, "#r{}", short(delivery));
        }
        (None, None) => {}
    }
    text
}

/// As [`identity()`], in visible ASCII without `.`: what Standard Webhooks takes for an id.
///
/// Keys escape `%` themselves, so that two of them never become one.
#[must_use]
pub fn header_identity(event: &Event) -> String {
    utf8_percent_encode(&identity(event), NOT_IN_IDS).to_string()
}

/// Everything that is not ASCII is always encoded.
const NOT_IN_IDS: &AsciiSet = &CONTROLS.add(b' ').add(b'.');

/// Bytes of an identity that is written whole, as they count in a header: receivers, ours among them, take 512.
const MOST: usize = 400;

/// The text, or what tells it from others if it is long.
pub(super) fn short(key: &str) -> String {
    let mut count = 0;
    for (at, character) in key.char_indices() {
        let plain = character.is_ascii_graphic() && character != '.';
        count += if plain { 1 } else { 3 * character.len_utf8() };
        if count > MOST {
            // Cut well before the limit, so that cut ones of all lengths look alike.
            let kept = &key[..at];
            let kept: String = kept.chars().take(100).collect();
            return format!("{kept}~{}", Digest::of(key.as_bytes()));
        }
    }
    key.to_owned()
}
