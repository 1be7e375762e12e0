//! Deliveries as they came: from the cache, or from the messages that hold them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, stream};
use http::HeaderMap;
use tokio::time::timeout;
use wahook_core::{Delivery, inbox::Stored};

use super::{
    book::Book,
    fault::Fault,
    ledger::records::{Kept, timestamp},
    log::Log,
    record::Record,
};

/// So many messages are fetched at once.
const AT_ONCE: usize = 8;
/// So long it is waited for what this process has yet to hear.
const BEHIND: Duration = Duration::from_secs(5);

/// The deliveries in these places. What is gone by now is left out.
pub(super) async fn fetch(
    log: &Log,
    book: &Book,
    positions: impl IntoIterator<Item = i64>,
) -> Result<Fetched, Fault> {
    let mut found = HashMap::new();
    let mut missing: Vec<i64> = Vec::new();
    {
        let page = book.lock();
        for position in positions {
            let kept = page.ledger.kept(position).filter(|kept| kept.home.is_some());
            // Of a delivery that the server lost another one may have the place.
            let is_it = |stored: &Arc<Stored>| kept.is_some_and(|kept| kept.id == stored.delivery.id);
            match page.cache.get(position).filter(is_it) {
                Some(stored) => drop(found.insert(position, stored)),
                None => missing.push(position),
            }
        }
    }
    missing.sort_unstable();
    missing.dedup();
    if !missing.is_empty() {
        missing = fetch_missing(log, book, &missing, &mut found).await?;
    }
    if !missing.is_empty() {
        // What was carried to the end of the stream is found there, once it is known here.
        let last = log.info().await?.state.last_sequence;
        let heard = timeout(BEHIND, book.caught_up(last)).await;
        heard.map_err(|_| Fault::Slow)?;
        missing = fetch_missing(log, book, &missing, &mut found).await?;
    }
    // By what a server knew that lost something it may be elsewhere.
    if !missing.is_empty() && !book.is_sure(log) {
        return Err(Fault::away("the stream is not as it was"));
    }
    Ok(Fetched { found, gone: missing })
}

/// Deliveries as they came.
pub(super) struct Fetched {
    pub(super) found: HashMap<i64, Arc<Stored>>,
    /// The stream says that it does not hold them: somebody removed their messages, or they are damaged.
    pub(super) gone: Vec<i64>,
}

/// Why a delivery cannot be had.
pub(super) const GONE: &str =
    "the stream does not hold this delivery any more: somebody removed its message, or it is damaged";

/// A record, if it is there, and what is wanted of it.
pub(super) type Found = (Option<Record>, Vec<(i64, Kept)>);

/// The records in these messages, in the order of these, each once for all that is wanted of it.
pub(super) fn records(
    log: &Log,
    homes: impl IntoIterator<Item = (u64, Vec<(i64, Kept)>)>,
) -> impl Stream<Item = Result<Found, Fault>> {
    let records = stream::iter(homes).map(move |(at, wanted)| async move {
        let record = log.fetch_record(at).await?;
        Ok((record, wanted))
    });
    records.buffered(AT_ONCE)
}

/// What cannot be found either.
async fn fetch_missing(
    log: &Log,
    book: &Book,
    missing: &[i64],
    found: &mut HashMap<i64, Arc<Stored>>,
) -> Result<Vec<i64>, Fault> {
    // By message: one may hold many.
    let mut homes: BTreeMap<u64, Vec<(i64, Kept)>> = BTreeMap::new();
    {
        let page = book.lock();
        for position in missing {
            let Some(kept) = page.ledger.kept(*position) else {
                continue;
            };
            match &kept.home {
                Some(home) => homes.entry(home.at).or_default().push((*position, kept.clone())),
                None => drop(found.insert(*position, Arc::new(redacted(*position, kept)))),
            }
        }
    }
    let messages: Vec<Found> = records(log, homes).try_collect().await?;
    let mut left = Vec::new();
    for (record, wanted) in messages {
        for (position, kept) in wanted {
            match record.as_ref().and_then(|record| stored(record, position, &kept)) {
                Some(stored) => drop(found.insert(position, book.lock().put(stored))),
                None => left.push(position),
            }
        }
    }
    Ok(left)
}

/// Head and body of a delivery.
pub(super) fn blobs(record: &Record, kept: &Kept) -> Option<[Bytes; 2]> {
    let head = kept.home.as_ref()?.head as usize;
    Some([
        record.blobs.get(head)?.clone(),
        record.blobs.get(head + 1)?.clone(),
    ])
}

pub(super) fn stored(record: &Record, position: i64, kept: &Kept) -> Option<Stored> {
    let [head, body] = blobs(record, kept)?;
    let mut delivery = Delivery::from_head(&head, body).ok()?;
    // It says what was known when it came.
    delivery.conflict = kept.conflict;
    (delivery.id == kept.id).then(|| Stored {
        position,
        provider: kept.provider.clone(),
        delivery,
        redacted_at: None,
    })
}

/// What is left of a delivery whose body was removed.
pub(super) fn redacted(position: i64, kept: &Kept) -> Stored {
    let mut delivery =
        Delivery::dangerous_unverified(&kept.endpoint, HeaderMap::new(), Bytes::new(), kept.received_at);
    delivery.id = kept.id;
    delivery.key.text = Arc::clone(&kept.key);
    delivery.key.source = kept.source;
    delivery.provider_id.clone_from(&kept.provider_id);
    delivery.conflict = kept.conflict;
    delivery.signed_at = kept.signed_at;
    Stored {
        position,
        provider: kept.provider.clone(),
        delivery,
        redacted_at: kept.redacted_at.map(timestamp),
    }
}
