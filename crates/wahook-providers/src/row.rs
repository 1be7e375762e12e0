//! What a provider says of itself to those who build endpoints from configuration, and to the documentation.

use std::{sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use wahook_core::{AnyProvider, BuildError, Endpoint, Secret, Secrets};

/// One provider.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct ProviderRow {
    /// The name in configuration, keys and events.
    pub id: &'static str,
    /// The vendor's spelling.
    pub title: &'static str,
    /// What is verified, for the documentation.
    pub verified: &'static str,
    /// What the dedupe key is, for the documentation.
    pub key: &'static str,
    /// Where the provider's own documentation contradicts itself, and what we do.
    pub contradictions: &'static [&'static str],
    /// How long it sends a delivery again that nobody took.
    pub retries: Retries,
    /// How to set it up; `{url}` is the public URL of the endpoint, `{secret}` its secret.
    pub setup: &'static [&'static str],
    /// What may be configured beside the secrets.
    pub options: &'static [OptionRow],
    /// Which of the options holds the token of a GET challenge.
    pub challenge_token: Option<&'static str>,
    /// Makes an endpoint from configuration.
    pub build: fn(name: &str, secrets: Secrets, options: &Options) -> Result<Endpoint, BuildError>,
    /// Makes a secret in the provider's own form from random bytes.
    pub make_secret: fn(random: [u8; 32]) -> String,
}

/// How long a provider sends a delivery again that nobody took. What comes in a longer time of being down is lost there.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Retries {
    /// How long it goes on by default, where its own pages say so.
    pub by_default: Option<Duration>,
    /// The schedule in words, with the page it is from and the month in which that was read.
    pub text: &'static str,
}

impl ProviderRow {
    /// How to set it up, with the URL of the endpoint and its secret, or what is said in the secret's place.
    #[must_use]
    pub fn steps(&self, url: &str, secret: &str) -> Vec<String> {
        let fill = |step: &&str| step.replace("{url}", url).replace("{secret}", secret);
        self.setup.iter().map(fill).collect()
    }

    /// Who reads its deliveries as they are read without any option: for what was received by an endpoint that is gone.
    /// Nothing is verified by it.
    #[must_use]
    pub fn reader(&self) -> Option<Arc<dyn AnyProvider>> {
        // An endpoint cannot be built without a secret.
        let unused = Secret::new((self.make_secret)([7; 32])).ok()?;
        let endpoint = (self.build)(self.id, Secrets::from(unused), &Options::default()).ok()?;
        Some(endpoint.shared_provider())
    }
}

impl Retries {
    pub(crate) const fn new(by_default: Option<Duration>, text: &'static str) -> Self {
        Self { by_default, text }
    }
}

/// One option of a provider.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct OptionRow {
    /// Its name in the configuration.
    pub name: &'static str,
    /// What it does, with its values and its default.
    pub text: &'static str,
}

impl OptionRow {
    pub(crate) const fn new(name: &'static str, text: &'static str) -> Self {
        Self { name, text }
    }
}

/// Provider options as configuration has them: a JSON object.
#[derive(Clone, Debug, Default)]
pub struct Options(Map<String, Value>);

impl Options {
    /// Takes options. They are checked when an endpoint is built from them.
    #[must_use]
    pub const fn new(options: Map<String, Value>) -> Self {
        Self(options)
    }

    /// Reads them as a provider's own type; an unknown name is an error.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, BuildError> {
        serde_json::from_value(Value::Object(self.0.clone())).map_err(BuildError::option)
    }
}
