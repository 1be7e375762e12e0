//! JSON text as a row of tokens: enough to change one value and leave every other byte as it is.

use std::ops::Range;

/// One token that a change may be about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    pub(crate) kind: TokenKind,
    /// The nearest member name before it, as written, without quotes; of a name itself the one before.
    pub(crate) name: &'a str,
    /// The name of the member whose object, or list of objects, it stands in.
    pub(crate) within: &'a str,
    /// Its place; for a text without the quotes.
    pub(crate) place: Range<usize>,
}

impl Token<'_> {
    /// Whether that is its name, or `within.name`.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        match name.split_once('.') {
            Some((within, name)) => self.within == within && self.name == name,
            None => self.name == name,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenKind {
    /// A `{`.
    Object,
    /// A number.
    Number,
    /// A text that is a value.
    Text,
    /// The name of a member.
    Name,
}

/// The tokens of a text that is, or once was, JSON. Never fails: what is no JSON has fewer tokens.
pub(crate) fn tokens(json: &str) -> Vec<Token<'_>> {
    let bytes = json.as_bytes();
    let mut found = Vec::new();
    let mut name = "";
    // The members whose objects and lists are open, and whether it is a list.
    let mut open: Vec<(&str, bool)> = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let within = open.last().map_or("", |(name, _)| name);
        match byte {
            b'"' => {
                let end = end_of_text(bytes, at + 1);
                let place = at + 1..end;
                at = end + 1;
                if is_name(bytes, at) {
                    let own = json.get(place.clone()).unwrap_or_default();
                    let kind = TokenKind::Name;
                    found.push(Token {
                        kind,
                        name,
                        within,
                        place,
                    });
                    name = own;
                } else {
                    let kind = TokenKind::Text;
                    found.push(Token {
                        kind,
                        name,
                        within,
                        place,
                    });
                }
            }
            b'{' => {
                let of = match open.last() {
                    Some((list, true)) => list,
                    _ => name,
                };
                open.push((of, false));
                let (kind, place) = (TokenKind::Object, at..at + 1);
                found.push(Token {
                    kind,
                    name,
                    within,
                    place,
                });
                at += 1;
            }
            b'[' => {
                open.push((name, true));
                at += 1;
            }
            b'}' | b']' => {
                open.pop();
                at += 1;
            }
            b'-' | b'0'..=b'9' => {
                let length = bytes
                    .iter()
                    .skip(at)
                    .take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
                    .count();
                let (kind, place) = (TokenKind::Number, at..at + length);
                found.push(Token {
                    kind,
                    name,
                    within,
                    place,
                });
                at += length;
            }
            _ => at += 1,
        }
    }
    found
}

fn end_of_text(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at) {
            None | Some(b'"') => return at,
            Some(b'\\') => at = (at + 2).min(bytes.len()),
            Some(_) => at += 1,
        }
    }
}

fn is_name(bytes: &[u8], at: usize) -> bool {
    bytes.iter().skip(at).find(|byte| !byte.is_ascii_whitespace()) == Some(&b':')
}

/// The text with some tokens written anew; `None` leaves a token as it is.
pub(crate) fn rewrite(json: &str, mut change: impl FnMut(&Token<'_>, &str) -> Option<String>) -> String {
    let mut out = String::with_capacity(json.len());
    let mut done = 0;
    for token in tokens(json) {
        let text = json.get(token.place.clone()).unwrap_or_default();
        if let Some(new) = change(&token, text) {
            out.push_str(json.get(done..token.place.start).unwrap_or_default());
            out.push_str(&new);
            done = token.place.end;
        }
    }
    out.push_str(json.get(done..).unwrap_or_default());
    out
}

/// The text with a member put first into some objects, counted from 0 in the order of their braces.
pub(crate) fn with_member(json: &str, member: &str, into: impl Fn(usize) -> bool) -> String {
    let bytes = json.as_bytes();
    let mut count = 0;
    rewrite(json, |token, _| {
        if token.kind != TokenKind::Object {
            return None;
        }
        count += 1;
        let rest = bytes.iter().skip(token.place.end);
        let is_empty = rest.into_iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'}');
        let comma = if is_empty { "" } else { "," };
        into(count - 1).then(|| format!("{{{member}{comma}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_told_by_what_it_stands_in() {
        let json = r#"{"id":"a","said":[{"file":{"id":"b"},"id":"c"},{"id":"d"}],"id":"e"}"#;
        let called = |name: &str| -> Vec<&str> {
            let values = tokens(json)
                .into_iter()
                .filter(|token| token.kind == TokenKind::Text);
            values
                .filter(|token| token.is_called(name))
                .map(|token| &json[token.place])
                .collect()
        };
        assert_eq!(called("id"), ["a", "b", "c", "d", "e"]);
        assert_eq!(called("said.id"), ["c", "d"]);
        assert_eq!(called("file.id"), ["b"]);
    }

    #[test]
    fn values_are_told_from_names_and_nothing_else_changes() {
        let json = r#"{ "id" : "a\"b", "n":-1.5e3, "list":["{",2], "id2":{} }"#;
        let kinds: Vec<_> = tokens(json)
            .iter()
            .filter(|token| token.kind != TokenKind::Name)
            .map(|token| (token.kind, token.name))
            .collect();
        let names = tokens(json)
            .into_iter()
            .filter(|token| token.kind == TokenKind::Name);
        let names: Vec<_> = names.map(|token| &json[token.place]).collect();
        assert_eq!(names, ["id", "n", "list", "id2"]);
        use TokenKind::{Number, Object, Text};
        assert_eq!(
            kinds,
            [
                (Object, ""),
                (Text, "id"),
                (Number, "n"),
                (Text, "list"),
                (Number, "list"),
                (Object, "id2")
            ]
        );
        assert_eq!(rewrite(json, |_, _| None), json);
        assert_eq!(
            with_member(json, r#""x":1"#, |_| true),
            r#"{"x":1, "id" : "a\"b", "n":-1.5e3, "list":["{",2], "id2":{"x":1} }"#
        );
        for cut in 0..json.len() {
            tokens(&json[..cut]);
        }
    }
}
