//! TLS at the listener.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Problem;
use crate::server::{Certificate, Unusable};

/// TLS at the listener; without it plain HTTP is spoken, for a proxy in front.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TlsConfig {
    /// The chain of certificates as PEM, the server's own first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert_file: Option<PathBuf>,
    /// Its private key as PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
}

impl TlsConfig {
    /// Reads both.
    pub(super) fn build(&self, folder: &Path) -> Result<Option<Certificate>, Problem> {
        let missing = |key: &str| {
            let text =
                format!("`{key}` is missing; add `{key} = \"…\"`: TLS takes a certificate and its key");
            Err(Problem::new(&["tls", key], text))
        };
        match (&self.cert_file, &self.key_file) {
            (None, None) => Ok(None),
            (Some(_), None) => missing("key_file"),
            (None, Some(_)) => missing("cert_file"),
            (Some(chain), Some(key)) => Certificate::read(&folder.join(chain), &folder.join(key))
                .map(Some)
                .map_err(|unusable| match unusable {
                    Unusable::Certificate(text) => Problem::new(&["tls", "cert_file"], text),
                    Unusable::Key(text) => Problem::new(&["tls", "key_file"], text),
                }),
        }
    }
}
