//! From lanes to sinks.

use std::{sync::Arc, time::Duration};

use wahook_core::{
    guard::{Settled, Token},
    inbox::{self, EntryId, EntryState, LaneId, Setback, Settlement, Taken, Then, Want},
};

use super::{
    Moment,
    records::{Lane, Lease},
    state::State,
};

impl State {
    pub(super) fn take(
        &mut self,
        sink: &str,
        token: Token,
        want: Want,
        lease: Duration,
        at: Moment,
    ) -> Taken {
        let mut due: Vec<_> = self
            .lanes
            .iter()
            .filter(|(_, lane)| *lane.sink == *sink)
            .filter_map(|(id, lane)| Some((lane.due()?, *id)))
            .filter(|(due, _)| *due <= at.elapsed)
            .collect();
        due.sort();
        let mut room = Room {
            bytes: want.bytes,
            is_empty: true,
        };
        let mut lanes = Vec::new();
        for (_, id) in due.into_iter().take(want.lanes) {
            let entries = self.begin(id, want.events, &mut room, at);
            if entries.is_empty() {
                break;
            }
            let hold = Lease {
                token,
                until: at.elapsed.saturating_add(lease),
                taken: entries.iter().map(|entry| entry.id).collect(),
            };
            if let Some(lane) = self.lanes.get_mut(&id) {
                lane.lease = Some(hold);
            }
            lanes.push(inbox::Lane { id, entries });
        }
        // Those of others come back when their leases end.
        let left = self.lanes.values().filter(|lane| {
            let ours = lane.holder(at.elapsed).is_some_and(|lease| lease.token == token);
            *lane.sink == *sink && !ours
        });
        let next = left.filter_map(Lane::due).min();
        Taken {
            lanes,
            next: next.map(|due| due.saturating_sub(at.elapsed)),
        }
    }

    /// Counts an attempt of the first entries of a lane, of as many as there is room for.
    fn begin(&mut self, id: LaneId, events: usize, room: &mut Room, at: Moment) -> Vec<inbox::Entry> {
        let first: Vec<_> = self.lanes.get(&id).map_or_else(Vec::new, |lane| {
            lane.waiting.values().take(events).copied().collect()
        });
        let mut begun = Vec::new();
        for id in first {
            let late = self.entry_is_late(id);
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            let Some(kept) = self.deliveries.get(&entry.position) else {
                continue;
            };
            if !room.takes(kept.stored.delivery.body.len()) {
                break;
            }
            entry.attempts += 1;
            entry.at = at.now;
            entry.at_elapsed = at.elapsed;
            begun.push(inbox::Entry {
                id,
                key: entry.key.clone(),
                place: entry.place,
                stored: Arc::clone(&kept.stored),
                attempt: entry.attempts,
                failures: entry.failures,
                filed_at: entry.filed_at,
                replay_of: entry.replay_of,
                late,
            });
        }
        begun
    }

    pub(super) fn renew(&mut self, lane: LaneId, token: Token, lease: Duration, at: Moment) -> Settled {
        match self.held(lane, token, at) {
            Some(Lane {
                lease: Some(held), ..
            }) => {
                held.until = at.elapsed.saturating_add(lease);
                Settled::Done
            }
            _ => Settled::Lost,
        }
    }

    /// The lane, if it is this holder's and its lease still runs.
    fn held(&mut self, lane: LaneId, token: Token, at: Moment) -> Option<&mut Lane> {
        let lane = self.lanes.get_mut(&lane)?;
        let ours = lane.holder(at.elapsed).is_some_and(|lease| lease.token == token);
        ours.then_some(lane)
    }

    pub(super) fn settle(&mut self, token: Token, settlement: &Settlement, at: Moment) -> Settled {
        let lane = self.held(settlement.lane, token, at);
        let Some(lease) = lane.and_then(|lane| lane.lease.take()) else {
            return Settled::Lost;
        };
        let ours = |id: &EntryId| lease.taken.contains(id);
        let mut due = at.elapsed;
        for id in settlement.done.iter().filter(|id| ours(id)) {
            self.end(*id, EntryState::Done, None, at);
        }
        for id in settlement.untouched.iter().filter(|id| ours(id)) {
            if let Some(entry) = self.entries.get_mut(id) {
                entry.attempts = entry.attempts.saturating_sub(1);
            }
        }
        if let Some(setback) = settlement.setback.as_ref().filter(|setback| ours(&setback.entry)) {
            due = self.set_back(settlement.lane, setback, at);
        }
        if let Some(lane) = self.lanes.get_mut(&settlement.lane) {
            lane.due = due;
        }
        Settled::Done
    }

    /// When the lane is due.
    fn set_back(&mut self, lane: LaneId, setback: &Setback, at: Moment) -> Duration {
        let error = Some(setback.error.clone());
        if let Some(entry) = self.entries.get_mut(&setback.entry) {
            entry.failures += u32::from(setback.failed);
        }
        match setback.then {
            Then::Retry { after } => {
                if let Some(entry) = self.entries.get_mut(&setback.entry) {
                    entry.error = error;
                }
                return at.elapsed.saturating_add(after);
            }
            Then::Block => {
                self.end(setback.entry, EntryState::Dead, error, at);
                if let Some(lane) = self.lanes.get_mut(&lane) {
                    lane.blocked_by = Some(setback.entry);
                }
            }
            // `Park`, and what a later release may know.
            _ => self.end(setback.entry, EntryState::Dead, error, at),
        }
        at.elapsed
    }

    /// Takes an entry out of its lane.
    fn end(&mut self, id: EntryId, state: EntryState, error: Option<String>, at: Moment) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.state = state;
        entry.at = at.now;
        entry.at_elapsed = at.elapsed;
        entry.error = error.or(entry.error.take());
        if let Some(lane) = self.lanes.get_mut(&entry.lane) {
            lane.waiting.remove(&entry.turn);
        }
    }
}

/// How much may still be taken.
struct Room {
    bytes: usize,
    is_empty: bool,
}

impl Room {
    /// One is taken in any case.
    const fn takes(&mut self, bytes: usize) -> bool {
        let takes = self.is_empty || bytes <= self.bytes;
        self.bytes = self.bytes.saturating_sub(bytes);
        self.is_empty = false;
        takes
    }
}
