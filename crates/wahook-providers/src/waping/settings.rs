//! What WAPing's pages leave open, as options.

use std::time::Duration;

use http::HeaderName;
use serde::Deserialize;
use wahook_core::{
    BuildError, Challenge, Echo, Endpoint, Secrets,
    proof::{Algorithm, BodyHmac, Encoding, StaticToken, Template, Verifier},
};

use super::Waping;
use crate::OptionRow;

pub(super) const OPTIONS: &[OptionRow] = &[
    OptionRow::new(
        "scheme",
        "\"hmac\", or \"token\" for a shared secret in the header, which proves nothing about the body; default: \"hmac\"",
    ),
    OptionRow::new("header", "the header that holds it; default: \"X-Wap-Signature\""),
    OptionRow::new(
        "algorithm",
        "\"sha256\", \"sha512\" or \"sha1\"; default: \"sha256\"",
    ),
    OptionRow::new(
        "encoding",
        "\"hex\" in either case, \"base64\" or \"base64url\"; default: \"hex\"",
    ),
    OptionRow::new(
        "prefix",
        "a text or list of texts, stripped where the value begins with one; default: the algorithm and \"=\", such as \"sha256=\"",
    ),
    OptionRow::new(
        "signed",
        "what is signed, from {timestamp}, {id}, {url}, {body} and {sha256(body)}; default: \"{body}\"",
    ),
    OptionRow::new(
        "timestamp_header",
        "the header that holds {timestamp}; default: none",
    ),
    OptionRow::new("id_header", "the header that holds {id}; default: none"),
    OptionRow::new(
        "url",
        "what stands for {url}: the URL as WAPing was told; default: none",
    ),
    OptionRow::new(
        "composite",
        "the names of time and signature in a value such as \"t=…,v1=…\": [\"t\", \"v1\"]; default: none",
    ),
    OptionRow::new(
        "tolerance_seconds",
        "how far a signed {timestamp} may be off, both ways; an error where none is signed; default: any age",
    ),
    OptionRow::new(
        "challenge_token",
        "answers a GET challenge that brings this token; default: none, GET is not answered",
    ),
    OptionRow::new(
        "challenge_names",
        "the query parameters that hold a challenge; default: [\"challenge\", \"hub.challenge\"]",
    ),
    OptionRow::new(
        "challenge_token_names",
        "the query parameters that hold its token; default: [\"token\", \"verify_token\", \"hub.verify_token\"]",
    ),
    OptionRow::new(
        "challenge_answer",
        "\"text\" or \"json\", for GET; a POST is answered in JSON; default: \"text\"",
    ),
    OptionRow::new(
        "unsigned_challenge",
        "true echoes an unsigned POST that holds nothing but a challenge and a token, for a first handshake; default: false",
    ),
];

/// No `Debug`: it holds the challenge token.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Settings {
    scheme: SchemeName,
    header: Option<String>,
    algorithm: Option<AlgorithmName>,
    encoding: Option<EncodingName>,
    prefix: Option<Prefixes>,
    signed: Option<String>,
    timestamp_header: Option<String>,
    id_header: Option<String>,
    url: Option<String>,
    composite: Option<(String, String)>,
    tolerance_seconds: Option<u64>,
    challenge_token: Option<String>,
    challenge_names: Option<Vec<String>>,
    challenge_token_names: Option<Vec<String>>,
    challenge_answer: Option<AnswerName>,
    unsigned_challenge: bool,
}

#[derive(Clone, Copy, Default, Deserialize, PartialEq)]
#[serde(rename_all = "lowercase")]
enum SchemeName {
    #[default]
    Hmac,
    Token,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AlgorithmName {
    Sha1,
    Sha256,
    Sha512,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum EncodingName {
    Hex,
    Base64,
    Base64url,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AnswerName {
    Text,
    Json,
}

/// Options are read once at start: an untagged enum costs nothing here.
#[derive(Deserialize)]
#[serde(untagged)]
enum Prefixes {
    One(String),
    Several(Vec<String>),
}

impl Settings {
    pub(super) fn endpoint(self, name: &str, secrets: Secrets) -> Result<Endpoint, BuildError> {
        let challenge = self.challenge()?;
        let verifier = match self.scheme {
            SchemeName::Hmac => self.hmac(secrets)?.into(),
            SchemeName::Token => self.token(secrets)?,
        };
        Ok(Endpoint::new(name, Waping, verifier)?.challenge(challenge))
    }

    fn header(&self) -> Result<HeaderName, BuildError> {
        header(self.header.as_deref().unwrap_or("x-wap-signature"))
    }

    fn hmac(self, secrets: Secrets) -> Result<BodyHmac, BuildError> {
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
        let mut scheme = BodyHmac::new(self.header()?, algorithm, secrets)?.encoding(encoding);
        let prefixes = match self.prefix {
            None => vec![format!("{}=", algorithm.as_str())],
            Some(Prefixes::One(prefix)) => vec![prefix],
            Some(Prefixes::Several(prefixes)) => prefixes,
        };
        for prefix in prefixes.into_iter().filter(|prefix| !prefix.is_empty()) {
            scheme = scheme.prefix(prefix);
        }
        if let Some((time, signature)) = self.composite {
            scheme = scheme.composite(time, signature);
        }
        if let Some(name) = self.timestamp_header {
            scheme = scheme.timestamp_header(header(&name)?);
        }
        if let Some(name) = self.id_header {
            scheme = scheme.id_header(header(&name)?);
        }
        if let Some(url) = self.url {
            scheme = scheme.url(url);
        }
        if let Some(template) = self.signed {
            let template = Template::parse(&template).map_err(BuildError::option)?;
            scheme = scheme.signed(template).map_err(BuildError::option)?;
        }
        if let Some(seconds) = self.tolerance_seconds {
            scheme = scheme
                .tolerance(Duration::from_secs(seconds))
                .map_err(BuildError::option)?;
        }
        Ok(scheme)
    }

    fn token(&self, secrets: Secrets) -> Result<Verifier, BuildError> {
        let hmac_only = [
            ("algorithm", self.algorithm.is_some()),
            ("encoding", self.encoding.is_some()),
            ("prefix", self.prefix.is_some()),
            ("signed", self.signed.is_some()),
            ("timestamp_header", self.timestamp_header.is_some()),
            ("id_header", self.id_header.is_some()),
            ("url", self.url.is_some()),
            ("composite", self.composite.is_some()),
            ("tolerance_seconds", self.tolerance_seconds.is_some()),
        ];
        if let Some((name, _)) = hmac_only.iter().find(|(_, set)| *set) {
            return Err(BuildError::option(format!(
                "`{name}` has no meaning with `scheme = \"token\"`"
            )));
        }
        Ok(StaticToken::header(self.header()?, secrets)?.into())
    }

    /// A signed POST is always answered; a GET has no signature, so it needs a token.
    fn challenge(&self) -> Result<Challenge, BuildError> {
        let challenge = match &self.challenge_token {
            Some(token) => {
                let token = Secrets::try_from(token.as_str())?;
                let mut challenge = Challenge::get(Some(token)).post_json(ABSENT);
                if let Some(names) = &self.challenge_names {
                    challenge = challenge.names(names);
                }
                if let Some(names) = &self.challenge_token_names {
                    challenge = challenge.token_names(names);
                }
                match self.challenge_answer {
                    None | Some(AnswerName::Text) => challenge,
                    Some(AnswerName::Json) => challenge.echo(Echo::Json),
                }
            }
            None if self.challenge_names.is_some()
                || self.challenge_token_names.is_some()
                || self.challenge_answer.is_some() =>
            {
                return Err(BuildError::option(
                    "a GET challenge is answered only with a `challenge_token`; set it",
                ));
            }
            None => Challenge::post(ABSENT),
        };
        Ok(if self.unsigned_challenge {
            challenge.unsigned()
        } else {
            challenge
        })
    }
}

/// What every real delivery has.
const ABSENT: &[&str] = &["eventId"];

fn header(name: &str) -> Result<HeaderName, BuildError> {
    name.trim()
        .parse()
        .map_err(|_| BuildError::option(format!("{name:?} is no name of a header")))
}
