//! What goes in: claim and bytes in one transaction (I2).

use bytes::Bytes;
use rusqlite::{Error, params};
use wahook_core::{
    DeliveryId, OnConflict,
    guard::{Digest, Key},
    inbox::{Accepted, Incoming},
    json::Text,
};

use super::{
    raw::nanoseconds,
    remembered::{Seen, note, seen},
    spill::spill,
    state::State,
};
use crate::{job::Work, span::milliseconds};

/// A delivery as it is written.
#[derive(Debug)]
pub(crate) struct Accept {
    key: Key,
    digest: Digest,
    on_conflict: OnConflict,
    id: DeliveryId,
    provider: &'static str,
    endpoint: Text,
    /// ns since 1970
    received_at: i64,
    /// ms
    memory: i64,
    head: Vec<u8>,
    body: Bytes,
}

/// There is no room for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Full;

impl Accept {
    pub(crate) fn new(incoming: &Incoming) -> Self {
        let delivery = incoming.delivery();
        Self {
            key: incoming.key().clone(),
            digest: incoming.digest(),
            on_conflict: incoming.on_conflict(),
            id: delivery.id,
            provider: incoming.provider(),
            endpoint: delivery.endpoint.clone(),
            received_at: nanoseconds(delivery.received_at),
            memory: milliseconds(incoming.memory()),
            head: delivery.to_head(),
            body: delivery.body.clone(),
        }
    }

    /// What it holds in memory, about.
    pub(crate) fn bytes(&self) -> usize {
        self.head.len() + self.body.len()
    }

    pub(crate) fn run(&self, work: &mut Work<'_, State>) -> Result<Result<Accepted, Full>, Error> {
        let state = &mut *work.memory;
        let fingerprint = state.fingerprints.of(&self.key);
        let conflict = match seen(work.connection, state, work.now, fingerprint, &self.digest)? {
            Seen::Same => return Ok(Ok(Accepted::Duplicate { conflict: false })),
            Seen::Other if self.on_conflict == OnConflict::DropAndFlag => {
                return Ok(Ok(Accepted::Duplicate { conflict: true }));
            }
            Seen::Other => true,
            Seen::Never => false,
        };
        if !state.has_room(work.connection, self.bytes())? {
            return Ok(Err(Full));
        }
        let position = state.counts.delivery();
        let sql = |sql| work.connection.prepare_cached(sql);
        sql("INSERT INTO inbox_delivery
             (position, fingerprint, digest, received_at, memory, conflict, id, provider, endpoint)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")?
        .execute(params![
            position,
            fingerprint.to_le_bytes(),
            self.digest.as_bytes(),
            self.received_at,
            self.memory,
            conflict,
            self.id.as_bytes(),
            self.provider,
            self.endpoint.as_str(),
        ])?;
        sql("INSERT INTO inbox_content (position, head, body) VALUES (?1, ?2, ?3)")?.execute(params![
            position,
            self.head,
            &self.body[..]
        ])?;
        sql("INSERT INTO inbox_unread (unreadable, position, again) VALUES (0, ?1, 0)")?
            .execute([position])?;
        note(
            work.connection,
            state,
            position,
            fingerprint,
            self.digest.as_bytes(),
        )?;
        state.counts.deliveries += 1;
        state.counts.unread += 1;
        state.stirs = true;
        spill(work)?;
        Ok(Ok(Accepted::Stored { conflict }))
    }
}
