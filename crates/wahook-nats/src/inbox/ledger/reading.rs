//! From stored bytes to lanes (I3).

use std::collections::{BTreeSet, HashMap};

use wahook_core::{
    DeliveryId,
    inbox::{EntryState, Filed},
    json::Text,
    model::Kind,
};

use super::{
    Ledger,
    op::{Read, ReadEvent},
    records::{Entry, Event, Lane, Micros, Print, Reads, Said},
};

impl Ledger {
    pub(super) fn unread(
        &mut self,
        token: Print,
        count: usize,
        bytes: usize,
        lease: Micros,
    ) -> Vec<(i64, bool)> {
        if self.is_read_by_another(token, self.now) {
            return Vec::new();
        }
        let mut left = bytes;
        let mut unread = Vec::new();
        let all = self
            .unread
            .iter()
            .filter_map(|position| Some((*position, self.deliveries.get(position)?)));
        for (position, kept) in all.take(count) {
            let size = kept.size as usize;
            if size > left && !unread.is_empty() {
                break;
            }
            left = left.saturating_sub(size);
            unread.push((position, kept.again.is_some()));
        }
        let lets_go = lease == 0 && self.reader.is_some_and(|(reader, _)| reader == token);
        if !unread.is_empty() || lets_go {
            self.reader = Some((token, self.now.saturating_add(lease)));
        }
        unread
    }

    /// Whether asking for what is unread would change or give anything.
    pub(crate) fn has_unread_for(&self, token: Print, lease: Micros, now: Micros) -> bool {
        let lets_go = lease == 0 && self.reader.is_some_and(|(reader, _)| reader == token);
        lets_go || !(self.unread.is_empty() || self.is_read_by_another(token, now.max(self.now)))
    }

    /// What nobody could read is unread again.
    pub(super) fn reread(&mut self) -> u64 {
        let all: Vec<_> = self.unreadable.iter().copied().collect();
        for position in &all {
            if let Some(kept) = self.deliveries.get_mut(position) {
                kept.reads = Reads::Unread;
            }
            self.touch(*position);
        }
        all.len() as u64
    }

    fn is_read_by_another(&self, token: Print, now: Micros) -> bool {
        self.reader
            .is_some_and(|(reader, until)| reader != token && until > now)
    }

    pub(super) fn file(&mut self, token: Print, readings: Vec<Read>) -> Option<Filed> {
        // Whose lease ran out has the part as long as nobody else came.
        if self.reader.is_none_or(|(reader, _)| reader != token) {
            return None;
        }
        let mut filed = Filed::default();
        for reading in readings {
            self.file_one(reading, &mut filed);
        }
        Some(filed)
    }

    fn file_one(&mut self, reading: Read, filed: &mut Filed) {
        let (position, now) = (reading.position, self.now);
        let Some(kept) = self.deliveries.get_mut(&position) else {
            return;
        };
        if kept.reads != Reads::Unread || kept.id != reading.id {
            return;
        }
        let Some(events) = reading.events else {
            kept.reads = Reads::Unreadable;
            return self.touch(position);
        };
        kept.reads = Reads::Read;
        kept.read_at = now;
        let id = kept.id;
        let again = kept.again.take();
        let until = now.saturating_add(reading.memory);
        let mut old = self.take_events_of(position);
        let not_ours = old.not_ours();
        let mut ours = BTreeSet::new();
        for (place, event) in events.into_iter().enumerate() {
            let claim = self.print(event.claim.as_bytes());
            let by = self.said_by(claim);
            let key = event.summary.key.clone();
            let duplicate = match &again {
                // A replay goes around the claims; what had its original in another delivery has it there still.
                Some(_) => {
                    not_ours.contains(&key) || ours.contains(&key) || by.is_some_and(|by| by != position)
                }
                None => by.is_some(),
            };
            if !duplicate {
                if by.is_none() {
                    self.said.insert(claim, Said { position, until });
                }
                ours.insert(key);
            }
            let sinks: BTreeSet<Text> = match &again {
                _ if duplicate => BTreeSet::new(),
                None => event.sinks.iter().cloned().collect(),
                Some(wanted) => sinks_of(&event, wanted),
            };
            if duplicate {
                filed.duplicates += 1;
            } else {
                filed.fresh += 1;
            }
            let lane = self.print(event.lane.as_bytes());
            let there = old.events.get(&place).map(|old| (old.cursor, old.late));
            // Said once, it stays so: every hand-over says the same.
            let late = match there {
                Some((_, late)) => late,
                None => self.is_late(&event, lane),
            };
            // What is read again keeps its place, so that whoever goes through all of them comes to an end.
            let cursor = there.map_or_else(|| self.next(), |(cursor, _)| cursor);
            let event = Event {
                position,
                place,
                summary: event.summary,
                lane,
                duplicate,
                late,
            };
            self.events.insert(cursor, event);
            if let Some(kept) = self.deliveries.get_mut(&position) {
                kept.events.push(cursor);
            }
            let replay_of = again.is_some().then_some(id);
            for sink in sinks {
                old.put_now.extend(self.put_in_lane(cursor, sink, replay_of));
            }
        }
        self.keep_keys(position, &old);
        self.touch(position);
    }

    /// Entries of an earlier reading hand over what they were made for.
    fn keep_keys(&mut self, position: i64, old: &OldReading) {
        let entries = self.deliveries.get(&position).map(|kept| kept.entries.clone());
        for id in entries.unwrap_or_default() {
            let Some(entry) = self.entries.get_mut(&id) else {
                continue;
            };
            let Some(was) = old.events.get(&entry.place).filter(|_| entry.key.is_none()) else {
                continue;
            };
            let is = self.events.get(&entry.cursor).map(|event| &event.summary.key);
            if is != Some(&was.key) && !old.put_now.contains(&id) {
                entry.key = Some(was.key.clone());
            }
        }
    }

    /// The delivery that said it first, as far as that is remembered.
    fn said_by(&self, claim: Print) -> Option<i64> {
        let said = self.said.get(&claim).filter(|said| said.until > self.now);
        said.map(|said| said.position)
    }

    /// Makes room for a new reading.
    fn take_events_of(&mut self, position: i64) -> OldReading {
        let mut old = OldReading::default();
        let Some(kept) = self.deliveries.get_mut(&position) else {
            return old;
        };
        for cursor in std::mem::take(&mut kept.events) {
            let Some(event) = self.events.remove(&cursor) else {
                continue;
            };
            let keys = if event.duplicate {
                &mut old.duplicates
            } else {
                &mut old.originals
            };
            keys.insert(event.summary.key.clone());
            let (late, key) = (event.late, event.summary.key);
            old.events.insert(event.place, OldEvent { cursor, late, key });
        }
        old
    }

    /// Whether a later state of the session was filed before this one.
    fn is_late(&mut self, event: &ReadEvent, lane: Print) -> bool {
        let (Kind::SessionStatus, Some(at)) = (event.summary.kind(), event.summary.occurred_at) else {
            return false;
        };
        let latest = self.sessions.entry(lane).or_insert(at);
        let is_late = *latest > at;
        *latest = at.max(*latest);
        is_late
    }

    /// Puts an event at the end of a lane; tells the entry.
    pub(super) fn put_in_lane(
        &mut self,
        cursor: i64,
        sink: Text,
        replay_of: Option<DeliveryId>,
    ) -> Option<i64> {
        let event = self.events.get(&cursor)?;
        let (position, place, name, now) = (event.position, event.place, event.lane, self.now);
        let turn = self.next();
        self.sinks.insert(sink.clone());
        let id = *self.lane_ids.entry((sink.clone(), name)).or_insert(turn);
        let lane = self.lanes.entry(id).or_insert_with(|| Lane {
            sink: sink.clone(),
            name,
            waiting: Default::default(),
            due: now,
            lease: None,
            blocked_by: None,
            entries: 0,
            seat: None,
        });
        lane.entries += 1;
        lane.put(turn, turn, now);
        let entry = Entry {
            lane: id,
            sink,
            cursor,
            key: None,
            position,
            place,
            turn,
            state: EntryState::Waiting,
            attempts: 0,
            failures: 0,
            filed_at: now,
            at: now,
            error: None,
            replay_of,
        };
        self.entries.insert(turn, entry);
        if let Some(kept) = self.deliveries.get_mut(&position) {
            kept.entries.push(turn);
        }
        self.reseat(id);
        Some(turn)
    }
}

/// What an earlier reading of a delivery gave.
#[derive(Default)]
struct OldReading {
    /// By place.
    events: HashMap<usize, OldEvent>,
    originals: BTreeSet<String>,
    duplicates: BTreeSet<String>,
    /// Entries of the new reading.
    put_now: BTreeSet<i64>,
}

struct OldEvent {
    cursor: i64,
    late: bool,
    key: String,
}

impl OldReading {
    /// The events that another delivery said first.
    fn not_ours(&self) -> BTreeSet<String> {
        self.duplicates.difference(&self.originals).cloned().collect()
    }
}

/// The sinks for which a delivery is read again.
fn sinks_of(event: &ReadEvent, wanted: &BTreeSet<Option<Text>>) -> BTreeSet<Text> {
    let named = wanted.iter().flatten().cloned();
    let own = wanted
        .contains(&None)
        .then_some(&event.sinks)
        .into_iter()
        .flatten();
    named.chain(own.cloned()).collect()
}
