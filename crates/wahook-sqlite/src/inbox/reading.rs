//! From deliveries to events in lanes.

use rusqlite::{Error, OptionalExtension, params};
use wahook_core::{
    guard::{Fingerprints, Key, Token},
    inbox::{Filed, FiledEvent, Reading, Summary},
    json::Text,
};

use super::{
    again::{Again, THOSE_THAT_WANT_IT},
    counts::{Sink, less},
    late::sortable,
    raw::Raw,
    remembered::{claim, said},
    spill::spill,
    state::{Reader, State},
};
use crate::{job::Work, span::milliseconds};

/// How much is asked for, by whom.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) token: Token,
    pub(crate) count: usize,
    pub(crate) bytes: usize,
    /// ms
    pub(crate) lease: i64,
}

impl Asked {
    /// It writes nothing: many are as much work as a few that are written.
    pub(crate) const fn rows(&self) -> usize {
        self.count / 4
    }

    /// The oldest deliveries that are to be read, and whether they are to be read again.
    pub(crate) fn unread(&self, work: &mut Work<'_, State>) -> Result<Vec<(Raw, bool)>, Error> {
        let taken = work.memory.reader;
        if taken.is_some_and(|reader| reader.token != self.token && reader.until > work.steady) {
            return Ok(Vec::new());
        }
        let mut statement = work.connection.prepare_cached(
            "SELECT position, again FROM inbox_unread WHERE unreadable = 0 ORDER BY position LIMIT ?1",
        )?;
        let mut rows = statement.query([i64::try_from(self.count.max(1)).unwrap_or(i64::MAX)])?;
        let mut found: Vec<(Raw, bool)> = Vec::new();
        let mut left = self.bytes;
        while let Some(row) = rows.next()? {
            let Some(raw) = Raw::find(work.connection, row.get(0)?)? else {
                continue;
            };
            if raw.bytes() > left && !found.is_empty() {
                break;
            }
            left = left.saturating_sub(raw.bytes());
            found.push((raw, row.get(1)?));
        }
        // Who asks for no time lets the part go, whether there is something to read or not.
        let lets_go = self.lease == 0 && taken.is_some_and(|reader| reader.token == self.token);
        if !found.is_empty() || lets_go {
            work.memory.reader = Some(Reader {
                token: self.token,
                until: work.steady.saturating_add(self.lease),
            });
        }
        Ok(found)
    }
}

/// Readings as they are written.
#[derive(Debug)]
pub(crate) struct Filing {
    token: Token,
    pages: Vec<Page>,
}

/// What reading a delivery gave.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) position: i64,
    lines: Option<Vec<Line>>,
    /// ms
    memory: i64,
}

/// An event as it is written.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) claim: Key,
    lane: String,
    summary: Summary,
    occurred_at: Option<String>,
    sinks: Vec<Text>,
}

impl Line {
    fn new(event: FiledEvent) -> Self {
        let FiledEvent {
            claim,
            summary,
            lane,
            sinks,
        } = event;
        Self {
            claim,
            lane,
            occurred_at: summary.occurred_at.map(sortable),
            summary,
            sinks,
        }
    }

    fn bytes(&self) -> usize {
        let summary = &self.summary;
        let texts = [
            &summary.name,
            &summary.account,
            &summary.chat,
            &summary.message_id,
        ];
        let texts: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
        // Its key is there twice.
        size_of::<Self>() + 2 * summary.key.len() + self.lane.len() + texts
    }
}

impl Filing {
    /// In order of acceptance.
    pub(crate) fn new(token: Token, mut readings: Vec<Reading>) -> Self {
        readings.sort_by_key(|reading| reading.position);
        let page = |reading: Reading| Page {
            position: reading.position,
            lines: reading
                .events
                .map(|events| events.into_iter().map(Line::new).collect()),
            memory: milliseconds(reading.memory),
        };
        Self {
            token,
            pages: readings.into_iter().map(page).collect(),
        }
    }

    /// About how many rows it writes.
    pub(crate) fn rows(&self) -> usize {
        let lines = |page: &Page| page.lines.as_ref().map_or(1, |lines| 1 + 2 * lines.len());
        self.pages.iter().map(lines).sum()
    }

    /// What it holds in memory, about: a worker says it again while the disk hangs.
    pub(crate) fn bytes(&self) -> usize {
        let lines = self.pages.iter().filter_map(|page| page.lines.as_ref()).flatten();
        lines.map(Line::bytes).sum()
    }

    /// Files them. `None` if somebody else reads by now.
    pub(crate) fn run(&self, work: &mut Work<'_, State>) -> Result<Option<Filed>, Error> {
        if work.memory.reader.is_none_or(|reader| reader.token != self.token) {
            return Ok(None);
        }
        let mut filed = Filed::default();
        for page in &self.pages {
            page.file(work, &mut filed)?;
        }
        Ok(Some(filed))
    }
}

impl Page {
    fn file(&self, work: &mut Work<'_, State>, filed: &mut Filed) -> Result<(), Error> {
        let sql = |sql| work.connection.prepare_cached(sql);
        let again: Option<bool> =
            sql("DELETE FROM inbox_unread WHERE unreadable = 0 AND position = ?1 RETURNING again")?
                .query_row([self.position], |row| row.get(0))
                .optional()?;
        let Some(again) = again else {
            return Ok(());
        };
        let counts = &mut work.memory.counts;
        less(&mut counts.unread);
        let Some(lines) = &self.lines else {
            sql("INSERT INTO inbox_unread (unreadable, position, again) VALUES (1, ?1, ?2)")?
                .execute(params![self.position, again])?;
            counts.unreadable += 1;
            return Ok(());
        };
        if again {
            let fresh = Again::begin(work, self)?.file(work, lines)?;
            filed.fresh += fresh;
            filed.duplicates += lines.len() - fresh;
            return Ok(());
        }
        if lines.is_empty() {
            sql("UPDATE inbox_delivery SET read_at = ?2 WHERE position = ?1")?
                .execute([self.position, work.now])?;
        }
        for (place, line) in lines.iter().enumerate() {
            let fingerprint = work.memory.fingerprints.of(&line.claim);
            let said = said(work.connection, work.memory, fingerprint)?;
            let duplicate = said.is_some_and(|said| said.until > work.now);
            let id = work.memory.counts.event();
            line.insert(work, id, fingerprint, self, place, duplicate)?;
            if duplicate {
                filed.duplicates += 1;
                continue;
            }
            filed.fresh += 1;
            claim(work.connection, work.memory, fingerprint, id)?;
            line.enter(work, id, None)?;
            spill(work)?;
        }
        Ok(())
    }
}

impl Line {
    /// Writes the event, in the place of an older reading of it if there is one.
    pub(super) fn insert(
        &self,
        work: &Work<'_, State>,
        id: i64,
        fingerprint: u128,
        page: &Page,
        place: usize,
        duplicate: bool,
    ) -> Result<(), Error> {
        let summary = &self.summary;
        work.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO inbox_event (id, fingerprint, until, duplicate, filed_at, delivery, place, lane,
                 kind, key, name, account, chat, message_id, occurred_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            )?
            .execute(params![
                id,
                fingerprint.to_le_bytes(),
                work.now.saturating_add(page.memory),
                duplicate,
                work.now,
                page.position,
                i64::try_from(place).unwrap_or(i64::MAX),
                conversation(&work.memory.fingerprints, &self.lane),
                summary.kind.as_str(),
                summary.key,
                summary.name.as_deref(),
                summary.account.as_deref(),
                summary.chat.as_deref(),
                summary.message_id.as_deref(),
                self.occurred_at,
            ])?;
        Ok(())
    }

    /// Puts the event into its lanes; `again`, for these sinks.
    pub(super) fn enter(
        &self,
        work: &mut Work<'_, State>,
        event: i64,
        again: Option<&[i64]>,
    ) -> Result<(), Error> {
        let lane = conversation(&work.memory.fingerprints, &self.lane);
        let mut sinks = Vec::new();
        if again.is_none_or(|again| again.contains(&THOSE_THAT_WANT_IT)) {
            for sink in &self.sinks {
                sinks.push(sink_id(work, sink)?);
            }
        }
        let named = again.unwrap_or_default().iter().copied();
        sinks.extend(named.filter(|sink| *sink != THOSE_THAT_WANT_IT));
        sinks.sort_unstable();
        sinks.dedup();
        for sink in sinks {
            enter(
                work,
                event,
                sink,
                lane_of(&work.memory.fingerprints, sink, lane),
                again.is_some(),
            )?;
        }
        Ok(())
    }
}

/// Puts an event at the end of a lane.
pub(crate) fn enter(
    work: &mut Work<'_, State>,
    event: i64,
    sink: i64,
    lane: i64,
    replay: bool,
) -> Result<(), Error> {
    let entry = work.memory.counts.entry();
    work.connection
        .prepare_cached(
            "INSERT INTO inbox_entry (id, event, sink, lane, turn, state, attempt, filed_at, at, replay)
             VALUES (?1, ?2, ?3, ?4, ?1, 0, 0, ?5, ?5, ?6)",
        )?
        .execute(params![entry, event, sink, lane, work.now, replay])?;
    work.memory.counts.of(sink, |sink| sink.waiting += 1);
    open(work, sink, lane, entry)
}

/// Has a lane be there, due at once if it was not.
pub(crate) fn open(work: &mut Work<'_, State>, sink: i64, lane: i64, turn: i64) -> Result<(), Error> {
    let opened = work
        .connection
        .prepare_cached(
            "INSERT INTO inbox_lane (id, sink, due_at, turn, taken) VALUES (?1, ?2, ?3, ?4, 0)
             ON CONFLICT (id) DO NOTHING",
        )?
        .execute(params![lane, sink, work.steady, turn])?;
    if opened > 0 {
        work.memory.counts.of(sink, |sink| sink.lanes += 1);
    }
    work.memory.stirs = true;
    Ok(())
}

/// The number of a sink, which is new if nobody named it before.
pub(crate) fn sink_id(work: &mut Work<'_, State>, name: &Text) -> Result<i64, Error> {
    if let Some(id) = work.memory.counts.sink(name) {
        return Ok(id);
    }
    work.connection
        .prepare_cached("INSERT INTO inbox_sink (name) VALUES (?1)")?
        .execute([name.as_str()])?;
    let id = work.connection.last_insert_rowid();
    work.memory.counts.sinks.push(Sink {
        id,
        name: name.clone(),
        ..Sink::default()
    });
    Ok(id)
}

/// What stands for a conversation: two of them in some quintillions share one, and then their order.
fn conversation(fingerprints: &Fingerprints, lane: &str) -> i64 {
    short(fingerprints.of_bytes(lane.as_bytes()))
}

/// What stands for a conversation and a sink.
pub(crate) fn lane_of(fingerprints: &Fingerprints, sink: i64, conversation: i64) -> i64 {
    let mut bytes = [0; 16];
    let (first, second) = bytes.split_at_mut(8);
    first.copy_from_slice(&sink.to_le_bytes());
    second.copy_from_slice(&conversation.to_le_bytes());
    short(fingerprints.of_bytes(&bytes))
}

/// 63 bits.
fn short(fingerprint: u128) -> i64 {
    i64::try_from(fingerprint >> 65).unwrap_or_default()
}
