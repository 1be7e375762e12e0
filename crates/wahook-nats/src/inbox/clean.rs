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
    fault::Fault,
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
/// But not more often than this.
const SOON: Duration = Duration::from_secs(60);
/// Where little fits, it is not written down for less than this.
const LITTLE: u64 = 16 << 10;
/// So often it is carried on in one go.
const ROUNDS: usize = 64;
/// So many deliveries are carried in one go.
const CARRIED: usize = 200;
/// Or so many bytes of them, but one at least.
const CARRIED_BYTES: usize = 1 << 20;

/// How the state is written down.
enum What {
    /// And the one before is kept.
    Beside,
    /// And nothing before it is.
    Alone,
    /// It is there, and nothing before it is kept any more.
    KeepNewest,
}

impl NatsInbox {
    /// Carries what stands in the way, and removes what nobody needs: as far as can be, whatever of it fails.
    pub(super) async fn clean(&self, retention: Retention, deadline: Instant) -> Result<(), StoreError> {
        let longer = retention.bodies.max(self.carry_after);
        let mut done = self.carry(longer, deadline).await.map(drop);
        done = done.and(self.write_down_if_due(retention.bodies, deadline).await);
        done = done.and(self.remove(deadline).await);
        for _ in 0..ROUNDS {
            let is_useful = self.book.lock().is_full_of_gaps() && Instant::now() < deadline;
            if done.is_err() || !is_useful || !self.carry(Duration::ZERO, deadline).await? {
                break;
            }
            done = self.write_down_if_due(retention.bodies, deadline).await;
            done = done.and(self.remove(deadline).await);
        }
        done
    }

    /// Removes the beginning, up to what is needed.
    async fn remove(&self, deadline: Instant) -> Result<(), StoreError> {
        let removed = async {
            // By what a server knew that lost something, what is needed may be elsewhere.
            self.book.sure(&self.log).await?;
            let before = {
                let page = self.book.lock();
                let Some(place) = page.notes.note.places.last() else {
                    return Ok(());
                };
                let needed = place.first().min(page.notes.note.floor + 1);
                page.ledger.first_home().map_or(needed, |home| home.min(needed))
            };
            let info = self.log.info().await?;
            if info.state.first_sequence < before && self.book.is_sure(&self.log) {
                self.log.remove_before(before).await?;
                self.book.see(&self.log.info().await?);
            }
            Ok(())
        };
        match timeout_at(deadline, removed).await {
            Ok(removed) => removed.map_err(|fault: Fault| fault.to_store_error()),
            Err(_) => Err(StoreError::new(StoreErrorKind::Slow)),
        }
    }

    /// Where hardly anything fits, what is known is written down if that makes room; and else if it was long ago, and the
    /// beginning of the stream could go.
    async fn write_down_if_due(&self, bodies: Duration, deadline: Instant) -> Result<(), StoreError> {
        let what = {
            let page = self.book.lock();
            let note = &page.notes.note;
            let newest = note.place().map_or(0, |place| place.at);
            let home = page.ledger.first_home().unwrap_or(u64::MAX);
            let often = (bodies / 4).clamp(SOON.min(self.carry_after), STALE);
            let since = note.place().map_or(0, |place| place.since);
            let is_stale = since.saturating_add(micros(often)) <= page.now();
            if page.is_tight() && home > newest && page.since_snapshot > LITTLE {
                What::Alone
            } else if page.is_tight() && note.places.get(1).is_some_and(|place| home > place.first()) {
                What::KeepNewest
            } else if !page.is_tight() && is_stale && page.freed > note.floor {
                What::Beside
            } else {
                return Ok(());
            }
        };
        let write = async {
            match what {
                What::KeepNewest => snapshot::keep_newest(&self.log, &self.book).await,
                what => snapshot::write(&self.log, &self.book, matches!(what, What::Alone)).await,
            }
        };
        match timeout_at(deadline, write).await {
            Ok(written) => written.map(drop).map_err(|fault| fault.to_store_error()),
            Err(_) => Err(StoreError::new(StoreErrorKind::Slow)),
        }
    }

    /// Writes deliveries anew that have stood where they are for longer than bodies are kept: they are not finished, or dead.
    /// Whether there were any.
    async fn carry(&self, longer: Duration, deadline: Instant) -> Result<bool, StoreError> {
        let (room, stragglers): (_, Vec<_>) = {
            let page = self.book.lock();
            let before = page.now().saturating_sub(micros(longer));
            let positions = page.ledger.stragglers(before, CARRIED);
            let stragglers = positions
                .into_iter()
                .filter_map(|position| Some((position, page.ledger.kept(position)?.clone())));
            let room = usize::try_from(page.may_carry()).unwrap_or(usize::MAX);
            (room, stragglers.collect())
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
                // Nobody can read it any more: it must not hold up the rest for ever.
                carried.push(Carried { position, head: None });
                continue;
            };
            size += head.len() + body.len();
            if size > room || (size > CARRIED_BYTES && !carried.is_empty()) {
                break;
            }
            let place = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            carried.push(Carried {
                position,
                head: Some(place),
            });
            bytes.extend([head, body]);
        }
        if carried.is_empty() {
            return Ok(false);
        }
        self.line.ask(Op::Carry(carried), bytes, deadline).await?;
        Ok(true)
    }
}
