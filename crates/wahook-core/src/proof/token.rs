//! A static token: whoever has read one request can write the next. It proves nothing about the body.

use std::borrow::Cow;

use http::{HeaderName, Uri, header::AUTHORIZATION, request::Parts, uri::PathAndQuery};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{
    Proof,
    header::single,
    keyring::{Key, Keyring, Sort},
    refusal::{Refusal, RefusalKind},
};
use crate::secret::{Secret, SecretError, SecretErrorKind, Secrets};

pub(super) const NAME: &str = "static-token";

/// Shorter ones are guessed.
pub(super) const MIN_BYTES: usize = 8;

/// Where a token stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenPlace {
    /// As the value of this header.
    Header(HeaderName),
    /// In `Authorization: Bearer …`.
    Bearer,
    /// As the value of this query parameter.
    Query(String),
}

/// A token that the provider sends with each request, compared in constant time (V4).
///
/// What is inside the layer never sees it: [`Verifier::redact`](super::Verifier::redact) takes it out of the head. What
/// stands outside, proxies and their logs, does.
#[derive(Clone, Debug)]
pub struct StaticToken {
    place: TokenPlace,
    keyring: Keyring,
}

impl StaticToken {
    /// The token is the value of a header.
    ///
    /// # Errors
    ///
    /// [`SecretErrorKind::WrongLength`] for less than 8 bytes.
    pub fn header(name: HeaderName, secrets: Secrets) -> Result<Self, SecretError> {
        Self::new(TokenPlace::Header(name), secrets)
    }

    /// The token stands in `Authorization: Bearer …`.
    ///
    /// # Errors
    ///
    /// [`SecretErrorKind::WrongLength`] for less than 8 bytes.
    pub fn bearer(secrets: Secrets) -> Result<Self, SecretError> {
        Self::new(TokenPlace::Bearer, secrets)
    }

    /// The token is the value of a query parameter.
    ///
    /// # Errors
    ///
    /// [`SecretErrorKind::WrongLength`] for less than 8 bytes.
    pub fn query(name: &str, secrets: Secrets) -> Result<Self, SecretError> {
        Self::new(TokenPlace::Query(name.to_owned()), secrets)
    }

    pub(super) fn new(place: TokenPlace, secrets: Secrets) -> Result<Self, SecretError> {
        Ok(Self {
            place,
            keyring: Keyring::new(Sort::Token, secrets)?,
        })
    }

    /// Its secrets.
    #[must_use]
    pub const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Where it stands.
    #[must_use]
    pub const fn place(&self) -> &TokenPlace {
        &self.place
    }

    pub(super) fn begin(&self, head: &Parts) -> Result<Proof, Refusal> {
        let refused = |kind| match &self.place {
            TokenPlace::Header(name) => Refusal::new(kind).header(name),
            TokenPlace::Bearer => Refusal::new(kind).header(&AUTHORIZATION),
            TokenPlace::Query(_) => Refusal::new(kind),
        };
        let tokens = self.presented(head)?;
        let keys = self.keyring.load();
        let mut found = Choice::from(0);
        for token in &tokens {
            let digest = Sha256::digest(token);
            for key in keys.iter() {
                if let Key::Token(expected) = key {
                    found |= digest.as_slice().ct_eq(expected.as_slice());
                }
            }
        }
        if found.into() {
            Ok(Proof {
                scheme: NAME,
                id: None,
                signed_at: None,
            })
        } else {
            Err(refused(RefusalKind::TokenMismatch))
        }
    }

    /// The token of the request, in each way in which it can be read.
    fn presented<'a>(&self, head: &'a Parts) -> Result<Vec<Cow<'a, [u8]>>, Refusal> {
        let missing = |refusal: Refusal| match refusal.kind() {
            RefusalKind::HeaderMissing => Refusal {
                kind: RefusalKind::TokenMissing,
                ..refusal
            },
            _ => refusal,
        };
        match &self.place {
            TokenPlace::Header(name) => Ok(vec![
                single(&head.headers, name).map_err(missing)?.as_bytes().into(),
            ]),
            TokenPlace::Bearer => {
                let value = single(&head.headers, &AUTHORIZATION).map_err(missing)?.as_bytes();
                match value.split_at_checked(7) {
                    Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => {
                        Ok(vec![token.trim_ascii().into()])
                    }
                    _ => Err(Refusal::new(RefusalKind::TokenMissing).header(&AUTHORIZATION)),
                }
            }
            TokenPlace::Query(name) => {
                let query = head.uri.query().unwrap_or_default();
                let mut values = pairs(query).filter(|(raw, _)| decoded(raw) == *name);
                match (values.next(), values.next()) {
                    (Some((_, value)), None) => Ok(readings(value)),
                    (None, _) => Err(Refusal::new(RefusalKind::TokenMissing)),
                    (Some(_), Some(_)) => Err(Refusal::new(RefusalKind::HeaderRepeated)),
                }
            }
        }
    }

    /// Takes the token out of a head, and leaves everything else as it is.
    pub(super) fn redact(&self, head: &mut Parts) {
        match &self.place {
            TokenPlace::Header(name) => drop(head.headers.remove(name)),
            TokenPlace::Bearer => drop(head.headers.remove(AUTHORIZATION)),
            TokenPlace::Query(name) => {
                if let Some(uri) = without_parameter(&head.uri, name) {
                    head.uri = uri;
                }
            }
        }
    }
}

/// The parameters of a query, as they stand there.
fn pairs(query: &str) -> impl Iterator<Item = (&str, &str)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

fn decoded(raw: &str) -> Cow<'_, str> {
    // A name is never empty here, so the first pair is the name.
    form_urlencoded::parse(raw.as_bytes())
        .next()
        .map_or(Cow::Borrowed(""), |(name, _)| name)
}

/// A `+` is a space in a form, and a plus in a URL that somebody typed into the provider's page.
fn readings(raw: &str) -> Vec<Cow<'_, [u8]>> {
    let read = |text: &str| {
        let pair = format!("v={text}");
        let value = form_urlencoded::parse(pair.as_bytes()).next();
        value.map_or_else(Vec::new, |(_, value)| value.into_owned().into_bytes())
    };
    let mut readings = vec![read(raw).into()];
    if raw.contains('+') {
        readings.push(read(&raw.replace('+', "%2B")).into());
    }
    readings
}

/// The URI without a parameter; nothing if it does not have it.
fn without_parameter(uri: &Uri, name: &str) -> Option<Uri> {
    let query = uri.query()?;
    let kept: Vec<&str> = query
        .split('&')
        .filter(|pair| pair.is_empty() || decoded(pair.split_once('=').map_or(*pair, |(raw, _)| raw)) != name)
        .collect();
    let kept = kept.join("&");
    if kept.len() == query.len() {
        return None;
    }
    let text = match kept.as_str() {
        "" => uri.path().to_owned(),
        kept => format!("{}?{kept}", uri.path()),
    };
    let mut parts = uri.clone().into_parts();
    // What was cut out of a good URI is a good URI; should it not be, nothing of the query is kept.
    parts.path_and_query =
        Some(PathAndQuery::try_from(text).unwrap_or_else(|_| PathAndQuery::from_static("/")));
    Some(Uri::from_parts(parts).unwrap_or_default())
}

/// The digest of a token: digests are equally long, so that a comparison tells nothing of the length.
pub(super) fn prepare(secret: &Secret) -> Result<Key, SecretError> {
    let text = secret.expose();
    if text.len() < MIN_BYTES {
        return Err(SecretError::new(SecretErrorKind::WrongLength));
    }
    Ok(Key::Token(Zeroizing::new(Sha256::digest(text).into())))
}
