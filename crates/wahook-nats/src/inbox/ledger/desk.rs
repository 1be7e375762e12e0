//! What operators ask.

use wahook_core::{
    DeliveryId,
    inbox::{DeadLetter, DeadQuery, EntryId, EntryState, EventQuery, EventRow, Order, Progress},
};

use super::{
    Ledger,
    records::{Entry, Event, Kept, timestamp},
};

impl Ledger {
    pub(crate) fn events(&self, query: &EventQuery) -> Vec<EventRow> {
        let matching = self.matching(query);
        matching
            .take(query.limit as usize)
            .filter_map(|cursor| self.row(cursor))
            .collect()
    }

    /// The cursors of what is asked for, in the order that is asked for, without the limit.
    pub(super) fn matching<'a>(&'a self, query: &'a EventQuery) -> Box<dyn Iterator<Item = i64> + 'a> {
        let (from, to) = match (query.after, query.order) {
            (None, _) => (i64::MIN, i64::MAX),
            (Some(after), Order::Oldest) => (after.saturating_add(1), i64::MAX),
            (Some(after), _) => (i64::MIN, after.saturating_sub(1)),
        };
        if from > to {
            return Box::new(std::iter::empty());
        }
        let all = self.events.range(from..=to);
        let matches = move |(cursor, event): (&i64, &Event)| self.matches(event, query).then_some(*cursor);
        if query.order == Order::Oldest {
            Box::new(all.filter_map(matches))
        } else {
            Box::new(all.rev().filter_map(matches))
        }
    }

    fn matches(&self, event: &Event, query: &EventQuery) -> bool {
        let Some(kept) = self.deliveries.get(&event.position) else {
            return false;
        };
        let summary = &event.summary;
        (query.kinds.is_empty() || query.kinds.contains(&summary.kind()))
            && wants(&query.endpoint, Some(&kept.endpoint))
            && wants(&query.account, summary.account.as_deref())
            && wants(&query.chat, summary.chat.as_deref())
            && wants(&query.message_id, summary.message_id.as_deref())
            && wants(&query.key, Some(&summary.key))
            && query.delivery.is_none_or(|id| id == kept.id)
            && query.since.is_none_or(|since| kept.received_at >= since)
            && query.until.is_none_or(|until| kept.received_at < until)
    }

    fn row(&self, cursor: i64) -> Option<EventRow> {
        let event = self.events.get(&cursor)?;
        let kept = self.deliveries.get(&event.position)?;
        let entries = kept
            .entries
            .iter()
            .filter_map(|id| Some((*id, self.entries.get(id)?)));
        let progress = entries.filter(|(_, entry)| entry.place == event.place);
        Some(EventRow {
            cursor,
            delivery: kept.id,
            place: event.place,
            endpoint: kept.endpoint.clone(),
            provider: kept.provider.clone(),
            received_at: kept.received_at,
            summary: event.summary.clone().into(),
            duplicate: event.duplicate,
            late: event.late,
            progress: progress.map(|(id, entry)| entry.progress(id)).collect(),
        })
    }

    /// A delivery and its place.
    pub(crate) fn find(&self, id: DeliveryId) -> Option<(i64, &Kept)> {
        let mut all = self.deliveries.iter().rev();
        all.find(|(_, kept)| kept.id == id)
            .map(|(position, kept)| (*position, kept))
    }

    /// The events of a delivery, in their order.
    pub(crate) fn events_of(&self, kept: &Kept) -> Vec<EventRow> {
        let mut events: Vec<_> = kept
            .events
            .iter()
            .filter_map(|cursor| self.row(*cursor))
            .collect();
        events.sort_by_key(|event| event.place);
        events
    }

    pub(crate) fn dead(&self, query: &DeadQuery) -> Vec<DeadLetter> {
        let ids = self.dead_ids(query);
        ids.into_iter().filter_map(|id| self.letter(id)).collect()
    }

    /// The newest first.
    pub(super) fn dead_ids(&self, query: &DeadQuery) -> Vec<i64> {
        let all = self.dead.iter().rev().copied();
        all.filter(|id| self.is_asked_for(*id, query))
            .take(query.limit as usize)
            .collect()
    }

    fn is_asked_for(&self, id: i64, query: &DeadQuery) -> bool {
        let Some(entry) = self.entries.get(&id) else {
            return false;
        };
        let (Some(kept), Some(event)) = (
            self.deliveries.get(&entry.position),
            self.events.get(&entry.cursor),
        ) else {
            return false;
        };
        let died_at = timestamp(entry.at);
        (query.ids.is_empty() || query.ids.contains(&EntryId(id)))
            && wants(&query.sink, Some(&entry.sink))
            && wants(&query.endpoint, Some(&kept.endpoint))
            && (query.kinds.is_empty() || query.kinds.contains(&event.summary.kind()))
            && query.since.is_none_or(|since| died_at >= since)
            && query.until.is_none_or(|until| died_at < until)
            && query.before.is_none_or(|before| id < before.0)
    }

    fn letter(&self, id: i64) -> Option<DeadLetter> {
        let entry = self.entries.get(&id)?;
        let mut event = self.row(entry.cursor)?;
        event.progress.retain(|progress| progress.id == EntryId(id));
        let lane = self.lanes.get(&entry.lane);
        Some(DeadLetter {
            id: EntryId(id),
            sink: entry.sink.clone(),
            event,
            attempts: entry.attempts,
            died_at: timestamp(entry.at),
            error: entry.error.clone().unwrap_or_default(),
            blocks: lane.is_some_and(|lane| lane.blocked_by == Some(id)) && entry.state == EntryState::Dead,
        })
    }
}

impl Entry {
    fn progress(&self, id: i64) -> Progress {
        Progress {
            id: EntryId(id),
            sink: self.sink.clone(),
            state: self.state,
            attempts: self.attempts,
            at: timestamp(self.at),
            error: self.error.clone(),
            replay_of: self.replay_of,
        }
    }
}

fn wants(wanted: &Option<String>, is: Option<&str>) -> bool {
    wanted.is_none() || wanted.as_deref() == is
}
