//! The bodies that a changed body may have been: what proxies and frameworks do to JSON, undone.

use serde::de::IgnoredAny;

/// Other white space at the ends, other line breaks, no byte order mark.
pub(super) fn other_white_space(body: &[u8]) -> Vec<Vec<u8>> {
    let mut bodies = vec![
        body.trim_ascii().to_vec(),
        [body, b"\n"].concat(),
        [body, b"\r\n"].concat(),
    ];
    let unmarked = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    bodies.push(unmarked.to_vec());
    bodies.push(unmarked.trim_ascii().to_vec());
    for end in [&b"\r\n"[..], b"\n"] {
        bodies.extend(body.strip_suffix(end).map(<[u8]>::to_vec));
    }
    if let Ok(text) = str::from_utf8(body) {
        let plain = text.replace("\r\n", "\n");
        bodies.push(plain.replace('\n', "\r\n").into_bytes());
        bodies.push(plain.trim_ascii_end().as_bytes().to_vec());
        bodies.push(plain.into_bytes());
    }
    bodies.retain(|candidate| candidate != body);
    bodies
}

/// The same JSON as other encoders write it, one after the other: a stranger's body is not multiplied in memory.
/// Members keep their order: the order before a sorting encoder is lost. A line break at the end may be lost too: Go's
/// encoder writes one, and no parser keeps it.
pub(super) fn other_encodings(body: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let text = str::from_utf8(body).ok().filter(|_| is_json(body));
    let spacings = [
        Spacing::Kept,
        Spacing::None,
        Spacing::Single,
        Spacing::Lines(2),
        Spacing::Lines(4),
    ];
    let ways = spacings
        .into_iter()
        .flat_map(|spacing| Escapes::ALL.iter().map(move |escapes| (spacing, *escapes)));
    text.into_iter()
        .flat_map(move |text| {
            ways.clone()
                .filter_map(|(spacing, escapes)| reprint(text, spacing, escapes))
                .flat_map(|candidate| {
                    let ended = [&candidate[..], b"\n"].concat();
                    [candidate, ended]
                })
        })
        .filter(move |candidate| candidate != body)
}

/// Whether the JSON of a body stops before its end.
pub(super) fn is_cut(body: &[u8]) -> bool {
    !body.is_empty() && serde_json::from_slice::<IgnoredAny>(body).is_err_and(|error| error.is_eof())
}

fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(body).is_ok()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Spacing {
    Kept,
    None,
    /// A space after `,` and `:`, as Python writes.
    Single,
    /// Indented by so many.
    Lines(usize),
}

/// What an encoder escapes beyond what it must.
#[derive(Clone, Copy)]
struct Escapes {
    kept: bool,
    slash: bool,
    non_ascii: bool,
    html: bool,
}

impl Escapes {
    const NONE: Self = Self {
        kept: false,
        slash: false,
        non_ascii: false,
        html: false,
    };
    const ALL: &'static [Self] = &[
        Self {
            kept: true,
            ..Self::NONE
        },
        Self::NONE,
        // PHP without and with JSON_UNESCAPED_UNICODE.
        Self {
            slash: true,
            non_ascii: true,
            ..Self::NONE
        },
        Self {
            slash: true,
            ..Self::NONE
        },
        // Python.
        Self {
            non_ascii: true,
            ..Self::NONE
        },
        // Go.
        Self {
            html: true,
            ..Self::NONE
        },
    ];
}

/// Prints well-formed JSON again, token by token: numbers and the order of members stay. Nothing where that is many
/// times longer: lines that are nested so deep that they are mostly indentation are no provider's.
fn reprint(text: &str, spacing: Spacing, escapes: Escapes) -> Option<Vec<u8>> {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let (mut rest, mut depth) = (text, 0_usize);
    while let Some(first) = rest.chars().next() {
        if out.len() > MAX_GROWTH * text.len() {
            return None;
        }
        let taken = match first {
            '"' => {
                let end = string_end(rest);
                let literal = rest.get(..end).unwrap_or(rest);
                push_string(&mut out, literal, escapes);
                end
            }
            ' ' | '\t' | '\r' | '\n' => {
                if spacing == Spacing::Kept {
                    out.push(first);
                }
                1
            }
            '{' | '[' => {
                depth += 1;
                out.push(first);
                let empty = rest
                    .get(1..)
                    .is_some_and(|rest| rest.trim_ascii_start().starts_with(['}', ']']));
                if !empty {
                    break_line(&mut out, spacing, depth);
                }
                1
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                if !out.ends_with(['{', '[']) {
                    break_line(&mut out, spacing, depth);
                }
                out.push(first);
                1
            }
            ',' => {
                out.push(',');
                if spacing == Spacing::Single {
                    out.push(' ');
                }
                break_line(&mut out, spacing, depth);
                1
            }
            ':' => {
                out.push(':');
                if matches!(spacing, Spacing::Single | Spacing::Lines(_)) {
                    out.push(' ');
                }
                1
            }
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    Some(out.into_bytes())
}

/// A pretty-printed body is a few times longer than a compact one. The shortest of bodies may grow too: `[[[1]]]`.
const MAX_GROWTH: usize = 16;

fn break_line(out: &mut String, spacing: Spacing, depth: usize) {
    if let Spacing::Lines(width) = spacing {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', width * depth.min(128)));
    }
}

/// Where the string that begins here ends, its quotes included.
fn string_end(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn push_string(out: &mut String, literal: &str, escapes: Escapes) {
    let text = match serde_json::from_str::<String>(literal) {
        Ok(text) if !escapes.kept => text,
        _ => return out.push_str(literal),
    };
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '/' if escapes.slash => out.push_str("\\/"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' if escapes.html => push_escape(out, char),
            char if char < ' ' || (escapes.non_ascii && !char.is_ascii()) => push_escape(out, char),
            char => out.push(char),
        }
    }
    out.push('"');
}

fn push_escape(out: &mut String, char: char) {
    for unit in char.encode_utf16(&mut [0; 2]) {
        out.push_str("\\u");
        out.push_str(&const_hex::encode(unit.to_be_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_encoders_are_undone() {
        let compact = r#"{"a":"h\u00e9\/<","b":[1,2.50],"c":{},"d":[]}"#;
        let mut others =
            other_encodings("{\"a\": \"hé/<\", \"b\": [1, 2.50], \"c\": {}, \"d\": []}".as_bytes());
        assert!(others.any(|body| body == compact.as_bytes()));

        let pretty = "{\n  \"a\": [\n    1,\n    {}\n  ]\n}";
        assert!(other_encodings(br#"{"a":[1,{}]}"#).any(|body| body == pretty.as_bytes()));
        assert!(other_encodings(pretty.as_bytes()).any(|body| body == br#"{"a":[1,{}]}"#));

        let go = r#"{"a":"\u003c\u0026"}"#;
        assert!(other_encodings(br#"{"a":"<&"}"#).any(|body| body == go.as_bytes()));
    }

    #[test]
    fn what_is_no_json_has_no_other_encoding() {
        assert!(other_encodings(b"{\"a\":").next().is_none());
        assert!(other_encodings(b"\xff").next().is_none());
        assert!(is_cut(b"{\"a\":") && !is_cut(b"") && !is_cut(b"{}") && !is_cut(b"nope"));
    }

    #[test]
    fn v4_a_body_nested_on_purpose_does_not_grow_without_bound() {
        let nested = format!("{}1{}{}", "[".repeat(128), ",1".repeat(10_000), "]".repeat(128));
        assert!(other_encodings(nested.as_bytes()).all(|body| body.len() < 20 * nested.len()));
    }
}
