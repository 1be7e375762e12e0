//! Removes the beginning of the stream, as far as nobody needs it (I5).
//!
//! Only the beginning: so the sequences of what is there have no gaps, and a gap is known for what it is, a loss. What must
//! stay longer than the rest, such as a dead letter, is carried to the end instead.

use std::time::Duration;

use tokio::time::Instant;
use wahook_core::{guard::StoreError, inbox::Retention};

use super::{
    fetch::blobs,
    ledger::{
        op::{Carried, Op},
        records::micros,
    },
    store::NatsInbox,
};

/// What was written down is trusted after this time: a delivery that is larger than a message may be on its way so long.
const SETTLED: Duration = Duration::from_secs(60);
/// Nothing is carried twice in this time.
const SHORTEST: Duration = Duration::from_secs(60 * 60);
/// So many deliveries are carried in one go.
const CARRIED: usize = 200;
/// Or so many bytes of them, but one at least.
const CARRIED_BYTES: usize = 1 << 20;

impl NatsInbox {
    /// Carries what stands in the way, and removes what nobody needs.
    pub(super) async fn clean(&self, retention: Retention, deadline: Instant) -> Result<(), StoreError> {
        self.carry(retention.bodies.max(SHORTEST), deadline).await?;
        let before = {
            let page = self.book.lock();
            // The one before the newest, should that be damaged.
            let [_, place] = &page.places[..] else {
                return Ok(());
            };
            if place.since.saturating_add(micros(self.settled.unwrap_or(SETTLED))) > page.now() {
                return Ok(());
            }
            page.ledger.first_home().map_or(place.first(), |home| home.min(place.first()))
        };
        let info = self.log.info().await.map_err(|fault| fault.to_store_error())?;
        if info.state.first_sequence >= before {
            return Ok(());
        }
        self.log.remove_before(before).await.map_err(|fault| fault.to_store_error())?;
        let info = self.log.info().await.map_err(|fault| fault.to_store_error())?;
        self.book.lock().bytes = info.state.bytes;
        Ok(())
    }

    /// Writes deliveries anew that have stood where they are for longer than bodies are kept: they are not finished, or dead.
    async fn carry(&self, longer: Duration, deadline: Instant) -> Result<(), StoreError> {
        let stragglers: Vec<_> = {
            let page = self.book.lock();
            let before = page.now().saturating_sub(micros(longer));
            let positions = page.ledger.stragglers(before, CARRIED);
            positions.into_iter().filter_map(|position| Some((position, page.ledger.kept(position)?.clone()))).collect()
        };
        let (mut carried, mut bytes, mut size) = (Vec::new(), Vec::new(), 0);
        for (position, kept) in stragglers {
            let Some(home) = &kept.home else { continue };
            let found = self.log.fetch_record(home.at).await.map_err(|fault| fault.to_store_error())?;
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
