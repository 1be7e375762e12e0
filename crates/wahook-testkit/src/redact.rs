//! A delivery that may be shown to others: of the same form and the same kinds, with nobody's words in it.

use std::{collections::HashSet, hash::Hasher};

use jiff::Timestamp;
use serde::de::IgnoredAny;
use siphasher::sip::SipHasher13;

use crate::{
    play::Vendor,
    samples,
    tokens::{TokenKind, rewrite, tokens},
};

/// A body of a provider with every text and number replaced by one of the same look, so that it is read as the original is:
/// a fixture for a test. Names of members, event names, states and times stay, as far as the provider's samples have them;
/// numbers of one digit stay as well.
///
/// Under one key the same word becomes the same word: a person stays one person, a message one message. Without the key
/// nothing leads back. `None` for a body that is not JSON: nothing is known of its parts.
///
/// ```
/// let body = br#"{"eventId":"evt_7","type":"message.received","message":{"id":"m_7","from":"+15559876543","body":"Meet at 9?"}}"#;
/// let fixture = wahook_testkit::redacted("waping", body, [7; 16]).unwrap();
/// assert!(fixture.contains(r#""type":"message.received""#));
/// assert!(!fixture.contains("15559876543") && !fixture.contains("Meet"));
/// ```
#[must_use]
pub fn redacted(provider: &str, body: &[u8], key: [u8; 16]) -> Option<String> {
    let json = std::str::from_utf8(body).ok()?;
    serde_json::from_str::<IgnoredAny>(json).ok()?;
    let vendor = Vendor::of(provider);
    let known = Known::of(provider);
    Some(rewrite(json, |token, text| {
        let stays = match token.kind {
            TokenKind::Object => true,
            TokenKind::Name => known.names.contains(text),
            TokenKind::Number => {
                text.len() == 1 || known.has(token.name, text) || is_time(&vendor, token.name, text)
            }
            TokenKind::Text => {
                (known.has(token.name, text) && is_a_word_of_programs(token.name, text))
                    || is_time(&vendor, token.name, text)
            }
        };
        (!stays).then(|| match token.kind {
            TokenKind::Number => number(key, text),
            _ => words(key, text),
        })
    }))
}

/// What stands in the samples, which are ours.
struct Known {
    names: HashSet<&'static str>,
    values: HashSet<(&'static str, &'static str)>,
}

impl Known {
    fn of(provider: &str) -> Self {
        let mut known = Self {
            names: HashSet::new(),
            values: HashSet::new(),
        };
        for sample in samples(provider) {
            let json = std::str::from_utf8(sample.body).unwrap_or_default();
            for token in tokens(json) {
                let text = json.get(token.place).unwrap_or_default();
                if token.kind == TokenKind::Name {
                    known.names.insert(text);
                } else {
                    known.values.insert((token.name, text));
                }
            }
        }
        known
    }

    fn has(&self, name: &str, value: &str) -> bool {
        self.values.contains(&(name, value))
    }
}

/// Whether a value of a sample is one that a program writes, such as the name of an event or a state: somebody may be called
/// what the samples call somebody.
fn is_a_word_of_programs(name: &str, text: &str) -> bool {
    const SAID: [&str; 9] = [
        "name", "body", "text", "caption", "title", "desc", "subject", "label", "reason",
    ];
    let shouted = text.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let whispered =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-./:+@".contains(&byte);
    let name = name.to_ascii_lowercase();
    shouted || (text.bytes().all(whispered) && !SAID.iter().any(|said| name.contains(said)))
}

/// A time of the last decades, where times stand.
fn is_time(vendor: &Vendor, name: &str, text: &str) -> bool {
    if !vendor.times.iter().any(|time| time == name) && !name.ends_with("_at") && !name.ends_with("At") {
        return false;
    }
    let plain = |byte: u8| byte.is_ascii_digit() || b"-:.TZ+".contains(&byte);
    if text.bytes().all(plain) && text.parse::<Timestamp>().is_ok() {
        return true;
    }
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    whole.parse::<u64>().is_ok_and(
        |number| matches!(number, 1_000_000_000..5_000_000_000 | 1_000_000_000_000..5_000_000_000_000),
    )
}

/// Another number with as many digits, and no greater than one can be that was one.
fn number(key: [u8; 16], text: &str) -> String {
    let mut chance = Chance::new(key, text);
    let mut is_first = true;
    let replace = |byte: u8| match byte {
        b'0' if is_first => '0',
        b'1'..=b'9' if is_first => {
            is_first = false;
            char::from(b'1' + chance.below(byte - b'1'))
        }
        b'0'..=b'9' => char::from(b'0' + chance.below(10)),
        other => char::from(other),
    };
    text.bytes().map(replace).collect()
}

/// Other words of the same look. Escapes and punctuation stay, and so do the servers of WhatsApp's addresses: they say what
/// an address is of.
fn words(key: [u8; 16], text: &str) -> String {
    const SERVERS: [&str; 6] = [
        "@c.us",
        "@s.whatsapp.net",
        "@g.us",
        "@lid",
        "@newsletter",
        "@broadcast",
    ];
    // What an id or an address begins with, and is of.
    const FIXED: [&str; 7] = [
        "true",
        "false",
        "status@broadcast",
        "https",
        "http",
        "wamid",
        "data",
    ];
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let starts = |part: &&&str| {
            rest.starts_with(**part) && !rest[part.len()..].starts_with(|c: char| c.is_ascii_alphanumeric())
        };
        let fixed = SERVERS.iter().chain(&FIXED).find(starts).copied();
        let length = if let Some(fixed) = fixed {
            shown.push_str(fixed);
            fixed.len()
        } else if rest.starts_with("\\u") {
            shown.push('x');
            rest.len().min(6)
        } else if first == '\\' {
            // An escape is two bytes, and the second is one of nine.
            let escape = rest.get(..2).unwrap_or(rest);
            shown.push_str(escape);
            escape.len()
        } else if first.is_ascii_alphanumeric() {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric())
                .unwrap_or(rest.len());
            shown.push_str(&word(key, &rest[..end]));
            end
        } else {
            shown.push(if first.is_ascii() { first } else { 'x' });
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    shown
}

/// Another word of the same length and case.
fn word(key: [u8; 16], text: &str) -> String {
    let mut chance = Chance::new(key, text);
    let replace = |byte: u8| match byte {
        b'0'..=b'9' => char::from(b'0' + chance.below(10)),
        b'a'..=b'z' => char::from(b'a' + chance.below(26)),
        _ => char::from(b'A' + chance.below(26)),
    };
    text.bytes().map(replace).collect()
}

/// A row of numbers that follows from a key and a word.
struct Chance<'a> {
    key: [u8; 16],
    text: &'a str,
    count: u64,
}

impl<'a> Chance<'a> {
    const fn new(key: [u8; 16], text: &'a str) -> Self {
        Self { key, text, count: 0 }
    }

    fn below(&mut self, end: u8) -> u8 {
        let mut hasher = SipHasher13::new_with_key(&self.key);
        hasher.write_u64(self.count);
        hasher.write(self.text.as_bytes());
        self.count += 1;
        let chance = hasher.finish() % u64::from(end.max(1));
        u8::try_from(chance).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use wahook_core::{Delivery, Endpoint, Secret, Secrets};
    use wahook_providers::{Options, PROVIDERS};

    use super::*;
    use crate::Outgoing;

    fn kinds(endpoint: &Endpoint, body: &str) -> Vec<&'static str> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        let delivery = Delivery::dangerous_unverified("shop", HeaderMap::new(), body, Timestamp::UNIX_EPOCH);
        let events = endpoint.provider().read(&delivery);
        events.iter().map(|event| event.kind().as_str()).collect()
    }

    #[test]
    fn p_a_fixture_reads_as_the_original_and_says_nothing_of_it() {
        for row in PROVIDERS {
            let secret = Secret::new((row.make_secret)([7; 32])).unwrap();
            let options = Options::new(serde_json::Map::new());
            let endpoint = (row.build)("shop", Secrets::from(secret), &options).unwrap();
            for sample in samples(row.id) {
                let outgoing = Outgoing::personalise(&sample, 77);
                let Ok(json) = std::str::from_utf8(&outgoing.body) else {
                    continue;
                };
                let own = json
                    .replace("15550000002", "15559876543")
                    .replace("Ana", "Marguerite")
                    .replace("100000000000002", "198765432109876");
                let Some(fixture) = redacted(row.id, own.as_bytes(), [7; 16]) else {
                    continue;
                };
                for private in ["15559876543", "Marguerite", "198765432109876"] {
                    assert!(!fixture.contains(private), "{}: {fixture}", sample.name());
                }
                assert_eq!(
                    kinds(&endpoint, &own),
                    kinds(&endpoint, &fixture),
                    "{}: {fixture}",
                    sample.name()
                );
                assert_eq!(
                    redacted(row.id, own.as_bytes(), [7; 16]).unwrap(),
                    fixture,
                    "the same each time"
                );
            }
        }
    }

    #[test]
    fn the_same_person_stays_one_and_escapes_stay_escapes() {
        let json = r#"{"from":"15559876543@c.us","id":"false_15559876543@c.us_3EB0","text":"a \"quote\" \u00e9 \\ é","lat":-12.75,"15559876543":1,"n":18446744073709551615}"#;
        let fixture = redacted("wawp", json.as_bytes(), [1; 16]).unwrap();
        let value: serde_json::Value = serde_json::from_str(&fixture).unwrap();
        let from = value["from"].as_str().unwrap();
        assert!(
            from.ends_with("@c.us") && from.len() == 16 && !from.contains("15559876543"),
            "{fixture}"
        );
        let id = value["id"].as_str().unwrap();
        assert!(id.starts_with(&format!("false_{from}_")), "{fixture}");
        assert!(
            fixture.contains("-1") && !fixture.contains("quote") && !fixture.contains("15559876543"),
            "{fixture}"
        );
        assert_ne!(redacted("wawp", json.as_bytes(), [2; 16]).unwrap(), fixture);
        // Members that are named by persons, codes, texts that look like times, and people who are called as in the samples.
        let json = r#"{"votes":{"Marguerite":1,"4711":2,"hunter2-token":3},"body":"1990-05-17T00:00:00Z","pushName":"Ana","text":"ok"}"#;
        let fixture = redacted("wawp", json.as_bytes(), [1; 16]).unwrap();
        for private in ["Marguerite", "4711", "hunter2", "1990-05-17", "\"Ana\""] {
            assert!(!fixture.contains(private), "{private}: {fixture}");
        }
        for bad in [&b"{"[..], b"\xff", b"", b"{\"a\":1}x"] {
            assert_eq!(redacted("wawp", bad, [1; 16]), None);
        }
    }
}
