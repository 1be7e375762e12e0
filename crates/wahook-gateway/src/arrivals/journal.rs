//! One line for each request, of the last so many.

use std::{
    collections::{HashMap, VecDeque},
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
    /// Of a duplicate: the delivery that came first, if that was lately. Filled in by the journal.
    pub(crate) first: Option<DeliveryId>,
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
    /// Those of them that were stored.
    stored: HashMap<Name, DeliveryId>,
    /// How many there were in all.
    count: u64,
}

/// An endpoint, and a key that was new there.
type Name = (Arc<str>, Arc<str>);

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
    pub(super) fn write(&self, mut arrival: Arrival) {
        let count = {
            let mut last = self.last();
            if last.arrivals.len() == LAST {
                last.forget();
            }
            match (arrival.name(), arrival.outcome) {
                (Some((name, delivery)), Outcome::Stored) => {
                    last.stored.insert(name, delivery);
                }
                (Some((name, _)), _) => arrival.first = last.stored.get(&name).copied(),
                _ => {}
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

    /// The copies of a delivery that came lately, the oldest first.
    pub(crate) fn copies_of(&self, delivery: DeliveryId) -> Vec<Arc<Arrival>> {
        let last = self.last();
        let copies = last
            .arrivals
            .iter()
            .filter(|arrival| arrival.first == Some(delivery));
        copies.cloned().collect()
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

impl Last {
    /// The oldest one.
    fn forget(&mut self) {
        let oldest = self.arrivals.pop_front();
        if let Some((name, delivery)) = oldest.and_then(|oldest| oldest.name())
            && self.stored.get(&name) == Some(&delivery)
        {
            self.stored.remove(&name);
        }
    }
}

impl Arrival {
    /// What it came under, and as what.
    fn name(&self) -> Option<(Name, DeliveryId)> {
        let receipt = self.receipt.as_ref()?;
        Some((
            (Arc::clone(&self.endpoint), Arc::clone(&receipt.key)),
            receipt.delivery,
        ))
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
            first: None,
        }
    }

    /// With a key, of which there are few.
    fn accepted(number: u64, accepted: Accepted) -> Arrival {
        let outcome = match accepted {
            Accepted::Stored { .. } => Outcome::Stored,
            _ => Outcome::Duplicate,
        };
        let delivery = DeliveryId::new(Timestamp::UNIX_EPOCH, [number as u8; 10]);
        let receipt = Receipt::new(delivery, Arc::from(format!("key {}", number % 10)), accepted);
        Arrival {
            outcome,
            receipt: Some(receipt),
            ..arrival(number)
        }
    }

    #[test]
    fn a_duplicate_names_the_delivery_that_came_first_for_as_long_as_that_is_remembered() {
        let journal = Journal::default();
        journal.write(accepted(1, Accepted::Stored { conflict: false }));
        journal.write(accepted(11, Accepted::Duplicate { conflict: false }));
        journal.write(accepted(2, Accepted::Stored { conflict: false }));
        let told = journal.since(0, 10).arrivals;
        let first = told[0].receipt.as_ref().unwrap().delivery;
        assert_eq!(
            [told[0].first, told[1].first, told[2].first],
            [None, Some(first), None]
        );
        let copies = journal.copies_of(first);
        assert_eq!(copies.iter().map(|one| one.id).collect::<Vec<_>>(), [11]);
        for id in 0..LAST as u64 {
            journal.write(arrival(id));
        }
        assert!(
            journal.last().stored.is_empty(),
            "nothing is kept of what is forgotten"
        );
        journal.write(accepted(21, Accepted::Duplicate { conflict: false }));
        assert_eq!(journal.since(0, 1).arrivals[0].first, None);
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
