//! Meta's own Cloud API, without a house between.
//!
//! Facts (developers.facebook.com/documentation/business-messaging/whatsapp, `webhooks/overview` and
//! `webhooks/create-webhook-endpoint`, 2026-04; `business-scoped-user-ids`, 2026-05; `groups/webhooks`, 2026-02):
//!
//! - A POST is signed in `X-Hub-Signature-256`, HMAC-SHA256 in hex over the body with the app's secret. Nothing signed has
//!   a time, so the guard is the replay protection (V7). `X-Hub-Signature`, SHA-1, is never looked at.
//! - The callback URL is verified by a GET, whenever it or its token is set: see the option `verify_token`.
//! - A body is an envelope with up to 1,000 updates, of several business accounts, numbers and fields. Each element of its
//!   lists is an item of its own; a template, account or number field is one item.
//! - The `raw` of an item is that element, and of a field that is one thing, or is not known, the change; a list that nobody
//!   knows, beside known ones, is an `unknown` item with that list. What stands beside the elements (whose number, which
//!   contacts) says nothing for itself and is no item: it is in the typed event.
//! - Of a contact the event model has name, username and business-scoped id. Its `wa_id` and the id of linked portfolios stand
//!   in `data` only where no other id does; else they are, with key digest and country code, in the typed event alone, and
//!   neither in `data` nor in `raw`. A contact that no element is about is context of nothing, and in the delivery only.
//! - An update of an account, a template or a number has no id. Its key is the digest of its whole value with entry, field
//!   and the entry's time, and so is that of a field that is not known: two that differ in anything are two.
//! - No delivery has an id, and on a retry the same updates may come in another batch, or to several apps: the key of a
//!   delivery is the digest of its body, and the event keys do the work. Retries go on for 7 days.
//! - A user may have no phone number here: whoever has a username is known by a business-scoped id.
//! - Envelope and signature are those of all of Meta: what is of another `object` than `whatsapp_business_account` is
//!   unknown.
//! - A delivery can be taken apart ([`Provider::split`]): each item in an envelope of its own, with its own
//!   contact, byte for byte as sent. So a delivery for many numbers is handed on to those whose they are, and verified there
//!   as if Meta had sent it: Meta knows one URL for an app.
//! - What was said before the number came to the API (`history`) is typed, and no message of the event model: whoever
//!   answers messages would answer those of half a year.
//!
//! ```
//! use wahook_providers::meta;
//!
//! let endpoint = meta::endpoint("shop", "0123456789abcdef0123456789abcdef")?;
//! assert_eq!(endpoint.provider().id(), "meta");
//! # Ok::<(), wahook_core::BuildError>(())
//! ```

mod canonical;
mod contacts;
mod envelope;
mod event;
mod normalise;
mod parse;
mod settings;
mod split;

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use wahook_core::{
    BuildError, Delivery, DeliveryKey, Endpoint, Habits, Keyed, Parsed, Provider, Secrets, Split,
    model::Draft, proof::Proof,
};

pub use self::event::*;
use self::settings::Settings;
use crate::{ProviderRow, row::Retries};

/// Reads what Meta sends.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Meta;

impl wahook_core::TypedEvent for Event {
    type Provider = Meta;
}

impl Provider for Meta {
    type Event = Event;

    const ID: &'static str = "meta";

    fn habits(&self) -> Habits {
        // Repeated for up to 7 days (webhooks/overview, 2026-04), and a day to spare. No deadline for the answer is on any
        // page; it is repeated at once, so it is taken to be as short as that of the others.
        Habits::new(MEMORY, MEMORY, Duration::from_secs(5))
    }

    /// Never anything in the body: the same updates may come in another batch.
    fn key(&self, _proof: &Proof, _headers: &HeaderMap, body: &Bytes) -> Keyed {
        Keyed::new(DeliveryKey::digest(body), None)
    }

    fn parse(&self, delivery: &Delivery) -> Vec<Parsed<Event>> {
        let mut items = Vec::with_capacity(1);
        self.parse_each(delivery, |item| items.push(item));
        items
    }

    fn parse_each(&self, delivery: &Delivery, each: impl FnMut(Parsed<Event>)) {
        parse::parse_each(&delivery.body, each);
    }

    fn split(&self, delivery: &Delivery) -> Option<Split> {
        Some(split::split(&delivery.body))
    }

    fn normalise(&self, item: Parsed<Event>, _delivery: &Delivery) -> Draft {
        normalise::draft(item)
    }
}

const DAY: Duration = Duration::from_secs(24 * 3600);
const MEMORY: Duration = Duration::from_secs(8 * 24 * 3600);

/// An endpoint with Meta's scheme, one or several app secrets. No GET is answered: for that a token is needed, see the
/// option `verify_token` of the provider's row, or hand a [`Challenge`](wahook_core::Challenge) to [`Endpoint::challenge`].
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

/// The row of this provider.
pub(crate) const ROW: ProviderRow = ProviderRow {
    id: "meta",
    title: "Meta Cloud API",
    verified: "`X-Hub-Signature-256`: HMAC-SHA256 over the raw body, hex, with `sha256=`",
    key: "SHA-256 of the body; batches may be cut anew on a retry, so each message, status, … has a key of its own",
    contradictions: &[
        "Retries go on for 7 days (WhatsApp pages) or 36 hours (Graph page): keys are remembered for 8 days.",
        "The challenge is an integer (Graph page) or a random text (WhatsApp page): it is echoed untouched.",
        "Older pages sign \"the escaped form\" of the body, newer ones the body: the bytes on the wire are both.",
        "`from`, `recipient_id` and `wa_id` are in every sample and may be missing since 2026: all ids are optional. The typed event has every one; `data` has number and business-scoped id, and another where it is the only one.",
        "A group's participant is `recipient_participant_id` or `participant_recipient_id`, its field `group_participants_update` or `group_participant_update`, its type `group_participants_add` or `group_add_participants`: all are read.",
        "`group_settings_update` has a `type` in samples that the page does not list among its members: with it and without it is read.",
        "An error that stands alone has neither an id nor a time: it is remembered by the body of its delivery, for 8 days, and in another batch it is told again.",
        "A removed reaction has an empty `emoji` or none: both are a removal.",
        "Limits are numbers in a sample and `TIER_…` in its table: read as texts.",
        "Times are texts in messages and numbers elsewhere: both are read, by magnitude.",
        "Some samples of the group pages are no JSON: what is like them is `malformed`, and kept.",
        "`delivered` may never come where `read` does: states fold to the highest.",
    ],
    retries: Retries::new(
        Some(DAY.saturating_mul(7)),
        "at once, then less and less often for up to 7 days (webhooks/overview, 2026-04); the page of the Graph API says 36 hours; there is no way to ask for what was missed",
    ),
    setup: &[
        "In the App Dashboard copy the app secret, App settings → Basic → App secret. Here: {secret}",
        "Choose a verify token, set it here as the option `verify_token`, and start wahook.",
        "Under WhatsApp → Configuration enter {url} (HTTPS, no self-signed certificate) as callback URL, and the same verify token; Meta asks by GET at once.",
        "Subscribe to `messages` and to the other fields you want; subscribe the app to the business account (`POST /<WABA_ID>/subscribed_apps`).",
    ],
    options: settings::OPTIONS,
    challenge_token: Some("verify_token"),
    build: |name, secrets, options| options.read::<Settings>()?.endpoint(name, secrets),
    // As an app secret looks: 32 hex digits.
    make_secret: |random| random.iter().take(16).map(|byte| format!("{byte:02x}")).collect(),
};
