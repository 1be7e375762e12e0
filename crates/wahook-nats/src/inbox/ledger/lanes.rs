//! From lanes to sinks (I3, I6).

use wahook_core::{guard::Settled, inbox::EntryState, json::Text};

use super::{
    Ledger,
    op::{Failed, Next, Settle, Taken, TakenEntry},
    records::{Lane, Lease, Micros, Print, timestamp},
};

impl Ledger {
    pub(super) fn take(&mut self, sink: &Text, token: Print, want: [usize; 3], lease: Micros) -> Taken {
        let [most, events, bytes] = want;
        let now = self.now;
        let due = self
            .due
            .range((sink.clone(), 0, i64::MIN)..=(sink.clone(), now, i64::MAX));
        let due: Vec<_> = due.map(|(_, _, id)| *id).take(most).collect();
        let mut room = Room {
            bytes,
            is_empty: true,
        };
        let mut lanes = Vec::new();
        for id in due {
            let entries = self.begin(id, events, &mut room);
            if entries.is_empty() {
                break;
            }
            if let Some(lane) = self.lanes.get_mut(&id) {
                lane.lease = Some(Lease {
                    token,
                    until: now.saturating_add(lease),
                    taken: entries.iter().map(|entry| entry.id).collect(),
                });
            }
            self.reseat(id);
            lanes.push((id, entries));
        }
        Taken {
            lanes,
            next: self.next_due(sink, token, now),
        }
    }

    /// When the first lane of a sink can be taken.
    pub(crate) fn first_due(&self, sink: &Text) -> Option<Micros> {
        let mut all = self
            .due
            .range((sink.clone(), 0, i64::MIN)..=(sink.clone(), u64::MAX, i64::MAX));
        all.next().map(|(_, due, _)| *due)
    }

    /// When the next lane of a sink is due. Those of others come back when their leases end.
    pub(crate) fn next_due(&self, sink: &Text, token: Print, now: Micros) -> Option<Micros> {
        let all = self
            .due
            .range((sink.clone(), 0, i64::MIN)..=(sink.clone(), u64::MAX, i64::MAX));
        let not_ours = |id: &i64| {
            let lane = self.lanes.get(id);
            let holder = lane.and_then(|lane| lane.holder(now));
            holder.is_none_or(|lease| lease.token != token)
        };
        let mut left = all.filter(|(_, _, id)| not_ours(id));
        left.next().map(|(_, due, _)| due.saturating_sub(now))
    }

    /// Counts an attempt of the first entries of a lane, of as many as there is room for.
    fn begin(&mut self, id: i64, events: usize, room: &mut Room) -> Vec<TakenEntry> {
        let first = self.lanes.get(&id).map_or_else(Vec::new, |lane| {
            lane.waiting.values().take(events).copied().collect()
        });
        let mut begun = Vec::new();
        for id in first {
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            let Some(kept) = self.deliveries.get(&entry.position) else {
                continue;
            };
            let event = self.events.get(&entry.cursor);
            if !room.takes(kept.size as usize) {
                break;
            }
            entry.attempts += 1;
            entry.at = self.now;
            begun.push(TakenEntry {
                id,
                key: match (&entry.key, event) {
                    (Some(key), _) => key.clone(),
                    (None, event) => event.map_or_else(String::new, |event| event.summary.key.clone()),
                },
                place: entry.place,
                position: entry.position,
                attempt: entry.attempts,
                failures: entry.failures,
                filed_at: timestamp(entry.filed_at),
                replay_of: entry.replay_of,
                late: event.is_some_and(|event| event.late),
            });
        }
        begun
    }

    pub(super) fn renew(&mut self, id: i64, token: Print, lease: Micros) -> Settled {
        let now = self.now;
        let Some(held) = self.held(id, token).and_then(|lane| lane.lease.as_mut()) else {
            return Settled::Lost;
        };
        held.until = now.saturating_add(lease);
        self.reseat(id);
        Settled::Done
    }

    /// The lane, if it is this holder's and its lease still runs.
    fn held(&mut self, id: i64, token: Print) -> Option<&mut Lane> {
        let now = self.now;
        let lane = self.lanes.get_mut(&id)?;
        let ours = lane.holder(now).is_some_and(|lease| lease.token == token);
        ours.then_some(lane)
    }

    pub(super) fn settle(&mut self, token: Print, settlement: &Settle) -> Settled {
        let now = self.now;
        let lane = self.held(settlement.lane, token);
        let Some(lease) = lane.and_then(|lane| lane.lease.take()) else {
            return Settled::Lost;
        };
        let ours = |id: &i64| lease.taken.contains(id);
        for id in settlement.done.iter().filter(|id| ours(id)) {
            self.end(*id, EntryState::Done, None);
        }
        for id in settlement.untouched.iter().filter(|id| ours(id)) {
            if let Some(entry) = self.entries.get_mut(id) {
                entry.attempts = entry.attempts.saturating_sub(1);
            }
        }
        let setback = settlement.setback.as_ref().filter(|setback| ours(&setback.entry));
        let due = setback.map_or(now, |setback| self.set_back(settlement.lane, setback));
        if let Some(lane) = self.lanes.get_mut(&settlement.lane) {
            lane.due = due;
        }
        self.reseat(settlement.lane);
        Settled::Done
    }

    /// Gives up on entries of a lane whose deliveries are gone; its holder goes on with the rest, if there is any.
    pub(super) fn bury(&mut self, lane: i64, token: Print, entries: &[i64], error: &str) -> Settled {
        let Some(held) = self.held(lane, token) else {
            return Settled::Lost;
        };
        let mut buried = Vec::new();
        if let Some(lease) = &mut held.lease {
            buried.extend(lease.taken.extract_if(.., |id| entries.contains(id)));
        }
        held.lease.take_if(|lease| lease.taken.is_empty());
        for id in buried {
            self.end(id, EntryState::Dead, Some(error.to_owned()));
        }
        self.reseat(lane);
        Settled::Done
    }

    /// When the lane is due.
    fn set_back(&mut self, lane: i64, setback: &Failed) -> Micros {
        let error = Some(setback.error.clone());
        if let Some(entry) = self.entries.get_mut(&setback.entry) {
            entry.failures += u32::from(setback.failed);
        }
        match setback.then {
            Next::Retry(after) => {
                if let Some(entry) = self.entries.get_mut(&setback.entry) {
                    entry.error = error;
                }
                return self.now.saturating_add(after);
            }
            Next::Block => {
                if let Some(lane) = self.lanes.get_mut(&lane) {
                    lane.blocked_by = Some(setback.entry);
                }
                self.end(setback.entry, EntryState::Dead, error);
            }
            Next::Park => self.end(setback.entry, EntryState::Dead, error),
        }
        self.now
    }

    /// Takes an entry out of its lane.
    pub(super) fn end(&mut self, id: i64, state: EntryState, error: Option<String>) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        entry.state = state;
        entry.at = self.now;
        entry.error = error.or(entry.error.take());
        let (position, lane, turn) = (entry.position, entry.lane, entry.turn);
        if state == EntryState::Dead {
            self.dead.insert(id);
        } else {
            self.dead.remove(&id);
        }
        if let Some(lane) = self.lanes.get_mut(&lane) {
            lane.waiting.remove(&turn);
        }
        self.reseat(lane);
        self.touch(position);
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
