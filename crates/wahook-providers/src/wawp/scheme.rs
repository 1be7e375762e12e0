//! How a delivery of Wawp is verified.
//!
//! Four statements contradict each other: nothing is signed, use `?secret=` (webhooks overview); a static text in
//! `X-Wawp-Signature` (`/v2/webhook/set`); HMAC-SHA256 (Wawp's Python SDK); HMAC-SHA512 in `X-Webhook-Hmac` (WAHA, the
//! sender underneath). All read 2026-07. So the scheme is a choice of whoever knows what really arrives, never a guess
//! from the request (V3); the default is the one that Wawp's overview asks for. None of them signs a time: the guard is
//! the replay protection (V7).

use std::net::IpAddr;

use http::HeaderName;
use ipnet::IpNet;
use serde::Deserialize;
use wahook_core::{
    BuildError, Endpoint, Secrets,
    proof::{Algorithm, Allowlist, BodyHmac, StaticToken, Verifier},
};

use super::Wawp;
use crate::Options;

const SIGNATURE: HeaderName = HeaderName::from_static("x-wawp-signature");
const HMAC: HeaderName = HeaderName::from_static("x-webhook-hmac");
const HMAC_ALGORITHM: HeaderName = HeaderName::from_static("x-webhook-hmac-algorithm");
const PARAMETER: &str = "secret";

/// How a delivery of Wawp is verified.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// The secret is a query parameter of the URL.
    QueryToken {
        /// The parameter's name.
        parameter: String,
    },
    /// The secret is the value of a header.
    HeaderToken {
        /// The header's name.
        header: HeaderName,
    },
    /// HMAC-SHA512 over the body in hex, as WAHA signs. A header that names another algorithm is refused.
    HmacSha512 {
        /// The header's name.
        header: HeaderName,
    },
    /// HMAC-SHA256 over the body in hex, as Wawp's Python SDK checks it.
    HmacSha256 {
        /// The header's name.
        header: HeaderName,
    },
}

impl Default for Scheme {
    fn default() -> Self {
        Self::query_token()
    }
}

impl Scheme {
    /// `?secret=…` in the URL, as Wawp's overview asks for. Proxies in front of us see it; the layer takes it out.
    #[must_use]
    pub fn query_token() -> Self {
        Self::QueryToken {
            parameter: PARAMETER.to_owned(),
        }
    }

    /// The `hmac` text of `/v2/webhook/set`, sent as it is in `X-Wawp-Signature`.
    #[must_use]
    pub const fn header_token() -> Self {
        Self::HeaderToken { header: SIGNATURE }
    }

    /// WAHA's `X-Webhook-Hmac`.
    #[must_use]
    pub const fn hmac_sha512() -> Self {
        Self::HmacSha512 { header: HMAC }
    }

    /// An HMAC-SHA256 in `X-Wawp-Signature`.
    #[must_use]
    pub const fn hmac_sha256() -> Self {
        Self::HmacSha256 { header: SIGNATURE }
    }

    fn verifier(self, secrets: Secrets) -> Result<Verifier, BuildError> {
        Ok(match self {
            Self::QueryToken { parameter } => StaticToken::query(&parameter, secrets)?.into(),
            Self::HeaderToken { header } => StaticToken::header(header, secrets)?.into(),
            Self::HmacSha512 { header } => BodyHmac::new(header, Algorithm::Sha512, secrets)?
                .prefix("sha512=")
                .algorithm_header(HMAC_ALGORITHM, "sha512")
                .into(),
            Self::HmacSha256 { header } => BodyHmac::new(header, Algorithm::Sha256, secrets)?
                .prefix("sha256=")
                .into(),
        })
    }
}

/// An endpoint as Wawp's overview describes it: the secret is the query parameter `secret` of the URL.
///
/// ```
/// let endpoint = wahook_providers::wawp::endpoint("shop", "Ue9cyS0mGmyYXQ4nqXcw")?;
/// assert_eq!(endpoint.provider().id(), "wawp");
/// # Ok::<(), wahook_core::BuildError>(())
/// ```
///
/// # Errors
///
/// Where the name or a secret cannot be used; a token has at least 8 bytes.
pub fn endpoint<S>(name: &str, secrets: S) -> Result<Endpoint, BuildError>
where
    S: TryInto<Secrets>,
    BuildError: From<S::Error>,
{
    endpoint_with(name, secrets, Scheme::default(), None)
}

/// An endpoint with another scheme, or with an allowlist beside it. Wawp publishes no addresses, so there is no default
/// list.
///
/// ```
/// use wahook_providers::wawp::{self, Scheme};
///
/// let endpoint = wawp::endpoint_with("shop", "Ue9cyS0mGmyYXQ4nqXcw", Scheme::hmac_sha512(), None)?;
/// # Ok::<(), wahook_core::BuildError>(())
/// ```
///
/// # Errors
///
/// As [`endpoint`].
pub fn endpoint_with<S>(
    name: &str,
    secrets: S,
    scheme: Scheme,
    allowlist: Option<Allowlist>,
) -> Result<Endpoint, BuildError>
where
    S: TryInto<Secrets>,
    BuildError: From<S::Error>,
{
    let mut verifier = scheme.verifier(secrets.try_into()?)?;
    if let Some(allowlist) = allowlist {
        verifier = verifier.and_allowlist(allowlist);
    }
    Endpoint::new(name, Wawp::new(), verifier)
}

/// The options in configuration.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    scheme: SchemeName,
    parameter: Option<String>,
    header: Option<String>,
    allow: Vec<String>,
    trusted_proxies: Vec<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SchemeName {
    #[default]
    QueryToken,
    HeaderToken,
    HmacSha512,
    HmacSha256,
}

/// Makes an endpoint from configuration.
pub(super) fn build(name: &str, secrets: Secrets, options: &Options) -> Result<Endpoint, BuildError> {
    let settings = options.read::<Settings>()?;
    let header = |default: HeaderName| match &settings.header {
        Some(name) => name
            .parse()
            .map_err(|_| BuildError::option("`header` is no name of a header")),
        None => Ok(default),
    };
    let scheme = match (settings.scheme, &settings.parameter, &settings.header) {
        (SchemeName::QueryToken, _, Some(_)) => {
            return Err(BuildError::option(
                "`header` does not go with scheme \"query-token\"",
            ));
        }
        (SchemeName::QueryToken, Some(parameter), _) if parameter.is_empty() => {
            return Err(BuildError::option("`parameter` is empty"));
        }
        (SchemeName::QueryToken, parameter, _) => Scheme::QueryToken {
            parameter: parameter.clone().unwrap_or_else(|| PARAMETER.to_owned()),
        },
        (_, Some(_), _) => {
            return Err(BuildError::option(
                "`parameter` goes with scheme \"query-token\" only",
            ));
        }
        (SchemeName::HeaderToken, ..) => Scheme::HeaderToken {
            header: header(SIGNATURE)?,
        },
        (SchemeName::HmacSha512, ..) => Scheme::HmacSha512 {
            header: header(HMAC)?,
        },
        (SchemeName::HmacSha256, ..) => Scheme::HmacSha256 {
            header: header(SIGNATURE)?,
        },
    };
    if settings.allow.is_empty() && !settings.trusted_proxies.is_empty() {
        return Err(BuildError::option(
            "`trusted_proxies` does nothing without `allow`",
        ));
    }
    let allowlist = if settings.allow.is_empty() {
        None
    } else {
        let allowlist = Allowlist::new(networks(&settings.allow, "allow")?);
        Some(allowlist.trusted_proxies(networks(&settings.trusted_proxies, "trusted_proxies")?))
    };
    endpoint_with(name, secrets, scheme, allowlist)
}

/// A single address is a network of one.
fn networks(texts: &[String], option: &str) -> Result<Vec<IpNet>, BuildError> {
    let network = |text: &String| text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let networks: Result<_, _> = texts.iter().map(network).collect();
    networks.map_err(|_| {
        BuildError::option(format!(
            "`{option}` wants addresses or networks such as \"203.0.113.0/24\""
        ))
    })
}
