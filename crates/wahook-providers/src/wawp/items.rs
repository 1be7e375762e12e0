//! What a body holds: one object, several, or a text that holds them.
//!
//! Documented is one object for each request. A parser of Wawp's own (its n8n node, 2026-07) also takes an array of
//! objects and a text that holds JSON, which costs nothing to accept.

use bytes::Bytes;
use wahook_core::json::{self, Raw, ReadError, Text};

/// The items of a body.
#[derive(Debug)]
pub(super) enum Items {
    /// The body is one item: bytes that begin like an object, or that are no JSON at all.
    One(Bytes),
    /// An array, item by item.
    Many(Vec<Raw>),
    /// JSON that is neither object nor array.
    Other(Bytes),
    /// The body is not JSON.
    NotJson(ReadError),
}

/// Splits a body. An object is not looked into.
pub(super) fn split(body: &Bytes) -> Items {
    let body = without_mark(body);
    match first_byte(&body) {
        // A text is unpacked once: a text in a text is nobody's event.
        Some(b'"') => match json::read::<Text>(&body) {
            Ok(text) => match first_byte(text.as_bytes()) {
                Some(b'{' | b'[') => value(Bytes::from(text.into_string())),
                _ => Items::Other(body),
            },
            Err(error) => Items::NotJson(error),
        },
        _ => value(body),
    }
}

fn value(body: Bytes) -> Items {
    match first_byte(&body) {
        Some(b'{') => Items::One(body),
        Some(b'[') => match json::read::<Vec<Raw>>(&body) {
            Ok(items) => Items::Many(items),
            Err(error) => Items::NotJson(error),
        },
        _ => match json::read::<Raw>(&body) {
            Ok(_) => Items::Other(body),
            Err(error) => Items::NotJson(error),
        },
    }
}

/// Whether an item of an array begins like an object.
pub(super) fn is_object(item: &[u8]) -> bool {
    first_byte(item) == Some(b'{')
}

fn first_byte(bytes: &[u8]) -> Option<u8> {
    bytes.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

fn without_mark(body: &Bytes) -> Bytes {
    body.strip_prefix(b"\xef\xbb\xbf")
        .map_or_else(|| body.clone(), |rest| body.slice_ref(rest))
}
