//! All that is known, and how it comes in.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use wahook_core::{
    OnConflict,
    guard::{Key, StoreError, StoreErrorKind, Token},
    inbox::{Accepted, EntryId, EntryState, Incoming, LaneId, Stored},
    json::Text,
};

use super::{
    Moment,
    records::{Entry, Event, Kept, Lane, Reads, Said, Seen},
};

#[derive(Default)]
pub(super) struct State {
    /// So many deliveries that are not finished.
    pub(super) room: Option<usize>,
    /// By position.
    pub(super) deliveries: BTreeMap<i64, Kept>,
    /// The bodies that came under each key.
    pub(super) seen: HashMap<String, Vec<Seen>>,
    /// By cursor.
    pub(super) events: BTreeMap<i64, Event>,
    /// By key.
    pub(super) said: HashMap<String, Said>,
    pub(super) lanes: BTreeMap<LaneId, Lane>,
    /// By sink and conversation.
    pub(super) lane_ids: HashMap<(Text, String), LaneId>,
    pub(super) entries: BTreeMap<EntryId, Entry>,
    /// Who reads, and until when.
    pub(super) reader: Option<(Token, Duration)>,
    /// Numbers everything, in order.
    last: i64,
}

impl State {
    pub(super) const fn next(&mut self) -> i64 {
        self.last += 1;
        self.last
    }

    pub(super) fn accept(&mut self, incoming: Incoming, at: Moment) -> Result<Accepted, StoreError> {
        let seen = self.seen.entry(incoming.key().as_str().to_owned()).or_default();
        seen.retain(|seen| seen.until > at.elapsed);
        if seen.iter().any(|seen| seen.digest == incoming.digest()) {
            return Ok(Accepted::Duplicate { conflict: false });
        }
        let conflict = !seen.is_empty();
        if conflict && incoming.on_conflict() == OnConflict::DropAndFlag {
            return Ok(Accepted::Duplicate { conflict: true });
        }
        if self.is_full() {
            return Err(StoreError::new(StoreErrorKind::Full));
        }
        let position = self.next();
        let remembered_until = at.elapsed.saturating_add(incoming.memory());
        let seen = self.seen.entry(incoming.key().as_str().to_owned()).or_default();
        seen.push(Seen {
            digest: incoming.digest(),
            until: remembered_until,
        });
        let mut delivery = incoming.delivery().clone();
        delivery.conflict = conflict;
        let stored = Stored {
            position,
            provider: Text::from_static(incoming.provider()),
            delivery,
            redacted_at: None,
        };
        let kept = Kept {
            stored: Arc::new(stored),
            progress: Reads::Unread,
            again: None,
            remembered_until,
            read_at: at.elapsed,
        };
        self.deliveries.insert(position, kept);
        Ok(Accepted::Stored { conflict })
    }

    pub(super) fn known(&self, keys: &[Key], at: Moment) -> Vec<bool> {
        let kept = self.deliveries.values().map(|kept| &kept.stored.delivery);
        let kept: HashSet<Key> = kept.map(|it| Key::delivery(&it.endpoint, &it.key.text)).collect();
        let is_remembered = |key: &Key| {
            let seen = self.seen.get(key.as_str());
            seen.is_some_and(|seen| seen.iter().any(|seen| seen.until > at.elapsed))
        };
        keys.iter()
            .map(|key| is_remembered(key) || kept.contains(key))
            .collect()
    }

    fn is_full(&self) -> bool {
        self.room.is_some_and(|room| {
            let open = self.deliveries.keys().filter(|position| self.is_open(**position));
            open.count() >= room
        })
    }

    /// Whether something is left to do for a delivery.
    pub(super) fn is_open(&self, position: i64) -> bool {
        let unread = self
            .deliveries
            .get(&position)
            .is_some_and(|kept| kept.progress != Reads::Read);
        unread
            || self
                .entries_of(position)
                .any(|(_, entry)| entry.state == EntryState::Waiting)
    }

    pub(super) fn entries_of(&self, position: i64) -> impl Iterator<Item = (EntryId, &Entry)> {
        let entries = self.entries.iter().map(|(id, entry)| (*id, entry));
        entries.filter(move |(_, entry)| entry.position == position)
    }

    pub(super) fn reopen(&mut self, at: Moment) {
        self.reader = None;
        for kept in self.deliveries.values_mut() {
            if kept.progress == Reads::Unreadable {
                kept.progress = Reads::Unread;
            }
        }
        for lane in self.lanes.values_mut() {
            if lane.lease.take().is_some() {
                lane.due = at.elapsed;
            }
        }
    }
}
