//! The headers of Standard Webhooks: two families, and a list of signatures.

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use http::{HeaderMap, HeaderName, HeaderValue, header::GetAll};
use jiff::Timestamp;

use super::{
    Proof,
    header::{only, visible},
    keyring::Key,
    mac::{Claimed, Mac, Tag},
    refusal::{Refusal, RefusalKind},
    standard::NAME,
};

/// Entries looked at: a sender signs with its current key and at most ten old ones (Svix server, 2026-08).
const MAX_ENTRIES: usize = 32;
/// An ed25519 check costs fifty MACs and reads the body anew, so that strangers get fewer of them.
const MAX_ASYMMETRIC: usize = 12;
const MAX_ID_BYTES: usize = 512;
const MAX_LIST_BYTES: usize = 8 * 1024;

/// Where the three values stand.
pub(super) struct Family {
    pub(super) id: HeaderName,
    pub(super) timestamp: HeaderName,
    pub(super) signature: HeaderName,
}

pub(super) static SVIX: Family = Family {
    id: HeaderName::from_static("svix-id"),
    timestamp: HeaderName::from_static("svix-timestamp"),
    signature: HeaderName::from_static("svix-signature"),
};

pub(super) static WEBHOOK: Family = Family {
    id: HeaderName::from_static("webhook-id"),
    timestamp: HeaderName::from_static("webhook-timestamp"),
    signature: HeaderName::from_static("webhook-signature"),
};

impl Family {
    pub(super) fn names(&self) -> [&HeaderName; 3] {
        [&self.id, &self.timestamp, &self.signature]
    }

    pub(super) fn present(&self, headers: &HeaderMap) -> usize {
        self.names()
            .iter()
            .filter(|name| headers.contains_key(**name))
            .count()
    }

    /// Each value, if all three are there; it may still be there twice.
    fn complete<'a>(&self, headers: &'a HeaderMap) -> Option<[GetAll<'a, HeaderValue>; 3]> {
        let found = self.names().map(|name| headers.get_all(name));
        found
            .iter()
            .all(|values| values.iter().next().is_some())
            .then_some(found)
    }

    fn of(headers: &HeaderMap) -> Result<(&'static Self, [GetAll<'_, HeaderValue>; 3]), Refusal> {
        for family in [&SVIX, &WEBHOOK] {
            if let Some(found) = family.complete(headers) {
                return Ok((family, found));
            }
        }
        let nearest = if WEBHOOK.present(headers) > SVIX.present(headers) {
            &WEBHOOK
        } else {
            &SVIX
        };
        let missing = nearest
            .names()
            .into_iter()
            .find(|name| !headers.contains_key(*name));
        let refusal = Refusal::new(RefusalKind::HeaderMissing);
        Err(match missing {
            Some(name) => refusal.header(name),
            None => refusal,
        })
    }
}

/// What the headers say, before it is known whether it is true.
pub(super) struct Head {
    pub(super) family: &'static Family,
    /// Both as received, without a copy.
    id: HeaderValue,
    timestamp: HeaderValue,
    pub(super) seconds: i64,
    pub(super) symmetric: Claimed,
    pub(super) asymmetric: Vec<Signature>,
}

impl Head {
    /// `any_sign` takes a negative time too, which only a verifier without a window can.
    pub(super) fn read(headers: &HeaderMap, any_sign: bool) -> Result<Self, Refusal> {
        let (family, [ids, timestamps, lists]) = Family::of(headers)?;
        let id = only(ids, &family.id)?;
        visible(id)
            .filter(|id| (1..=MAX_ID_BYTES).contains(&id.len()) && !id.contains('.'))
            .ok_or_else(|| Refusal::new(RefusalKind::HeaderMalformed).header(&family.id))?;
        let timestamp = only(timestamps, &family.timestamp)?;
        let seconds = read_seconds(timestamp, any_sign)
            .ok_or_else(|| Refusal::new(RefusalKind::TimestampMalformed).header(&family.timestamp))?;
        let list = only(lists, &family.signature)?;
        let (symmetric, asymmetric) =
            read_list(list.as_bytes()).map_err(|kind| Refusal::new(kind).header(&family.signature))?;
        Ok(Self {
            family,
            id: id.clone(),
            timestamp: timestamp.clone(),
            seconds,
            symmetric,
            asymmetric,
        })
    }

    /// What is signed before the body.
    pub(super) fn feed(&self, mac: &mut Mac) {
        for value in [&self.id, &self.timestamp] {
            mac.update(value.as_bytes());
            mac.update(b".");
        }
    }

    /// Whether a key signed this body under these headers.
    pub(super) fn fits(&self, key: &Key, body: &[u8]) -> bool {
        match key {
            Key::Mac(mac) => self.fits_mac(mac, body),
            Key::Ed25519(key) => !self.asymmetric.is_empty() && self.fits_ed25519(key, &self.message(body)),
            Key::Token(_) => false,
        }
    }

    fn fits_mac(&self, mac: &Mac, body: &[u8]) -> bool {
        let tag = mac.tag(|mac| {
            self.feed(mac);
            mac.update(body);
        });
        self.symmetric.contain(&tag)
    }

    pub(super) fn message(&self, body: &[u8]) -> Vec<u8> {
        [self.id.as_bytes(), b".", self.timestamp.as_bytes(), b".", body].concat()
    }

    pub(super) fn fits_ed25519(&self, key: &VerifyingKey, message: &[u8]) -> bool {
        self.asymmetric
            .iter()
            .any(|signature| key.verify_strict(message, signature).is_ok())
    }

    pub(super) fn into_proof(self) -> Proof {
        Proof {
            scheme: NAME,
            id: Some(self.id),
            signed_at: Timestamp::from_second(self.seconds).ok(),
        }
    }
}

/// Digits only, more than zero, and signed over as received.
fn read_seconds(value: &HeaderValue, any_sign: bool) -> Option<i64> {
    let text = visible(value).filter(|text| text.len() <= 20)?;
    let digits = match text.strip_prefix('-') {
        Some(digits) if any_sign => digits,
        _ => text,
    };
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = text.parse::<i64>().ok()?;
    (any_sign || seconds > 0).then_some(seconds)
}

/// Entries are split by spaces; what is malformed or of another version is passed over.
fn read_list(list: &[u8]) -> Result<(Claimed, Vec<Signature>), RefusalKind> {
    if list.len() > MAX_LIST_BYTES {
        return Err(RefusalKind::HeaderMalformed);
    }
    let (mut symmetric, mut asymmetric, mut versions, mut ours) = (Claimed::default(), Vec::new(), 0, 0);
    let entries = list.split(|byte| *byte == b' ').filter(|entry| !entry.is_empty());
    for entry in entries.take(MAX_ENTRIES) {
        let Some(comma) = entry.iter().position(|byte| *byte == b',') else {
            continue;
        };
        let (version, rest) = entry.split_at(comma);
        let text = rest.get(1..).unwrap_or_default();
        versions += 1;
        match version {
            b"v1" => {
                ours += 1;
                if let Some(bytes) = decode::<32>(text) {
                    symmetric.push(Tag::new(&bytes));
                }
            }
            b"v1a" => {
                ours += 1;
                if let Some(bytes) = decode::<64>(text).filter(|_| asymmetric.len() < MAX_ASYMMETRIC) {
                    asymmetric.push(Signature::from_bytes(&bytes));
                }
            }
            _ => {}
        }
    }
    if !symmetric.is_empty() || !asymmetric.is_empty() {
        Ok((symmetric, asymmetric))
    } else if versions > 0 && ours == 0 {
        Err(RefusalKind::SignatureUnsupported)
    } else {
        Err(RefusalKind::HeaderMalformed)
    }
}

/// Strict base64 of exactly `N` bytes.
fn decode<const N: usize>(text: &[u8]) -> Option<[u8; N]> {
    if text.len() != N.div_ceil(3) * 4 {
        return None;
    }
    // Room for what the engine estimates before it has seen the padding.
    let mut room = [0; 66];
    let count = STANDARD.decode_slice(text, &mut room).ok()?;
    if count != N {
        return None;
    }
    room.first_chunk::<N>().copied()
}
