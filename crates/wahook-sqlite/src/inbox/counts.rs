//! How much there is, so that nobody has to count rows.

use wahook_core::json::Text;

/// Numbers that are in step with the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Counts {
    /// The position of the next delivery: never one that was used before.
    pub(crate) next_delivery: i64,
    pub(crate) next_event: i64,
    /// The next entry's id, and the next turn in a lane.
    pub(crate) next_entry: i64,
    /// Keys of deliveries up to this position, and of events up to this one, are in the file alone.
    pub(crate) spilled_deliveries: i64,
    pub(crate) spilled_events: i64,
    pub(crate) deliveries: u64,
    pub(crate) unread: u64,
    pub(crate) unreadable: u64,
    /// Each sink that ever had an event.
    pub(crate) sinks: Vec<Sink>,
}

/// What there is of one sink.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sink {
    pub(crate) id: i64,
    pub(crate) name: Text,
    pub(crate) waiting: u64,
    pub(crate) lanes: u64,
    pub(crate) blocked: u64,
    pub(crate) dead: u64,
}

impl Counts {
    pub(crate) fn sink(&self, name: &str) -> Option<i64> {
        let found = self.sinks.iter().find(|sink| sink.name.as_str() == name);
        found.map(|sink| sink.id)
    }

    /// Changes the numbers of a sink.
    pub(crate) fn of(&mut self, id: i64, change: impl FnOnce(&mut Sink)) {
        if let Some(sink) = self.sinks.iter_mut().find(|sink| sink.id == id) {
            change(sink);
        }
    }

    /// What is not finished, without dead letters.
    pub(crate) fn waiting(&self) -> u64 {
        let lanes: u64 = self.sinks.iter().map(|sink| sink.waiting).sum();
        self.unread + self.unreadable + lanes
    }

    /// The number after which this one is counted up.
    pub(crate) fn delivery(&mut self) -> i64 {
        next(&mut self.next_delivery)
    }

    pub(crate) fn event(&mut self) -> i64 {
        next(&mut self.next_event)
    }

    pub(crate) fn entry(&mut self) -> i64 {
        next(&mut self.next_entry)
    }
}

fn next(number: &mut i64) -> i64 {
    let this = *number;
    *number += 1;
    this
}

/// One less, and never less than none.
pub(crate) fn less(count: &mut u64) {
    *count = count.saturating_sub(1);
}
