//! HMAC over the body, or over a template that holds it.

use std::{fmt, sync::Arc, time::Duration};

use http::{HeaderName, request::Parts};
use jiff::Timestamp;

use super::{
    Proof,
    header::check_age,
    keyring::{Keyring, Keys, Sort},
    layout::{Encoding, Head, Layout},
    mac::{Algorithm, Mac, Tag},
    refusal::{Refusal, RefusalKind},
    template::{Template, TemplateError, TemplateErrorKind},
};
use crate::secret::{SecretError, Secrets};

pub(super) const NAME: &str = "body-hmac";

/// An HMAC over the body in one header. The key is the UTF-8 text of the secret.
///
/// Nothing about it is read from the request: not the algorithm, not the encoding (V3). Where no timestamp is signed,
/// a captured request verifies for ever, and the guard is the replay protection (V7).
///
/// ```
/// use wahook_core::proof::{Algorithm, BodyHmac, Template};
///
/// // As Meta signs.
/// let meta = BodyHmac::new("x-hub-signature-256".parse()?, Algorithm::Sha256, "app-secret".try_into()?)?
///     .required_prefix("sha256=");
/// // As Stripe and YCloud sign.
/// let composite = BodyHmac::new("ycloud-signature".parse()?, Algorithm::Sha256, "0e8d5f1c".try_into()?)?
///     .composite("t", "s")
///     .tolerance(std::time::Duration::from_secs(300))?;
/// // As Slack signs.
/// let slack = BodyHmac::new("x-slack-signature".parse()?, Algorithm::Sha256, "8f742231".try_into()?)?
///     .required_prefix("v0=")
///     .timestamp_header("x-slack-request-timestamp".parse()?)
///     .signed(Template::parse("v0:{timestamp}:{body}")?)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct BodyHmac {
    layout: Arc<Layout>,
    keyring: Keyring,
}

impl BodyHmac {
    /// A hex signature over the body in this header.
    ///
    /// # Errors
    ///
    /// None of today's secrets is refused here; [`Secrets`] refuses empty and known ones.
    pub fn new(header: HeaderName, algorithm: Algorithm, secrets: Secrets) -> Result<Self, SecretError> {
        Ok(Self {
            layout: Arc::new(Layout {
                header,
                algorithm,
                encoding: Encoding::Hex,
                prefixes: Vec::new(),
                prefix_required: false,
                composite: None,
                template: Template::body(),
                timestamp_header: None,
                id_header: None,
                url: None,
                tolerance: None,
                algorithm_header: None,
            }),
            keyring: Keyring::new(Sort::Hmac(algorithm), secrets)?,
        })
    }

    fn with(mut self, change: impl FnOnce(&mut Layout)) -> Self {
        change(Arc::make_mut(&mut self.layout));
        self
    }

    /// Another encoding of the signature.
    #[must_use]
    pub fn encoding(self, encoding: Encoding) -> Self {
        self.with(|layout| layout.encoding = encoding)
    }

    /// Strips this prefix where it is there. May be said several times; the first one that fits is stripped.
    #[must_use]
    pub fn prefix(self, prefix: impl Into<String>) -> Self {
        self.with(|layout| layout.prefixes.push(prefix.into()))
    }

    /// Strips this prefix, and refuses a signature that has none of the prefixes.
    #[must_use]
    pub fn required_prefix(self, prefix: impl Into<String>) -> Self {
        self.with(|layout| {
            layout.prefixes.push(prefix.into());
            layout.prefix_required = true;
        })
    }

    /// The header holds `{time}=…,{signature}=…`, such as `t=1760000000,v1=…`. Several signatures may be in it. Unless
    /// [`BodyHmac::signed`] says otherwise, `{timestamp}.{body}` is signed.
    #[must_use]
    pub fn composite(self, time: impl Into<String>, signature: impl Into<String>) -> Self {
        self.with(|layout| {
            layout.composite = Some((time.into(), signature.into()));
            if !layout.template.has_timestamp() {
                layout.template = Template::timestamp_and_body();
            }
        })
    }

    /// The header that holds `{timestamp}`: digits, seconds or (from 10¹¹ up) milliseconds.
    #[must_use]
    pub fn timestamp_header(self, name: HeaderName) -> Self {
        self.with(|layout| layout.timestamp_header = Some(name))
    }

    /// The header that holds `{id}`.
    #[must_use]
    pub fn id_header(self, name: HeaderName) -> Self {
        self.with(|layout| layout.id_header = Some(name))
    }

    /// What stands for `{url}`: the URL exactly as the provider was told, since the request as it arrives here may have
    /// been rewritten by proxies.
    #[must_use]
    pub fn url(self, url: impl Into<String>) -> Self {
        self.with(|layout| layout.url = Some(url.into()))
    }

    /// Something else than the bare body is signed. Name the places of its values first.
    ///
    /// # Errors
    ///
    /// [`TemplateErrorKind::NoTimestamp`], [`TemplateErrorKind::NoId`] and [`TemplateErrorKind::NoUrl`] where a
    /// placeholder has no place, [`TemplateErrorKind::ToleranceUnsigned`] where a window was set and the template has
    /// no timestamp.
    pub fn signed(self, template: Template) -> Result<Self, TemplateError> {
        let layout = &self.layout;
        let missing =
            if template.has_timestamp() && layout.timestamp_header.is_none() && layout.composite.is_none() {
                Some(TemplateErrorKind::NoTimestamp)
            } else if template.has_id() && layout.id_header.is_none() {
                Some(TemplateErrorKind::NoId)
            } else if template.has_url() && layout.url.is_none() {
                Some(TemplateErrorKind::NoUrl)
            } else if layout.tolerance.is_some() && !template.has_timestamp() {
                Some(TemplateErrorKind::ToleranceUnsigned)
            } else {
                None
            };
        match missing {
            Some(kind) => Err(TemplateError::new(kind)),
            None => Ok(self.with(|layout| layout.template = template)),
        }
    }

    /// A window for the signed timestamp, in both directions, ends included. Without it any age verifies.
    ///
    /// # Errors
    ///
    /// [`TemplateErrorKind::ToleranceUnsigned`] where no timestamp is signed: the window would protect nothing (V7).
    pub fn tolerance(self, tolerance: Duration) -> Result<Self, TemplateError> {
        if self.layout.template.has_timestamp() {
            Ok(self.with(|layout| layout.tolerance = Some(tolerance)))
        } else {
            Err(TemplateError::new(TemplateErrorKind::ToleranceUnsigned))
        }
    }

    /// Where this header is there, it must say this (letter case ignored). It never chooses the algorithm (V3).
    #[must_use]
    pub fn algorithm_header(self, name: HeaderName, value: impl Into<String>) -> Self {
        self.with(|layout| layout.algorithm_header = Some((name, value.into())))
    }

    /// Its secrets.
    #[must_use]
    pub const fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    pub(super) fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    pub(super) fn begin(&self, head: &Parts, now: Timestamp) -> Result<Pending, Refusal> {
        let read = self.layout.read(&head.headers)?;
        if let Some(tolerance) = self.layout.tolerance {
            check_age(read.nanoseconds, now, tolerance)
                .map_err(|refusal| refusal.header(self.layout.timestamp_name()))?;
        }
        let keys = self.keyring.load();
        Ok(Pending {
            layout: Arc::clone(&self.layout),
            at: keys.primary().unwrap_or_default(),
            mac: None,
            keys,
            read,
        })
    }
}

/// A judgement on its way.
pub(super) struct Pending {
    layout: Arc<Layout>,
    keys: Arc<Keys>,
    read: Head,
    /// The likeliest key.
    at: usize,
    /// Its MAC, once the body comes in pieces that can be fed as they come.
    mac: Option<Box<Mac>>,
}

impl Pending {
    pub(super) fn update(&mut self, frame: &[u8]) {
        if self.mac.is_none() && self.layout.template.streams() {
            let before = |mac: &mut Mac| {
                let values = self.layout.values(&self.read);
                self.layout
                    .template
                    .before(values, &mut |bytes| mac.update(bytes));
            };
            self.mac = self.keys.mac(self.at, before).map(Box::new);
        }
        if let Some(mac) = &mut self.mac {
            mac.update(frame);
        }
    }

    pub(super) fn finish(self, body: &[u8]) -> Result<Proof, Refusal> {
        let Self {
            layout,
            keys,
            read,
            at,
            mac,
        } = self;
        let values = layout.values(&read);
        let feed = |mac: &mut Mac| {
            layout
                .template
                .whole(values, body, &mut |bytes| mac.update(bytes));
        };
        let fits = |tag: &Tag| read.claimed.contain(tag);
        let tag = match mac {
            Some(mut mac) => {
                layout.template.after(values, &mut |bytes| mac.update(bytes));
                Some(mac.finish())
            }
            None => keys.tag(at, feed),
        };
        if !tag.as_ref().is_some_and(fits) && !keys.any_other(at, feed, fits) {
            return Err(Refusal::new(RefusalKind::SignatureMismatch).header(&layout.header));
        }
        Ok(Proof {
            scheme: NAME,
            signed_at: layout
                .template
                .has_timestamp()
                .then(|| Timestamp::from_nanosecond(read.nanoseconds).ok())
                .flatten(),
            id: read.id,
        })
    }
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
