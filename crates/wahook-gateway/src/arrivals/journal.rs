//! One line for each request, of the last so many.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use http::{Response, StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use wahook_core::{
    DeliveryId,
    inbox::Accepted,
    proof::{Refusal, RefusalKind},
};
use wahook_tower::Receipt;

/// So many are remembered.
const LAST: usize = 2_000;

/// A request to an endpoint, and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    /// Its own number; that of its record in quarantine, if there is one.
    pub(crate) id: u64,
    /// When its head was here.
    pub(crate) at: Timestamp,
    pub(crate) endpoint: Arc<str>,
    pub(crate) provider: &'static str,
    /// From its head to the answer.
    pub(crate) took: Duration,
    /// The answer; none where the sender hung up before.
    pub(crate) status: Option<StatusCode>,
    pub(crate) outcome: Outcome,
    /// Why it was refused.
    pub(crate) reason: Option<RefusalKind>,
    pub(crate) receipt: Option<Receipt>,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    /// It is in the inbox.
    Stored,
    /// It was there already.
    Duplicate,
    /// It was not verified, or was too large, too slow, too many.
    Refused,
    /// The inbox could not take it; the provider was asked to send it again.
    NotStored,
    /// A challenge was answered.
    Challenge,
    /// No endpoint is at its path.
    NoEndpoint,
    /// Its sender hung up before it was answered.
    HungUp,
}

impl Arrival {
    /// What an answer says of its request.
    pub(super) fn answered<B>(mut self, answer: &Response<B>) -> Self {
        let extensions = answer.extensions();
        self.status = Some(answer.status());
        self.reason = extensions.get::<Refusal>().map(Refusal::kind);
        self.receipt = extensions.get::<Receipt>().cloned();
        self.outcome = match (&self.receipt, self.reason) {
            (Some(receipt), _) if matches!(receipt.accepted, Accepted::Duplicate { .. }) => {
                Outcome::Duplicate
            }
            (Some(_), _) => Outcome::Stored,
            (None, Some(_)) => Outcome::Refused,
            (None, None) if answer.status().is_success() => Outcome::Challenge,
            (None, None) => Outcome::NotStored,
        };
        self
    }
}

/// What came, in the order in which it was answered.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    last: Mutex<Last>,
    /// How many there were in all.
    stirred: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Last {
    arrivals: VecDeque<Arc<Arrival>>,
    /// How many there were in all.
    count: u64,
}

/// What came since.
#[derive(Debug)]
pub(crate) struct Batch {
    pub(crate) arrivals: Vec<Arc<Arrival>>,
    /// How many of them are forgotten already, or are more than were asked for.
    pub(crate) missed: u64,
    /// From where to ask the next time.
    pub(crate) next: u64,
}

impl Journal {
    pub(super) fn write(&self, arrival: Arrival) {
        let count = {
            let mut last = self.last();
            if last.arrivals.len() == LAST {
                last.arrivals.pop_front();
            }
            last.arrivals.push_back(Arc::new(arrival));
            last.count += 1;
            last.count
        };
        self.stirred.send_replace(count);
    }

    /// What came after so many, the newest of them: so many at most.
    pub(crate) fn since(&self, after: u64, limit: usize) -> Batch {
        let last = self.last();
        let new = last.count.saturating_sub(after);
        let told = usize::try_from(new)
            .unwrap_or(usize::MAX)
            .min(last.arrivals.len())
            .min(limit);
        let first = last.arrivals.len() - told;
        Batch {
            arrivals: last.arrivals.range(first..).cloned().collect(),
            missed: new - told as u64,
            next: last.count,
        }
    }

    /// How many there were; ends when there are more than so many.
    pub(crate) async fn more_than(&self, count: u64) -> u64 {
        let mut stirred = self.stirred.subscribe();
        // The sender lives as long as this.
        stirred
            .wait_for(|now| *now > count)
            .await
            .map_or(count, |now| *now)
    }

    /// The delivery that had this key first, if it came lately.
    pub(crate) fn first_with(&self, endpoint: &str, key: &str) -> Option<DeliveryId> {
        let last = self.last();
        last.arrivals.iter().find_map(|arrival| {
            let receipt = arrival.receipt.as_ref()?;
            let is_first =
                arrival.outcome == Outcome::Stored && &*arrival.endpoint == endpoint && &*receipt.key == key;
            is_first.then_some(receipt.delivery)
        })
    }

    /// The last one of an endpoint.
    pub(crate) fn last_of(&self, endpoint: &str) -> Option<Arc<Arrival>> {
        let last = self.last();
        let mut newest = last.arrivals.iter().rev();
        newest.find(|arrival| &*arrival.endpoint == endpoint).cloned()
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(id: u64) -> Arrival {
        Arrival {
            id,
            at: Timestamp::UNIX_EPOCH,
            endpoint: Arc::from("shop"),
            provider: "wawp",
            took: Duration::ZERO,
            status: None,
            outcome: Outcome::HungUp,
            reason: None,
            receipt: None,
        }
    }

    #[test]
    fn it_forgets_the_oldest_and_says_how_many_were_missed() {
        let journal = Journal::default();
        let ids = |batch: &Batch| batch.arrivals.iter().map(|one| one.id).collect::<Vec<_>>();
        for id in 0..3 {
            journal.write(arrival(id));
        }
        let batch = journal.since(1, 10);
        assert_eq!((ids(&batch), batch.missed, batch.next), (vec![1, 2], 0, 3));
        let batch = journal.since(0, 1);
        assert_eq!((ids(&batch), batch.missed), (vec![2], 2), "the newest are told");
        for id in 3..3 + LAST as u64 {
            journal.write(arrival(id));
        }
        let batch = journal.since(0, usize::MAX);
        assert_eq!((batch.arrivals.len(), batch.missed), (LAST, 3));
        assert!(journal.since(batch.next, 10).arrivals.is_empty());
        // Somebody who has seen more than there were saw another process.
        assert!(journal.since(batch.next + 5, 10).arrivals.is_empty());
    }
}
