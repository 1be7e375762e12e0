//! From a body to its items.

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use wahook_core::json::{Raw, ReadError, read};

/// The items of a body.
#[derive(Debug)]
pub(super) enum Items {
    /// One, and whether it is the body itself.
    One(Bytes),
    /// The elements of a list.
    Many(Vec<Bytes>),
    /// It is not JSON, or holds more than anybody says at once.
    Bad(ReadError),
}

/// Splits a body at the first of these pointers that leads to something. A list is several items, anything else is one;
/// where none leads anywhere, the body is the item. Each is read for itself later, so that none harms its neighbours.
pub(super) fn split(body: &Bytes, pointers: &[Vec<Box<str>>]) -> Items {
    let body = body
        .strip_prefix(b"\xef\xbb\xbf")
        .map_or_else(|| body.clone(), |rest| body.slice_ref(rest));
    let mut found = None;
    if pointers.iter().any(|pointer| !pointer.is_empty()) {
        // What is found in a body that is cut further on would look like the whole.
        if let Err(error) = read::<IgnoredAny>(&body) {
            return Items::Bad(error);
        }
        found = pointers.iter().find_map(|pointer| lookup(&body, pointer));
    }
    let at = found.unwrap_or(body);
    if first_byte(&at) != Some(b'[') {
        return Items::One(at);
    }
    match serde_json::from_slice::<Vec<&RawValue>>(&at) {
        Ok(items) if items.len() <= MAX_ITEMS => Items::Many(
            items
                .into_iter()
                .map(|item| at.slice_ref(item.get().as_bytes()))
                .collect(),
        ),
        Ok(_) => Items::Bad(ReadError::shape("")),
        // The reason and its place, without the parser's own text.
        Err(_) => Items::Bad(
            read::<Vec<IgnoredAny>>(&at)
                .err()
                .unwrap_or_else(|| ReadError::shape("")),
        ),
    }
}

/// A list or an object there.
fn lookup(body: &Bytes, pointer: &[Box<str>]) -> Option<Bytes> {
    let names: Vec<&str> = pointer.iter().map(AsRef::as_ref).collect();
    let found = Raw::new(body.clone()).at(&names)?.bytes().clone();
    matches!(first_byte(&found), Some(b'[' | b'{')).then_some(found)
}

fn first_byte(bytes: &[u8]) -> Option<u8> {
    bytes.iter().copied().find(|byte| !byte.is_ascii_whitespace())
}

/// More things than anybody says at once; each costs memory of its own.
const MAX_ITEMS: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn items(body: &'static str, pointers: &[&str]) -> Option<Vec<String>> {
        let pointers: Vec<_> = pointers
            .iter()
            .map(|pointer| pointer.split('/').skip(1).map(Box::from).collect())
            .collect();
        let text = |bytes: Bytes| String::from_utf8(bytes.to_vec()).unwrap();
        match split(&Bytes::from_static(body.as_bytes()), &pointers) {
            Items::One(item) => Some(vec![text(item)]),
            Items::Many(items) => Some(items.into_iter().map(text).collect()),
            Items::Bad(_) => None,
        }
    }

    #[test]
    fn n1_a_list_is_several_items_and_anything_else_is_one() {
        for (body, pointers, expected) in [
            (
                r#"{"data":[{"a":1}, 7]}"#,
                &["/data"][..],
                Some(vec![r#"{"a":1}"#, "7"]),
            ),
            (r#"{"data":{"a":1}}"#, &["/data"], Some(vec![r#"{"a":1}"#])),
            (r#"{"other":1}"#, &["/data"], Some(vec![r#"{"other":1}"#])),
            (r#"{"data":null}"#, &["/data"], Some(vec![r#"{"data":null}"#])),
            (r#"{"b":[1]}"#, &["/a", "/b"], Some(vec!["1"])),
            (r#"{"data":[{"a":1}]"#, &["/data"], None),
            (r#"{"data":[]}"#, &["/data"], Some(vec![])),
            (r#"[1, {"x":2}]"#, &[], Some(vec!["1", r#"{"x":2}"#])),
            ("[1", &[], None),
            ("\u{feff}{}", &[], Some(vec!["{}"])),
            ("nope", &[], Some(vec!["nope"])),
        ] {
            let found = items(body, pointers);
            let found = found
                .as_ref()
                .map(|items| items.iter().map(String::as_str).collect());
            assert_eq!(found, expected, "{body}");
        }
    }
}
