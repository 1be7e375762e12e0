//! From lanes to sinks, and what became of it.

use std::collections::HashMap;

use rusqlite::{Error, OptionalExtension, params};
use wahook_core::{
    guard::{Settled, Token},
    inbox::{EntryId, LaneId, Settlement, Then, Want},
};

use super::{counts::less, late::is_late, raw::Raw, state::State};
use crate::{job::Work, span::milliseconds};

/// Who wants lanes of which sink.
#[derive(Debug)]
pub(crate) struct Take {
    pub(crate) sink: String,
    pub(crate) token: Token,
    pub(crate) want: Want,
    /// ms
    pub(crate) lease: i64,
}

/// What was taken, as the file has it.
#[derive(Debug, Default)]
pub(crate) struct RawTaken {
    pub(crate) lanes: Vec<(LaneId, Vec<RawEntry>)>,
    /// By position.
    pub(crate) deliveries: HashMap<i64, Raw>,
    /// ms
    pub(crate) next: Option<i64>,
}

/// An entry as the file has it.
#[derive(Debug)]
pub(crate) struct RawEntry {
    pub(crate) id: i64,
    turn: i64,
    pub(crate) key: String,
    pub(crate) place: i64,
    pub(crate) delivery: i64,
    /// Attempts that began before this one.
    pub(crate) attempt: u32,
    pub(crate) failures: u32,
    /// ms since 1970
    pub(crate) filed_at: i64,
    pub(crate) replay: bool,
    pub(crate) late: bool,
}

impl Take {
    pub(crate) fn rows(&self) -> usize {
        self.want.lanes.saturating_mul(2)
    }

    pub(crate) fn run(&self, work: &mut Work<'_, State>) -> Result<RawTaken, Error> {
        let mut taken = RawTaken::default();
        let Some(sink) = work.memory.counts.sink(&self.sink) else {
            return Ok(taken);
        };
        let mut left = self.want.bytes;
        for (lane, begun) in self.due(work, sink)? {
            let Some(entries) = self.entries(work, sink, lane, begun, &mut left, &mut taken.deliveries)?
            else {
                // Nothing more fits.
                break;
            };
            let Some(last) = entries.last() else {
                continue;
            };
            work.connection
                .prepare_cached(
                    "UPDATE inbox_lane SET due_at = ?2, taken = ?3, token = ?4, taken_at = ?5 WHERE id = ?1",
                )?
                .execute(params![
                    lane,
                    work.steady.saturating_add(self.lease),
                    last.turn,
                    self.token.as_bytes(),
                    work.steady
                ])?;
            taken.lanes.push((LaneId(lane), entries));
        }
        // What we have ourselves comes back when we give it back; that of others when their leases end.
        let next: Option<i64> = work
            .connection
            .prepare_cached(
                "SELECT due_at FROM inbox_lane WHERE sink = ?1 AND blocked IS NULL AND (token IS NULL OR token <> ?2)
                 ORDER BY due_at, turn LIMIT 1",
            )?
            .query_row(params![sink, self.token.as_bytes()], |row| row.get(0))
            .optional()?;
        taken.next = next.map(|due_at| due_at.saturating_sub(work.steady).max(0));
        Ok(taken)
    }

    /// Lanes that are due, each with the turn up to which an attempt began whose end nobody told.
    fn due(&self, work: &Work<'_, State>, sink: i64) -> Result<Vec<(i64, i64)>, Error> {
        let mut statement = work.connection.prepare_cached(
            "SELECT id, taken FROM inbox_lane WHERE sink = ?1 AND due_at <= ?2 AND blocked IS NULL
             ORDER BY due_at, turn LIMIT ?3",
        )?;
        let limit = i64::try_from(self.want.lanes).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![sink, work.steady, limit], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        rows.collect()
    }

    /// The next entries of a lane, as far as they fit, with their deliveries. `None` if not even one fits.
    fn entries(
        &self,
        work: &Work<'_, State>,
        sink: i64,
        lane: i64,
        begun: i64,
        left: &mut usize,
        deliveries: &mut HashMap<i64, Raw>,
    ) -> Result<Option<Vec<RawEntry>>, Error> {
        let mut statement = work.connection.prepare_cached(
            "SELECT e.id, e.turn, v.key, v.place, v.delivery, e.attempt, e.filed_at, e.replay, v.id, v.kind,
                    e.failures
             FROM inbox_entry e INDEXED BY inbox_entry_waiting CROSS JOIN inbox_event v ON v.id = e.event
             WHERE e.sink = ?1 AND e.lane = ?2 AND e.state = 0 ORDER BY e.turn LIMIT ?3",
        )?;
        let limit = i64::try_from(self.want.events.max(1)).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![sink, lane, limit])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            let entry = RawEntry {
                id: row.get(0)?,
                turn: row.get(1)?,
                key: row.get(2)?,
                place: row.get(3)?,
                delivery: row.get(4)?,
                attempt: row.get(5)?,
                failures: row.get(10)?,
                filed_at: row.get(6)?,
                replay: row.get(7)?,
                late: is_late(work.connection, row.get(8)?, row.get_ref(9)?.as_str()?)?,
            };
            if !deliveries.contains_key(&entry.delivery) {
                let Some(raw) = Raw::find(work.connection, entry.delivery)? else {
                    continue;
                };
                if raw.bytes() > *left && !deliveries.is_empty() {
                    if entries.is_empty() {
                        return Ok(None);
                    }
                    break;
                }
                *left = left.saturating_sub(raw.bytes());
                deliveries.insert(entry.delivery, raw);
            }
            entries.push(entry);
        }
        drop(rows);
        // An attempt that began and was not settled counts: its lease ran out.
        let unsettled = entries.iter().any(|entry| entry.turn <= begun);
        if unsettled {
            count_attempts(work, sink, lane, begun)?;
        }
        for entry in &mut entries {
            entry.attempt = entry.attempt.saturating_add(u32::from(entry.turn <= begun));
        }
        Ok(Some(entries))
    }
}

/// Counts an attempt for all that wait in a lane up to this turn.
fn count_attempts(work: &Work<'_, State>, sink: i64, lane: i64, turn: i64) -> Result<(), Error> {
    work.connection
        .prepare_cached(
            "UPDATE inbox_entry SET attempt = attempt + 1 WHERE id IN
             (SELECT id FROM inbox_entry WHERE sink = ?1 AND lane = ?2 AND state = 0 AND turn <= ?3)",
        )?
        .execute([sink, lane, turn])?;
    Ok(())
}

/// Prolongs a lease that runs, by so many ms from now.
pub(crate) fn renew(
    work: &Work<'_, State>,
    lane: LaneId,
    token: Token,
    lease: i64,
) -> Result<Settled, Error> {
    let renewed = work
        .connection
        .prepare_cached(
            "UPDATE inbox_lane SET due_at = ?4 WHERE id = ?1 AND token = ?2 AND taken > 0 AND due_at > ?3",
        )?
        .execute(params![
            lane.0,
            token.as_bytes(),
            work.steady,
            work.steady.saturating_add(lease)
        ])?;
    Ok(if renewed > 0 { Settled::Done } else { Settled::Lost })
}

/// Settles a lane, if its lease runs.
pub(crate) fn settle(
    work: &mut Work<'_, State>,
    token: Token,
    settlement: &Settlement,
) -> Result<Settled, Error> {
    let lane = settlement.lane.0;
    let held: Option<(i64, i64)> = work
        .connection
        .prepare_cached(
            "SELECT sink, taken FROM inbox_lane WHERE id = ?1 AND token = ?2 AND taken > 0 AND due_at > ?3",
        )?
        .query_row(params![lane, token.as_bytes(), work.steady], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let Some((sink, taken)) = held else {
        return Ok(Settled::Lost);
    };
    let mut hand = Hand {
        work,
        sink,
        lane,
        taken,
    };
    for entry in &settlement.done {
        hand.end(*entry, DONE, false, None)?;
    }
    let mut due_at = hand.work.steady;
    let mut blocked = None;
    if let Some(setback) = &settlement.setback {
        let error = Some(setback.error.as_str());
        match setback.then {
            Then::Retry { after } => {
                hand.end(setback.entry, WAITING, setback.failed, error)?;
                due_at = due_at.saturating_add(milliseconds(after));
            }
            Then::Block => {
                if hand.end(setback.entry, DEAD, setback.failed, error)? {
                    blocked = Some(setback.entry.0);
                }
            }
            _ => {
                hand.end(setback.entry, DEAD, setback.failed, error)?;
            }
        }
    }
    let next = hand.next()?;
    if next.is_some_and(|turn| turn <= taken) {
        hand.count_unseen(settlement)?;
    }
    hand.give_back(due_at, next, blocked)?;
    Ok(Settled::Done)
}

pub(crate) const WAITING: i64 = 0;
pub(crate) const DONE: i64 = 1;
pub(crate) const DEAD: i64 = 2;
pub(crate) const DROPPED: i64 = 3;

/// A lane in the hand of who has it.
struct Hand<'a, 'w> {
    work: &'a mut Work<'w, State>,
    sink: i64,
    lane: i64,
    taken: i64,
}

impl Hand<'_, '_> {
    /// Ends an attempt. `false`: this entry was not taken.
    fn end(&mut self, entry: EntryId, state: i64, failed: bool, error: Option<&str>) -> Result<bool, Error> {
        let changed = self
            .work
            .connection
            .prepare_cached(
                "UPDATE inbox_entry SET state = ?4, attempt = attempt + 1, at = ?5, error = coalesce(?6, error),
                 failures = failures + ?7
                 WHERE id = ?1 AND lane = ?2 AND turn <= ?3 AND state = 0",
            )?
            .execute(params![
                entry.0,
                self.lane,
                self.taken,
                state,
                self.work.now,
                error,
                failed
            ])?;
        if changed > 0 && state != WAITING {
            self.work.memory.counts.of(self.sink, |sink| {
                less(&mut sink.waiting);
                sink.dead += u64::from(state == DEAD);
            });
        }
        Ok(changed > 0)
    }

    /// The turn of what waits first.
    fn next(&self) -> Result<Option<i64>, Error> {
        self.work
            .connection
            .prepare_cached("SELECT min(turn) FROM inbox_entry WHERE sink = ?1 AND lane = ?2 AND state = 0")?
            .query_row([self.sink, self.lane], |row| row.get(0))
    }

    /// What was taken and is not mentioned was begun, and nobody saw its end.
    fn count_unseen(&self, settlement: &Settlement) -> Result<(), Error> {
        let mut statement = self.work.connection.prepare_cached(
            "SELECT id FROM inbox_entry WHERE sink = ?1 AND lane = ?2 AND state = 0 AND turn <= ?3",
        )?;
        let found = statement.query_map([self.sink, self.lane, self.taken], |row| row.get(0))?;
        let found: Vec<i64> = found.collect::<Result<_, _>>()?;
        let named = |id: i64| {
            let setback = settlement.setback.as_ref().map(|setback| setback.entry);
            setback == Some(EntryId(id)) || settlement.untouched.contains(&EntryId(id))
        };
        for id in found.into_iter().filter(|id| !named(*id)) {
            self.work
                .connection
                .prepare_cached("UPDATE inbox_entry SET attempt = attempt + 1, at = ?2 WHERE id = ?1")?
                .execute([id, self.work.now])?;
        }
        Ok(())
    }

    /// The lane is nobody's again; it goes if nothing waits in it.
    fn give_back(self, due_at: i64, next: Option<i64>, blocked: Option<i64>) -> Result<(), Error> {
        let counts = &mut self.work.memory.counts;
        if next.is_none() && blocked.is_none() {
            self.work
                .connection
                .prepare_cached("DELETE FROM inbox_lane WHERE id = ?1")?
                .execute([self.lane])?;
            counts.of(self.sink, |sink| less(&mut sink.lanes));
            return Ok(());
        }
        self.work
            .connection
            .prepare_cached(
                "UPDATE inbox_lane SET due_at = ?2, turn = ?3, taken = 0, token = NULL, blocked = ?4 WHERE id = ?1",
            )?
            .execute(params![self.lane, due_at, next.unwrap_or(0), blocked])?;
        if blocked.is_some() {
            counts.of(self.sink, |sink| sink.blocked += 1);
        } else {
            self.work.memory.stirs = true;
        }
        Ok(())
    }
}
