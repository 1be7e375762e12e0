//! Putting events into their lanes once more (I4).

use std::collections::HashSet;

use rusqlite::{Error, OptionalExtension, params};
use wahook_core::{
    guard::StoreError,
    inbox::{Replay, Replayed},
    json::Text,
};

use super::{STEP, events};
use crate::{
    inbox::{
        again::THOSE_THAT_WANT_IT,
        counts::less,
        reading::{enter, lane_of, sink_id},
        state::State,
        store::SqliteInbox,
    },
    job::{Sort, Work},
};

/// So many events are replayed in one call at most.
const CALL: u32 = 10_000;

impl SqliteInbox {
    pub(super) async fn replay_in_steps(&self, replay: &Replay) -> Result<Replayed, StoreError> {
        let (query, limit) = (replay.query.clone(), replay.query.limit.min(CALL));
        let mut matching = self
            .reader
            .ask(move |connection| events::ids(connection, &query, limit.saturating_add(1)))
            .await?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let mut replayed = Replayed::default();
        if matching.len() > limit {
            matching.truncate(limit);
            replayed.next = matching.last().copied();
        }
        // Within a lane the order of acceptance, whatever order was asked for.
        matching.sort_unstable();
        let mut deliveries = HashSet::new();
        for some in matching.chunks(STEP) {
            let step = Step {
                events: some.to_vec(),
                to: replay.to.as_deref().map(Text::from),
                reparse: replay.reparse,
                dry_run: replay.dry_run,
            };
            let (of, redacted) = self
                .writer
                .ask_later(Sort::Begins, 2 * STEP, move |work| step.run(work))
                .await?;
            replayed.events += of.len() as u64;
            replayed.redacted += redacted;
            deliveries.extend(of);
        }
        replayed.deliveries = deliveries.len() as u64;
        Ok(replayed)
    }
}

/// Some events to replay.
struct Step {
    events: Vec<i64>,
    to: Option<Text>,
    reparse: bool,
    dry_run: bool,
}

impl Step {
    /// The delivery of each event that was replayed, and how many cannot be.
    fn run(&self, work: &mut Work<'_, State>) -> Result<(Vec<i64>, u64), Error> {
        let (mut deliveries, mut redacted) = (Vec::new(), 0);
        for event in &self.events {
            let found: Option<(i64, i64, bool)> = work
                .connection
                .prepare_cached(
                    "SELECT v.delivery, v.lane, d.redacted_at IS NOT NULL
                     FROM inbox_event v JOIN inbox_delivery d ON d.position = v.delivery WHERE v.id = ?1",
                )?
                .query_row([event], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            let Some((delivery, lane, is_redacted)) = found else {
                continue;
            };
            if is_redacted {
                redacted += 1;
                continue;
            }
            deliveries.push(delivery);
            if self.dry_run {
                continue;
            }
            if self.reparse {
                self.read_again(work, delivery)?;
            } else {
                self.put_in_lanes(work, *event, lane)?;
            }
        }
        Ok((deliveries, redacted))
    }

    fn read_again(&self, work: &mut Work<'_, State>, delivery: i64) -> Result<(), Error> {
        let sink = match &self.to {
            Some(to) => sink_id(work, to)?,
            None => THOSE_THAT_WANT_IT,
        };
        let sql = |sql| work.connection.prepare_cached(sql);
        sql("INSERT INTO inbox_again (position, sink) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute([delivery, sink])?;
        let was_unreadable =
            sql("DELETE FROM inbox_unread WHERE unreadable = 1 AND position = ?1")?.execute([delivery])?;
        let added = sql(
            "INSERT INTO inbox_unread (unreadable, position, again) VALUES (0, ?1, 1) ON CONFLICT DO NOTHING",
        )?
        .execute([delivery])?;
        let counts = &mut work.memory.counts;
        if was_unreadable > 0 {
            less(&mut counts.unreadable);
        }
        counts.unread += added as u64;
        work.memory.stirs = true;
        Ok(())
    }

    fn put_in_lanes(&self, work: &mut Work<'_, State>, event: i64, lane: i64) -> Result<(), Error> {
        let sinks = match &self.to {
            Some(to) => vec![sink_id(work, to)?],
            None => work
                .connection
                .prepare_cached("SELECT DISTINCT sink FROM inbox_entry WHERE event = ?1 ORDER BY sink")?
                .query_map(params![event], |row| row.get(0))?
                .collect::<Result<_, _>>()?,
        };
        for sink in sinks {
            let lane = lane_of(&work.memory.fingerprints, sink, lane);
            enter(work, event, sink, lane, true)?;
        }
        Ok(())
    }
}
