//! `[endpoint.manage]`: what an operator may do at the provider's, and with which key.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wahook_core::Secret;

use super::{Hidden, secrets};
use crate::failure::chain;

/// The provider's side of an endpoint.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ManageConfig {
    /// The key of the provider's API; Wawp calls it access token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key: Option<Hidden>,
    /// A file that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_key_file: Option<PathBuf>,
    /// Where the API is; the documented place if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The provider's id of the endpoint; found by its URL if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_id: Option<String>,
    /// Wawp: whose webhooks these are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    /// Wazapin: the organisation, where a key is of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Which events it should get, by the provider's names; all if left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
}

/// The same with its key.
#[derive(Clone, Debug)]
pub(crate) struct Manage {
    pub(crate) key: Secret,
    pub(crate) config: ManageConfig,
}

impl ManageConfig {
    /// Reads its key; what is wrong with which of its own keys otherwise.
    pub(crate) fn build(&self, folder: &Path) -> Result<Manage, (&'static str, String)> {
        let key = match (&self.api_key, &self.api_key_file) {
            (Some(key), None) => Secret::new(key.expose()).map_err(|error| ("api_key", chain(&error)))?,
            (None, Some(file)) => secrets::from_file(file, folder).map_err(|text| ("api_key_file", text))?,
            (None, None) => {
                let text = "[endpoint.manage] has no key of the provider's API; add `api_key_file = \"…\"`";
                return Err(("api_key_file", text.to_owned()));
            }
            (Some(_), Some(_)) => {
                let text = "[endpoint.manage] has both api_key and api_key_file; keep one";
                return Err(("api_key", text.to_owned()));
            }
        };
        Ok(Manage {
            key,
            config: self.clone(),
        })
    }
}
