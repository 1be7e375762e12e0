//! The ledger as it is written down, for whoever opens the inbox later.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use wahook_core::{inbox::EntryState, json::Text};

use super::{
    Ledger,
    records::{Entry, Event, Kept, Lane, Micros, Print, Reads, Said},
};

/// Of records and snapshots. A release reads its own and older ones.
pub(crate) const VERSION: u8 = 1;

/// All that does not follow from the rest. Maps are lists, since keys of JSON are texts.
#[derive(Serialize, Deserialize)]
struct Form {
    applied: u64,
    floor: u64,
    now: Micros,
    hash_key: Option<[u8; 16]>,
    last: i64,
    reader: Option<(Print, Micros)>,
    deliveries: Vec<(i64, Kept)>,
    events: Vec<(i64, Event)>,
    said: Vec<(Print, Said)>,
    pruned_at: Micros,
    sessions: Vec<(Print, Timestamp)>,
    lanes: Vec<(i64, Lane)>,
    entries: Vec<(i64, Entry)>,
    sinks: BTreeSet<Text>,
}

pub(super) fn empty() -> Ledger {
    read(Form {
        applied: 0,
        floor: 0,
        now: 0,
        hash_key: None,
        last: 0,
        reader: None,
        deliveries: Vec::new(),
        events: Vec::new(),
        said: Vec::new(),
        pruned_at: 0,
        sessions: Vec::new(),
        lanes: Vec::new(),
        entries: Vec::new(),
        sinks: BTreeSet::new(),
    })
}

impl Ledger {
    /// As bytes.
    pub(crate) fn into_bytes(self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&Form {
            applied: self.applied,
            floor: self.floor,
            now: self.now,
            hash_key: self.hash_key,
            last: self.last,
            reader: self.reader,
            deliveries: self.deliveries.into_iter().collect(),
            events: self.events.into_iter().collect(),
            said: self.said.into_iter().collect(),
            pruned_at: self.pruned_at,
            sessions: self.sessions.into_iter().collect(),
            lanes: self.lanes.into_iter().collect(),
            entries: self.entries.into_iter().collect(),
            sinks: self.sinks,
        })
    }

    /// From bytes.
    pub(crate) fn from_bytes(bytes: &[u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(bytes).map(read)
    }
}

fn read(form: Form) -> Ledger {
    let mut ledger = Ledger {
        applied: form.applied,
        floor: form.floor,
        now: form.now,
        hash_key: form.hash_key,
        last: form.last,
        reader: form.reader,
        deliveries: form.deliveries.into_iter().collect(),
        events: form.events.into_iter().collect(),
        said: form.said.into_iter().collect(),
        pruned_at: form.pruned_at,
        sessions: form.sessions.into_iter().collect(),
        lanes: form.lanes.into_iter().collect(),
        entries: form.entries.into_iter().collect(),
        sinks: form.sinks,
        seen: BTreeSet::new(),
        unread: BTreeSet::new(),
        unreadable: BTreeSet::new(),
        open: BTreeSet::new(),
        waiting: 0,
        dead: BTreeSet::new(),
        lane_ids: BTreeMap::new(),
        due: BTreeSet::new(),
        ended: BTreeSet::new(),
        homes: BTreeMap::new(),
        sizes: BTreeMap::new(),
        bytes_kept: 0,
        bytes_not_read: 0,
    };
    for (position, kept) in &ledger.deliveries {
        ledger.seen.insert((kept.print, *position));
        let sets = [
            (&mut ledger.unread, kept.reads == Reads::Unread),
            (&mut ledger.unreadable, kept.reads == Reads::Unreadable),
            (&mut ledger.open, kept.reads != Reads::Read || kept.waiting > 0),
        ];
        for (set, _) in sets.into_iter().filter(|(_, is_in)| *is_in) {
            set.insert(*position);
        }
        ledger.waiting += u64::from(kept.waiting);
        if let Some(ended) = kept.ended {
            ledger
                .ended
                .insert((kept.redacted_at.is_some(), ended, *position));
        }
        if let Some(home) = &kept.home {
            *ledger.homes.entry(home.first()).or_default() += 1;
            *ledger.sizes.entry(kept.size).or_default() += 1;
            ledger.bytes_kept += u64::from(kept.size);
        }
        if kept.reads != Reads::Read {
            ledger.bytes_not_read += u64::from(kept.size);
        }
    }
    let dead = ledger
        .entries
        .iter()
        .filter(|(_, entry)| entry.state == EntryState::Dead);
    ledger.dead = dead.map(|(id, _)| *id).collect();
    let ids: Vec<_> = ledger.lanes.keys().copied().collect();
    for id in ids {
        if let Some(lane) = ledger.lanes.get(&id) {
            ledger.lane_ids.insert((lane.sink.clone(), lane.name), id);
        }
        ledger.reseat(id);
    }
    ledger
}
