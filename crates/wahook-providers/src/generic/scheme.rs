//! What proves that a delivery is genuine, as data.
//!
//! The scheme comes from the configuration alone (V3), and there always is one (V6): an HMAC, Standard Webhooks, or by
//! explicit choice a static token.

use std::time::Duration;

use http::{HeaderName, header};
use serde::Deserialize;
use wahook_core::{
    BuildError, Secrets,
    proof::{Algorithm, BodyHmac, Encoding, StandardWebhooks, StaticToken, Template, Verifier},
};

use super::place;

/// `[signature]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Signature {
    scheme: SchemeName,
    header: Option<String>,
    algorithm: Option<AlgorithmName>,
    encoding: Option<EncodingName>,
    prefix: Option<String>,
    signed: Option<String>,
    composite: Option<(String, String)>,
    timestamp_header: Option<String>,
    id_header: Option<String>,
    algorithm_header: Option<String>,
    url: Option<String>,
    tolerance_seconds: Option<u64>,
}

/// `[token]`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Token {
    header: Option<String>,
    bearer: bool,
    query: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum SchemeName {
    #[default]
    Hmac,
    StandardWebhooks,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AlgorithmName {
    Sha1,
    Sha256,
    Sha512,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum EncodingName {
    Hex,
    Base64,
    Base64url,
}

/// A verifier, and what it says of headers.
pub(super) struct Scheme {
    pub(super) verifier: Verifier,
    /// The headers whose value is the id that the signature covers.
    pub(super) signed_ids: Vec<HeaderName>,
    /// Whether that id is, by the scheme's own rules, the id of the delivery.
    pub(super) id_is_key: bool,
    /// The headers that hold a credential.
    pub(super) credentials: Vec<HeaderName>,
}

impl Scheme {
    pub(super) fn new(
        signature: Option<Signature>,
        token: Option<Token>,
        secrets: Secrets,
    ) -> Result<Self, BuildError> {
        match (signature, token) {
            (Some(_), Some(_)) => Err(BuildError::option(
                "`signature` and `token` exclude each other: with both, a request could choose the weaker",
            )),
            (None, Some(token)) => token.scheme(secrets),
            (signature, None) => signature.unwrap_or_default().scheme(secrets),
        }
    }
}

/// The window of Standard Webhooks, which most senders that sign a time follow.
const TOLERANCE: Duration = Duration::from_secs(300);

impl Signature {
    fn scheme(self, secrets: Secrets) -> Result<Scheme, BuildError> {
        if self.scheme == SchemeName::StandardWebhooks {
            return self.standard(secrets);
        }
        let header = place::header(self.header.as_deref().unwrap_or("x-signature"))?;
        let algorithm = match self.algorithm {
            None | Some(AlgorithmName::Sha256) => Algorithm::Sha256,
            Some(AlgorithmName::Sha512) => Algorithm::Sha512,
            Some(AlgorithmName::Sha1) => Algorithm::Sha1,
        };
        let encoding = match self.encoding {
            None | Some(EncodingName::Hex) => Encoding::Hex,
            Some(EncodingName::Base64) => Encoding::Base64,
            Some(EncodingName::Base64url) => Encoding::Base64Url,
        };
        let mut scheme = BodyHmac::new(header.clone(), algorithm, secrets)?.encoding(encoding);
        scheme = match self.prefix.as_deref() {
            None => scheme.prefix(format!("{}=", algorithm.as_str())),
            Some("") => scheme,
            Some(prefix) => scheme.required_prefix(prefix),
        };
        let composite = self.composite.is_some();
        if let Some((time, signature)) = self.composite {
            if time.is_empty() || signature.is_empty() || time == signature {
                return Err(BuildError::option(
                    "`composite` has two names, of the time and of the signature, such as [\"t\", \"v1\"]",
                ));
            }
            if self.timestamp_header.is_some() {
                return Err(BuildError::option(
                    "`timestamp_header` and `composite` both say where the time stands",
                ));
            }
            scheme = scheme.composite(time, signature);
        }
        if let Some(name) = &self.timestamp_header {
            scheme = scheme.timestamp_header(place::header(name)?);
        }
        let id_header = self.id_header.as_deref().map(place::header).transpose()?;
        if let Some(name) = &id_header {
            scheme = scheme.id_header(name.clone());
        }
        if let Some(name) = &self.algorithm_header {
            scheme = scheme.algorithm_header(place::header(name)?, algorithm.as_str());
        }
        let template = match (&self.signed, composite) {
            (Some(template), _) => template.as_str(),
            (None, true) => "{timestamp}.{body}",
            (None, false) => "{body}",
        };
        let parsed = Template::parse(template).map_err(BuildError::option)?;
        let has = |piece: &str| template.contains(piece);
        for (set, piece, option) in [
            (
                self.timestamp_header.is_some() || composite,
                "{timestamp}",
                "the time",
            ),
            (id_header.is_some(), "{id}", "`id_header`"),
            (self.url.is_some(), "{url}", "`url`"),
        ] {
            if set && !has(piece) {
                return Err(BuildError::option(format!(
                    "`signed` is {template:?} and does not cover {option}: nothing vouches for it, so it has no use; add `{piece}` if the provider signs it"
                )));
            }
        }
        if let Some(url) = self.url {
            scheme = scheme.url(url);
        }
        scheme = scheme.signed(parsed).map_err(BuildError::option)?;
        let tolerance = match self.tolerance_seconds {
            Some(0) => {
                return Err(BuildError::option(
                    "`tolerance_seconds` = 0 refuses whatever was signed a second ago; leave it out for 300",
                ));
            }
            Some(seconds) => Some(Duration::from_secs(seconds)),
            None => has("{timestamp}").then_some(TOLERANCE),
        };
        if let Some(tolerance) = tolerance {
            scheme = scheme.tolerance(tolerance).map_err(BuildError::option)?;
        }
        Ok(Scheme {
            verifier: scheme.into(),
            signed_ids: id_header.into_iter().collect(),
            id_is_key: false,
            credentials: vec![header],
        })
    }

    fn standard(self, secrets: Secrets) -> Result<Scheme, BuildError> {
        let fixed = [
            ("header", self.header.is_some()),
            ("algorithm", self.algorithm.is_some()),
            ("encoding", self.encoding.is_some()),
            ("prefix", self.prefix.is_some()),
            ("signed", self.signed.is_some()),
            ("composite", self.composite.is_some()),
            ("timestamp_header", self.timestamp_header.is_some()),
            ("id_header", self.id_header.is_some()),
            ("algorithm_header", self.algorithm_header.is_some()),
            ("url", self.url.is_some()),
            ("tolerance_seconds", self.tolerance_seconds.is_some()),
        ];
        if let Some((name, _)) = fixed.iter().find(|(_, set)| *set) {
            return Err(BuildError::option(format!(
                "`{name}` is settled by `scheme = \"standard-webhooks\"`"
            )));
        }
        let names = |names: [&'static str; 2]| names.into_iter().map(HeaderName::from_static).collect();
        Ok(Scheme {
            verifier: StandardWebhooks::new(secrets)?.into(),
            signed_ids: names(["webhook-id", "svix-id"]),
            id_is_key: true,
            credentials: names(["webhook-signature", "svix-signature"]),
        })
    }
}

impl Token {
    fn scheme(self, secrets: Secrets) -> Result<Scheme, BuildError> {
        let (token, credential) = match (self.header, self.bearer, self.query) {
            (Some(name), false, None) => {
                let name = place::header(&name)?;
                (StaticToken::header(name.clone(), secrets)?, name)
            }
            (None, true, None) => (StaticToken::bearer(secrets)?, header::AUTHORIZATION),
            (None, false, Some(name)) if !name.is_empty() => {
                (StaticToken::query(&name, secrets)?, header::AUTHORIZATION)
            }
            _ => {
                return Err(BuildError::option(
                    "`token` says where the token stands: `header = \"x-token\"`, `bearer = true` or `query = \"secret\"`, one of them",
                ));
            }
        };
        Ok(Scheme {
            verifier: token.into(),
            signed_ids: Vec::new(),
            id_is_key: false,
            credentials: vec![credential],
        })
    }
}
