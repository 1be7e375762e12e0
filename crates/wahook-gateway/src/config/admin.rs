//! The second listener, for operators.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use wahook_core::Secret;

use super::{Hidden, Problem, secrets};
use crate::failure::chain;

/// The second listener, for operators: health, metrics, the admin API.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AdminConfig {
    /// Where it listens; nowhere if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listen: Option<SocketAddr>,
    /// What whoever changes or reveals something must know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Hidden>,
    /// A file that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_file: Option<PathBuf>,
    /// Names under which it may be asked, beside those of this machine, such as a proxy's; without port.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hosts: Vec<String>,
}

/// A second listener as it is configured.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Admin {
    /// Where it listens.
    pub listen: SocketAddr,
    /// What whoever changes or reveals something must know.
    pub token: Option<Secret>,
    /// Names under which it may be asked.
    pub hosts: Vec<String>,
}

/// With less, guesses over the network come to an end.
const TOKEN_BYTES: usize = 16;

impl AdminConfig {
    /// Reads the token.
    pub(super) fn build(&self, folder: &Path) -> Result<Option<Admin>, Problem> {
        let wrong = |key: &str, text: String| Problem::new(&["admin", key], text);
        let token = match (&self.token, &self.token_file) {
            (None, None) => None,
            (Some(_), Some(_)) => {
                let text = "there are both `token` and `token_file`; keep one".to_owned();
                return Err(wrong("token_file", text));
            }
            (Some(token), None) => {
                Some(Secret::new(token.expose()).map_err(|error| wrong("token", chain(&error)))?)
            }
            (None, Some(file)) => {
                Some(secrets::from_file(file, folder).map_err(|text| wrong("token_file", text))?)
            }
        };
        let Some(listen) = self.listen else {
            return match token {
                None => Ok(None),
                Some(_) => Err(wrong(
                    "token",
                    "a token without a listener; add `listen`".to_owned(),
                )),
            };
        };
        if !listen.ip().is_loopback() && token.is_none() {
            let text = format!(
                "{listen} could be reached by others and has no token; add `token_file`, set WAHOOK_ADMIN__TOKEN, or listen on 127.0.0.1"
            );
            return Err(wrong("listen", text));
        }
        let too_short = |token: &Secret| token.expose().len() < TOKEN_BYTES;
        if !listen.ip().is_loopback() && token.as_ref().is_some_and(too_short) {
            let key = if self.token.is_some() {
                "token"
            } else {
                "token_file"
            };
            let text = format!(
                "the token has less than {TOKEN_BYTES} characters, and {listen} could be reached by others who guess; make one with `openssl rand -hex 32`, or listen on 127.0.0.1"
            );
            return Err(wrong(key, text));
        }
        Ok(Some(Admin {
            listen,
            token,
            hosts: self.hosts.clone(),
        }))
    }
}
