//! Whether the events of a conversation came in their order, as far as a sender can know it.
//!
//! Of two requests that were on their way at once nobody outside knows which was accepted first. But where the answer
//! to one came before the other was sent, that is the order.

use std::collections::HashMap;

use super::{Ledger, Promise, RequestId, Sink, Tally};
use crate::cli::demo::mark::Mark;

/// An event at a sink, when it came there for the first time.
#[derive(Clone, Copy)]
struct First {
    request: RequestId,
    place: usize,
    after: u64,
    before: u64,
}

impl Ledger {
    pub(super) fn judge_order(&self, sink: &Sink, tally: &mut Tally) {
        for lane in self.lanes(sink).values() {
            self.judge_lane(sink, lane, tally);
        }
    }

    fn lanes(&self, sink: &Sink) -> HashMap<Mark, Vec<First>> {
        let mut seen = std::collections::HashSet::new();
        let mut lanes: HashMap<Mark, Vec<First>> = HashMap::new();
        for arrived in sink.arrivals.iter().filter(|arrived| !arrived.replay) {
            if let Some(sent) = self.events.get(&arrived.event)
                && seen.insert(arrived.event)
            {
                lanes.entry(sent.lane).or_default().push(First {
                    request: sent.request,
                    place: sent.place,
                    after: sent.after,
                    before: sent.before.unwrap_or(u64::MAX),
                });
            }
        }
        lanes
    }

    /// From the last to the first: none that comes later may have been answered before this one was sent.
    fn judge_lane(&self, sink: &Sink, lane: &[First], tally: &mut Tally) {
        let mut later: Option<First> = None;
        let mut next: Option<First> = None;
        for &event in lane.iter().rev() {
            let overtaken = later.filter(|later| later.before < event.after);
            // Of one delivery they come side by side, unless others were on their way at once.
            let turned = next.filter(|next| next.request == event.request && next.place < event.place);
            match overtaken.or(turned) {
                None => tally.held(Promise::Order),
                Some(other) => tally.broken(Promise::Order, || {
                    let name = |id| {
                        self.request(id)
                            .map_or_else(String::new, |request| request.to_string())
                    };
                    format!(
                        "{}: {} came before {} of the same conversation, which was accepted earlier",
                        sink.name,
                        name(event.request),
                        name(other.request)
                    )
                }),
            }
            if later.is_none_or(|later| event.before < later.before) {
                later = Some(event);
            }
            next = Some(event);
        }
    }
}
