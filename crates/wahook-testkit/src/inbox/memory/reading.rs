//! From stored bytes to lanes.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use wahook_core::{
    DeliveryId,
    guard::Token,
    inbox::{EntryId, EntryState, Filed, FiledEvent, LaneId, Reading, Unread},
    json::Text,
    model::Kind,
};

use super::{
    Moment,
    records::{Entry, Event, Lane, Reads, Said},
    state::State,
};

impl State {
    pub(super) fn unread(
        &mut self,
        token: Token,
        count: usize,
        bytes: usize,
        lease: Duration,
        at: Moment,
    ) -> Vec<Unread> {
        if self.is_read_by_another(token, at) {
            return Vec::new();
        }
        let mut left = bytes;
        let mut unread = Vec::new();
        let all = self
            .deliveries
            .values()
            .filter(|kept| kept.progress == Reads::Unread);
        for kept in all.take(count) {
            let size = kept.stored.delivery.body.len();
            if size > left && !unread.is_empty() {
                break;
            }
            left = left.saturating_sub(size);
            unread.push(Unread {
                stored: (*kept.stored).clone(),
                again: kept.again.is_some(),
            });
        }
        let lets_go = lease.is_zero() && self.reader.is_some_and(|(reader, _)| reader == token);
        if !unread.is_empty() || lets_go {
            self.reader = Some((token, at.elapsed.saturating_add(lease)));
        }
        unread
    }

    /// What nobody could read is unread again.
    pub(super) fn reread(&mut self) -> u64 {
        let mut count = 0;
        for kept in self.deliveries.values_mut() {
            if kept.progress == Reads::Unreadable {
                kept.progress = Reads::Unread;
                count += 1;
            }
        }
        count
    }

    fn is_read_by_another(&self, token: Token, at: Moment) -> bool {
        self.reader
            .is_some_and(|(reader, until)| reader != token && until > at.elapsed)
    }

    pub(super) fn file(&mut self, token: Token, readings: Vec<Reading>, at: Moment) -> Option<Filed> {
        // Whose lease ran out has the part as long as nobody else came.
        if self.reader.is_none_or(|(reader, _)| reader != token) {
            return None;
        }
        let mut filed = Filed::default();
        for reading in readings {
            let Some(kept) = self.deliveries.get_mut(&reading.position) else {
                continue;
            };
            if kept.progress != Reads::Unread {
                continue;
            }
            let Some(events) = reading.events else {
                kept.progress = Reads::Unreadable;
                continue;
            };
            kept.progress = Reads::Read;
            kept.read_at = at.elapsed;
            let id = kept.stored.delivery.id;
            let again = kept.again.take();
            let until = at.elapsed.saturating_add(reading.memory);
            let mut old = self.take_events_of(reading.position);
            let not_ours = old.not_ours();
            let mut ours = BTreeSet::new();
            for (place, event) in events.into_iter().enumerate() {
                let key = event.summary.key.clone();
                let duplicate = match self.said_by(&event, at) {
                    // A replay goes around the claims; what had its original in another delivery has it there still.
                    by if again.is_some() => {
                        not_ours.contains(&key)
                            || ours.contains(&key)
                            || by.is_some_and(|by| by != reading.position)
                    }
                    by => by.is_some(),
                };
                if !duplicate {
                    self.claim(&event, reading.position, until, at);
                    ours.insert(key);
                }
                let sinks = match &again {
                    _ if duplicate => BTreeSet::new(),
                    None => event.sinks.iter().cloned().collect(),
                    Some(wanted) => sinks_of(&event, wanted),
                };
                if duplicate {
                    filed.duplicates += 1;
                } else {
                    filed.fresh += 1;
                }
                let event = Event {
                    position: reading.position,
                    place,
                    summary: event.summary,
                    lane: event.lane,
                    duplicate,
                };
                let replay_of = again.is_some().then_some(id);
                for sink in sinks {
                    self.put_in_lane(&event, sink, replay_of, at);
                }
                // What is read again keeps its place, so that whoever goes through all of them comes to an end.
                let cursor = old.cursors.remove(&place).unwrap_or_else(|| self.next());
                self.events.insert(cursor, event);
            }
        }
        Some(filed)
    }

    /// The delivery that said it first, as far as that is remembered.
    fn said_by(&self, event: &FiledEvent, at: Moment) -> Option<i64> {
        let said = self.said.get(event.claim.as_str());
        said.filter(|said| said.until > at.elapsed)
            .map(|said| said.position)
    }

    /// Remembers that this delivery said it first.
    fn claim(&mut self, event: &FiledEvent, position: i64, until: Duration, at: Moment) {
        if self.said_by(event, at).is_none() {
            let key = event.claim.as_str().to_owned();
            self.said.insert(key, Said { position, until });
        }
    }

    /// Makes room for a new reading.
    fn take_events_of(&mut self, position: i64) -> OldReading {
        let events = self.events.extract_if(.., |_, event| event.position == position);
        let mut old = OldReading::default();
        for (cursor, event) in events {
            old.cursors.insert(event.place, cursor);
            let keys = if event.duplicate {
                &mut old.duplicates
            } else {
                &mut old.originals
            };
            keys.insert(event.summary.key);
        }
        old
    }

    /// Whether a later state of the session was filed before this one.
    pub(super) fn is_late(&self, cursor: i64, event: &Event) -> bool {
        event.summary.kind == Kind::SessionStatus
            && self.events.range(..cursor).any(|(_, before)| {
                before.summary.kind == Kind::SessionStatus
                    && before.lane == event.lane
                    && event.summary.occurred_at.is_some()
                    && before.summary.occurred_at > event.summary.occurred_at
            })
    }

    pub(super) fn entry_is_late(&self, id: EntryId) -> bool {
        let Some(entry) = self.entries.get(&id) else {
            return false;
        };
        let mut events = self.events.iter();
        events
            .find(|(_, event)| (event.position, event.place) == (entry.position, entry.place))
            .is_some_and(|(cursor, event)| self.is_late(*cursor, event))
    }

    /// Puts an event at the end of a lane.
    pub(super) fn put_in_lane(
        &mut self,
        event: &Event,
        sink: Text,
        replay_of: Option<DeliveryId>,
        at: Moment,
    ) {
        let turn = self.next();
        let name = (sink.clone(), event.lane.clone());
        let lane = *self.lane_ids.entry(name).or_insert(LaneId(turn));
        self.entries.insert(
            EntryId(turn),
            Entry {
                lane,
                sink: sink.clone(),
                key: event.summary.key.clone(),
                position: event.position,
                place: event.place,
                turn,
                state: EntryState::Waiting,
                attempts: 0,
                failures: 0,
                filed_at: at.now,
                at: at.now,
                at_elapsed: at.elapsed,
                error: None,
                replay_of,
            },
        );
        let lane = self.lanes.entry(lane).or_insert_with(|| Lane {
            sink,
            waiting: Default::default(),
            due: at.elapsed,
            lease: None,
            blocked_by: None,
        });
        lane.put(turn, EntryId(turn), at);
    }
}

/// What an earlier reading of a delivery gave.
#[derive(Default)]
struct OldReading {
    /// By place.
    cursors: HashMap<usize, i64>,
    originals: BTreeSet<String>,
    duplicates: BTreeSet<String>,
}

impl OldReading {
    /// The events that another delivery said first.
    fn not_ours(&self) -> BTreeSet<String> {
        self.duplicates.difference(&self.originals).cloned().collect()
    }
}

impl Lane {
    /// Lets an entry wait. A lane that waits or is taken stays so.
    pub(super) fn put(&mut self, turn: i64, entry: EntryId, at: Moment) {
        if self.waiting.is_empty() {
            self.due = at.elapsed;
        }
        self.waiting.insert(turn, entry);
    }
}

/// The sinks for which a delivery is read again.
fn sinks_of(event: &FiledEvent, wanted: &BTreeSet<Option<Text>>) -> BTreeSet<Text> {
    let named = wanted.iter().flatten().cloned();
    let own = wanted
        .contains(&None)
        .then_some(&event.sinks)
        .into_iter()
        .flatten();
    named.chain(own.cloned()).collect()
}
