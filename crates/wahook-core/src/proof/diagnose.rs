//! The search for a reason: keys, bodies, headers as senders, proxies and frameworks usually get them wrong (V4).

use base64::Engine;
use http::{HeaderMap, HeaderName, header::AUTHORIZATION, request::Parts};
use jiff::Timestamp;
use subtle::ConstantTimeEq;

use super::{
    Scheme, Verifier,
    body_hmac::BodyHmac,
    contents,
    header::check_age,
    hint::Hint,
    keyring::{Key, Keyring, Keys, Sort},
    layout::{Encoding, Layout},
    mac::{Algorithm, Mac},
    reprint,
    standard::{LENIENT, StandardWebhooks},
    standard_head::{Head, SVIX, WEBHOOK},
    template::Template,
    token::{StaticToken, TokenPlace},
};
use crate::secret::Secret;

/// What the search for a single changed bit may hash, in bytes: some 30 ms.
const FLIP_BUDGET_BYTES: usize = 32 << 20;

impl Verifier {
    /// Works out why a request does not verify; nothing if it does, or if no reason is known. Pure, and slow beside a
    /// verification: keep it off the answer path. An empty body is taken for one that was not read where the head alone
    /// is reason enough.
    #[must_use]
    pub fn hints(&self, head: &Parts, body: &[u8], now: Timestamp) -> Vec<Hint> {
        let mut hints = Vec::new();
        self.collect(head, body, now, &mut hints);
        hints
    }

    fn collect(&self, head: &Parts, body: &[u8], now: Timestamp, hints: &mut Vec<Hint>) {
        let found = match &self.scheme {
            Scheme::Unverified => Vec::new(),
            Scheme::Standard(scheme) => of_standard(scheme, head, body, now),
            Scheme::BodyHmac(scheme) => of_body_hmac(scheme, head, body, now),
            Scheme::Token(scheme) => of_token(scheme, head),
            Scheme::Allowlist(allowlist) => {
                let unsure = allowlist.begin(head).is_err() && allowlist.ignores_forwarding(head);
                unsure.then_some(Hint::ProxyNotTrusted).into_iter().collect()
            }
            Scheme::All(parts) => return parts.iter().for_each(|part| part.collect(head, body, now, hints)),
            Scheme::Any(parts) => {
                // Once one fits, the others have nothing to explain.
                if !parts.iter().any(|part| part.fits(head, body, now)) {
                    parts.iter().for_each(|part| part.collect(head, body, now, hints));
                }
                return;
            }
        };
        for hint in found {
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
    }

    fn fits(&self, head: &Parts, body: &[u8], now: Timestamp) -> bool {
        self.begin(head, now).is_ok_and(|mut pending| {
            pending.update(body);
            pending.finish(&body.to_vec().into()).is_ok()
        })
    }
}

fn of_standard(scheme: &StandardWebhooks, head: &Parts, body: &[u8], now: Timestamp) -> Vec<Hint> {
    let keys = scheme.keyring().load();
    let Ok(read) = Head::read(&head.headers, true) else {
        return of_headers(&head.headers, &keys, &SVIX.signature);
    };
    let age = scheme
        .window()
        .and_then(|window| check_age(i128::from(read.seconds) * 1_000_000_000, now, window).err());
    let fits = |key: &Key, body: &[u8]| read.fits(key, body);
    if keys.iter().any(|key| fits(key, body)) {
        return age
            .and_then(|age| age.skew_seconds())
            .map(|seconds| Hint::ClockOff { seconds })
            .into_iter()
            .collect();
    }
    if body.is_empty() && age.is_some() {
        return Vec::new();
    }
    let other = without_svix(&head.headers).and_then(|headers| Head::read(&headers, true).ok());
    if other.is_some_and(|other| keys.iter().any(|key| other.fits(key, body))) {
        return vec![Hint::OtherFamily];
    }
    search(scheme.keyring(), &keys, body, &fits)
}

fn without_svix(headers: &HeaderMap) -> Option<HeaderMap> {
    let both = SVIX.present(headers) == 3 && WEBHOOK.present(headers) == 3;
    both.then(|| {
        let mut headers = headers.clone();
        SVIX.names()
            .into_iter()
            .for_each(|name| drop(headers.remove(name)));
        headers
    })
}

fn of_body_hmac(scheme: &BodyHmac, head: &Parts, body: &[u8], now: Timestamp) -> Vec<Hint> {
    let (layout, keys) = (scheme.layout(), scheme.keyring().load());
    let Ok(read) = layout.read(&head.headers) else {
        let written = of_written(scheme, head);
        return if written.is_empty() {
            of_headers(&head.headers, &keys, &layout.header)
        } else {
            written
        };
    };
    let age = layout
        .tolerance
        .and_then(|window| check_age(read.nanoseconds, now, window).err());
    let fits = |key: &Key, body: &[u8]| matches!(key, Key::Mac(mac) if layout.fits(&read, mac.clone(), body));
    if keys.iter().any(|key| fits(key, body)) {
        return age
            .and_then(|age| age.skew_seconds())
            .map(|seconds| Hint::ClockOff { seconds })
            .into_iter()
            .collect();
    }
    if body.is_empty() && age.is_some() {
        return Vec::new();
    }
    // The contents as given, whatever is configured.
    let bare = Layout {
        template: Template::body(),
        ..Layout::clone(layout)
    };
    let any = |contents: &[u8]| {
        keys.iter()
            .any(|key| matches!(key, Key::Mac(mac) if bare.fits(&read, mac.clone(), contents)))
    };
    let own = layout.template.has_timestamp();
    let own = own.then(|| (layout.timestamp_name(), read.timestamp()));
    if let Some((signed, time)) = contents::other(&head.headers, own, body, &any) {
        return vec![Hint::OtherContents { signed, time }];
    }
    search(scheme.keyring(), &keys, body, &fits)
}

/// The signature's header is there, but what is in it is not written as configured.
fn of_written(scheme: &BodyHmac, head: &Parts) -> Vec<Hint> {
    let layout = scheme.layout();
    let value = head
        .headers
        .get(&layout.header)
        .and_then(|value| value.to_str().ok());
    let Some(value) = value.filter(|_| layout.composite.is_none()) else {
        return Vec::new();
    };
    // A prefix is a word before `=`; base64 ends in `=`, but never has text after it.
    let (prefix, bare) = match value.split_once('=') {
        Some((prefix, bare)) if !bare.is_empty() && !bare.starts_with('=') && prefix.len() <= 10 => {
            (prefix, bare)
        }
        _ => ("", value),
    };
    let other_prefix = layout.strip(value) != Some(bare);
    for algorithm in Algorithm::ALL {
        for encoding in [Encoding::Hex, Encoding::Base64, Encoding::Base64Url] {
            if encoding.decode(bare, *algorithm).is_none() {
                continue;
            }
            let mut hints = Vec::new();
            if *algorithm != layout.algorithm {
                hints.push(Hint::OtherAlgorithm {
                    algorithm: *algorithm,
                });
            }
            if encoding != layout.encoding {
                hints.push(Hint::OtherEncoding { encoding });
            }
            if other_prefix && (layout.prefix_required || !prefix.is_empty()) {
                hints.push(Hint::OtherPrefix);
            }
            return hints;
        }
    }
    Vec::new()
}

fn of_token(scheme: &StaticToken, head: &Parts) -> Vec<Hint> {
    if scheme.begin(head).is_ok() {
        return Vec::new();
    }
    let keys = scheme.keyring().load();
    let retired = keys
        .retired()
        .iter()
        .cloned()
        .map(|secret| StaticToken::new(scheme.place().clone(), secret.into()));
    if retired.flatten().any(|scheme| scheme.begin(head).is_ok()) {
        return vec![Hint::PreviousSecret];
    }
    if let Some(header) = secret_header(&head.headers, keys.secrets()) {
        return vec![Hint::TokenElsewhere { header: Some(header) }];
    }
    let query = head.uri.query().unwrap_or_default();
    let mut values = form_urlencoded::parse(query.as_bytes());
    if values.any(|(_, value)| {
        keys.secrets()
            .iter()
            .any(|secret| same(secret.expose(), value.as_bytes()))
    }) {
        return vec![Hint::TokenElsewhere { header: None }];
    }
    let name = match scheme.place() {
        TokenPlace::Header(name) => name,
        TokenPlace::Bearer | TokenPlace::Query(_) => &AUTHORIZATION,
    };
    of_headers(&head.headers, &keys, name)
}

/// What the other headers tell.
fn of_headers(headers: &HeaderMap, keys: &Keys, own: &HeaderName) -> Vec<Hint> {
    if let Some(header) = secret_header(headers, keys.secrets()) {
        return vec![Hint::SecretSent { header }];
    }
    let standard = own == SVIX.signature;
    if standard && SVIX.present(headers) > 0 && WEBHOOK.present(headers) > 0 {
        return vec![Hint::FamiliesMixed];
    }
    let ours = |name: &HeaderName| name == own || (standard && *name == WEBHOOK.signature);
    let known = SIGNATURE_HEADERS.iter().map(|name| HeaderName::from_static(name));
    let other = known
        .filter(|name| !ours(name))
        .find(|name| headers.contains_key(name));
    other
        .map(|header| Hint::OtherScheme { header })
        .into_iter()
        .collect()
}

fn secret_header(headers: &HeaderMap, secrets: &[Secret]) -> Option<HeaderName> {
    let holds = |value: &[u8]| {
        let bare = value.strip_prefix(b"Bearer ").unwrap_or(value);
        secrets.iter().any(|secret| same(secret.expose(), bare))
    };
    headers
        .iter()
        .find(|(_, value)| holds(value.as_bytes()))
        .map(|(name, _)| name.clone())
}

fn same(secret: &str, presented: &[u8]) -> bool {
    secret.as_bytes().ct_eq(presented).into()
}

/// Headers in which providers sign, in lower case.
const SIGNATURE_HEADERS: &[&str] = &[
    "svix-signature",
    "webhook-signature",
    "x-hub-signature-256",
    "x-hub-signature",
    "x-webhook-hmac",
    "x-wap-signature",
    "x-wawp-signature",
    "x-webhook-signature",
    "x-signature",
    "x-signature-256",
    "stripe-signature",
    "ycloud-signature",
];

/// Tries keys, then bodies, until a signature fits.
fn search(keyring: &Keyring, keys: &Keys, body: &[u8], fits: &dyn Fn(&Key, &[u8]) -> bool) -> Vec<Hint> {
    let sort = keyring.sort();
    let retired = keys
        .retired()
        .iter()
        .filter_map(|secret| sort.prepare(secret).ok());
    if retired.into_iter().any(|key| fits(&key, body)) {
        return vec![Hint::PreviousSecret];
    }
    for (hint, key) in keys.secrets().iter().flat_map(|secret| other_keys(sort, secret)) {
        if fits(&key, body) {
            return vec![hint];
        }
    }
    let any = |body: &[u8]| keys.iter().any(|key| fits(key, body));
    if reprint::other_white_space(body).iter().any(|body| any(body)) {
        return vec![Hint::BodyWhitespace];
    }
    if reprint::other_encodings(body).any(|body| any(&body)) {
        return vec![Hint::BodyReencoded];
    }
    if reprint::is_cut(body) {
        return vec![Hint::BodyCut];
    }
    match flipped(keys, body, fits) {
        Some(at) => vec![Hint::BodyAltered { at }],
        None => vec![Hint::OtherSecret],
    }
}

/// Keys that the sender may have made of the same secret.
fn other_keys(sort: Sort, secret: &Secret) -> Vec<(Hint, Key)> {
    let text = secret.expose();
    let stripped = text.strip_prefix("whsec_");
    let algorithm = match sort {
        Sort::Hmac(algorithm) => algorithm,
        Sort::Standard => Algorithm::Sha256,
        Sort::Token => return Vec::new(),
    };
    let mut keys = Vec::new();
    let mut push = |hint, bytes: &[u8]| {
        if !bytes.is_empty()
            && let Ok(mac) = Mac::new(algorithm, bytes)
        {
            keys.push((hint, Key::Mac(mac)));
        }
    };
    if let Some(stripped) = stripped {
        push(Hint::SecretPrefixStripped, stripped.as_bytes());
    }
    match sort {
        Sort::Standard => {
            push(Hint::SecretAsText, text.as_bytes());
            // Node's decoder takes both alphabets, so that `_` is a digit to it.
            let node = text.replace('-', "+").replace('_', "/");
            if let Ok(bytes) = LENIENT.decode(node) {
                push(Hint::SecretPrefixDecoded, &bytes);
            }
        }
        Sort::Hmac(_) | Sort::Token => {
            let bare = stripped.unwrap_or(text);
            if let Ok(bytes) = const_hex::decode(bare) {
                push(Hint::SecretDecoded { from: Encoding::Hex }, &bytes);
            }
            if let Ok(bytes) = LENIENT.decode(bare.replace('-', "+").replace('_', "/")) {
                push(
                    Hint::SecretDecoded {
                        from: Encoding::Base64,
                    },
                    &bytes,
                );
            }
        }
    }
    keys
}

/// The byte in which one flipped bit makes the signature fit; small bodies only.
fn flipped(keys: &Keys, body: &[u8], fits: &dyn Fn(&Key, &[u8]) -> bool) -> Option<usize> {
    let macs: Vec<&Key> = keys.iter().filter(|key| matches!(key, Key::Mac(_))).collect();
    // A try hashes the body, and about two blocks beside it.
    let cost = (body.len() + 256)
        .saturating_mul(body.len() * 8)
        .saturating_mul(macs.len());
    if cost > FLIP_BUDGET_BYTES {
        return None;
    }
    let mut candidate = body.to_vec();
    for at in 0..candidate.len() {
        for bit in 0..8 {
            if let Some(byte) = candidate.get_mut(at) {
                *byte ^= 1 << bit;
            }
            if macs.iter().any(|key| fits(key, &candidate)) {
                return Some(at);
            }
            if let Some(byte) = candidate.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
    }
    None
}
