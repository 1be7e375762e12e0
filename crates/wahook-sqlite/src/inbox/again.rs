//! Reading a delivery once more, for a replay (I4).

use std::collections::{HashMap, HashSet};

use rusqlite::Error;

use super::{
    reading::{Line, Page},
    remembered::{claim, said, unsay},
    state::State,
};
use crate::job::Work;

/// Stands for the sinks that want an event, in the list of those for which it is read again.
pub(super) const THOSE_THAT_WANT_IT: i64 = 0;

/// A delivery that is read again. What is read again keeps its number, so that whoever goes through all events comes to
/// an end; what is there no more stays as it was, if it is or was in a lane.
pub(super) struct Again<'a> {
    page: &'a Page,
    sinks: Vec<i64>,
    /// The events of the older reading, by their places: number and fingerprint.
    older: HashMap<usize, (i64, u128)>,
    /// Keys that another delivery said first, and has in its lanes.
    not_ours: HashSet<u128>,
}

impl<'a> Again<'a> {
    pub(super) fn begin(work: &Work<'_, State>, page: &'a Page) -> Result<Self, Error> {
        let sql = |sql| work.connection.prepare_cached(sql);
        let sinks = sql("DELETE FROM inbox_again WHERE position = ?1 RETURNING sink")?
            .query_map([page.position], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let mut again = Self {
            page,
            sinks,
            older: HashMap::new(),
            not_ours: HashSet::new(),
        };
        let mut ours = HashSet::new();
        let mut statement =
            sql("SELECT id, place, fingerprint, duplicate FROM inbox_event WHERE delivery = ?1")?;
        let mut rows = statement.query([page.position])?;
        while let Some(row) = rows.next()? {
            let fingerprint = u128::from_le_bytes(row.get(2)?);
            let place = usize::try_from(row.get::<_, i64>(1)?).unwrap_or(usize::MAX);
            again.older.insert(place, (row.get(0)?, fingerprint));
            let keys = if row.get(3)? {
                &mut again.not_ours
            } else {
                &mut ours
            };
            keys.insert(fingerprint);
        }
        again.not_ours.retain(|key| !ours.contains(key));
        Ok(again)
    }

    /// Files its events, and says how many are fresh. No claim of its own is in the way.
    pub(super) fn file(mut self, work: &mut Work<'_, State>, lines: &[Line]) -> Result<usize, Error> {
        let mut fresh = HashSet::new();
        for (place, line) in lines.iter().enumerate() {
            let fingerprint = work.memory.fingerprints.of(&line.claim);
            let said = said(work.connection, work.memory, fingerprint)?.filter(|said| said.until > work.now);
            let duplicate = self.not_ours.contains(&fingerprint)
                || fresh.contains(&fingerprint)
                || said.is_some_and(|said| said.delivery != self.page.position);
            let id = match self.older.remove(&place) {
                Some((id, older)) => {
                    if older != fingerprint {
                        unsay(work.connection, work.memory, older, id)?;
                    }
                    id
                }
                None => work.memory.counts.event(),
            };
            line.insert(work, id, fingerprint, self.page, place, duplicate)?;
            if duplicate {
                unsay(work.connection, work.memory, fingerprint, id)?;
                continue;
            }
            fresh.insert(fingerprint);
            claim(work.connection, work.memory, fingerprint, id)?;
            line.enter(work, id, Some(&self.sinks))?;
        }
        self.drop_rest(work)?;
        Ok(fresh.len())
    }

    fn drop_rest(self, work: &mut Work<'_, State>) -> Result<(), Error> {
        for (id, fingerprint) in self.older.into_values() {
            let dropped = work
                .connection
                .prepare_cached(
                    "DELETE FROM inbox_event WHERE id = ?1
                     AND NOT EXISTS (SELECT 1 FROM inbox_entry WHERE event = ?1)",
                )?
                .execute([id])?;
            if dropped > 0 {
                unsay(work.connection, work.memory, fingerprint, id)?;
            }
        }
        Ok(())
    }
}
