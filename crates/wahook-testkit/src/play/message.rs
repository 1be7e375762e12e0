//! One delivery before it is signed: a body, and the sender's id of it.

use bytes::Bytes;
use jiff::{Timestamp, ToSpan};

use super::vendor::Vendor;
use crate::{
    Sample,
    tokens::{Token, TokenKind, rewrite},
};

/// One delivery before it is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outgoing {
    /// The sender's id of it, the same over all attempts. Some schemes sign it, some providers send it unsigned, some
    /// not at all.
    pub id: String,
    /// The body.
    pub body: Bytes,
}

impl Outgoing {
    /// A body under an id of your own.
    #[must_use]
    pub fn new(id: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self {
            id: id.into(),
            body: body.into(),
        }
    }

    /// The n-th delivery of a sample: the same words, said about another occurrence. The ids and times in the body and
    /// the sender's id of it are fresh, so two numbers are two events; every other byte is the sample's.
    ///
    /// A body that is not UTF-8 stays as it is.
    ///
    /// ```
    /// use wahook_testkit::{Outgoing, sample};
    ///
    /// let sample = sample("waping", "message.received").unwrap();
    /// let (one, two) = (Outgoing::personalise(&sample, 1), Outgoing::personalise(&sample, 2));
    /// assert_ne!(one.body, two.body);
    /// assert_ne!(one.id, two.id);
    /// assert_eq!(one, Outgoing::personalise(&sample, 1));
    /// ```
    #[must_use]
    pub fn personalise(sample: &Sample, n: u64) -> Self {
        Self::of_sample(sample, n, |text| later(text, n))
    }

    /// The same, of something that happens at this moment.
    #[must_use]
    pub fn happening(sample: &Sample, n: u64, at: Timestamp) -> Self {
        Self::of_sample(sample, n, |text| moved_to(text, at))
    }

    fn of_sample(sample: &Sample, n: u64, time: impl Fn(&str) -> Option<String>) -> Self {
        let vendor = Vendor::of(sample.provider);
        let body = std::str::from_utf8(sample.body).map_or_else(
            |_| Bytes::from_static(sample.body),
            |json| {
                let is = |names: &[String], token: &Token<'_>| names.iter().any(|name| token.is_called(name));
                let mut is_told = false;
                let body = rewrite(json, |token, text| match token.kind {
                    TokenKind::Text if is(&vendor.ids, token) => {
                        is_told = true;
                        fresh_id(text, n)
                    }
                    TokenKind::Text | TokenKind::Number if is(&vendor.times, token) => {
                        is_told = true;
                        time(text)
                    }
                    _ => None,
                });
                Bytes::from(if is_told {
                    body
                } else {
                    rewrite(json, |token, text| {
                        let is_id = token.kind == TokenKind::Text && is(&vendor.last_resort, token);
                        is_id.then(|| fresh_id(text, n)).flatten()
                    })
                })
            },
        );
        // So that two samples of one number are two deliveries.
        let mark = mark(&sample.name());
        Self {
            id: format!("msg_{mark:08x}{n:016x}"),
            body,
        }
    }
}

/// FNV-1a.
fn mark(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |mark, byte| {
        (mark ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

/// An id of the same look: its last piece that is no address gets another end.
///
/// WhatsApp message ids come with the chat before and the participant after them, `false_1555@c.us_3EB0…_1556@c.us`;
/// addresses must stay what they are.
fn fresh_id(text: &str, n: u64) -> Option<String> {
    let mut pieces: Vec<String> = text.split('_').map(str::to_owned).collect();
    let piece = pieces
        .iter_mut()
        .rev()
        .find(|piece| !piece.contains('@') && !piece.is_empty())?;
    let padding = piece.len() - piece.trim_end_matches('=').len();
    let kept = piece.len() - padding;
    let hex = piece
        .bytes()
        .take(kept)
        .rev()
        .take_while(u8::is_ascii_hexdigit)
        .count();
    // The old end plays a part, so that two ids of one body stay two.
    let end = format!("{:08X}", u64::from(mark(piece)) ^ n);
    let has = |what: fn(&u8) -> bool| piece.as_bytes().iter().any(what);
    let upper = has(u8::is_ascii_uppercase) && !has(u8::is_ascii_lowercase);
    let end = if upper { end } else { end.to_ascii_lowercase() };
    piece.replace_range(kept - hex.min(end.len())..kept, &end);
    Some(pieces.join("_"))
}

/// A later time of the same form, by at most twelve days; `None` for what is no time.
fn later(text: &str, n: u64) -> Option<String> {
    let steps = i64::try_from(n % 1_000_000).ok()?;
    if let Ok(number) = text.parse::<i64>() {
        let milliseconds = number > MILLISECONDS_FROM;
        let steps = if milliseconds {
            i64::try_from(n % 1_000_000_000).ok()?
        } else {
            steps
        };
        return (number > 0).then(|| (number.saturating_add(steps)).to_string());
    }
    if let Some((whole, fraction)) = text.split_once('.')
        && let Ok(number) = whole.parse::<i64>()
    {
        return Some(format!("{}.{fraction}", number.saturating_add(steps)));
    }
    let at: Timestamp = text.parse().ok()?;
    Some(at.checked_add(steps.seconds()).ok()?.to_string())
}

/// This moment in the form of that time; `None` for what is no time.
fn moved_to(text: &str, at: Timestamp) -> Option<String> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if let Ok(number) = whole.parse::<i64>() {
        let now = if number > MILLISECONDS_FROM {
            at.as_millisecond()
        } else {
            at.as_second()
        };
        let point = if fraction.is_empty() { "" } else { "." };
        return (number > 0).then(|| format!("{now}{point}{fraction}"));
    }
    text.parse::<Timestamp>().ok()?;
    Some(at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Numbers beyond it are times in milliseconds.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_look_and_addresses_stay() {
        for (text, begin, end, length) in [
            ("evt_0001", "evt_", "", 12),
            ("msg_in_demo1", "msg_in_demo", "", 19),
            (
                "5d1c0f2e-0001-4a6b-8c11-0a1b2c3d4e01",
                "5d1c0f2e-0001-4a6b-8c11-0a1b",
                "",
                36,
            ),
            (
                "true_15550001@c.us_3EB0ABCDEF0123456789",
                "true_15550001@c.us_3EB0ABCDEF01",
                "",
                39,
            ),
            (
                "false_1-2@g.us_3EB0AA_1555@c.us",
                "false_1-2@g.us_",
                "_1555@c.us",
                33,
            ),
            ("wamid.HBgLMTU=", "wamid.HBgLMTU", "=", 22),
        ] {
            let fresh = fresh_id(text, 42).unwrap();
            assert!(fresh.starts_with(begin) && fresh.ends_with(end), "{fresh}");
            assert_eq!(fresh.len(), length, "{fresh}");
            assert_ne!(fresh_id(text, 43).unwrap(), fresh);
        }
        assert_ne!(fresh_id("demo1", 42), fresh_id("demo2", 42));
        let bare = fresh_id("3EB0ABCDEF0123456789", 42).unwrap();
        let whole = fresh_id("true_15550001@c.us_3EB0ABCDEF0123456789", 42).unwrap();
        assert!(whole.ends_with(&format!("_{bare}")), "{whole}: the same message");
        assert_eq!(fresh_id("15550001@c.us", 42), None);
        assert_eq!(fresh_id("", 42), None);
    }

    #[test]
    fn only_what_was_said_gets_another_id() {
        let sample = |name| crate::sample("meta", name).unwrap();
        let parts = |sample: &Sample, n| -> serde_json::Value {
            serde_json::from_slice(&Outgoing::personalise(sample, n).body).unwrap()
        };
        let change = "/entry/0/changes/0/value";
        for (name, kept, fresh) in [
            (
                "messages~image",
                vec!["/messages/0/image/id"],
                vec!["/messages/0/id", "/messages/0/timestamp"],
            ),
            (
                "messages~button-reply",
                vec!["/messages/0/interactive/button_reply/id"],
                vec!["/messages/0/id"],
            ),
            (
                "messages.statuses",
                vec!["/statuses/0/conversation/id"],
                vec!["/statuses/0/id"],
            ),
            (
                "history",
                vec!["/history/0/threads/0/id"],
                vec!["/history/0/threads/0/messages/0/id"],
            ),
            ("messages~reply", vec![], vec!["/messages/0/context/id"]),
            ("calls", vec![], vec!["/calls/0/id"]),
        ] {
            let sample = sample(name);
            let (one, two) = (parts(&sample, 1), parts(&sample, 2));
            for pointer in kept {
                let at = format!("{change}{pointer}");
                assert!(one.pointer(&at).is_some(), "{name} {at}");
                assert_eq!(one.pointer(&at), two.pointer(&at), "{name} {at}");
            }
            for pointer in fresh {
                let at = format!("{change}{pointer}");
                assert_ne!(one.pointer(&at), two.pointer(&at), "{name} {at}");
            }
            assert_eq!(one["entry"][0]["id"], two["entry"][0]["id"], "{name}");
        }
        // It has neither an id nor a time.
        let error = sample("messages.errors");
        assert_ne!(parts(&error, 1), parts(&error, 2));
    }

    #[test]
    fn times_keep_their_form() {
        for (text, expected) in [
            ("1767225600", Some("1767225607")),
            ("1767225600123", Some("1767225600130")),
            ("1767225600.25", Some("1767225607.25")),
            ("2026-01-01T00:00:00Z", Some("2026-01-01T00:00:07Z")),
            ("soon", None),
            ("0", None),
        ] {
            assert_eq!(later(text, 7).as_deref(), expected);
        }
        let at = "2026-04-05T09:01:02.5Z".parse().unwrap();
        for (text, expected) in [
            ("1767225600", Some("1775379662")),
            ("1767225600123", Some("1775379662500")),
            ("1767225600.25", Some("1775379662.25")),
            ("2026-01-01T00:00:00Z", Some("2026-04-05T09:01:02Z")),
            ("soon", None),
            ("0", None),
        ] {
            assert_eq!(moved_to(text, at).as_deref(), expected);
        }
    }
}
