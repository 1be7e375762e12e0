//! How events are posted.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use wahook_core::{
    Secrets,
    guard::{OpenError, OpenErrorKind},
    sink::MessageFormat,
};

/// How events are posted to a URL.
///
/// ```
/// use wahook_gateway::sinks::HttpOptions;
///
/// let mut options = HttpOptions::default();
/// options.secrets = Some("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".try_into()?);
/// let options = options.header("authorization", "Bearer 7d0ab5c2")?;
/// assert!(!format!("{options:?}").contains("7d0ab5c2"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpOptions {
    /// What a request looks like; [`MessageFormat::Event`] by default.
    pub format: MessageFormat,
    /// Whether the provider's own JSON is in it; it is by default.
    pub raw: bool,
    /// Secrets of Standard Webhooks (`whsec_…`), the current one first: a request has a signature by each. Not signed by
    /// default.
    pub secrets: Option<Secrets>,
    /// Whether a name may lead to a private or loopback address; it may not by default. `localhost` and an address in
    /// the URL itself need no permission. Link-local and metadata addresses are never connected to.
    pub allow_private: bool,
    /// Whether the proxy of the environment (`HTTPS_PROXY` …) is used, which then is who looks up names; not by default.
    pub environment_proxy: bool,
    /// How long a connection may take, its TLS included; 5 s by default.
    pub connect_timeout: Duration,
    /// How long the other side may be silent; 15 s by default.
    pub read_timeout: Duration,
    /// How long a request may take in all; 30 s by default.
    pub timeout: Duration,
    /// How much of a `Retry-After` is believed; 1 h by default.
    pub max_retry_after: Duration,
    pub(super) headers: HeaderMap,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            format: MessageFormat::Event,
            raw: true,
            secrets: None,
            allow_private: false,
            environment_proxy: false,
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(15),
            timeout: Duration::from_secs(30),
            max_retry_after: Duration::from_secs(3600),
            headers: HeaderMap::new(),
        }
    }
}

impl HttpOptions {
    /// With a header in every request, such as `authorization`. Its value is never shown.
    ///
    /// # Errors
    ///
    /// If it is no header, or one that the sink itself writes.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, OpenError> {
        let wrong = |text: &str| OpenError::new(OpenErrorKind::Address, text);
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| wrong("a header has a name that HTTP does not know: letters, digits and `-`"))?;
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| wrong("the value of a header has a line break or another control character"))?;
        value.set_sensitive(true);
        if is_ours(&name) {
            return Err(wrong(
                "content-*, host, connection, transfer-encoding, ce-*, webhook-* and x-hub-* are written by the sink itself",
            ));
        }
        if self.headers.insert(name, value).is_some() {
            return Err(wrong("a header stands twice"));
        }
        Ok(self)
    }
}

fn is_ours(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(
        name,
        "host" | "connection" | "transfer-encoding" | "te" | "trailer" | "upgrade" | "expect" | "keep-alive"
    ) || ["content-", "ce-", "webhook-", "x-hub-", "svix-", "proxy-"]
        .iter()
        .any(|ours| name.starts_with(ours))
}
