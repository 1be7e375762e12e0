//! What webhooks leave out: texts, files, choices and places, from the record of the message.
//!
//! ```no_run
//! # use std::sync::Arc;
//! # use wahook_core::{Secret, sink::Sink};
//! use std::time::Duration;
//!
//! use wahook_manage::{
//!     Options,
//!     wazapin::{Wazapin, enrich::{Enriched, Enricher}},
//! };
//!
//! # fn wrap(sink: Arc<dyn Sink>) -> Result<Arc<dyn Sink>, Box<dyn std::error::Error>> {
//! // The worker comes again by itself: short limits, no repeats.
//! let options = Options::new().timeout(Duration::from_secs(5)).retries(0);
//! let wazapin = Wazapin::new(Secret::new(std::env::var("WAZAPIN_API_KEY")?)?, options)?;
//! let sink = Enriched::new(Enricher::new(wazapin), sink);
//! # Ok(Arc::new(sink))
//! # }
//! ```
//!
//! Wazapin's webhooks tell ids and the type of a message; what it says is behind `GET /v1/messages/{id}` (Wazapin, guides:
//! handle inbound text, 2026-08). [`Enricher`] asks for it, [`fill`] is the pure part of it, and [`Enriched`] is a step
//! between a worker and a sink: never before the provider has its answer.
//!
//! # What is filled
//!
//! Only what is null, in `message.received` and `message.sent` whose content is empty inside: the content, and beside it
//! sender, recipient, chat and what is replied to. The type that the webhook told stays, and so do key, kind, account and
//! times; `raw` is what was delivered. [`Event::enriched_at`] says that it was done, and when: no signature vouches for
//! what was added. Wazapin has no event for edited messages.
//!
//! | type | where in `content` | |
//! |---|---|---|
//! | text | `body`, `text`, `text.body` | documented for sending; no page names the member of an inbound text |
//! | image, video, audio, document | `media_url` | documented; `caption`, `filename` and `mime_type` are inferred |
//! | sticker | `sticker_url` | documented |
//! | interactive | `interactive.button_reply.{id,title}` | documented |
//! | | `interactive.list_reply.{id,title}` | the name is documented, its members are inferred |
//! | location | `latitude`, `longitude`, `name`, `address` | documented for sending, inferred for inbound |
//! | template, contact | `template.{name,language}`, `contacts` | inferred |
//! | all else | | stays unknown |
//!
//! URLs of files expire: download them at once. What is remembered of a record is given away for ten minutes at most.

mod content;
mod fill;
mod memory;
mod sink;
#[cfg(test)]
mod tests;

use std::{fmt, num::NonZeroUsize, sync::Arc, time::Duration};

use jiff::Timestamp;
use wahook_core::{BoxFuture, Clock, model::Event};

use self::memory::{Answer, Asked, Limits, Memory, Records, Without};
pub use self::{
    fill::{fill, is_thin},
    sink::Enriched,
};
use super::{Message, Wazapin};
use crate::{Error, ErrorKind};

/// Asks for the records of thin messages, and fills them in. A clone shares all of it.
///
/// At most 8 calls at once; the last 1,000 records are remembered for ten minutes, and who asks for a record that is being
/// asked for waits for the same call. How long a call may take is a matter of the client's [`Options`](crate::Options),
/// and of [`Settings::patience`]. Refused credentials are tried again after a minute.
#[derive(Clone)]
pub struct Enricher {
    memory: Arc<Memory>,
    young: Duration,
}

/// The limits of an [`Enricher`].
///
/// ```
/// use wahook_manage::wazapin::enrich::Settings;
///
/// let settings = Settings::new().calls(2).records(100);
/// # let _ = settings;
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct Settings {
    calls: usize,
    records: usize,
    life: Duration,
    patience: Duration,
    young: Duration,
    clock: Arc<dyn Clock>,
}

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// It says more than before.
    Filled,
    /// It is no thin message of Wazapin's, or its record says no more than it does.
    NothingToFill,
    /// There is no record of it, perhaps not yet.
    NotFound,
    /// The record could not be had.
    Failed {
        /// Why.
        kind: ErrorKind,
        /// When the provider wants to be asked again, if it said so.
        after: Option<Duration>,
    },
    /// The credentials were refused.
    Refused,
}

impl Settings {
    /// 8 calls at once, 1,000 records for ten minutes, 15 s for an answer with the wait for a call before it; a message is
    /// young for a minute.
    pub fn new() -> Self {
        Self {
            calls: 8,
            records: 1_000,
            life: Duration::from_secs(600),
            patience: Duration::from_secs(15),
            young: Duration::from_secs(60),
            clock: Arc::new(MachineClock(std::time::Instant::now())),
        }
    }

    /// So many calls at once; one at least.
    pub const fn calls(mut self, calls: usize) -> Self {
        self.calls = calls;
        self
    }

    /// So many records are remembered; one at least.
    pub const fn records(mut self, records: usize) -> Self {
        self.records = records;
        self
    }

    /// For so long.
    pub const fn life(mut self, life: Duration) -> Self {
        self.life = life;
        self
    }

    /// How long to wait for a record at most: until it is its turn to be called for, and for the call.
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// For so long after a message it is waited for its record, where there is none.
    pub const fn young(mut self, young: Duration) -> Self {
        self.young = young;
        self
    }

    /// Where the time comes from.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

impl Enricher {
    /// With the usual [`Settings`].
    #[must_use]
    pub fn new(wazapin: Wazapin) -> Self {
        Self::with(wazapin, Settings::new())
    }

    /// With these limits.
    #[must_use]
    pub fn with(wazapin: Wazapin, settings: Settings) -> Self {
        Self::from_records(Box::new(wazapin), settings)
    }

    fn from_records(from: Box<dyn Records>, settings: Settings) -> Self {
        let limits = Limits {
            calls: settings.calls,
            records: NonZeroUsize::new(settings.records).unwrap_or(NonZeroUsize::MIN),
            life: settings.life,
            patience: settings.patience,
        };
        Self {
            memory: Arc::new(Memory::new(from, settings.clock, limits)),
            young: settings.young,
        }
    }

    /// Fills an event from its record, within a Tokio runtime.
    pub async fn enrich(&self, event: &mut Event) -> Outcome {
        match self.ask(event) {
            Some(asked) => self.settle(event, asked.answer().await),
            None => Outcome::NothingToFill,
        }
    }

    fn ask(&self, event: &Event) -> Option<Asked> {
        is_thin(event).map(|id| self.memory.ask(id))
    }

    fn settle(&self, event: &mut Event, answer: Answer) -> Outcome {
        match answer {
            Ok(record) if fill(event, &record.message) => {
                event.enriched_at = Some(record.read_at);
                Outcome::Filled
            }
            Ok(_) => Outcome::NothingToFill,
            Err(Without::NotFound) => Outcome::NotFound,
            Err(Without::Failed { kind, after }) => Outcome::Failed { kind, after },
            Err(Without::Refused) => {
                if self.memory.may_tell() {
                    let endpoint = event.endpoint.as_str();
                    tracing::warn!(target: "wahook", endpoint, "Wazapin's API refuses the key of this endpoint; its messages are handed on without their content");
                }
                Outcome::Refused
            }
        }
    }

    /// Whether the record of a message may still come.
    fn is_young(&self, event: &Event) -> bool {
        let since = event.occurred_at.unwrap_or(event.received_at);
        let age = self.memory.clock().now().duration_since(since);
        Duration::try_from(age).map_or(true, |age| age < self.young)
    }
}

impl fmt::Debug for Enricher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enricher").finish_non_exhaustive()
    }
}

impl Records for Wazapin {
    fn record<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Message, Error>> {
        Box::pin(self.message(id))
    }
}

/// The machine's clock.
#[derive(Debug)]
struct MachineClock(std::time::Instant);

impl Clock for MachineClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that is handed in")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
