//! What is handed over once more (I4).

use std::collections::BTreeSet;

use wahook_core::{
    inbox::{Replay, Replayed},
    json::Text,
};

use super::{Ledger, records::Reads};

impl Ledger {
    pub(super) fn replay(&mut self, replay: &Replay) -> Replayed {
        let (replayed, matching) = self.to_replay(replay);
        let to = replay.to.as_deref().map(Text::from);
        for cursor in matching {
            if replay.dry_run {
                continue;
            }
            let position = self.events.get(&cursor).map(|event| event.position);
            match position {
                Some(position) if replay.reparse => self.read_again(position, to.clone()),
                Some(position) => self.put_in_lanes_again(cursor, position, to.clone()),
                None => {}
            }
        }
        replayed
    }

    /// What a replay would say, and the events that it is of: in the order of acceptance, whatever order was asked for.
    pub(crate) fn to_replay(&self, replay: &Replay) -> (Replayed, Vec<i64>) {
        let is_original = |cursor: &i64| self.events.get(cursor).is_some_and(|event| !event.duplicate);
        let limit = replay.query.limit as usize;
        let found = self.matching(&replay.query).filter(is_original);
        let mut matching: Vec<_> = found.take(limit.saturating_add(1)).collect();
        let mut replayed = Replayed::default();
        if matching.len() > limit {
            matching.truncate(limit);
            replayed.next = matching.last().copied();
        }
        matching.sort_unstable();
        let mut deliveries = BTreeSet::new();
        matching.retain(|cursor| {
            let Some(event) = self.events.get(cursor) else {
                return false;
            };
            let kept = self.deliveries.get(&event.position);
            if kept.is_none_or(|kept| kept.redacted_at.is_some()) {
                replayed.redacted += 1;
                return false;
            }
            replayed.events += 1;
            deliveries.insert(event.position);
            true
        });
        replayed.deliveries = deliveries.len() as u64;
        (replayed, matching)
    }

    fn read_again(&mut self, position: i64, to: Option<Text>) {
        if let Some(kept) = self.deliveries.get_mut(&position) {
            kept.reads = Reads::Unread;
            kept.again.get_or_insert_default().insert(to);
        }
        self.touch(position);
    }

    fn put_in_lanes_again(&mut self, cursor: i64, position: i64, to: Option<Text>) {
        let Some(kept) = self.deliveries.get(&position) else {
            return;
        };
        let id = kept.id;
        let entries = kept.entries.iter().filter_map(|id| self.entries.get(id));
        let had_it = entries
            .filter(|entry| entry.cursor == cursor)
            .map(|entry| entry.sink.clone());
        let had_it: BTreeSet<_> = had_it.collect();
        for sink in to.map_or(had_it, |to| BTreeSet::from([to])) {
            self.put_in_lane(cursor, sink, Some(id));
        }
        self.touch(position);
    }
}
