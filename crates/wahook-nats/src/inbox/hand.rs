//! What is handed to whoever asked: deliveries as they came. What the stream does not hold any more is told, and the rest goes on.

use std::sync::{Arc, PoisonError};

use wahook_core::{
    guard::StoreError,
    inbox::{Entry, EntryId, Lane, LaneId, Reading, Taken, Unread},
};

use super::{
    book::duration,
    fetch::{GONE, fetch},
    ledger::{
        op::{Op, Read, Taken as TakenOnly},
        records::Print,
    },
    store::NatsInbox,
};

/// Deliveries that were handed out and are yet to be read, about.
const MOST_HANDED: usize = 100_000;

impl NatsInbox {
    pub(super) async fn unread_now(
        &self,
        token: Print,
        found: Vec<(i64, bool)>,
    ) -> Result<Vec<Unread>, StoreError> {
        let positions = found.iter().map(|(position, _)| *position);
        let fetched = fetch(&self.log, &self.book, positions)
            .await
            .map_err(|fault| fault.to_store_error())?;
        if !fetched.gone.is_empty() {
            let ids: Vec<_> = {
                let page = self.book.lock();
                let kept = |position: &i64| Some((*position, page.ledger.kept(*position)?.id));
                fetched.gone.iter().filter_map(kept).collect()
            };
            for (_, id) in &ids {
                tracing::error!(target: "wahook", delivery = %id, "kept as unreadable: {GONE}");
            }
            let unreadable = |(position, id)| Read {
                position,
                id,
                events: None,
                memory: 0,
            };
            let readings = ids.into_iter().map(unreadable).collect();
            self.ask(Op::File { token, readings }).await?;
        }
        let unread: Vec<_> = found
            .into_iter()
            .filter_map(|(position, again)| {
                let stored = fetched.found.get(&position)?.as_ref().clone();
                Some(Unread { stored, again })
            })
            .collect();
        let mut handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner);
        if handed.len() > MOST_HANDED {
            handed.clear();
        }
        handed.extend(
            unread
                .iter()
                .map(|unread| (unread.stored.position, unread.stored.delivery.id)),
        );
        Ok(unread)
    }

    /// Readings, each with the delivery that was read.
    pub(super) fn reads(&self, readings: Vec<Reading>) -> Vec<Read> {
        let handed = self.handed.lock().unwrap_or_else(PoisonError::into_inner);
        let page = self.book.lock();
        let read = |reading: Reading| {
            let known = || page.ledger.kept(reading.position).map(|kept| kept.id);
            let id = handed.get(&reading.position).copied().or_else(known)?;
            Some(Read::of(id, reading))
        };
        readings.into_iter().filter_map(read).collect()
    }

    /// Gives up on what is gone of what was taken.
    async fn bury(&self, token: Print, taken: &TakenOnly, gone: &[i64]) -> Result<(), StoreError> {
        for (lane, entries) in &taken.lanes {
            let gone = entries.iter().filter(|entry| gone.contains(&entry.position));
            let entries: Vec<_> = gone.map(|entry| entry.id).collect();
            if entries.is_empty() {
                continue;
            }
            tracing::error!(target: "wahook", ?entries, "made dead letters: {GONE}");
            let op = Op::Bury {
                lane: *lane,
                token,
                entries,
                error: GONE.to_owned(),
            };
            self.ask(op).await?;
        }
        Ok(())
    }

    pub(super) async fn taken(&self, token: Print, taken: TakenOnly) -> Result<Taken, StoreError> {
        let entries = taken.lanes.iter().flat_map(|(_, entries)| entries);
        let positions: Vec<_> = entries.map(|entry| entry.position).collect();
        let fetched = fetch(&self.log, &self.book, positions)
            .await
            .map_err(|fault| fault.to_store_error())?;
        self.bury(token, &taken, &fetched.gone).await?;
        let stored = fetched.found;
        let lanes = taken.lanes.into_iter().map(|(id, entries)| Lane {
            id: LaneId(id),
            entries: entries
                .into_iter()
                .filter_map(|entry| {
                    Some(Entry {
                        id: EntryId(entry.id),
                        key: entry.key,
                        place: entry.place,
                        stored: Arc::clone(stored.get(&entry.position)?),
                        attempt: entry.attempt,
                        failures: entry.failures,
                        filed_at: entry.filed_at,
                        replay_of: entry.replay_of,
                        late: entry.late,
                    })
                })
                .collect(),
        });
        Ok(Taken {
            lanes: lanes.filter(|lane| !lane.entries.is_empty()).collect(),
            next: taken.next.map(duration),
        })
    }
}
