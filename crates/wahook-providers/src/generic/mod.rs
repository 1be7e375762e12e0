//! Any provider, by configuration: what proves a delivery, where its id and its name stand, what its words mean.
//!
//! Nothing of a vendor is known here. With options for one, an endpoint verifies and reads it without any code:
//!
//! ```toml
//! [[endpoint]]
//! name = "support"
//! provider = "generic"
//! secret_file = "secrets/support"
//!
//! [endpoint.options.signature]
//! header = "x-acme-signature"
//! prefix = "sha256="
//!
//! [endpoint.options.read]
//! event = "/event"
//! key = "/id"
//! time = "/created_at"
//!
//! [endpoint.options.kinds]
//! "message.new" = "message"
//! "message.ack" = "message.status"
//!
//! [endpoint.options.fields]
//! message_id = "/data/message_id"
//! from_me = "/data/from_me"
//! sender = "/data/from"
//! text = "/data/text"
//! state = "/data/status"
//!
//! [endpoint.options.states]
//! "SERVER_ACK" = "sent"
//! ```
//!
//! `docs/generic.md` has every setting, whole examples, and which products are covered. What holds for all of them:
//!
//! - There is always a proof (V6): an HMAC, Standard Webhooks, or a static token where it is asked for. The scheme comes
//!   from here, never from the request (V3). A window needs a signed time (V7): one for a time that nothing signs is
//!   refused at construction.
//! - A key is made of the body or of a signed id; any other header is refused as one (G6), and can name a delivery. The
//!   default is the SHA-256 of the body.
//! - A name that no row declares is `unknown` (N2); a known one without what its kind cannot be without is `malformed`,
//!   with the path where it was looked for (N1).
//! - Without `read`, `kinds` and `fields` the plain form is read: members named as the settings are. A sender of your own
//!   can use it as it is.

mod content;
mod event;
mod fields;
mod found;
mod identity;
mod items;
mod key;
mod names;
mod normalise;
mod place;
mod plan;
mod reader;
mod said;
mod scheme;
mod settings;
mod visit;
mod words;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use wahook_core::{
    BuildError, Delivery, DeliveryKey, Endpoint, Habits, Keyed, Parsed, Provider, Secrets, model::Draft,
    proof::Proof,
};

pub use self::{event::Event, fields::Fields};
use self::{
    reader::{NamePlace, Reader},
    settings::Settings,
};
use crate::{Options, ProviderRow, row::Retries};

/// Reads what a configuration describes.
#[derive(Clone, Debug)]
pub struct Generic {
    reader: Arc<Reader>,
    kept: Arc<[HeaderName]>,
}

impl Generic {
    fn new(reader: Reader) -> Self {
        let kept = match &reader.event {
            Some(NamePlace::Header(name)) => [name.clone()].into(),
            Some(NamePlace::Body(_)) | None => [].into(),
        };
        Self {
            reader: Arc::new(reader),
            kept,
        }
    }
}

impl Provider for Generic {
    type Event = Event;

    const ID: &'static str = "generic";

    fn habits(&self) -> Habits {
        // Nothing is known of the sender. The longest retry window of any provider is 7 days, the shortest deadline 5 s.
        Habits::new(WEEK, WEEK, Duration::from_secs(5))
    }

    fn kept_headers(&self) -> &[HeaderName] {
        &self.kept
    }

    fn key(&self, proof: &Proof, headers: &HeaderMap, body: &Bytes) -> Keyed {
        self.reader.keyed(proof, headers, body)
    }

    fn key_of_id(&self, id: &str) -> Option<DeliveryKey> {
        (self.reader.keying.by_signed_id && !id.is_empty()).then(|| DeliveryKey::header(id))
    }

    fn parse(&self, delivery: &Delivery) -> Vec<Parsed<Event>> {
        let mut items = Vec::with_capacity(1);
        self.parse_each(delivery, |item| items.push(item));
        items
    }

    fn parse_each(&self, delivery: &Delivery, each: impl FnMut(Parsed<Event>)) {
        self.reader.parse_each(&delivery.body, &delivery.headers, each);
    }

    fn normalise(&self, item: Parsed<Event>, _delivery: &Delivery) -> Draft {
        let mut draft = match item {
            Parsed::Known { event, raw } => return self.reader.draft(event, raw),
            Parsed::Unknown(unknown) => Draft::unknown(unknown),
            Parsed::Malformed(malformed) => Draft::malformed(malformed),
        };
        draft.name = draft.name.map(|(name, _)| (name, self.reader.name_source()));
        draft
    }
}

/// An endpoint with these options, as configuration has them.
///
/// ```
/// use wahook_providers::{Options, generic};
///
/// let options = serde_json::json!({
///     "signature": {"header": "x-acme-signature", "prefix": "sha256="},
///     "read": {"event": "/event", "key": "/id"},
///     "kinds": {"message.new": "message.received"},
///     "fields": {"message_id": "/data/id", "text": "/data/text"},
/// });
/// let serde_json::Value::Object(options) = options else { unreachable!() };
/// let endpoint = generic::endpoint("support", "the-secret-of-this-endpoint", &Options::new(options))?;
/// assert_eq!(endpoint.provider().id(), "generic");
/// # Ok::<(), wahook_core::BuildError>(())
/// ```
///
/// # Errors
///
/// Where the name, a secret or an option cannot be used, or options contradict each other.
pub fn endpoint<S>(name: &str, secrets: S, options: &Options) -> Result<Endpoint, BuildError>
where
    S: TryInto<Secrets>,
    BuildError: From<S::Error>,
{
    options.read::<Settings>()?.endpoint(name, secrets.try_into()?)
}

const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// The row of this provider.
pub(crate) const ROW: ProviderRow = ProviderRow {
    id: "generic",
    title: "Any other",
    verified: "by configuration: an HMAC (sha256, sha512, sha1) over the body or a template, Standard Webhooks, or by choice a static token; by default HMAC-SHA256 over the body, hex, in `X-Signature`",
    key: "by configuration: places in the body, or a signed id; by default `id`, else SHA-256 of the body",
    contradictions: &[],
    retries: Retries::new(
        None,
        "whatever the sender does: its pages say it, and `memory` of the endpoint should be longer",
    ),
    setup: &[
        "Describe the provider in the options of the endpoint: docs/generic.md has every setting, and whole examples.",
        "At the provider, register {url} and set or copy the secret. Here: {secret}",
        "`wahook verify generic` says why a captured request does not verify, `wahook normalize generic` what becomes of its body.",
    ],
    options: settings::OPTIONS,
    challenge_token: None,
    build: |name, secrets, options| endpoint(name, secrets, options),
    make_secret: |random| random.iter().map(|byte| format!("{byte:02x}")).collect(),
};
