//! What operators ask and do.

mod dead;
mod events;
mod replay;
mod reread;
mod status;
mod sweep;
mod waiting;

use rusqlite::{Connection, Error, OptionalExtension};
use wahook_core::{
    BoxFuture, DeliveryId,
    guard::{Key, StoreError},
    inbox::{
        DeadLetter, DeadQuery, Desk, EventQuery, EventRow, Kept, Replay, Replayed, Retention, Status, Swept,
    },
};

use super::{
    raw::Raw,
    remembered::known,
    state::{Limits, State},
    store::SqliteInbox,
};
use crate::job::{Sort, Work};

/// So many rows are changed in one transaction: what comes in waits for no more than that.
const STEP: usize = 128;

/// So many rows are told in one answer at most.
const ANSWER: u32 = 1_000;

impl Desk for SqliteInbox {
    fn events<'a>(&'a self, query: &'a EventQuery) -> BoxFuture<'a, Result<Vec<EventRow>, StoreError>> {
        let (query, limit) = (query.clone(), query.limit.min(ANSWER));
        Box::pin(
            self.reader
                .ask(move |connection| events::find(connection, &query, limit)),
        )
    }

    fn delivery<'a>(&'a self, id: DeliveryId) -> BoxFuture<'a, Result<Option<Kept>, StoreError>> {
        Box::pin(async move {
            let found = self.reader.ask(move |connection| kept(connection, id)).await?;
            Ok(found.map(|(raw, read, events)| Kept {
                stored: raw.into_stored(),
                read,
                events,
            }))
        })
    }

    fn dead<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<Vec<DeadLetter>, StoreError>> {
        let (query, limit) = (query.clone(), query.limit.min(ANSWER));
        Box::pin(
            self.reader
                .ask(move |connection| dead::letters(connection, &query, limit)),
        )
    }

    fn retry<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(self.change_dead(query, dead::retry))
    }

    fn drop_dead<'a>(&'a self, query: &'a DeadQuery) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(self.change_dead(query, dead::drop_for_good))
    }

    fn drop_waiting<'a>(&'a self, sink: &'a str, limit: u32) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(async move {
            let mut dropped = 0;
            let mut left = usize::try_from(limit).unwrap_or(usize::MAX);
            while left > 0 {
                let (sink, step) = (sink.to_owned(), left.min(STEP));
                let run = move |work: &mut Work<'_, State>| waiting::drop_some(work, &sink, step);
                let some = self.writer.ask_later(Sort::Begins, STEP, run).await?;
                dropped += some as u64;
                left = left.saturating_sub(step);
                if some < step {
                    break;
                }
            }
            Ok(dropped)
        })
    }

    fn replay<'a>(&'a self, replay: &'a Replay) -> BoxFuture<'a, Result<Replayed, StoreError>> {
        Box::pin(self.replay_in_steps(replay))
    }

    fn reread<'a>(&'a self) -> BoxFuture<'a, Result<u64, StoreError>> {
        Box::pin(self.reread_in_steps())
    }

    fn known<'a>(&'a self, keys: &'a [Key]) -> BoxFuture<'a, Result<Vec<bool>, StoreError>> {
        Box::pin(async move {
            let mut all = Vec::with_capacity(keys.len());
            for some in keys.chunks(STEP) {
                let some = some.to_vec();
                // Where keys are is remembered by the thread that writes, and only there.
                let run = move |work: &mut Work<'_, State>| {
                    let state = &*work.memory;
                    let is_known = |key| known(work.connection, state, state.fingerprints.of(key));
                    some.iter().map(is_known).collect::<Result<Vec<_>, _>>()
                };
                all.extend(self.writer.ask_later(Sort::Begins, STEP, run).await?);
            }
            Ok(all)
        })
    }

    fn status<'a>(&'a self) -> BoxFuture<'a, Result<Status, StoreError>> {
        let (counts, path) = (self.outside.counts(), self.path.clone());
        let limits = Limits::of(&self.options);
        Box::pin(
            self.reader
                .ask(move |connection| status::status(connection, &counts, limits, &path)),
        )
    }

    fn sweep<'a>(&'a self, retention: Retention) -> BoxFuture<'a, Result<Swept, StoreError>> {
        Box::pin(self.sweep_in_steps(retention))
    }
}

impl SqliteInbox {
    /// Changes dead letters, the oldest first: they were said first.
    async fn change_dead(&self, query: &DeadQuery, change: dead::Change) -> Result<u64, StoreError> {
        let asked = query.clone();
        let mut ids = self
            .reader
            .ask(move |connection| dead::ids(connection, &asked, asked.limit))
            .await?;
        ids.sort_unstable();
        let mut changed = 0;
        for some in ids.chunks(STEP) {
            let some = some.to_vec();
            let run = move |work: &mut Work<'_, State>| change(work, &some);
            changed += self.writer.ask_later(Sort::Begins, STEP, run).await?;
        }
        Ok(changed)
    }
}

fn kept(connection: &Connection, id: DeliveryId) -> Result<Option<(Raw, bool, Vec<EventRow>)>, Error> {
    let Some(position) = position(connection, id)? else {
        return Ok(None);
    };
    let Some(raw) = Raw::find(connection, position)? else {
        return Ok(None);
    };
    let unread = connection
        .prepare_cached(
            "SELECT 1 FROM inbox_unread WHERE unreadable IN (0, 1) AND position = ?1 AND again = 0",
        )?
        .exists([position])?;
    let all = EventQuery {
        delivery: Some(id),
        ..EventQuery::default()
    };
    let mut events = events::find(connection, &all, u32::MAX)?;
    events.sort_by_key(|event| event.place);
    Ok(Some((raw, !unread, events)))
}

/// Where a delivery is.
fn position(connection: &Connection, id: DeliveryId) -> Result<Option<i64>, Error> {
    connection
        .prepare_cached("SELECT position FROM inbox_delivery WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()
}
