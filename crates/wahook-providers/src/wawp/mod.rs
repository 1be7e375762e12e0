//! Wawp: a hosted WAHA with an account layer of its own.
//!
//! Facts (api.wawp.net/en/docs and docs.wawp.net, Wawp's SDK and n8n node, WAHA's docs and code 2026.2.1; all 2026-07):
//!
//! - One JSON object per POST: WAHA's envelope (`id`, `timestamp`, `event`, `session`, `metadata`, `me`, `payload`,
//!   `engine`, `environment`). Wawp's pages show simplified payloads, what was seen to arrive is WAHA's: both are read,
//!   and the engine's name never decides how.
//! - How it is verified is said in four ways that contradict each other; see [`Scheme`].
//! - The key is session, event and id: one emission has one id at every URL, and `message` and `message.any` may share
//!   it. The same message may also come twice with two ids, which only event keys find out.
//! - Any answer but 2xx is repeated, 4xx too, 5 to 15 times in 25 s to 44 h by the policy set; the answer is wanted
//!   within 5 s. There is no challenge and no order.
//! - Direction is `fromMe`, else the beginning of the message id, else the meaning of `message` (from others).
//! - A file's URL may need a key of the sender's and may live for minutes only: fetch at once.
//!
//! ```
//! use wahook_providers::wawp;
//!
//! let endpoint = wawp::endpoint("shop", "Ue9cyS0mGmyYXQ4nqXcw")?;
//! assert_eq!(endpoint.provider().id(), "wawp");
//! # Ok::<(), wahook_core::BuildError>(())
//! ```

mod event;
mod id;
mod items;
mod key;
mod normalise;
mod parse;
mod scheme;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use wahook_core::{Delivery, Habits, Keyed, Parsed, Provider, model::Draft, proof::Proof};

pub use self::{
    event::{
        Ack, AckName, Call, ChatArchive, Edited, Emoji, Engine, EngineData, EngineEvent, EngineRaw,
        Environment, Event, EventName, EventResponse, Group, GroupInfo, Label, LabelEvent, Location, Me,
        Media, Message, MessageDestination, Participant, ParticipantPresence, PastStatus, Payload, PollVote,
        Presence, PresenceWord, Reaction, ReplyTo, RequestMethod, Revoked, Role, Rsvp, RsvpWord, S3,
        SessionStatus, SessionWord, Source, StateChange, Tier, Vote, Worker,
    },
    id::MessageId,
    scheme::{Scheme, endpoint, endpoint_with},
};
use crate::{OptionRow, ProviderRow, row::Retries};

/// Reads what Wawp sends.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Wawp;

impl Wawp {
    /// Reads what Wawp sends.
    #[must_use]
    pub const fn new() -> Self {
        Self
    }
}

impl wahook_core::TypedEvent for Event {
    type Provider = Wawp;
}

impl Provider for Wawp {
    type Event = Event;

    const ID: &'static str = "wawp";

    fn habits(&self) -> Habits {
        Habits::new(MEMORY, MEMORY, ANSWER_WITHIN)
    }

    fn kept_headers(&self) -> &'static [HeaderName] {
        static KEPT: [HeaderName; 1] = [key::REQUEST_ID];
        &KEPT
    }

    fn key(&self, _proof: &Proof, headers: &HeaderMap, body: &Bytes) -> Keyed {
        key::keyed(headers, body)
    }

    fn parse(&self, delivery: &Delivery) -> Vec<Parsed<Event>> {
        let mut items = Vec::with_capacity(1);
        self.parse_each(delivery, |item| items.push(item));
        items
    }

    fn parse_each(&self, delivery: &Delivery, each: impl FnMut(Parsed<Event>)) {
        parse::parse_each(&delivery.body, each);
    }

    fn normalise(&self, item: Parsed<Event>, _delivery: &Delivery) -> Draft {
        normalise::normalise(item)
    }
}

/// The exponential policy of the sender takes up to 44 hours (WAHA 2026.2.1).
const MEMORY: Duration = Duration::from_secs(48 * 60 * 60);

/// Wawp's overview, 2026-07.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The row of this provider.
pub(crate) const ROW: ProviderRow = ProviderRow {
    id: "wawp",
    title: "Wawp",
    verified: "a secret in the URL (`?secret=`) or in a header; by choice HMAC-SHA512 in `X-Webhook-Hmac` or HMAC-SHA256 in `X-Wawp-Signature`; an allowlist beside any of them",
    key: "`session`, `event` and `id` of the body, else SHA-256 of the body",
    contradictions: &[
        "Signing: none, a static text, HMAC-SHA256 or HMAC-SHA512, by page: the scheme is configured, never guessed.",
        "Retries are 5 times 5 s, 15 times 2 s or 10 times 5 s, exponential up to 44 h: keys are remembered for 48 h.",
        "Success is 200, 200 to 202, or any 2xx: 200 is answered.",
        "Payloads are WAHA's or Wawp's simplified ones: both are read, `raw` has all.",
        "`message` with `fromMe` true is on Wawp's page, WAHA sends own messages as `message.any` only: `fromMe` decides.",
        "`group.v2.join` and `.leave` are of others (Wawp) or of the account (WAHA): participants decide, without any it is the account.",
        "`group.participants.update` is in the overview only: read as `group.v2.participants`, the name is kept.",
        "`event.response` is the result of an API call (Wawp) or an answer to an invitation (WAHA): its members decide.",
        "`ackName` may contradict `ack`: the number decides, both are kept.",
        "Times are seconds, seconds with a fraction or milliseconds: told apart by magnitude.",
        "Dedupe by `id` (Wawp) would swallow `message` or `message.any`: session, event and id together, and event keys.",
        "`status.update` is named in prose and in no list: it would be `unknown`; stories are messages of `status@broadcast`.",
    ],
    retries: Retries::new(
        Some(Duration::from_secs(25)),
        "5 times, 5 s apart (webhook overview, 2026-07); 15 times, 2 s apart, for one set with `/v2/webhook/set`; an exponential policy, up to 44 h, is yours to choose there",
    ),
    setup: &[
        "In Wawp open wawp.net/account/connect → Webhook, or call `POST /v2/session/webhook` (it overwrites the list: keep the system URL in it).",
        "Set the URL to {url}?secret={secret} (scheme \"query-token\"; for the others leave the query away).",
        "Choose the events; take `message` or `message.any`, not both, and leave `engine.event` out.",
        "For scheme \"header-token\" or an HMAC, set `hmac` to {secret} with `/v2/webhook/set`, and look at what really arrives with `wahook verify`.",
    ],
    options: &[
        OptionRow::new(
            "scheme",
            "\"query-token\" (default), \"header-token\", \"hmac-sha512\" or \"hmac-sha256\"",
        ),
        OptionRow::new(
            "parameter",
            "the query parameter that holds the secret; default: \"secret\"",
        ),
        OptionRow::new(
            "header",
            "the header that holds the secret or the signature; default: \"X-Wawp-Signature\", for \"hmac-sha512\" \"X-Webhook-Hmac\"",
        ),
        OptionRow::new(
            "allow",
            "networks from which requests are taken, such as [\"203.0.113.0/24\"]; default: any",
        ),
        OptionRow::new(
            "trusted_proxies",
            "networks whose `X-Forwarded-For` is believed; default: none",
        ),
    ],
    challenge_token: None,
    build: scheme::build,
    make_secret: |random| URL_SAFE_NO_PAD.encode(random),
};
