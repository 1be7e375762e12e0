//! What an answer says about an error, out of whatever form it has.
//!
//! Documented forms: `{"error":{"code","message","details":[{"field","reason"}]},"request_id"}` and `{"title","status",
//! "detail"}` (Wazapin, API: send a message, and API: errors, both 2026-08), `{"error":{"code","message"}}` (WAPing, docs:
//! errors, 2026-08), and for Wawp JSON, XML, HTML and plain text with no form told (Wawp, API: session webhook, 2026-07).
//! Read as well, since frameworks answer so in the place of a provider: `{"code","message","data":{"status"}}`,
//! `{"error":"…"}`, `{"errors":[…]}`, a bare JSON string.

use serde_json::{Map, Value};
use wahook_core::Secret;

use super::markup;
use crate::{
    error::{Detail, Told},
    read::items,
};

/// Of a message so much is kept, in characters.
const LONGEST: usize = 300;

/// So many things that are wrong are kept.
const MOST_DETAILS: usize = 20;

/// Reads what a body says of an error; nothing at all is an answer, too.
pub(crate) fn read(body: &[u8], secrets: &[Secret]) -> Told {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    let found = match serde_json::from_str::<Value>(text) {
        Ok(value) => of_json(&value),
        Err(_) if text.starts_with('<') => Found {
            code: markup::element(text, &["code", "errorcode", "error_code"]),
            message: markup::element(text, &["message", "detail", "error_message", "description"])
                .or_else(|| markup::element(text, &["error", "title", "h1"]))
                .or_else(|| Some(markup::text(text))),
            ..Found::default()
        },
        Err(_) => Found {
            message: Some(text.to_owned()),
            ..Found::default()
        },
    };
    let clean = |text: Option<String>| text.and_then(|text| clean(&text, secrets));
    Told {
        code: clean(found.code),
        message: clean(found.message),
        request_id: clean(found.request_id),
        details: found
            .details
            .into_iter()
            .take(MOST_DETAILS)
            .map(|(field, reason)| Detail {
                field: clean(field),
                reason: clean(reason),
            })
            .filter(|detail| detail.field.is_some() || detail.reason.is_some())
            .collect(),
    }
}

/// As it stands in the answer.
#[derive(Default)]
struct Found {
    code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    details: Vec<(Option<String>, Option<String>)>,
}

fn of_json(value: &Value) -> Found {
    match value {
        Value::Object(map) => of_object(map),
        Value::Array(values) => values.first().map(of_json).unwrap_or_default(),
        other => Found {
            message: word(other),
            ..Found::default()
        },
    }
}

fn of_object(map: &Map<String, Value>) -> Found {
    let at = |name: &str| map.get(name).and_then(word);
    let inner = |name: &str| map.get(name).and_then(Value::as_object);
    let mut found = match inner("error") {
        Some(error) => of_flat(error),
        None => of_flat(map),
    };
    // `"error"` is the message where nothing else is, and a code beside one.
    if let Some(error) = at("error") {
        if found.message.is_none() {
            found.message = Some(error);
        } else if found.code.is_none() && is_code(&error) {
            found.code = Some(error);
        }
    }
    if found.code.is_none()
        && found.message.is_none()
        && let Some(data) = inner("data")
    {
        found = of_flat(data);
    }
    found.request_id = found
        .request_id
        .or_else(|| at("request_id"))
        .or_else(|| at("requestId"));
    found
}

fn of_flat(map: &Map<String, Value>) -> Found {
    let at = |names: &[&str]| names.iter().find_map(|name| map.get(*name).and_then(word));
    let title = at(&["title"]);
    let message = match (at(&["message", "detail", "error_description"]), title) {
        (Some(message), Some(title)) if message != title => Some(format!("{title}: {message}")),
        (message, title) => message.or(title),
    };
    let details: Vec<_> = ["details", "errors"]
        .iter()
        .filter_map(|name| map.get(*name))
        .flat_map(details)
        .collect();
    let first = || details.first().and_then(|(_, reason)| reason.clone());
    Found {
        code: at(&["code", "error_code", "errorCode"]),
        message: message.or_else(first),
        request_id: at(&["request_id", "requestId"]),
        details,
    }
}

/// `[{field, reason}]`, `["…"]`, `{field: "reason"}`, or a sentence.
fn details(value: &Value) -> Vec<(Option<String>, Option<String>)> {
    if let Some(list) = items(value) {
        let of = |item: &Value| match item.as_object() {
            Some(map) => {
                let at = |names: &[&str]| names.iter().find_map(|name| map.get(*name).and_then(word));
                (
                    at(&["field", "location", "path", "param"]),
                    at(&["reason", "message", "detail", "msg"]),
                )
            }
            None => (None, word(item)),
        };
        return list.into_iter().map(of).collect();
    }
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(field, reason)| (Some(field.clone()), word(reason)))
            .collect(),
        other => vec![(None, word(other))],
    }
}

/// A text, a number, or several of them.
fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(values) => {
            let words: Vec<_> = values
                .iter()
                .filter(|value| !value.is_array())
                .filter_map(word)
                .collect();
            (!words.is_empty()).then(|| words.join("; "))
        }
        _ => None,
    }
}

fn is_code(text: &str) -> bool {
    !text.contains(char::is_whitespace)
}

/// On one line, without the secrets, cut to a sane length; `None` if nothing is left.
pub(super) fn clean(text: &str, secrets: &[Secret]) -> Option<String> {
    let visible = text.replace(is_unfit, " ");
    let mut line = visible.split_whitespace().collect::<Vec<_>>().join(" ");
    // Before it is cut: of a secret across the end a part would be left.
    for secret in secrets {
        line = without(&line, secret.expose());
    }
    if let Some((end, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(end);
        line.push('…');
    }
    (!line.is_empty()).then_some(line)
}

/// The text without a secret, in whatever way it is written: as it is, or with any of its bytes as in a URL, in either case.
fn without(text: &str, secret: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(c) = rest.chars().next() {
        let behind = after(rest.as_bytes(), secret.as_bytes()).and_then(|length| rest.get(length..));
        rest = if let Some(behind) = behind {
            out.push('…');
            behind
        } else {
            out.push(c);
            rest.get(c.len_utf8()..).unwrap_or_default()
        };
    }
    out
}

/// How long the secret is at the beginning of a text, if it stands there.
fn after(text: &[u8], secret: &[u8]) -> Option<usize> {
    let (mut at, mut secret) = (0, secret.iter());
    while let Some(&byte) = secret.as_slice().first() {
        let here = *text.get(at)?;
        at += if here == b'%' && encoded(text.get(at + 1..)?) == Some(byte) {
            3
        } else if here.eq_ignore_ascii_case(&byte) || (here == b'+' && byte == b' ') {
            1
        } else {
            return None;
        };
        secret.next();
    }
    (at > 0).then_some(at)
}

/// The byte of two hexadecimal digits.
fn encoded(text: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    u8::try_from(16 * digit(0)? + digit(1)?).ok()
}

/// Control characters, and what turns the direction of what is around it.
fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
