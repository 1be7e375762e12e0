//! A sink whose other side reads what Meta sends.

use wahook_core::{Endpoint, Secrets};

use super::{EndpointConfig, SinkConfig, build::Wrong, sinks::missing};
use crate::failure::chain;

/// The provider whose deliveries can be taken apart and signed again.
const META: &str = "meta";

/// Who signs: an endpoint of Meta's, as its owner would have it, with the secret that the other side verifies with.
pub(super) fn signer(
    sink: &SinkConfig,
    endpoints: &[EndpointConfig],
    secrets: Option<Secrets>,
) -> Result<Endpoint, Wrong> {
    let secrets = secrets.ok_or_else(|| missing("secret_file", "secrets/crm"))?;
    if sink.secrets.is_some() || sink.secrets_files.is_some() {
        let text = "Meta signs with one secret: give the sink `secret` or `secret_file`";
        return Err(("secrets", text.to_owned()));
    }
    if !sink.raw {
        let text = "with the format `meta` there is nothing but what Meta sent: leave `raw` out";
        return Err(("format", text.to_owned()));
    }
    let taken =
        |endpoint: &&EndpointConfig| sink.endpoints.is_empty() || sink.endpoints.contains(&endpoint.name);
    if let Some(other) = endpoints
        .iter()
        .filter(taken)
        .find(|endpoint| endpoint.provider != META)
    {
        let text = format!(
            "`meta` is of what Meta sends, and the endpoint `{}` has the provider `{}`: name those of Meta in `endpoints`",
            other.name, other.provider
        );
        return Err(("format", text));
    }
    wahook_providers::meta::endpoint(&sink.name, secrets).map_err(|error| ("secret", chain(&error)))
}
