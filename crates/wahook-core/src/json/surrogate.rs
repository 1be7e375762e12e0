//! Half a character: JavaScript senders cut texts between the two halves of an emoji and escape what is left.

/// The text with U+FFFD in the place of each lone surrogate escape; `None` if there is none.
///
/// Both escapes have six bytes, so line and column of a later error still hold.
pub(super) fn repaired(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut lone = Vec::new();
    let mut at = 0;
    while let Some(offset) = bytes
        .get(at..)
        .and_then(|rest| rest.iter().position(|byte| *byte == b'\\'))
    {
        at += offset;
        at += match (surrogate(bytes, at), surrogate(bytes, at + 6)) {
            (Some(Half::High), Some(Half::Low)) => 12,
            (Some(_), _) => {
                lone.push(at);
                6
            }
            (None, _) => 2,
        };
    }
    if lone.is_empty() {
        return None;
    }
    let mut repaired = text.to_owned();
    for at in lone {
        repaired.replace_range(at..at + 6, "\\ufffd");
    }
    Some(repaired)
}

enum Half {
    High,
    Low,
}

fn surrogate(bytes: &[u8], at: usize) -> Option<Half> {
    let escape = bytes.get(at..at + 6)?;
    let hex = escape.strip_prefix(b"\\u")?;
    match u16::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok()? {
        0xD800..=0xDBFF => Some(Half::High),
        0xDC00..=0xDFFF => Some(Half::Low),
        _ => None,
    }
}
