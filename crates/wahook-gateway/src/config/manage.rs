//! `[endpoint.manage]`: what an operator may do at the provider's, and with which key.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use wahook_core::Secret;

use super::{Config, Hidden, Problem, build::Wrong, secrets};
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
    /// Wawp: whether the key is in the URL of calls that only read, for an account where a header is not accepted. URLs end up in
    /// logs.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dangerous_token_in_query: bool,
    /// Wazapin: the organisation, where a key is of several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
    /// Which events it should get, by the provider's names; all if left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<String>,
    /// Wazapin: whether sinks get messages with the content that webhooks leave out, asked for at the API.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub enrich: bool,
}

/// The same with its key.
#[derive(Clone, Debug)]
pub(crate) struct Manage {
    pub(crate) key: Secret,
    pub(crate) config: ManageConfig,
}

impl ManageConfig {
    /// Reads its key; what is wrong with which of its own keys otherwise.
    pub(crate) fn build(&self, folder: &Path) -> Result<Manage, Wrong> {
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

/// Whoever asks for content that webhooks leave out, and should not.
pub(super) fn check(config: &Config, has_inbox: bool) -> impl Iterator<Item = Problem> {
    let endpoints = config.endpoint.iter().enumerate();
    let asking =
        endpoints.filter(|(_, endpoint)| endpoint.manage.as_ref().is_some_and(|manage| manage.enrich));
    asking.filter_map(move |(index, endpoint)| {
        let provider = endpoint.provider.as_str();
        let text = if provider != "wazapin" {
            format!("`enrich` is for endpoints of wazapin, whose webhooks leave the content out; for {provider}, leave it out")
        } else if has_inbox {
            return None;
        } else {
            "`enrich` needs an inbox: without one the provider would wait for its own API before it is answered".to_owned()
        };
        Some(Problem::new(&["endpoint", &index.to_string(), "manage", "enrich"], text))
    })
}
