//! The three verbs inside a transaction that nobody else writes in.

use std::time::Duration;

use rusqlite::{Error, OptionalExtension, params};
use wahook_core::guard::{Claim, Digest, Key, Settled, Token};

use crate::{job::Work, span::milliseconds};

/// Which record, and whose token.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    key: Key,
    digest: Digest,
    token: Token,
}

impl Record {
    pub(crate) fn new(key: &Key, digest: Digest, token: Token) -> Self {
        Self {
            key: key.clone(),
            digest,
            token,
        }
    }

    fn key(&self) -> &[u8] {
        self.key.as_str().as_bytes()
    }

    fn digest(&self) -> &[u8] {
        self.digest.as_bytes()
    }

    fn token(&self) -> &[u8] {
        self.token.as_bytes()
    }

    /// Takes the record for `lease`, unless somebody else has it or had it.
    pub(crate) fn claim(&self, work: &Work<'_>, lease: Duration) -> Result<Claim, Error> {
        let found = self.find(work)?;
        let conflict = self.has_other(work)?;
        if let Some(found) = found
            && found.until > work.now
            // Who has it may say so again: the first answer may have got lost.
            && (found.done || found.token != *self.token.as_bytes())
        {
            let left = found.until.saturating_sub(work.now).min(found.life);
            if left < found.until.saturating_sub(work.now) {
                // More is left than there ever was: the clock went back. It has its whole life again, from now on and
                // no longer.
                self.rebase(work, left)?;
            }
            return Ok(if found.done {
                Claim::Duplicate { conflict }
            } else {
                Claim::InFlight {
                    left: duration(left),
                    conflict,
                }
            });
        }
        let life = milliseconds(lease);
        work.connection
            .prepare_cached(
                "INSERT INTO guard_record (key, digest, token, done, until, life) VALUES (?1, ?2, ?3, 0, ?4, ?5)
                 ON CONFLICT (key, digest) DO UPDATE
                 SET token = excluded.token, done = 0, until = excluded.until, life = excluded.life",
            )?
            .execute(params![
                self.key(),
                self.digest(),
                self.token(),
                work.now.saturating_add(life),
                life
            ])?;
        Ok(Claim::Fresh { conflict })
    }

    /// Marks the record as done for `ttl`, if this holder's lease runs, or says that it did.
    pub(crate) fn complete(&self, work: &Work<'_>, ttl: Duration) -> Result<Settled, Error> {
        let life = milliseconds(ttl);
        let changed = work
            .connection
            .prepare_cached(
                "UPDATE guard_record SET done = 1, until = ?5, life = ?6
                 WHERE key = ?1 AND digest = ?2 AND token = ?3 AND done = 0 AND until > ?4",
            )?
            .execute(params![
                self.key(),
                self.digest(),
                self.token(),
                work.now,
                work.now.saturating_add(life),
                life
            ])?;
        if changed > 0 {
            return Ok(Settled::Done);
        }
        let said_before = work
            .connection
            .prepare_cached(
                "SELECT 1 FROM guard_record
                 WHERE key = ?1 AND digest = ?2 AND token = ?3 AND done = 1 AND until > ?4",
            )?
            .exists(params![self.key(), self.digest(), self.token(), work.now])?;
        Ok(if said_before { Settled::Done } else { Settled::Lost })
    }

    /// Gives the record back, if this holder's lease runs.
    pub(crate) fn release(&self, work: &Work<'_>) -> Result<Settled, Error> {
        let changed = work
            .connection
            .prepare_cached(
                "DELETE FROM guard_record
                 WHERE key = ?1 AND digest = ?2 AND token = ?3 AND done = 0 AND until > ?4",
            )?
            .execute(params![self.key(), self.digest(), self.token(), work.now])?;
        Ok(if changed > 0 { Settled::Done } else { Settled::Lost })
    }

    fn find(&self, work: &Work<'_>) -> Result<Option<Found>, Error> {
        work.connection
            .prepare_cached(
                "SELECT token, done, until, life FROM guard_record WHERE key = ?1 AND digest = ?2",
            )?
            .query_row(params![self.key(), self.digest()], |row| {
                Ok(Found {
                    token: row.get(0)?,
                    done: row.get(1)?,
                    until: row.get(2)?,
                    life: row.get(3)?,
                })
            })
            .optional()
    }

    /// Whether another digest of the key lives.
    fn has_other(&self, work: &Work<'_>) -> Result<bool, Error> {
        work.connection
            .prepare_cached("SELECT 1 FROM guard_record WHERE key = ?1 AND digest <> ?2 AND until > ?3")?
            .exists(params![self.key(), self.digest(), work.now])
    }

    fn rebase(&self, work: &Work<'_>, left: i64) -> Result<(), Error> {
        work.connection
            .prepare_cached("UPDATE guard_record SET until = ?3 WHERE key = ?1 AND digest = ?2")?
            .execute(params![self.key(), self.digest(), work.now.saturating_add(left)])?;
        Ok(())
    }
}

/// A record as it is kept.
struct Found {
    token: [u8; 16],
    done: bool,
    until: i64,
    life: i64,
}

fn duration(milliseconds: i64) -> Duration {
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0))
}
