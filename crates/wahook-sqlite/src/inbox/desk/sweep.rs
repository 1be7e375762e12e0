//! Removing what is finished and old enough.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use http::HeaderMap;
use rusqlite::{Connection, Error, OptionalExtension, params};
use wahook_core::{
    Delivery,
    guard::StoreError,
    inbox::{Retention, Swept},
};

use crate::{
    inbox::{
        counts::less,
        lanes::{DEAD, DONE, DROPPED},
        remembered::{forget, unsay},
        state::State,
        store::SqliteInbox,
    },
    job::{Sort, Work},
    span::milliseconds,
};

/// So many deliveries are swept in one transaction: each is some rows.
const STEP: usize = 32;

/// So many deliveries are looked at in one go, some 50 ms, and between two goes others may ask.
const LOOK: u32 = 4_000;

/// So many goes make one call at most: where nothing can be removed for long, the next call goes on behind it.
const GOES: usize = 100;

/// After so many that are too young in a row the rest is not looked at: they are in order of acceptance, nearly.
const YOUNG: usize = 1_000;

impl SqliteInbox {
    pub(super) async fn sweep_in_steps(&self, retention: Retention) -> Result<Swept, StoreError> {
        let terms = Terms::new(retention);
        let mut swept = Swept::default();
        let mut left = retention.count;
        let mut from = self.swept_up_to.load(Ordering::Relaxed);
        for go in 0..GOES {
            if left == 0 {
                break;
            }
            let now = self.options.file.clock.now().as_millisecond();
            let found = self
                .reader
                .ask(move |connection| terms.look(connection, from, left, now))
                .await?;
            for some in found.positions.chunks(STEP) {
                let some = some.to_vec();
                let run = move |work: &mut Work<'_, State>| terms.sweep(work, &some);
                let more = self.writer.ask_later(Sort::Begins, 8 * STEP, run).await?;
                swept.deliveries += more.deliveries;
                swept.bodies += more.bodies;
            }
            left = left.saturating_sub(found.positions.len());
            let began_at_the_start = from == 0;
            from = found.next.unwrap_or(0);
            self.swept_up_to.store(from, Ordering::Relaxed);
            // At the end; what was passed before is looked at once more, unless that was just now.
            if found.next.is_none() && (began_at_the_start || go > 0) {
                break;
            }
        }
        if swept == Swept::default() {
            // Nothing to do, or nothing can be done: whoever writes knows.
            self.writer.ask_later(Sort::Begins, 0, |_| Ok(())).await?;
        }
        Ok(swept)
    }
}

/// How long what is kept, in ms.
#[derive(Clone, Copy, Debug)]
struct Terms {
    rows: i64,
    bodies: i64,
    dead: i64,
}

/// What may be removed.
struct Found {
    positions: Vec<i64>,
    /// Where to go on; `None` at the end.
    next: Option<i64>,
}

/// What is to be done with a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Due {
    Removal,
    Redaction,
}

impl Terms {
    fn new(retention: Retention) -> Self {
        let milliseconds = |time: Duration| {
            // For ever.
            if time == Duration::MAX {
                i64::MAX
            } else {
                milliseconds(time)
            }
        };
        Self {
            rows: milliseconds(retention.rows),
            bodies: milliseconds(retention.bodies),
            dead: milliseconds(retention.dead),
        }
    }

    /// Deliveries beyond a position for which something is to be done, so many at most.
    fn look(self, connection: &Connection, from: i64, most: usize, now: i64) -> Result<Found, Error> {
        let mut statement = connection.prepare_cached(
            "SELECT position, received_at, memory, redacted_at IS NOT NULL FROM inbox_delivery
             WHERE position > ?1 ORDER BY position LIMIT ?2",
        )?;
        let mut rows = statement.query(params![from, LOOK])?;
        let mut found = Found {
            positions: Vec::new(),
            next: None,
        };
        let (mut seen, mut young) = (0, 0);
        while let Some(row) = rows.next()? {
            let position = row.get(0)?;
            if found.positions.len() >= most {
                return Ok(found);
            }
            found.next = Some(position);
            seen += 1;
            let card = Card::of(row.get(1)?, row.get(2)?, row.get(3)?);
            // It was finished after it was received.
            if card.due(self, card.received_at, now).is_none() {
                // What came while the clock was ahead says nothing of what came after it.
                young += usize::from(card.received_at <= now);
                if young >= YOUNG && !card.is_old(self, now) {
                    found.next = None;
                    return Ok(found);
                }
                continue;
            }
            young = 0;
            if self.due(connection, position, card, now)?.is_some() {
                found.positions.push(position);
            }
        }
        if seen < LOOK {
            found.next = None;
        }
        Ok(found)
    }

    /// What is to be done with a delivery.
    fn due(self, connection: &Connection, position: i64, card: Card, now: i64) -> Result<Option<Due>, Error> {
        let Some(finished) = self.finished(connection, position, card)? else {
            return Ok(None);
        };
        Ok(match card.due(self, finished.at, now) {
            // The keys of its events are remembered a little longer than its own, since it was read later.
            Some(Due::Removal) if finished.until > now => (!card.redacted).then_some(Due::Redaction),
            due => due,
        })
    }

    /// Since when nothing is left to do for a delivery; `None` if something is.
    fn finished(self, connection: &Connection, position: i64, card: Card) -> Result<Option<Finished>, Error> {
        let sql = |sql| connection.prepare_cached(sql);
        if sql("SELECT 1 FROM inbox_unread WHERE unreadable IN (0, 1) AND position = ?1")?
            .exists([position])?
        {
            return Ok(None);
        }
        let read_at: Option<i64> = sql("SELECT read_at FROM inbox_delivery WHERE position = ?1")?
            .query_row([position], |row| row.get(0))?;
        let mut finished = Finished {
            at: read_at.unwrap_or(card.received_at),
            until: 0,
        };
        let mut statement = sql(
            "SELECT v.filed_at, v.until, v.duplicate, e.state, e.at, l.blocked = e.id
             FROM inbox_event v LEFT JOIN inbox_entry e ON e.event = v.id LEFT JOIN inbox_lane l ON l.id = e.lane
             WHERE v.delivery = ?1",
        )?;
        let mut rows = statement.query([position])?;
        while let Some(row) = rows.next()? {
            finished.at = finished.at.max(row.get(0)?);
            if !row.get::<_, bool>(2)? {
                finished.until = finished.until.max(row.get(1)?);
            }
            let (state, at): (Option<i64>, Option<i64>) = (row.get(3)?, row.get(4)?);
            let at = at.unwrap_or(0);
            let since = match state {
                None => continue,
                Some(DONE | DROPPED) => at,
                // A lane that stands still does so until somebody says what is to be done.
                Some(DEAD) if row.get::<_, Option<bool>>(5)?.unwrap_or(false) => return Ok(None),
                Some(DEAD) => at.saturating_add(self.dead),
                Some(_) => return Ok(None),
            };
            finished.at = finished.at.max(since);
        }
        Ok(Some(finished))
    }

    /// Does what is to be done with these, if it still is.
    fn sweep(self, work: &mut Work<'_, State>, positions: &[i64]) -> Result<Swept, Error> {
        let mut swept = Swept::default();
        for position in positions {
            let found = work
                .connection
                .prepare_cached(
                    "SELECT received_at, memory, redacted_at IS NOT NULL FROM inbox_delivery WHERE position = ?1",
                )?
                .query_row([position], |row| Ok(Card::of(row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            let Some(card) = found else {
                continue;
            };
            match self.due(work.connection, *position, card, work.now)? {
                Some(Due::Removal) => {
                    remove(work, *position)?;
                    swept.deliveries += 1;
                }
                Some(Due::Redaction) => {
                    redact(work, *position)?;
                    swept.bodies += 1;
                }
                None => {}
            }
        }
        Ok(swept)
    }
}

/// When nothing was left to do.
struct Finished {
    /// ms since 1970
    at: i64,
    /// ms since 1970: the keys of its events are remembered until then
    until: i64,
}

/// What is asked first of a delivery.
#[derive(Clone, Copy, Debug)]
struct Card {
    /// ms since 1970
    received_at: i64,
    /// ms
    memory: i64,
    redacted: bool,
}

impl Card {
    const fn of(received_at: i64, memory: i64, redacted: bool) -> Self {
        Self {
            received_at: received_at.div_euclid(1_000_000),
            memory,
            redacted,
        }
    }

    /// What is to be done, if nothing is left to do since `finished`.
    fn due(self, terms: Terms, finished: i64, now: i64) -> Option<Due> {
        let over = |since: i64, time: i64| time < i64::MAX && since.saturating_add(time) <= now;
        // A memory that never ends is for ever as well.
        if over(finished, terms.rows) && over(self.received_at, self.memory) && finished <= now {
            return Some(Due::Removal);
        }
        let redaction = !self.redacted && over(finished, terms.bodies) && finished <= now;
        redaction.then_some(Due::Redaction)
    }

    /// Whether it is old enough for anything at all.
    fn is_old(self, terms: Terms, now: i64) -> bool {
        self.received_at.saturating_add(terms.rows.min(terms.bodies)) <= now
    }
}

/// Removes all rows of a delivery.
fn remove(work: &mut Work<'_, State>, position: i64) -> Result<(), Error> {
    let sql = |sql| work.connection.prepare_cached(sql);
    let mut events = sql("DELETE FROM inbox_event WHERE delivery = ?1 RETURNING id, fingerprint")?;
    let mut rows = events.query([position])?;
    let mut gone = Vec::new();
    while let Some(row) = rows.next()? {
        gone.push((row.get(0)?, u128::from_le_bytes(row.get(1)?)));
    }
    for (event, fingerprint) in gone {
        unsay(work.connection, work.memory, fingerprint, event)?;
        let mut entries = sql("DELETE FROM inbox_entry WHERE event = ?1 RETURNING sink, state")?;
        let mut rows = entries.query([event])?;
        while let Some(row) = rows.next()? {
            if row.get::<_, i64>(1)? == DEAD {
                work.memory.counts.of(row.get(0)?, |sink| less(&mut sink.dead));
            }
        }
    }
    sql("DELETE FROM inbox_content WHERE position = ?1")?.execute([position])?;
    let (fingerprint, digest): ([u8; 16], [u8; 32]) =
        sql("DELETE FROM inbox_delivery WHERE position = ?1 RETURNING fingerprint, digest")?
            .query_row([position], |row| Ok((row.get(0)?, row.get(1)?)))?;
    forget(
        work.connection,
        work.memory,
        position,
        u128::from_le_bytes(fingerprint),
        &digest,
    )?;
    less(&mut work.memory.counts.deliveries);
    Ok(())
}

/// Removes what of a delivery tells persons. Fingerprints stay: they know a key when they see it, and tell nothing.
fn redact(work: &Work<'_, State>, position: i64) -> Result<(), Error> {
    let sql = |sql| work.connection.prepare_cached(sql);
    let (head, fingerprint): (Vec<u8>, String) = sql(
        "SELECT c.head, lower(hex(d.fingerprint)) FROM inbox_content c JOIN inbox_delivery d USING (position)
         WHERE position = ?1",
    )?
    .query_row([position], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let head = Delivery::from_head(&head, Bytes::new()).map_or_else(
        |_damaged| Vec::new(),
        |mut delivery| {
            delivery.headers = HeaderMap::new();
            delivery.provider_id = None;
            delivery.key.text = Arc::from(format!("redacted:{fingerprint}"));
            delivery.to_head()
        },
    );
    sql("UPDATE inbox_content SET head = ?2, body = x'' WHERE position = ?1")?
        .execute(params![position, head])?;
    sql("UPDATE inbox_delivery SET redacted_at = ?2 WHERE position = ?1")?.execute([position, work.now])?;
    // Keys stay, by which operators know their events.
    sql("UPDATE inbox_event SET name = NULL, account = NULL, chat = NULL, message_id = NULL WHERE delivery = ?1")?
        .execute([position])?;
    Ok(())
}
