//! Lanes that were taken together, and their deliveries, each read once.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::OnceCell;
use wahook_core::{
    inbox::{Entry, Lane, LaneId},
    json::Text,
    model::Event,
};

use crate::{Plan, Reason, Unreadable, read::read};

/// A delivery, read by the first of the lanes that need it.
type Cell = Arc<OnceCell<Result<Vec<Event>, Unreadable>>>;

/// A lane whose events are still to be read.
#[derive(Debug)]
pub(crate) struct Load {
    pub(crate) lane: LaneId,
    pub(crate) entries: Vec<(Entry, Cell)>,
    /// What its deliveries weigh.
    _weight: Weight,
}

/// Counts bytes as long as it lives.
#[derive(Debug)]
struct Weight {
    bytes: usize,
    all: Arc<AtomicUsize>,
}

impl Drop for Weight {
    fn drop(&mut self) {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Lanes with their deliveries; `all` counts the bytes of what is in progress. A delivery of several lanes counts for
/// each, since each keeps it.
pub(crate) fn loads(lanes: Vec<Lane>, all: &Arc<AtomicUsize>) -> Vec<Load> {
    let mut cells: HashMap<i64, Cell> = HashMap::new();
    lanes
        .into_iter()
        .map(|lane| {
            let mut bytes = 0;
            let mut last = None;
            let entries = lane
                .entries
                .into_iter()
                .map(|entry| {
                    let position = entry.stored.position;
                    // The events of one delivery stand together in a lane.
                    if last.replace(position) != Some(position) {
                        bytes += entry.stored.delivery.body.len();
                    }
                    let cell = Arc::clone(cells.entry(position).or_default());
                    (entry, cell)
                })
                .collect();
            all.fetch_add(bytes, Ordering::Relaxed);
            Load {
                lane: lane.id,
                entries,
                _weight: Weight {
                    bytes,
                    all: Arc::clone(all),
                },
            }
        })
        .collect()
}

/// Why an event could not be read from its delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// The delivery could not be read.
    Delivery(Unreadable),
    /// It could, and the event is not in it: another release read it then.
    Event,
}

impl Missing {
    pub(crate) const fn reason(self) -> Reason {
        match self {
            // Nobody will ever read it.
            Self::Delivery(Unreadable::Redacted) => Reason::Refused,
            Self::Delivery(_) | Self::Event => Reason::Unreadable,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Delivery(Unreadable::NoProvider | Unreadable::NotFiled) => {
                "nobody here can read its delivery: the endpoint is gone"
            }
            Self::Delivery(Unreadable::Panicked) => "the provider's reader panicked over its delivery",
            Self::Delivery(Unreadable::Redacted) => "the body of its delivery was removed",
            Self::Event => "this release reads its delivery in another way: the event is not in it",
        }
    }
}

impl Load {
    /// So many of its events in their order, up to the first that cannot be read, and why.
    pub(crate) async fn read(&mut self, plan: &Plan, most: usize) -> (Vec<Event>, Option<Missing>) {
        let mut events = Vec::with_capacity(most.min(self.entries.len()));
        for (entry, cell) in self.entries.iter_mut().take(most) {
            // What was read is given back as soon as this lane has its part of it.
            let cell = std::mem::take(cell);
            let read = cell.get_or_init(|| read(plan, &entry.stored)).await;
            match read.as_ref().map(|events| find(events, entry)) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => return (events, Some(Missing::Event)),
                Err(why) => return (events, Some(Missing::Delivery(*why))),
            }
        }
        (events, None)
    }
}

/// The event of an entry: at its place, or wherever a later release finds it.
fn find(events: &[Event], entry: &Entry) -> Option<Event> {
    let at_its_place = events.get(entry.place).filter(|event| event.key == entry.key);
    let found = at_its_place.or_else(|| events.iter().find(|event| event.key == entry.key))?;
    let mut event = found.clone();
    event.attempt = Some(entry.attempt);
    event.replay_of = entry.replay_of.map(|id| Text::from(id.to_string()));
    event.replay = event.replay_of.is_some().then_some(entry.id.0);
    event.judge_late(entry.late);
    Some(event)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use jiff::Timestamp;
    use wahook_core::{
        Delivery,
        inbox::{EntryId, Stored},
    };
    use wahook_testkit::inbox::Deliveries;

    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    /// Two entries of one delivery, and one of another, in one lane.
    fn lane(stored: &[Arc<Stored>], entries: &[(usize, usize, &str)]) -> Lane {
        let entries = entries.iter().zip(0..);
        Lane {
            id: LaneId(1),
            entries: entries
                .map(|((of, place, key), id)| Entry {
                    id: EntryId(id),
                    key: (*key).to_owned(),
                    place: *place,
                    stored: Arc::clone(&stored[*of]),
                    attempt: 3,
                    failures: 0,
                    filed_at: NOW,
                    replay_of: None,
                    late: false,
                })
                .collect(),
        }
    }

    fn shop() -> (Plan, Stored, String) {
        let mut shop = Deliveries::of("wawp", "shop");
        let incoming = shop.message("A1B2C3", "15550000001@c.us", "hello");
        let key = shop.endpoint().provider().read(incoming.delivery())[0]
            .key
            .clone();
        let stored = Stored {
            position: 1,
            provider: Text::from("wawp"),
            delivery: incoming.delivery().clone(),
            redacted_at: None,
        };
        (Plan::new().endpoint(shop.endpoint().clone()), stored, key)
    }

    #[tokio::test]
    async fn i3_an_event_is_found_by_its_key_where_a_release_reads_another_order() {
        let (plan, stored, key) = shop();
        let stored = [Arc::new(stored)];
        let lane = lane(
            &stored,
            &[(0, 0, &key), (0, 7, &key), (0, 0, "v1:another"), (0, 0, &key)],
        );
        let all = Arc::default();
        let mut load = loads(vec![lane], &all).remove(0);
        let (events, missing) = load.read(&plan, usize::MAX).await;
        assert_eq!(events.len(), 2);
        assert!(
            events
                .iter()
                .all(|event| event.key == key && event.attempt == Some(3))
        );
        assert_eq!(missing, Some(Missing::Event));
    }

    #[tokio::test]
    async fn i5_what_was_removed_is_told_from_what_is_empty() {
        let (plan, stored, key) = shop();
        let mut redacted = stored.clone();
        redacted.delivery.body = Bytes::new();
        redacted.redacted_at = Some(NOW);
        let mut of_another = stored.clone();
        (of_another.position, of_another.provider) = (2, Text::from("waping"));
        for (stored, why) in [
            (redacted, Unreadable::Redacted),
            (of_another, Unreadable::NoProvider),
        ] {
            let lane = lane(&[Arc::new(stored)], &[(0, 0, &key)]);
            let mut load = loads(vec![lane], &Arc::default()).remove(0);
            let (events, missing) = load.read(&plan, usize::MAX).await;
            assert!(events.is_empty());
            assert_eq!(missing, Some(Missing::Delivery(why)));
        }
    }

    #[tokio::test]
    async fn i5_what_is_in_progress_is_weighed_until_it_ends() {
        let delivery = |position| {
            let body = Bytes::from(vec![0; 1000]);
            Arc::new(Stored {
                position,
                provider: Text::from("wawp"),
                delivery: Delivery::dangerous_unverified("shop", HeaderMap::new(), body, NOW),
                redacted_at: None,
            })
        };
        let stored = [delivery(1), delivery(2)];
        let lane = lane(&stored, &[(0, 0, "a"), (0, 1, "b"), (1, 0, "c")]);
        let all = Arc::default();
        let loads = loads(vec![lane.clone(), lane], &all);
        assert_eq!(all.load(Ordering::Relaxed), 4000);
        drop(loads);
        assert_eq!(all.load(Ordering::Relaxed), 0);
    }
}
