//! WAPing: one documented event, and families of which only the existence is public.
//!
//! Facts (waping.app/docs/webhooks, 2026-04; `docs.waping.app`, which these pages call canonical, is not public to us):
//!
//! - One JSON object per POST, signed in `X-Wap-Signature`. Algorithm, encoding and signed bytes are not stated: the
//!   preset takes HMAC-SHA256 in hex over the body, with or without `sha256=`, and each of these can be configured.
//! - `eventId` is the dedupe key. Nothing signed has a time, so the guard is the replay protection (V7).
//! - `message.received` is documented. Delivery states, sessions and conversations are named in prose: their names are
//!   read by the noun before the first dot and the word after it, and what does not fit is `unknown`, never refused.
//! - A challenge proves that the URL is ours, once or from time to time; its form is not public. A signed POST with a
//!   `challenge` and no `eventId` is answered; a GET only where a challenge token is configured.
//!
//! The time in the body is that of the event, not of the attempt: no window is put on it, it would drop real retries.
//!
//! ```
//! use wahook_providers::waping;
//!
//! let endpoint = waping::endpoint("inbox", "the-secret-of-this-endpoint")?;
//! assert_eq!(endpoint.provider().id(), "waping");
//! # Ok::<(), wahook_core::BuildError>(())
//! ```

mod event;
mod item;
mod key;
mod normalise;
mod reading;
mod settings;

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use wahook_core::{
    BuildError, Context, Delivery, Endpoint, Habits, Keyed, Malformed, Parsed, Provider, Secrets,
    json::{Raw, ReadError, read},
    model::Draft,
    proof::Proof,
};

pub use self::event::{
    Conversation, Event, Media, Message, MessageStatus, MessageType, Payload, Problem, Session, State, Status,
};
use self::settings::Settings;
use crate::{ProviderRow, row::Retries};

/// Reads what WAPing sends.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Waping;

impl wahook_core::TypedEvent for Event {
    type Provider = Waping;
}

impl Provider for Waping {
    type Event = Event;

    const ID: &'static str = "waping";

    fn habits(&self) -> Habits {
        // No number is public. The longest retry window of any provider is 7 days, the shortest deadline 5 s.
        Habits::new(WEEK, WEEK, Duration::from_secs(5))
    }

    fn key(&self, _proof: &Proof, _headers: &HeaderMap, body: &Bytes) -> Keyed {
        key::of(body)
    }

    fn parse(&self, delivery: &Delivery) -> Vec<Parsed<Event>> {
        let mut items = Vec::with_capacity(1);
        self.parse_each(delivery, |item| items.push(item));
        items
    }

    fn parse_each(&self, delivery: &Delivery, mut each: impl FnMut(Parsed<Event>)) {
        let body = &delivery.body;
        match items(body) {
            // No page speaks of lists; each item is read for itself, so that none harms its neighbours.
            Ok(Some(items)) => items
                .into_iter()
                .for_each(|item| each(parse_one(body.slice_ref(item.get().as_bytes())))),
            Ok(None) => each(parse_one(body.clone())),
            Err(error) => each(malformed(error, Raw::new(body.clone()))),
        }
    }

    fn normalise(&self, item: Parsed<Event>, _delivery: &Delivery) -> Draft {
        match item {
            Parsed::Known { event, raw } => normalise::draft(event, raw),
            Parsed::Unknown(unknown) => Draft::unknown(unknown),
            Parsed::Malformed(malformed) => Draft::malformed(malformed),
        }
    }
}

fn parse_one(bytes: Bytes) -> Parsed<Event> {
    let raw = Raw::new(bytes.clone());
    reading::read(&bytes, |read| match read {
        Ok(item) => reading::parsed(item, raw),
        Err(error) => malformed(error, raw),
    })
}

fn malformed(error: ReadError, raw: Raw) -> Parsed<Event> {
    Parsed::Malformed(Malformed::new(None, error, Context::default(), raw))
}

/// The items of a list; nothing for a body that is no list.
fn items(body: &[u8]) -> Result<Option<Vec<&RawValue>>, ReadError> {
    let text = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if text.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'[') {
        return Ok(None);
    }
    match serde_json::from_slice::<Vec<&RawValue>>(text) {
        Ok(items) if items.len() <= MAX_ITEMS => Ok(Some(items)),
        Ok(_) => Err(ReadError::shape("")),
        // The reason and its place, without the parser's own text.
        Err(_) => Err(read::<Vec<IgnoredAny>>(body)
            .err()
            .unwrap_or_else(|| ReadError::shape(""))),
    }
}

/// More things than anybody says at once; each costs memory of its own.
const MAX_ITEMS: usize = 10_000;
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// An endpoint with the scheme that WAPing's pages suggest: HMAC-SHA256 over the body, hex, in `X-Wap-Signature`.
///
/// Challenges that come as a signed POST are answered. Everything that the pages leave open is an option of the
/// provider's row; in Rust, build the scheme yourself and hand it to [`Endpoint::new`].
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
    id: "waping",
    title: "WAPing",
    verified: "`X-Wap-Signature`: HMAC-SHA256 over the raw body, hex, with or without `sha256=` (not stated by its pages, configurable)",
    key: "`eventId`, else name + message id + status + time, else SHA-256 of the body; a list: digest over its ids",
    contradictions: &[
        "The signature header is shown \"if configured\", the advice is not to skip verification: without it a request is refused.",
        "\"Signature or shared secret\": a shared secret in the header is an explicit choice, `scheme = \"token\"`.",
        "Algorithm, encoding and signed bytes are left to pages that are not public: options for each.",
        "Only `message.received` has a documented body; other families are inferred and never refused.",
        "`message.sent` could be an echo of a message or its state: read as a state, as the API for sending suggests.",
        "The API nests text as `text.body`, the webhook has `body`: both are read.",
        "The challenge is documented, its form is not: a signed POST, and a GET where a token is configured.",
    ],
    retries: Retries::new(
        None,
        "exponential, over a bounded time whose length its pages do not say (waping.app/docs/webhooks, 2026-04); repeated failures may pause all deliveries",
    ),
    setup: &[
        "In WAPing open the developer settings of the dashboard (Starter plan or higher) and register {url} (HTTPS).",
        "Set or copy the signing secret there. Here: {secret}",
        "If signatures do not verify, `wahook verify waping` says which of the open points differs; set it as an option.",
        "If the dashboard asks for a challenge by GET, set `challenge_token`; if it comes before the secret is shown, set `unsigned_challenge` for the first handshake only.",
    ],
    options: settings::OPTIONS,
    challenge_token: Some("challenge_token"),
    build: |name, secrets, options| options.read::<Settings>()?.endpoint(name, secrets),
    make_secret: |random| random.iter().map(|byte| format!("{byte:02x}")).collect(),
};
