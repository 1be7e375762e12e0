//! What operators ask, and do.

use std::collections::{BTreeMap, BTreeSet};

use wahook_core::{
    DeliveryId,
    inbox::{
        self, DeadLetter, DeadQuery, EndpointStatus, EntryId, EntryState, EventQuery, EventRow, Limit, Order,
        Progress, Replay, Replayed, Room, SinkStatus, Status,
    },
    json::Text,
};

use super::{
    Moment,
    records::{Entry, Event, Reads},
    state::State,
};

impl State {
    pub(super) fn events(&self, query: &EventQuery) -> Vec<EventRow> {
        let matching = self.matching(query).into_iter();
        matching
            .filter_map(|cursor| self.row(cursor))
            .take(query.limit as usize)
            .collect()
    }

    /// The cursors of what is asked for, in the order that is asked for, without the limit.
    fn matching(&self, query: &EventQuery) -> Vec<i64> {
        let matching = self.events.iter().filter(|(_, event)| self.matches(event, query));
        let mut cursors: Vec<_> = matching.map(|(cursor, _)| *cursor).collect();
        let beyond = |cursor: i64| match (query.after, query.order) {
            (None, _) => true,
            (Some(after), Order::Oldest) => cursor > after,
            (Some(after), _) => cursor < after,
        };
        cursors.retain(|cursor| beyond(*cursor));
        if query.order != Order::Oldest {
            cursors.reverse();
        }
        cursors
    }

    fn matches(&self, event: &Event, query: &EventQuery) -> bool {
        let Some(kept) = self.deliveries.get(&event.position) else {
            return false;
        };
        let delivery = &kept.stored.delivery;
        let summary = &event.summary;
        (query.kinds.is_empty() || query.kinds.contains(&summary.kind))
            && wants(&query.endpoint, Some(&delivery.endpoint))
            && wants(&query.account, summary.account.as_deref())
            && wants(&query.chat, summary.chat.as_deref())
            && wants(&query.message_id, summary.message_id.as_deref())
            && wants(&query.key, Some(&summary.key))
            && query.delivery.is_none_or(|id| id == delivery.id)
            && query.since.is_none_or(|since| delivery.received_at >= since)
            && query.until.is_none_or(|until| delivery.received_at < until)
    }

    fn row(&self, cursor: i64) -> Option<EventRow> {
        let event = self.events.get(&cursor)?;
        let stored = &self.deliveries.get(&event.position)?.stored;
        let progress = self.entries_of(event.position);
        let progress = progress.filter(|(_, entry)| entry.place == event.place);
        Some(EventRow {
            cursor,
            delivery: stored.delivery.id,
            place: event.place,
            endpoint: stored.delivery.endpoint.clone(),
            provider: stored.provider.clone(),
            received_at: stored.delivery.received_at,
            summary: event.summary.clone(),
            duplicate: event.duplicate,
            late: self.is_late(cursor, event),
            progress: progress.map(|(id, entry)| entry.progress(id)).collect(),
        })
    }

    pub(super) fn delivery(&self, id: DeliveryId) -> Option<inbox::Kept> {
        let mut all = self.deliveries.iter();
        let (position, kept) = all.find(|(_, kept)| kept.stored.delivery.id == id)?;
        let cursors = self
            .events
            .iter()
            .filter(|(_, event)| event.position == *position);
        let mut events: Vec<_> = cursors.filter_map(|(cursor, _)| self.row(*cursor)).collect();
        events.sort_by_key(|event| event.place);
        Some(inbox::Kept {
            stored: (*kept.stored).clone(),
            read: kept.progress == Reads::Read || kept.again.is_some(),
            events,
        })
    }

    pub(super) fn dead(&self, query: &DeadQuery) -> Vec<DeadLetter> {
        let all = self.entries.iter().rev();
        all.filter_map(|(id, entry)| self.letter(*id, entry))
            .filter(|letter| is_asked_for(letter, query))
            .take(query.limit as usize)
            .collect()
    }

    fn letter(&self, id: EntryId, entry: &Entry) -> Option<DeadLetter> {
        if entry.state != EntryState::Dead {
            return None;
        }
        let mut events = self.events.iter();
        let (cursor, _) =
            events.find(|(_, event)| event.position == entry.position && event.place == entry.place)?;
        let mut event = self.row(*cursor)?;
        event.progress.retain(|progress| progress.id == id);
        Some(DeadLetter {
            id,
            sink: entry.sink.clone(),
            event,
            attempts: entry.attempts,
            died_at: entry.at,
            error: entry.error.clone().unwrap_or_default(),
            blocks: self.blocks(id, entry),
        })
    }

    pub(super) fn blocks(&self, id: EntryId, entry: &Entry) -> bool {
        let lane = self.lanes.get(&entry.lane);
        lane.is_some_and(|lane| lane.blocked_by == Some(id))
    }

    pub(super) fn retry(&mut self, query: &DeadQuery, at: Moment) -> u64 {
        // The oldest first: they were said first.
        let mut ids: Vec<_> = self.dead(query).iter().map(|letter| letter.id).collect();
        ids.reverse();
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
            entry.filed_at = at.now;
            entry.at = at.now;
            entry.at_elapsed = at.elapsed;
            if let Some(lane) = self.lanes.get_mut(&entry.lane) {
                lane.put(entry.turn, *id, at);
            }
        }
        ids.len() as u64
    }

    pub(super) fn drop_dead(&mut self, query: &DeadQuery, at: Moment) -> u64 {
        let ids: Vec<_> = self.dead(query).iter().map(|letter| letter.id).collect();
        for id in &ids {
            self.unblock(*id);
            if let Some(entry) = self.entries.get_mut(id) {
                entry.state = EntryState::Dropped;
                entry.at = at.now;
                entry.at_elapsed = at.elapsed;
            }
        }
        ids.len() as u64
    }

    pub(super) fn drop_waiting(&mut self, sink: &str, limit: u32, at: Moment) -> u64 {
        let of_sink = self.lanes.values_mut().filter(|lane| *lane.sink == *sink);
        let mut dropped = 0;
        for lane in of_sink {
            while dropped < u64::from(limit)
                && let Some((_, id)) = lane.waiting.pop_first()
            {
                if let Some(entry) = self.entries.get_mut(&id) {
                    entry.state = EntryState::Dropped;
                    entry.at = at.now;
                    entry.at_elapsed = at.elapsed;
                }
                dropped += 1;
            }
        }
        dropped
    }

    /// Lets a lane go on that stood still for this one; whether it did.
    fn unblock(&mut self, id: EntryId) -> bool {
        let entry = self.entries.get(&id);
        let lane = entry.and_then(|entry| self.lanes.get_mut(&entry.lane));
        lane.is_some_and(|lane| lane.blocked_by.take_if(|blocker| *blocker == id).is_some())
    }

    pub(super) fn replay(&mut self, replay: &Replay, at: Moment) -> Replayed {
        let mut matching = self.matching(&replay.query);
        matching.retain(|cursor| self.events.get(cursor).is_some_and(|event| !event.duplicate));
        let limit = replay.query.limit as usize;
        let mut replayed = Replayed::default();
        if matching.len() > limit {
            matching.truncate(limit);
            replayed.next = matching.last().copied();
        }
        // Within a lane the order of acceptance, whatever order was asked for.
        matching.sort_unstable();
        let mut deliveries = BTreeSet::new();
        for cursor in matching {
            let Some(event) = self.events.get(&cursor) else {
                continue;
            };
            let position = event.position;
            if self.is_redacted(position) {
                replayed.redacted += 1;
                continue;
            }
            replayed.events += 1;
            deliveries.insert(position);
            if replay.dry_run {
                continue;
            }
            let to = replay.to.as_deref().map(Text::from);
            if replay.reparse {
                self.read_again(position, to);
            } else {
                self.put_in_lanes_again(cursor, to, at);
            }
        }
        replayed.deliveries = deliveries.len() as u64;
        replayed
    }

    fn is_redacted(&self, position: i64) -> bool {
        let kept = self.deliveries.get(&position);
        kept.is_none_or(|kept| kept.stored.redacted_at.is_some())
    }

    fn read_again(&mut self, position: i64, to: Option<Text>) {
        if let Some(kept) = self.deliveries.get_mut(&position) {
            kept.progress = Reads::Unread;
            kept.again.get_or_insert_default().insert(to);
        }
    }

    fn put_in_lanes_again(&mut self, cursor: i64, to: Option<Text>, at: Moment) {
        let Some(event) = self.events.get(&cursor).cloned() else {
            return;
        };
        let replay_of = self
            .deliveries
            .get(&event.position)
            .map(|kept| kept.stored.delivery.id);
        let had_it: BTreeSet<_> = self
            .entries_of(event.position)
            .filter(|(_, entry)| entry.place == event.place)
            .map(|(_, entry)| entry.sink.clone())
            .collect();
        for sink in to.map_or(had_it, |to| BTreeSet::from([to])) {
            self.put_in_lane(&event, sink, replay_of, at);
        }
    }

    pub(super) fn status(&self) -> Status {
        let in_progress = |progress| {
            self.deliveries
                .values()
                .filter(|kept| kept.progress == progress)
                .count() as u64
        };
        let open = self
            .deliveries
            .iter()
            .filter(|(position, _)| self.is_open(**position));
        let bytes = self
            .deliveries
            .values()
            .map(|kept| kept.stored.delivery.body.len() as u64);
        Status {
            deliveries: self.deliveries.len() as u64,
            unread: in_progress(Reads::Unread),
            unreadable: in_progress(Reads::Unreadable),
            oldest: open.map(|(_, kept)| kept.stored.delivery.received_at).min(),
            bytes: bytes.sum(),
            sinks: self.sinks(),
            endpoints: self.endpoints(),
            endpoints_cut: false,
            room: self.room().into_iter().collect(),
        }
    }

    fn room(&self) -> Option<Room> {
        let open = self.deliveries.keys().filter(|position| self.is_open(**position));
        Some(Room {
            limit: Limit::Waiting,
            used: open.count() as u64,
            most: self.room? as u64,
        })
    }

    fn endpoints(&self) -> Vec<EndpointStatus> {
        let mut endpoints: BTreeMap<Text, EndpointStatus> = BTreeMap::new();
        for (position, kept) in &self.deliveries {
            if !self.is_open(*position) {
                continue;
            }
            let delivery = &kept.stored.delivery;
            let endpoint = endpoints.entry(delivery.endpoint.clone()).or_default();
            let entries = self.entries_of(*position);
            let waiting = entries.filter(|(_, entry)| entry.state == EntryState::Waiting);
            endpoint.waiting += waiting.count() as u64;
            endpoint.unread += u64::from(kept.progress != Reads::Read);
            endpoint.oldest = endpoint.oldest.into_iter().chain([delivery.received_at]).min();
        }
        let named = endpoints
            .into_iter()
            .map(|(name, endpoint)| EndpointStatus { name, ..endpoint });
        named.collect()
    }

    fn sinks(&self) -> Vec<SinkStatus> {
        let mut sinks: BTreeMap<Text, SinkStatus> = BTreeMap::new();
        for lane in self.lanes.values() {
            let sink = sinks.entry(lane.sink.clone()).or_default();
            sink.lanes += u64::from(!lane.waiting.is_empty());
            sink.blocked += u64::from(lane.blocked_by.is_some());
        }
        for entry in self.entries.values() {
            let sink = sinks.entry(entry.sink.clone()).or_default();
            match entry.state {
                EntryState::Waiting => {
                    sink.waiting += 1;
                    let kept = self.deliveries.get(&entry.position);
                    let received_at = kept.map(|kept| kept.stored.delivery.received_at);
                    sink.oldest = sink.oldest.into_iter().chain(received_at).min();
                }
                EntryState::Dead => sink.dead += 1,
                _ => {}
            }
        }
        let named = sinks.into_iter().map(|(name, sink)| SinkStatus { name, ..sink });
        named.collect()
    }
}

impl Entry {
    fn progress(&self, id: EntryId) -> Progress {
        Progress {
            id,
            sink: self.sink.clone(),
            state: self.state,
            attempts: self.attempts,
            at: self.at,
            error: self.error.clone(),
            replay_of: self.replay_of,
        }
    }
}

fn wants(wanted: &Option<String>, is: Option<&str>) -> bool {
    wanted.is_none() || wanted.as_deref() == is
}

fn is_asked_for(letter: &DeadLetter, query: &DeadQuery) -> bool {
    (query.ids.is_empty() || query.ids.contains(&letter.id))
        && wants(&query.sink, Some(&letter.sink))
        && wants(&query.endpoint, Some(&letter.event.endpoint))
        && (query.kinds.is_empty() || query.kinds.contains(&letter.event.summary.kind))
        && query.since.is_none_or(|since| letter.died_at >= since)
        && query.until.is_none_or(|until| letter.died_at < until)
        && query.before.is_none_or(|before| letter.id < before)
}
