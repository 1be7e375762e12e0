//! What else than the configured contents a sender may have signed (V4).

use http::{HeaderMap, HeaderName};

/// Of a longer body it is not tried: each candidate is hashed as a whole.
const LONGEST: usize = 64 << 10;
/// So many headers are taken for times.
const MOST_TIMES: usize = 4;

/// What senders sign beside the body alone, as their documentation writes it.
const WITH_TIME: [&str; 6] = [
    "{timestamp}.{body}",
    "{timestamp}{body}",
    "{timestamp}:{body}",
    "{body}.{timestamp}",
    "{body}{timestamp}",
    "v0:{timestamp}:{body}",
];

/// The contents that fit, and the header with their time, if they have one. `own` is the header with the configured time, if
/// there is one, and that time.
pub(super) fn other(
    headers: &HeaderMap,
    own: Option<(&HeaderName, &str)>,
    body: &[u8],
    fits: &dyn Fn(&[u8]) -> bool,
) -> Option<(&'static str, Option<HeaderName>)> {
    if body.len() > LONGEST {
        return None;
    }
    if fits(body) {
        return Some(("{body}", None));
    }
    let others = headers
        .iter()
        .filter_map(|(name, value)| Some((name, value.to_str().ok()?.trim())))
        .filter(|(_, value)| is_time(value));
    for (name, time) in own.into_iter().chain(others).take(MOST_TIMES) {
        for template in WITH_TIME {
            if fits(&filled(template, time, body)) {
                return Some((template, Some(name.clone())));
            }
        }
    }
    None
}

/// Seconds or milliseconds since 1970, of this century.
fn is_time(value: &str) -> bool {
    matches!(value.len(), 10 | 13) && value.bytes().all(|byte| byte.is_ascii_digit())
}

fn filled(template: &str, time: &str, body: &[u8]) -> Vec<u8> {
    let with_time = template.replace("{timestamp}", time);
    let (before, after) = with_time.split_once("{body}").unwrap_or_default();
    [before.as_bytes(), body, after.as_bytes()].concat()
}
