//! What is removed, and when (I5).

use wahook_core::inbox::{EntryState, Swept};

use super::{
    Ledger,
    records::{Micros, micros},
};

/// It is not looked more often than this for what of events is forgotten.
const PRUNE: Micros = micros(std::time::Duration::from_secs(60));

/// So long the latest state of a session is known.
const SESSIONS: Micros = micros(std::time::Duration::from_secs(30 * 24 * 60 * 60));
/// But so often in any case.
const PRUNE_AT_LEAST: Micros = micros(std::time::Duration::from_secs(60 * 60));

impl Ledger {
    /// Whether sweeping would remove anything, or there may be keys to forget: who sweeps in vain leaves no record.
    pub(crate) fn has_to_sweep(&self, times: [Micros; 3], now: Micros) -> bool {
        let is_long_ago = now >= self.pruned_at.saturating_add(PRUNE_AT_LEAST);
        is_long_ago || !self.to_sweep(times, 1, now).is_empty()
    }

    pub(super) fn sweep(&mut self, times: [Micros; 3], count: usize) -> Swept {
        let now = self.now;
        if now >= self.pruned_at.saturating_add(PRUNE) {
            self.pruned_at = now;
            self.said.retain(|_, said| said.until > now);
            // A state of a session that comes later than this is not told to be late.
            self.sessions.retain(|_, at| {
                let at = Micros::try_from(at.as_microsecond()).unwrap_or_default();
                at.saturating_add(SESSIONS) > now
            });
        }
        let mut swept = Swept::default();
        for (position, goes) in self.to_sweep(times, count, now) {
            if goes {
                self.remove(position);
                swept.deliveries += 1;
            } else {
                self.redact(position);
                swept.bodies += 1;
            }
        }
        swept
    }

    /// What is to be removed, and of what only the body is: at most so many.
    fn to_sweep(&self, [rows, bodies, dead]: [Micros; 3], count: usize, now: Micros) -> Vec<(i64, bool)> {
        let is_over = |since: Micros, time: Micros| since.saturating_add(time) <= now && time < Micros::MAX;
        let mut found = Vec::new();
        for is_redacted in [false, true] {
            let soonest = if is_redacted { rows } else { rows.min(bodies) };
            let ended = self
                .ended
                .range((is_redacted, 0, i64::MIN)..=(is_redacted, now, i64::MAX));
            let ended = ended.take_while(|(_, since, _)| is_over(*since, soonest));
            // Dead letters stay for long, and must not stand before all that ended after them.
            let finished = ended.take(LOOK_PAST).filter_map(|(_, _, position)| {
                let since = self.finished_at(*position, dead)?;
                (since <= now).then_some((since, position))
            });
            for (since, position) in finished.take(LOOK.max(2 * count)) {
                if found.len() >= count {
                    return found;
                }
                let kept = self.deliveries.get(position);
                let is_remembered = kept.is_some_and(|kept| kept.remembered_until > now);
                if is_over(since, rows) && !is_remembered {
                    found.push((*position, true));
                } else if is_over(since, bodies) && !is_redacted {
                    found.push((*position, false));
                }
            }
        }
        found
    }

    /// Since when nothing is left to do for a delivery that is finished; dead letters are finished after their time.
    fn finished_at(&self, position: i64, dead: Micros) -> Option<Micros> {
        let kept = self.deliveries.get(&position)?;
        let entries = kept.entries.iter().filter_map(|id| self.entries.get(id));
        let since = entries.map(|entry| match entry.state {
            EntryState::Dead => entry.at.saturating_add(dead),
            _ => entry.at,
        });
        kept.ended.map(|_| since.fold(kept.read_at, Micros::max))
    }

    fn remove(&mut self, position: i64) {
        self.move_in(position, None);
        let Some(kept) = self.deliveries.remove(&position) else {
            return;
        };
        self.seen.remove(&(kept.print, position));
        if let Some(ended) = kept.ended {
            self.ended.remove(&(kept.redacted_at.is_some(), ended, position));
        }
        for cursor in kept.events {
            self.events.remove(&cursor);
        }
        for id in kept.entries {
            self.dead.remove(&id);
            if let Some(entry) = self.entries.remove(&id) {
                self.leave(entry.lane);
            }
        }
    }

    /// A lane is there as long as anything is said of an entry of it.
    fn leave(&mut self, id: i64) {
        let Some(lane) = self.lanes.get_mut(&id) else {
            return;
        };
        lane.entries = lane.entries.saturating_sub(1);
        if lane.entries == 0
            && let Some(lane) = self.lanes.remove(&id)
        {
            self.lane_ids.remove(&(lane.sink.clone(), lane.name));
            if let Some(seat) = lane.seat {
                self.due.remove(&(lane.sink, seat, id));
            }
        }
    }

    /// Removes what tells persons.
    fn redact(&mut self, position: i64) {
        self.move_in(position, None);
        let Some(kept) = self.deliveries.get_mut(&position) else {
            return;
        };
        if let Some(ended) = kept.ended {
            self.ended.remove(&(false, ended, position));
            self.ended.insert((true, ended, position));
        }
        kept.redacted_at = Some(self.now);
        for cursor in &kept.events {
            if let Some(event) = self.events.get_mut(cursor) {
                event.summary.chat = None;
            }
        }
    }
}

/// So many finished deliveries are looked at in one go, also where their keys must still be remembered.
const LOOK: usize = 10_000;
/// And at so many with those that are dead letters.
const LOOK_PAST: usize = 200_000;
