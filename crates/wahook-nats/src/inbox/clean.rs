//! Removes the beginning of the stream, as far as nobody needs it (I5).
//!
//! Only the beginning: so the sequences of what is there have no gaps, and a gap is known for what it is, a loss. What must
//! stay longer than the rest, such as a dead letter, is carried to the end instead.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use wahook_core::{
    guard::{StoreError, StoreErrorKind},
    inbox::Retention,
};

use super::{
    fetch::blobs,
    ledger::{
        op::{Carried, Op},
        records::micros,
    },
    snapshot,
    store::NatsInbox,
};

/// What was written down longer ago than this is written down anew: what is finished since then can go.
const STALE: Duration = Duration::from_secs(60 * 60);
/// It is not written down for less than this.
const LITTLE: u64 = 16 << 10;
/// So many deliveries are carried in one go.
const CARRIED: usize = 200;
/// Or so many bytes of them, but one at least.
const CARRIED_BYTES: usize = 1 << 20;

impl NatsInbox {
    /// Carries what stands in the way, and removes what nobody needs.
    pub(super) async fn clean(&self, retention: Retention, deadline: Instant) -> Result<(), StoreError> {
        self.carry(retention.bodies.max(self.carry_after), deadline)
            .await?;
        self.write_down_if_stale(deadline).await?;
        let before = {
            let page = self.book.lock();
            // The one before the newest, should that be damaged.
            let Some(place) = page.notes.note.places.last() else {
                return Ok(());
            };
            let needed = place.first().min(page.notes.note.floor + 1);
            page.ledger.first_home().map_or(needed, |home| home.min(needed))
        };
        let info = self.log.info().await.map_err(|fault| fault.to_store_error())?;
        if info.state.first_sequence >= before {
            return Ok(());
        }
        self.log
            .remove_before(before)
            .await
            .map_err(|fault| fault.to_store_error())?;
        let info = self.log.info().await.map_err(|fault| fault.to_store_error())?;
        self.book.lock().bytes = info.state.bytes;
        Ok(())
    }

    /// Where little comes in, or hardly anything fits any more, what is known is written down all the same.
    async fn write_down_if_stale(&self, deadline: Instant) -> Result<(), StoreError> {
        let is_due = {
            let page = self.book.lock();
            let since = page.notes.note.place().map_or(0, |place| place.since);
            let is_stale = since.saturating_add(micros(STALE)) <= page.now();
            page.since_snapshot > LITTLE && (is_stale || !self.has_room_now(&page, 0))
        };
        if !is_due {
            return Ok(());
        }
        match timeout_at(deadline, snapshot::write(&self.log, &self.book)).await {
            Ok(written) => written.map(drop).map_err(|fault| fault.to_store_error()),
            Err(_) => Err(StoreError::new(StoreErrorKind::Slow)),
        }
    }

    /// Writes deliveries anew that have stood where they are for longer than bodies are kept: they are not finished, or dead.
    async fn carry(&self, longer: Duration, deadline: Instant) -> Result<(), StoreError> {
        let stragglers: Vec<_> = {
            let page = self.book.lock();
            let before = page.now().saturating_sub(micros(longer));
            let positions = page.ledger.stragglers(before, CARRIED);
            positions
                .into_iter()
                .filter_map(|position| Some((position, page.ledger.kept(position)?.clone())))
                .collect()
        };
        let (mut carried, mut bytes, mut size) = (Vec::new(), Vec::new(), 0);
        for (position, kept) in stragglers {
            let Some(home) = &kept.home else { continue };
            let found = self
                .log
                .fetch_record(home.at)
                .await
                .map_err(|fault| fault.to_store_error())?;
            let Some([head, body]) = found.and_then(|record| blobs(&record, &kept)) else {
                continue;
            };
            size += head.len() + body.len();
            if size > CARRIED_BYTES && !carried.is_empty() {
                break;
            }
            carried.push(Carried {
                position,
                head: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            });
            bytes.extend([head, body]);
        }
        if carried.is_empty() {
            return Ok(());
        }
        self.line.ask(Op::Carry(carried), bytes, deadline).await.map(drop)
    }
}
