//! Signs and addresses deliveries as the provider does.

use bytes::Bytes;
use form_urlencoded::byte_serialize;
use http::{HeaderName, HeaderValue, Method, Request, Uri, header::CONTENT_TYPE, uri::PathAndQuery};
use jiff::Timestamp;
use wahook_core::{
    Endpoint, Secret,
    proof::{Recipe, SignError, Signed},
};

use super::{message::Outgoing, vendor::Vendor};

/// Plays the provider of one endpoint: holds the secret, and makes the requests that the provider would make.
#[derive(Clone, Debug)]
pub struct Sender {
    endpoint: Endpoint,
    secret: Secret,
    url: Uri,
    vendor: Vendor,
    pub(super) cap_bytes: usize,
}

impl Sender {
    /// A sender for an endpoint that is reached at `url`.
    #[must_use]
    pub fn new(endpoint: Endpoint, secret: Secret, url: Uri) -> Self {
        let vendor = Vendor::of(endpoint.provider().id());
        Self {
            endpoint,
            secret,
            url,
            vendor,
            cap_bytes: 4 << 20,
        }
    }

    /// The receiver's cap on a body, in bytes, where it is not the usual 4 MiB: for [`Fault::Oversize`](super::Fault).
    #[must_use]
    pub fn cap_bytes(self, cap_bytes: usize) -> Self {
        Self { cap_bytes, ..self }
    }

    /// Where it sends to, without a token.
    pub(crate) const fn url(&self) -> &Uri {
        &self.url
    }

    /// The cap that [`Fault::Oversize`](super::Fault) goes beyond.
    pub(crate) const fn cap(&self) -> usize {
        self.cap_bytes
    }

    /// Whether the secret stands in these bytes.
    pub(crate) fn is_told_by(&self, bytes: &[u8]) -> bool {
        let secret = self.secret.expose().as_bytes();
        bytes.windows(secret.len().max(1)).any(|part| part == secret)
    }

    /// Whether the vendor says several things in one delivery.
    pub(crate) const fn sends_lists(&self) -> bool {
        self.vendor.lists
    }

    /// Whether what is said stands in lists inside of a body.
    pub(crate) const fn has_envelope(&self) -> bool {
        self.vendor.envelope
    }

    /// Whether the key of the event of this name is a digest of all that it says.
    pub(crate) fn is_digested(&self, name: &str) -> bool {
        self.vendor.digested.iter().any(|known| known == name)
    }

    /// The endpoint it sends to.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// A request, signed at `at`.
    ///
    /// # Errors
    ///
    /// Where the scheme cannot use the secret, or a header cannot hold the id or the token.
    pub fn request(&self, outgoing: &Outgoing, at: Timestamp) -> Result<Request<Bytes>, SignError> {
        self.signed_with(&self.secret, outgoing, at)
    }

    /// A request that is signed with another secret of the same form.
    pub(crate) fn with_wrong_secret(
        &self,
        outgoing: &Outgoing,
        at: Timestamp,
    ) -> Result<Request<Bytes>, SignError> {
        self.signed_with(&wrong(&self.secret), outgoing, at)
    }

    fn signed_with(
        &self,
        secret: &Secret,
        outgoing: &Outgoing,
        at: Timestamp,
    ) -> Result<Request<Bytes>, SignError> {
        let Outgoing { id, body } = outgoing;
        let signed = self.recipe().sign(secret, body, id, at, &self.url)?;
        Ok(addressed(&self.vendor, signed, outgoing, at, &self.url))
    }

    pub(crate) fn recipe(&self) -> Recipe {
        self.endpoint.verifier().recipe()
    }
}

/// The request of an endpoint's provider to this URL, signed with the endpoint's own secrets: for a test delivery of
/// whoever holds them anyway.
///
/// # Errors
///
/// As [`Verifier::sign`](wahook_core::proof::Verifier::sign).
pub fn signed_by(
    endpoint: &Endpoint,
    outgoing: &Outgoing,
    at: Timestamp,
    url: &Uri,
) -> Result<Request<Bytes>, SignError> {
    let Outgoing { id, body } = outgoing;
    let signed = endpoint.verifier().sign(body, id, at, url)?;
    let vendor = Vendor::of(endpoint.provider().id());
    Ok(addressed(&vendor, signed, outgoing, at, url))
}

/// The request that the vendor makes of what is signed.
fn addressed(
    vendor: &Vendor,
    signed: Signed,
    outgoing: &Outgoing,
    at: Timestamp,
    url: &Uri,
) -> Request<Bytes> {
    let mut request = Request::new(outgoing.body.clone());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = match &signed.query {
        Some((name, value)) => with_query(url, name, value),
        None => url.clone(),
    };
    let headers = request.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, template) in &vendor.headers {
        let text = template
            .replace("{id}", &outgoing.id)
            .replace("{seconds}", &at.as_second().to_string())
            .replace("{millis}", &at.as_millisecond().to_string());
        // An id of the caller's may not fit into a header; the provider would not have made such a one.
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(&text)) {
            headers.insert(name, value);
        }
    }
    for (name, value) in signed.headers {
        headers.insert(name, value);
    }
    request
}

/// The URL with one more parameter.
pub(crate) fn with_query(url: &Uri, name: &str, value: &str) -> Uri {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let parameter = format!("{}={}", encoded(name), encoded(value));
    let path = match url.path_and_query() {
        Some(path) if path.query().is_some() => format!("{path}&{parameter}"),
        Some(path) => format!("{path}?{parameter}"),
        None => format!("/?{parameter}"),
    };
    let mut parts = url.clone().into_parts();
    // An encoded parameter behind a valid path is a valid path.
    parts.path_and_query = PathAndQuery::try_from(path).ok();
    Uri::from_parts(parts).unwrap_or_else(|_| url.clone())
}

/// A secret of the same form and length that differs in one character.
fn wrong(secret: &Secret) -> Secret {
    let text = secret.expose();
    let after = text.rfind('_').map_or(0, |place| place + 1);
    let mut changed = false;
    let other: String = text
        .char_indices()
        .map(|(place, c)| {
            if changed || place < after || !c.is_ascii_alphanumeric() {
                return c;
            }
            changed = true;
            if c == 'A' || c == 'a' { 'B' } else { 'A' }
        })
        .collect();
    let other = if changed { other } else { format!("{text}x") };
    // It is not empty, and whether it is well known plays no part for a signature that must not fit.
    Secret::dangerous_published(other).unwrap_or_else(|_| secret.clone())
}
