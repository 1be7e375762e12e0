//! A step between the worker and a sink.

use std::{fmt, sync::Arc};

use wahook_core::{
    BoxFuture,
    model::Event,
    sink::{Delivered, Sink, SinkError, SinkErrorKind},
};

use super::{Enricher, Outcome, is_thin};
use crate::ErrorKind;

/// A sink whose events have what their webhooks left out.
///
/// Each event of a hand-over is asked for at once, and handed on in its order. While there is a record to wait for, an event
/// is [`NotYet`](SinkErrorKind::NotYet) taken: its lane waits and comes again, no other lane does, and it is no failure.
/// From the attempt of [`attempts`](Self::attempts) on it is handed on as it is, and so is what nobody will try again (no
/// [`attempt`](Event::attempt)): nothing is lost because an API is away.
pub struct Enriched {
    pick: Box<Pick>,
    sink: Arc<dyn Sink>,
    attempts: u32,
}

type Pick = dyn Fn(&Event) -> Option<Enricher> + Send + Sync;

/// After so many attempts an event is handed on as it is.
const ATTEMPTS: u32 = 3;

impl Enriched {
    /// All events of Wazapin's are of one workspace.
    #[must_use]
    pub fn new(enricher: Enricher, sink: Arc<dyn Sink>) -> Self {
        Self::picking(move |_| Some(enricher.clone()), sink)
    }

    /// Who is asked about an event, if anybody: endpoints may be of different workspaces.
    #[must_use]
    pub fn picking(
        pick: impl Fn(&Event) -> Option<Enricher> + Send + Sync + 'static,
        sink: Arc<dyn Sink>,
    ) -> Self {
        Self {
            pick: Box::new(pick),
            sink,
            attempts: ATTEMPTS,
        }
    }

    /// At this attempt, the first being 1, an event is handed on as it is, if need be (3).
    #[must_use]
    pub fn attempts(self, attempts: u32) -> Self {
        Self { attempts, ..self }
    }

    async fn enrich_and_deliver(&self, events: &[Event], enrichers: Vec<Option<Enricher>>) -> Delivered {
        let mut events = events.to_vec();
        let asked: Vec<_> = events
            .iter()
            .zip(&enrichers)
            .map(|(event, enricher)| enricher.as_ref()?.ask(event))
            .collect();
        let (mut ready, mut too_early) = (events.len(), None);
        for (index, ((event, enricher), asked)) in events.iter_mut().zip(&enrichers).zip(asked).enumerate() {
            let (Some(enricher), Some(asked)) = (enricher, asked) else {
                continue;
            };
            let outcome = enricher.settle(event, asked.answer().await);
            if event.attempt.is_some_and(|attempt| attempt < self.attempts)
                && let Some(error) = wait_for(enricher, event, outcome)
            {
                (ready, too_early) = (index, Some(error));
                break;
            }
        }
        let Some(ready) = events.get(..ready).filter(|ready| !ready.is_empty()) else {
            return Delivered {
                done: 0,
                error: too_early,
            };
        };
        let delivered = self.sink.deliver(ready).await;
        if delivered.done < ready.len() || delivered.error.is_some() {
            return delivered;
        }
        Delivered {
            done: ready.len(),
            error: too_early,
        }
    }
}

/// Why it is too early for an event, if it is.
fn wait_for(enricher: &Enricher, event: &Event, outcome: Outcome) -> Option<SinkError> {
    let (after, why) = match outcome {
        Outcome::NotFound if enricher.is_young(event) => (None, "it has no record of this message yet"),
        Outcome::Failed { kind, after } => (after, temporary(kind)?),
        Outcome::Filled | Outcome::NothingToFill | Outcome::NotFound | Outcome::Refused => return None,
    };
    Some(SinkError::new(
        SinkErrorKind::NotYet { after },
        format!("the content of the message is to come from Wazapin's API: {why}"),
    ))
}

/// What may be over the next time.
const fn temporary(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::RateLimited => "it wants fewer calls",
        ErrorKind::Unavailable => "it is down or overloaded",
        ErrorKind::Timeout => "it did not answer in time",
        ErrorKind::Unreachable => "there is no connection to it",
        ErrorKind::Unreadable => "its answer cannot be read",
        _ => return None,
    })
}

impl Sink for Enriched {
    fn deliver<'a>(&'a self, events: &'a [Event]) -> BoxFuture<'a, Delivered> {
        let enricher = |event: &Event| is_thin(event).and_then(|_| (self.pick)(event));
        let enrichers: Vec<_> = events.iter().map(enricher).collect();
        if enrichers.iter().all(Option::is_none) {
            return self.sink.deliver(events);
        }
        Box::pin(self.enrich_and_deliver(events, enrichers))
    }
}

impl fmt::Debug for Enriched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enriched")
            .field("sink", &self.sink)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
