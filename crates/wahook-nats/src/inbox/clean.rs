//! Removes the beginning of the stream, as far as nobody needs it (I5).
//!
//! Only the beginning: so the sequences of what is there have no gaps, and a gap is known for what it is, a loss. What must
//! stay longer than the rest, such as a dead letter, is carried to the end instead.

use std::{collections::BTreeMap, pin::pin, time::Duration};

use futures_util::StreamExt as _;
use tokio::time::{Instant, timeout_at};
use wahook_core::{
    guard::{StoreError, StoreErrorKind},
    inbox::Retention,
};

use super::{
    fault::Fault,
    fetch::{blobs, records, stored},
    ledger::{
        op::{Carried, Op},
        records::{Kept, micros},
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
/// Or so many bytes of them, but those of one message at least.
const CARRIED_BYTES: u64 = 1 << 20;
/// What is carried beside a body, about.
const HEAD: u64 = 700;

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
        let carried = self.carry(longer, deadline).await;
        let written = self.write_down_if_due(retention.bodies, deadline).await;
        let removed = self.remove(deadline).await;
        // Each is tried whatever became of the one before.
        carried.and(written).and(removed)?;
        for _ in 0..ROUNDS {
            let is_useful = {
                let page = self.book.lock();
                // What somebody else is about to write down needs the room that is left.
                page.is_full_of_gaps() && !page.notes.is_claimed()
            };
            if !is_useful || Instant::now() >= deadline || !self.carry(Duration::ZERO, deadline).await? {
                break;
            }
            let has_written = self.write_down_if_due(retention.bodies, deadline).await?;
            self.remove(deadline).await?;
            // Somebody else writes, and needs the room that is left.
            if has_written == Some(false) {
                break;
            }
        }
        Ok(())
    }

    /// Removes the beginning, up to what is needed.
    async fn remove(&self, deadline: Instant) -> Result<(), StoreError> {
        let removed = async {
            // By what a server knew that lost something, what is needed may be elsewhere.
            self.book.sure(&self.log).await?;
            let before = {
                let mut page = self.book.lock();
                let note = &page.notes.note;
                let Some((at, needed)) = note
                    .places
                    .last()
                    .map(|place| (place.at, place.first().min(note.floor + 1)))
                else {
                    return Ok(());
                };
                let needed = page.first_piece(at).map_or(needed, |piece| piece.min(needed));
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
    /// beginning of the stream could go. Whether it was, if it was to be: else somebody else does.
    async fn write_down_if_due(
        &self,
        bodies: Duration,
        deadline: Instant,
    ) -> Result<Option<bool>, StoreError> {
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
                return Ok(None);
            }
        };
        let write = async {
            match what {
                What::KeepNewest => snapshot::keep_newest(&self.log, &self.book).await,
                what => snapshot::write(&self.log, &self.book, matches!(what, What::Alone)).await,
            }
        };
        match timeout_at(deadline, write).await {
            Ok(written) => written.map(Some).map_err(|fault| fault.to_store_error()),
            Err(_) => Err(StoreError::new(StoreErrorKind::Slow)),
        }
    }

    /// Writes deliveries anew that have stood where they are for longer than bodies are kept: they are not finished, or dead.
    /// Whether there were any.
    async fn carry(&self, longer: Duration, deadline: Instant) -> Result<bool, StoreError> {
        let homes = {
            let page = self.book.lock();
            let before = page.now().saturating_sub(micros(longer));
            let positions = page.ledger.stragglers(before, CARRIED);
            let mut homes: BTreeMap<u64, Vec<(i64, Kept)>> = BTreeMap::new();
            for position in positions {
                let Some(kept) = page.ledger.kept(position) else {
                    continue;
                };
                if let Some(home) = &kept.home {
                    homes.entry(home.at).or_default().push((position, kept.clone()));
                }
            }
            let at_once = page.record_bytes().min(CARRIED_BYTES);
            let (room, mut size) = (page.may_carry(), 0);
            // A message is removed once all of it is elsewhere: what of it had room would only take that.
            let fits = |(_, of_one): &(u64, Vec<(i64, Kept)>)| {
                let bytes: u64 = of_one.iter().map(|(_, kept)| u64::from(kept.size) + HEAD).sum();
                let is_first = size == 0;
                size += bytes;
                size <= room && (is_first || size <= at_once)
            };
            homes.into_iter().take_while(fits).collect::<Vec<_>>()
        };
        // The rest of the time is for writing what was found.
        let found_by = Instant::now() + deadline.saturating_duration_since(Instant::now()) / 2;
        let mut found = pin!(records(&self.log, homes));
        let (mut carried, mut bytes) = (Vec::new(), Vec::new());
        // What takes too long is for the next time.
        while let Ok(Some(next)) = timeout_at(found_by, found.next()).await {
            let (record, wanted) = next.map_err(|fault| fault.to_store_error())?;
            if record.is_none() {
                // By what a server knew that lost something it may be elsewhere.
                let Ok(sure) = timeout_at(found_by, self.book.sure(&self.log)).await else {
                    break;
                };
                sure.map_err(|fault| fault.to_store_error())?;
            }
            for (position, kept) in wanted {
                let Some(home) = &kept.home else { continue };
                let there = record
                    .as_ref()
                    .filter(|record| stored(record, position, &kept).is_some());
                // What nobody can read any more must not hold up the rest for ever.
                let head = there.and_then(|record| blobs(record, &kept)).map(|blobs| {
                    let head = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                    bytes.extend(blobs);
                    head
                });
                carried.push(Carried {
                    position,
                    id: kept.id,
                    from: home.at,
                    head,
                });
            }
        }
        if carried.is_empty() {
            return Ok(false);
        }
        self.line.ask(Op::Carry(carried), bytes, deadline).await?;
        Ok(true)
    }
}
