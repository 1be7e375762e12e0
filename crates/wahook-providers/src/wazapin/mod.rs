//! Wazapin: Standard Webhooks over bodies that may or may not say what they are.
//!
//! Facts (Wazapin docs, 2026-08, and the vendor's public plugin, 2026-08-12):
//!
//! - Deliveries are signed as Svix does it, with `svix-*` or `webhook-*` headers. The id is part of what is signed and
//!   stays the same over all attempts: it is the dedupe key.
//! - A delivery says one thing, in a few short texts; content is behind `GET /v1/messages/{messageID}`.
//! - The newest pages show a flat body without the event's name, in which an event can only be guessed. One endpoint per
//!   event, each [`declaring`](Wazapin::declaring) its own, is the sound way. Older pages and the vendor's code wrap the
//!   same members in `data`, with the name beside it. All forms are read, and a name in the body wins.
//! - There is no time in the flat body: the event model then has the time of the attempt, from the signed header.
//!
//! ```
//! use wahook_core::{Endpoint, proof::StandardWebhooks};
//! use wahook_providers::wazapin::{self, Wazapin};
//!
//! let secret = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
//! let any_event = wazapin::endpoint("shop", secret)?;
//! let one_event = Endpoint::new(
//!     "shop-new",
//!     Wazapin::declaring("message.new"),
//!     StandardWebhooks::new(secret.try_into()?)?,
//! )?;
//! # Ok::<(), wahook_core::BuildError>(())
//! ```

mod body;
mod event;
mod key;
mod normalise;
mod shape;

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use wahook_core::{
    BuildError, Context, Delivery, DeliveryKey, Endpoint, Habits, Keyed, Parsed, Provider, Secrets,
    json::{Raw, Text},
    model::{Draft, NameSource},
    proof::{Proof, StandardWebhooks},
};

pub use self::event::{
    CommerceOrder, ContactUpdated, ConversationUpdated, Direction, Event, EventName, MessageNew, MessageSent,
    MessageStatus, MessageType, Payload, Status, TemplateStatus,
};
use crate::{OptionRow, Options, ProviderRow, row::Retries};

/// Reads what Wazapin sends.
#[derive(Clone, Debug, Default)]
pub struct Wazapin {
    declared: Option<EventName>,
}

impl Wazapin {
    /// For an endpoint that gets several events: a body without a name is told by its members, and marked as guessed.
    #[must_use]
    pub const fn new() -> Self {
        Self { declared: None }
    }

    /// For an endpoint that is subscribed to one event only (`filterTypes` with one entry).
    #[must_use]
    pub fn declaring(event: impl Into<EventName>) -> Self {
        Self {
            declared: Some(event.into()),
        }
    }

    /// A body is one item.
    fn item(&self, body: &Bytes) -> Parsed<Event> {
        let raw = Raw::new(body.clone());
        shape::read(body, self.declared.as_ref(), |read| match read {
            Ok(shaped) => shaped.parsed(raw),
            Err(error) => shape::malformed(self.declared.clone(), error, Context::default(), raw),
        })
    }

    /// The name of an item without a type, and its source, found once more: only such items pay for it.
    fn name_again(&self, raw: &Raw) -> Option<(EventName, NameSource)> {
        shape::read(raw.bytes(), self.declared.as_ref(), |read| match read {
            Ok(shaped) => shaped.name,
            Err(_) => Some((self.declared.clone()?, NameSource::Declared)),
        })
    }
}

impl wahook_core::TypedEvent for Event {
    type Provider = Wazapin;
}

impl Provider for Wazapin {
    type Event = Event;

    const ID: &'static str = "wazapin";

    fn habits(&self) -> Habits {
        // Eight attempts over about 28 h (Svix docs, retries, 2026-08; Wazapin's own schedule is not public), and
        // retries by hand after that. The answer is wanted within 3 s, 403 for a bad signature (Wazapin docs, handle
        // inbound text and webhook signature examples, 2026-08).
        Habits::new(hours(48), hours(28), Duration::from_secs(3)).refused(StatusCode::FORBIDDEN)
    }

    fn key(&self, proof: &Proof, _headers: &HeaderMap, body: &Bytes) -> Keyed {
        key::of(proof, body)
    }

    fn key_of_id(&self, id: &str) -> Option<DeliveryKey> {
        key::of_id(id)
    }

    fn parse(&self, delivery: &Delivery) -> Vec<Parsed<Event>> {
        vec![self.item(&delivery.body)]
    }

    fn parse_each(&self, delivery: &Delivery, mut each: impl FnMut(Parsed<Event>)) {
        each(self.item(&delivery.body));
    }

    fn normalise(&self, item: Parsed<Event>, _delivery: &Delivery) -> Draft {
        match item {
            Parsed::Known { event, raw } => normalise::draft(event, raw),
            Parsed::Unknown(unknown) => {
                let name = self.name_again(&unknown.raw);
                normalise::renamed(Draft::unknown(unknown), name)
            }
            Parsed::Malformed(malformed) => {
                let name = self.name_again(&malformed.raw);
                normalise::renamed(Draft::malformed(malformed), name)
            }
        }
    }
}

const fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}

/// An endpoint with Wazapin's scheme: Standard Webhooks, 300 s, one or several `whsec_` secrets.
///
/// # Errors
///
/// Where the name or a secret cannot be used.
pub fn endpoint<S>(name: &str, secrets: S) -> Result<Endpoint, BuildError>
where
    S: TryInto<Secrets>,
    BuildError: From<S::Error>,
{
    Settings::default().endpoint(name, secrets.try_into()?)
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Settings {
    event: Option<Text>,
    tolerance_seconds: Option<u64>,
}

impl Settings {
    fn endpoint(self, name: &str, secrets: Secrets) -> Result<Endpoint, BuildError> {
        let mut scheme = StandardWebhooks::new(secrets)?;
        if let Some(seconds) = self.tolerance_seconds {
            scheme = scheme.tolerance(Duration::from_secs(seconds));
        }
        let provider = match self.event {
            Some(event) if event.trim().is_empty() => {
                return Err(BuildError::option(
                    "`event` is empty; leave it out or name one event",
                ));
            }
            Some(event) => Wazapin::declaring(event.trim()),
            None => Wazapin::new(),
        };
        Endpoint::new(name, provider, scheme)
    }
}

fn build(name: &str, secrets: Secrets, options: &Options) -> Result<Endpoint, BuildError> {
    options.read::<Settings>()?.endpoint(name, secrets)
}

/// The row of this provider.
pub(crate) const ROW: ProviderRow = ProviderRow {
    id: "wazapin",
    title: "Wazapin",
    verified: "Standard Webhooks: HMAC-SHA256 over id, timestamp and raw body; `svix-*` or `webhook-*` headers; 300 s",
    key: "signed id header, else the wrapper's `event_id`, else SHA-256 of the body",
    contradictions: &[
        "The newest pages show a flat body, older ones and the vendor's plugin a wrapper with `data`: both are read.",
        "The flat body does not name its event: declare it per endpoint with `event`, or it is guessed and marked so.",
        "Delivery status is `message.status_update` or `message.status.updated`: one event, the name is kept.",
        "`message.new` is inbound on some pages, either way on others: only `direction` decides, without it the kind is `other`.",
        "A plugin commit shows `X-Webhook-Signature: sha256=…`; it was withdrawn minutes later and is not accepted.",
        "Texts are not in the body by the docs, a public consumer reads `body` and `chat_id`: read where they are there.",
        "Dedupe is by `event_id` on old pages, by the signed id header on new ones: the header comes first.",
        "400 is asked for on a body that is not JSON, which would repeat it for a day: 200 by default, configurable.",
    ],
    retries: Retries::new(
        None,
        "its pages name no schedule (Wazapin docs, 2026-08); Svix, whose signatures it uses, repeats 7 times within about 28 h by default (Svix docs, retries, 2026-08), and can be told to repeat later",
    ),
    setup: &[
        "In Wazapin open Settings → Developer → Webhooks and add the endpoint {url} (HTTPS).",
        "Better: add one endpoint per event, with one entry in `filterTypes`, and set `event` for each here.",
        "Copy the signing secret, `whsec_…`, whole; it belongs to this endpoint only. Here: {secret}",
        "Send a test delivery; its body is not documented, so it may show up as `unknown`.",
    ],
    options: &[
        OptionRow::new(
            "event",
            "the one event that this endpoint is subscribed to, such as \"message.new\"; a name in the body wins; default: none",
        ),
        OptionRow::new(
            "tolerance_seconds",
            "how far the signed timestamp may be off, both ways; default: 300",
        ),
    ],
    challenge_token: None,
    build,
    make_secret: |random| format!("whsec_{}", STANDARD.encode(random)),
};
