//! What operators do with dead letters, and with what waits.

use wahook_core::inbox::{DeadQuery, EntryState};

use super::Ledger;

impl Ledger {
    pub(super) fn retry(&mut self, query: &DeadQuery) -> u64 {
        // The oldest first: they were said first.
        let mut ids = self.dead_ids(query);
        ids.reverse();
        let now = self.now;
        for id in &ids {
            let turn = self.next();
            let unblocks = self.unblock(*id);
            let Some(entry) = self.entries.get_mut(id) else {
                continue;
            };
            // For what stood still nothing went past it: it keeps its turn.
            if !unblocks {
                entry.turn = turn;
            }
            entry.state = EntryState::Waiting;
            entry.attempts = 0;
            entry.failures = 0;
            entry.filed_at = now;
            entry.at = now;
            let (position, lane, turn) = (entry.position, entry.lane, entry.turn);
            self.dead.remove(id);
            if let Some(lane) = self.lanes.get_mut(&lane) {
                lane.put(turn, *id, now);
            }
            self.reseat(lane);
            self.touch(position);
        }
        ids.len() as u64
    }

    pub(super) fn drop_dead(&mut self, query: &DeadQuery) -> u64 {
        let ids = self.dead_ids(query);
        for id in &ids {
            self.unblock(*id);
            self.end(*id, EntryState::Dropped, None);
        }
        ids.len() as u64
    }

    pub(super) fn drop_waiting(&mut self, sink: &str, limit: u32) -> u64 {
        let of_sink = self.lanes.values().filter(|lane| *lane.sink == *sink);
        let ids: Vec<_> = of_sink
            .flat_map(|lane| lane.waiting.values().copied())
            .take(limit as usize)
            .collect();
        for id in &ids {
            self.end(*id, EntryState::Dropped, None);
        }
        ids.len() as u64
    }

    /// Lets a lane go on that stood still for this one; whether it did.
    fn unblock(&mut self, id: i64) -> bool {
        let entry = self.entries.get(&id);
        let lane = entry.and_then(|entry| self.lanes.get_mut(&entry.lane));
        lane.is_some_and(|lane| lane.blocked_by.take_if(|blocker| *blocker == id).is_some())
    }
}
