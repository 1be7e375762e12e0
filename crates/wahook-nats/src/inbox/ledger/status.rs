//! How the inbox is.

use std::collections::BTreeMap;

use wahook_core::{
    inbox::{EndpointStatus, EntryState, SinkStatus, Status},
    json::Text,
};

use super::{Ledger, records::Reads};

impl Ledger {
    /// All but the bytes and the room, which are the stream's. Looks at what is not finished, and at dead letters.
    pub(crate) fn status(&self) -> Status {
        let mut endpoints: BTreeMap<Text, EndpointStatus> = BTreeMap::new();
        let names = self.sinks.iter().cloned();
        let mut sinks: BTreeMap<Text, SinkStatus> = names
            .map(|name| {
                (
                    name.clone(),
                    SinkStatus {
                        name,
                        ..SinkStatus::default()
                    },
                )
            })
            .collect();
        let mut oldest = None;
        for kept in self
            .open
            .iter()
            .filter_map(|position| self.deliveries.get(position))
        {
            let received_at = kept.received_at;
            oldest = oldest.into_iter().chain([received_at]).min();
            let endpoint = endpoints.entry(kept.endpoint.clone()).or_default();
            endpoint.waiting += u64::from(kept.waiting);
            endpoint.unread += u64::from(kept.reads != Reads::Read);
            endpoint.oldest = endpoint.oldest.into_iter().chain([received_at]).min();
            for entry in kept.entries.iter().filter_map(|id| self.entries.get(id)) {
                if entry.state == EntryState::Waiting {
                    let sink = sinks.entry(entry.sink.clone()).or_default();
                    sink.waiting += 1;
                    sink.oldest = sink.oldest.into_iter().chain([received_at]).min();
                }
            }
        }
        for lane in self.lanes.values() {
            let sink = sinks.entry(lane.sink.clone()).or_default();
            sink.lanes += u64::from(!lane.waiting.is_empty());
            sink.blocked += u64::from(lane.blocked_by.is_some());
        }
        for entry in self.dead.iter().filter_map(|id| self.entries.get(id)) {
            sinks.entry(entry.sink.clone()).or_default().dead += 1;
        }
        let endpoints = endpoints
            .into_iter()
            .map(|(name, endpoint)| EndpointStatus { name, ..endpoint });
        Status {
            deliveries: self.deliveries.len() as u64,
            unread: self.unread.len() as u64,
            unreadable: self.unreadable.len() as u64,
            oldest,
            sinks: sinks.into_values().collect(),
            endpoints: endpoints.collect(),
            ..Status::default()
        }
    }
}
