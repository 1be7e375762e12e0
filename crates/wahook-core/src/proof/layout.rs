//! How an HMAC is laid out in a request, and reading it: everything about the scheme but its keys.

use std::time::Duration;

use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    header::{single, visible},
    mac::{Algorithm, Claimed, Mac, Tag},
    refusal::{Refusal, RefusalKind},
    template::{Template, Values},
};

const MAX_VALUE_BYTES: usize = 8 * 1024;
const MAX_ENTRIES: usize = 32;

const INDIFFERENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, INDIFFERENT);
const BASE64_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, INDIFFERENT);

/// How the bytes of a signature are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// Hexadecimal, in either case.
    #[default]
    Hex,
    /// Standard base64, with or without padding.
    Base64,
    /// URL-safe base64, with or without padding.
    Base64Url,
}

impl Encoding {
    /// A word for messages.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
            Self::Base64Url => "base64url",
        }
    }

    /// Exactly the bytes of this algorithm, or nothing. The length is looked at first.
    pub(super) fn decode(self, text: &str, algorithm: Algorithm) -> Option<Tag> {
        let bytes = algorithm.output_bytes();
        let mut room = [0; 66];
        let count = match self {
            Self::Hex => {
                // The decoder would take a `0x` prefix. Looks at every byte, which the compiler does many at a time.
                let are_digits = text
                    .bytes()
                    .fold(true, |all, byte| all & byte.is_ascii_hexdigit());
                if text.len() != bytes * 2 || !are_digits {
                    return None;
                }
                const_hex::decode_to_slice(text, room.get_mut(..bytes)?).ok()?;
                bytes
            }
            Self::Base64 | Self::Base64Url => {
                let padded = bytes.div_ceil(3) * 4;
                if !(padded - 2..=padded).contains(&text.len()) {
                    return None;
                }
                let engine = if self == Self::Base64 { BASE64 } else { BASE64_URL };
                engine.decode_slice(text, &mut room).ok()?
            }
        };
        (count == bytes).then(|| Tag::new(room.get(..bytes).unwrap_or_default()))
    }

    pub(super) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => const_hex::encode(bytes),
            Self::Base64 => general_purpose::STANDARD.encode(bytes),
            Self::Base64Url => general_purpose::URL_SAFE_NO_PAD.encode(bytes),
        }
    }
}

/// Everything but the keys.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) header: HeaderName,
    pub(super) algorithm: Algorithm,
    pub(super) encoding: Encoding,
    pub(super) prefixes: Vec<String>,
    pub(super) prefix_required: bool,
    pub(super) composite: Option<(String, String)>,
    pub(super) template: Template,
    pub(super) timestamp_header: Option<HeaderName>,
    pub(super) id_header: Option<HeaderName>,
    pub(super) url: Option<String>,
    pub(super) tolerance: Option<Duration>,
    pub(super) algorithm_header: Option<(HeaderName, String)>,
}

/// What the headers say, before it is known whether it is true.
pub(super) struct Head {
    timestamp: String,
    pub(super) id: Option<HeaderValue>,
    pub(super) nanoseconds: i128,
    pub(super) claimed: Claimed,
}

impl Head {
    /// As it was sent.
    pub(super) fn timestamp(&self) -> &str {
        &self.timestamp
    }
}

impl Layout {
    /// The header in which the timestamp stands.
    pub(super) fn timestamp_name(&self) -> &HeaderName {
        self.timestamp_header
            .as_ref()
            .filter(|_| self.composite.is_none())
            .unwrap_or(&self.header)
    }

    pub(super) fn read(&self, headers: &HeaderMap) -> Result<Head, Refusal> {
        let malformed = |name: &HeaderName| Refusal::new(RefusalKind::HeaderMalformed).header(name);
        if let Some((name, expected)) = &self.algorithm_header
            && headers.contains_key(name)
        {
            let value = visible(single(headers, name)?).ok_or_else(|| malformed(name))?;
            if !value.eq_ignore_ascii_case(expected) {
                return Err(Refusal::new(RefusalKind::AlgorithmUnexpected).header(name));
            }
        }
        let value = single(headers, &self.header)?
            .to_str()
            .ok()
            .filter(|value| value.len() <= MAX_VALUE_BYTES)
            .ok_or_else(|| malformed(&self.header))?;
        let (mut claimed, mut timestamp) = (Claimed::default(), None);
        if let Some((time, signature)) = &self.composite {
            for (name, value) in value
                .split(',')
                .take(MAX_ENTRIES)
                .filter_map(|entry| entry.split_once('='))
            {
                if name.trim() == time {
                    if timestamp.replace(value.trim()).is_some() {
                        return Err(malformed(&self.header));
                    }
                } else if name.trim() == signature
                    && let Some(tag) = self.tag(value.trim())
                {
                    claimed.push(tag);
                }
            }
        } else if let Some(tag) = self.tag(value) {
            claimed.push(tag);
        }
        if claimed.is_empty() {
            return Err(malformed(&self.header));
        }
        let mut head = Head {
            timestamp: String::new(),
            id: None,
            nanoseconds: 0,
            claimed,
        };
        if self.template.has_timestamp() {
            let text = match (&self.composite, &self.timestamp_header) {
                (None, Some(name)) => visible(single(headers, name)?),
                _ => timestamp,
            };
            let name = self.timestamp_name();
            let text = text.ok_or_else(|| malformed(name))?;
            head.nanoseconds = read_instant(text)
                .ok_or_else(|| Refusal::new(RefusalKind::TimestampMalformed).header(name))?;
            text.clone_into(&mut head.timestamp);
        }
        if let Some(name) = self.id_header.as_ref().filter(|_| self.template.has_id()) {
            let id = single(headers, name)?;
            visible(id)
                .filter(|id| (1..=512).contains(&id.len()) && self.template.id_is_clear(id))
                .ok_or_else(|| malformed(name))?;
            head.id = Some(id.clone());
        }
        Ok(head)
    }

    fn tag(&self, value: &str) -> Option<Tag> {
        self.encoding.decode(self.strip(value)?, self.algorithm)
    }

    /// The signature without its prefix.
    pub(super) fn strip<'a>(&self, value: &'a str) -> Option<&'a str> {
        let stripped = self
            .prefixes
            .iter()
            .find_map(|prefix| value.strip_prefix(prefix.as_str()));
        stripped.or_else(|| (!self.prefix_required).then_some(value))
    }

    pub(super) fn values<'a>(&'a self, head: &'a Head) -> Values<'a> {
        Values {
            timestamp: &head.timestamp,
            id: head
                .id
                .as_ref()
                .and_then(|id| id.to_str().ok())
                .unwrap_or_default(),
            url: self.url.as_deref().unwrap_or_default(),
        }
    }

    /// Whether a key signed this body under these headers.
    pub(super) fn fits(&self, head: &Head, mut mac: Mac, body: &[u8]) -> bool {
        self.template
            .whole(self.values(head), body, &mut |bytes| mac.update(bytes));
        head.claimed.contain(&mac.finish())
    }
}

/// Digits, more than zero; milliseconds from 10¹¹ up, which in seconds would be the year 5138.
fn read_instant(text: &str) -> Option<i128> {
    if text.is_empty() || text.len() > 20 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = text.parse::<i64>().ok().filter(|number| *number > 0)?;
    let unit = if number >= 100_000_000_000 {
        1_000_000
    } else {
        1_000_000_000
    };
    Some(i128::from(number) * unit)
}
