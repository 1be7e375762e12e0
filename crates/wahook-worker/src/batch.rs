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
            Self::Delivery(Unreadable::NoProvider) => {
                "nobody here can read its delivery: the endpoint is gone"
            }
            Self::Delivery(Unreadable::Panicked) => "the provider's reader panicked over its delivery",
            Self::Delivery(Unreadable::Redacted) => "the body of its delivery was removed",
            Self::Event => "this release reads its delivery in another way: the event is not in it",
        }
    }
}

impl Load {
    /// Its events in their order, up to the first that cannot be read, and why.
    pub(crate) async fn read(&mut self, plan: &Plan) -> (Vec<Event>, Option<Missing>) {
        let mut events = Vec::with_capacity(self.entries.len());
        for (entry, cell) in &mut self.entries {
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
    Some(event)
}
