//! What a sender needs in order to sign as the provider does: for test kits, and for `wahook send`.

use std::{fmt, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer, SigningKey};
use http::{HeaderName, HeaderValue, Uri, header::AUTHORIZATION};
use jiff::Timestamp;
use zeroize::Zeroizing;

use super::{
    keyring::{Key, Sort},
    layout::{Encoding, Layout},
    mac::{Algorithm, Mac},
    standard,
    standard_head::SVIX,
    template::Values,
    token::TokenPlace,
};
use crate::secret::{Secret, SecretError, SecretErrorKind};

/// How the requests are signed that a [`Verifier`](super::Verifier) takes. It holds no secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Recipe {
    /// All of these.
    AllOf(Vec<Recipe>),
    /// An address, which no signer can make.
    Allowlist,
    /// Any one of these; a signer takes the first.
    AnyOf(Vec<Recipe>),
    /// An HMAC over the body, or over a template.
    BodyHmac(HmacRecipe),
    /// Standard Webhooks, with `svix-*` headers.
    StandardWebhooks,
    /// A static token.
    Token {
        /// Where it stands.
        place: TokenPlace,
    },
    /// Nothing.
    Unverified,
}

/// How an HMAC is taken and written.
#[derive(Clone, Debug)]
pub struct HmacRecipe(pub(super) Arc<Layout>);

impl HmacRecipe {
    /// The header that holds the signature.
    #[must_use]
    pub fn header(&self) -> &HeaderName {
        &self.0.header
    }

    /// The hash.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    /// How the signature is written.
    #[must_use]
    pub fn encoding(&self) -> Encoding {
        self.0.encoding
    }

    /// What is signed, as a template.
    #[must_use]
    pub fn signed(&self) -> String {
        self.0.template.to_string()
    }
}

/// What a signed request has more than an unsigned one. `Debug` shows no token.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Signed {
    /// Headers to set. Tokens among them are marked as sensitive.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// A query parameter to add, decoded.
    pub query: Option<(String, String)>,
}

impl Signed {
    /// What both have.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.headers.extend(other.headers);
        self.query = self.query.or(other.query);
        self
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed")
            .field("headers", &self.headers)
            .field("query", &self.query.as_ref().map(|(name, _)| name))
            .finish()
    }
}

impl Recipe {
    /// Signs a request. `url` stands for `{url}` where the endpoint was not told its own. A Standard Webhooks secret
    /// that begins with `whsk_` makes a `v1a` signature.
    ///
    /// # Errors
    ///
    /// [`SignErrorKind::Secret`] for a secret that the scheme cannot use, [`SignErrorKind::Value`] for an id or a token
    /// that no header can hold.
    pub fn sign(
        &self,
        secret: &Secret,
        body: &[u8],
        id: &str,
        at: Timestamp,
        url: &Uri,
    ) -> Result<Signed, SignError> {
        match self {
            Self::StandardWebhooks => sign_standard(secret, body, id, at),
            Self::BodyHmac(HmacRecipe(layout)) => sign_body(layout, secret, body, id, at, url),
            Self::Token { place } => place_token(place, secret),
            Self::Allowlist | Self::Unverified => Ok(Signed::default()),
            Self::AnyOf(parts) => match parts.first() {
                Some(first) => first.sign(secret, body, id, at, url),
                None => Ok(Signed::default()),
            },
            Self::AllOf(parts) => parts.iter().try_fold(Signed::default(), |whole, part| {
                Ok(whole.and(part.sign(secret, body, id, at, url)?))
            }),
        }
    }
}

fn sign_standard(secret: &Secret, body: &[u8], id: &str, at: Timestamp) -> Result<Signed, SignError> {
    let seconds = at.as_second();
    let head = format!("{id}.{seconds}.");
    let signature = if let Some(text) = secret.expose().strip_prefix("whsk_") {
        let key = signing_key(text)?;
        let signature = key.sign(&[head.as_bytes(), body].concat());
        format!("v1a,{}", STANDARD.encode(signature.to_bytes()))
    } else {
        let Key::Mac(mut mac) = standard::prepare(secret)? else {
            return Err(SecretError::new(SecretErrorKind::OtherKeyKind).into());
        };
        mac.update(head.as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finish().as_slice()))
    };
    Ok(Signed {
        headers: vec![
            (SVIX.id.clone(), value(id)?),
            (SVIX.timestamp.clone(), value(&seconds.to_string())?),
            (SVIX.signature.clone(), value(&signature)?),
        ],
        query: None,
    })
}

/// A private key: the seed, or the seed and the public key after it.
pub(super) fn signing_key(text: &str) -> Result<SigningKey, SecretError> {
    let wrong = |kind| SecretError::new(kind);
    let bytes = standard::decode_key(text)?;
    if let Ok(pair) = <&[u8; 64]>::try_from(bytes.as_slice()) {
        return SigningKey::from_keypair_bytes(pair).map_err(|_| wrong(SecretErrorKind::Undecodable));
    }
    let seed = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| wrong(SecretErrorKind::WrongLength))?;
    Ok(SigningKey::from_bytes(&Zeroizing::new(seed)))
}

fn sign_body(
    layout: &Layout,
    secret: &Secret,
    body: &[u8],
    id: &str,
    at: Timestamp,
    url: &Uri,
) -> Result<Signed, SignError> {
    let Key::Mac(mut mac) = Sort::Hmac(layout.algorithm).prepare(secret)? else {
        return Err(SecretError::new(SecretErrorKind::OtherKeyKind).into());
    };
    let timestamp = at.as_second().to_string();
    let url = layout.url.clone().unwrap_or_else(|| url.to_string());
    let values = Values {
        timestamp: &timestamp,
        id,
        url: &url,
    };
    layout
        .template
        .whole(values, body, &mut |bytes| Mac::update(&mut mac, bytes));
    let prefix = layout.prefixes.first().filter(|_| layout.prefix_required);
    let signature = format!(
        "{}{}",
        prefix.map_or("", String::as_str),
        layout.encoding.encode(mac.finish().as_slice())
    );
    let text = match &layout.composite {
        Some((time, name)) => format!("{time}={timestamp},{name}={signature}"),
        None => signature,
    };
    let mut headers = vec![(layout.header.clone(), value(&text)?)];
    if let Some(name) = &layout.timestamp_header {
        headers.push((name.clone(), value(&timestamp)?));
    }
    if let Some(name) = &layout.id_header {
        headers.push((name.clone(), value(id)?));
    }
    if let Some((name, text)) = &layout.algorithm_header {
        headers.push((name.clone(), value(text)?));
    }
    Ok(Signed { headers, query: None })
}

fn place_token(place: &TokenPlace, secret: &Secret) -> Result<Signed, SignError> {
    let sensitive = |text: &str| {
        let mut value = value(text)?;
        value.set_sensitive(true);
        Ok::<_, SignError>(value)
    };
    Ok(match place {
        TokenPlace::Header(name) => Signed {
            headers: vec![(name.clone(), sensitive(secret.expose())?)],
            query: None,
        },
        TokenPlace::Bearer => Signed {
            headers: vec![(AUTHORIZATION, sensitive(&format!("Bearer {}", secret.expose()))?)],
            query: None,
        },
        TokenPlace::Query(name) => Signed {
            headers: Vec::new(),
            query: Some((name.clone(), secret.expose().to_owned())),
        },
    })
}

pub(super) fn value(text: &str) -> Result<HeaderValue, SignError> {
    HeaderValue::from_str(text).map_err(|_| SignError::value())
}

/// A request that cannot be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignError {
    kind: SignErrorKind,
    source: Option<SecretError>,
}

impl SignError {
    pub(super) const fn value() -> Self {
        Self {
            kind: SignErrorKind::Value,
            source: None,
        }
    }

    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> SignErrorKind {
        self.kind
    }
}

/// Why a request cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignErrorKind {
    /// The scheme cannot use the secret; `source` says why.
    Secret,
    /// An id or a token that no header can hold.
    Value,
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            SignErrorKind::Secret => "the secret cannot sign",
            SignErrorKind::Value => "the id or the token has characters that no header can hold",
        })
    }
}

impl std::error::Error for SignError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source
            .as_ref()
            .map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<SecretError> for SignError {
    fn from(error: SecretError) -> Self {
        Self {
            kind: SignErrorKind::Secret,
            source: Some(error),
        }
    }
}
