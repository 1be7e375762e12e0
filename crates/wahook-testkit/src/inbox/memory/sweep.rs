//! What is removed, and when.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::HeaderMap;
use wahook_core::inbox::{EntryState, Retention, Stored, Swept};

use super::{Moment, records::Reads, state::State};

impl State {
    pub(super) fn sweep(&mut self, retention: Retention, at: Moment) -> Swept {
        self.said.retain(|_, said| said.until > at.elapsed);
        let finished: Vec<_> = self
            .deliveries
            .keys()
            .filter_map(|position| Some((*position, self.finished_at(*position, retention, at)?)))
            .collect();
        let is_over = |since: Duration, time: Duration| {
            since.saturating_add(time) <= at.elapsed && time < Duration::MAX
        };
        let mut swept = Swept::default();
        let mut left = retention.count;
        for (position, since) in finished {
            if left == 0 {
                break;
            }
            let remembered = self
                .deliveries
                .get(&position)
                .is_some_and(|kept| kept.remembered_until > at.elapsed);
            if is_over(since, retention.rows) && !remembered {
                self.remove(position);
                swept.deliveries += 1;
                left -= 1;
            } else if is_over(since, retention.bodies) && self.redact(position, at) {
                swept.bodies += 1;
                left -= 1;
            }
        }
        swept
    }

    /// Since when nothing is left to do for a delivery.
    fn finished_at(&self, position: i64, retention: Retention, at: Moment) -> Option<Duration> {
        let kept = self.deliveries.get(&position)?;
        if kept.progress != Reads::Read {
            return None;
        }
        let mut finished_at = kept.read_at;
        for (id, entry) in self.entries_of(position) {
            let since = match entry.state {
                EntryState::Done | EntryState::Dropped => entry.at_elapsed,
                // A lane that stands still does so until somebody says what is to be done.
                EntryState::Dead if self.blocks(id, entry) => return None,
                EntryState::Dead => entry.at_elapsed.saturating_add(retention.dead),
                _ => return None,
            };
            finished_at = finished_at.max(since);
        }
        (finished_at <= at.elapsed).then_some(finished_at)
    }

    fn remove(&mut self, position: i64) {
        self.deliveries.remove(&position);
        self.events.retain(|_, event| event.position != position);
        self.entries.retain(|_, entry| entry.position != position);
    }

    /// Removes what tells persons; whether there was something.
    fn redact(&mut self, position: i64, at: Moment) -> bool {
        let Some(kept) = self.deliveries.get_mut(&position) else {
            return false;
        };
        if kept.stored.redacted_at.is_some() {
            return false;
        }
        let mut delivery = kept.stored.delivery.clone();
        delivery.body = Bytes::new();
        delivery.headers = HeaderMap::new();
        kept.stored = Arc::new(Stored {
            delivery,
            redacted_at: Some(at.now),
            ..(*kept.stored).clone()
        });
        for event in self
            .events
            .values_mut()
            .filter(|event| event.position == position)
        {
            event.summary.chat = None;
            event.lane.clear();
        }
        true
    }
}
