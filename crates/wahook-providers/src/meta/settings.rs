//! How an endpoint of Meta's is made.

use serde::Deserialize;
use wahook_core::{
    BuildError, Challenge, Endpoint, Secrets,
    proof::{Algorithm, BodyHmac},
};

use super::Meta;
use crate::OptionRow;

pub(super) const OPTIONS: &[OptionRow] = &[OptionRow::new(
    "verify_token",
    "a text, or a list of texts while it is being changed: answers the verification request that brings it, the one entered beside the callback URL; default: none, GET is not answered",
)];

/// No `Debug`: it holds the token.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Settings {
    verify_token: Option<Tokens>,
}

/// Options are read once at start: an untagged enum costs nothing here.
#[derive(Deserialize)]
#[serde(untagged)]
enum Tokens {
    One(String),
    Several(Vec<String>),
}

impl Settings {
    pub(super) fn endpoint(self, name: &str, secrets: Secrets) -> Result<Endpoint, BuildError> {
        let header = http::HeaderName::from_static("x-hub-signature-256");
        // The older header with SHA-1 comes beside it and is never looked at (V3).
        let scheme = BodyHmac::new(header, Algorithm::Sha256, secrets)?.required_prefix("sha256=");
        let endpoint = Endpoint::new(name, Meta, scheme)?;
        Ok(match self.verify_token {
            None => endpoint,
            Some(tokens) => {
                let token = match tokens {
                    Tokens::One(token) => Secrets::try_from(token)?,
                    Tokens::Several(tokens) => Secrets::try_from(tokens)?,
                };
                // Whatever the value looks like it is echoed as it came: a number on one page, any text on another.
                let challenge = Challenge::get(Some(token))
                    .names(["hub.challenge"])
                    .token_names(["hub.verify_token"])
                    .mode("hub.mode", "subscribe");
                endpoint.challenge(challenge)
            }
        })
    }
}
