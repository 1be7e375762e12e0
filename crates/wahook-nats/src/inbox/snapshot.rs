//! The ledger, written down in the stream now and then: whoever opens the inbox begins there.

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use wahook_core::guard::Digest;

use super::{
    book::Book,
    fault::Fault,
    ledger::Ledger,
    log::Log,
    record::{self, Unreadable},
};

/// The kind of message that says where a ledger was written down; whoever reads it knows it by its subject.
const PLACES: u8 = 2;

/// Where the ledger was written down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// The last message that is in it.
    pub(super) at: u64,
    /// The server's time of that, in microseconds.
    pub(super) since: u64,
    /// The messages that hold it.
    parts: Vec<u64>,
    pub(super) bytes: u64,
    digest: [u8; 32],
}

impl Place {
    /// The first message that is needed to begin there.
    pub(super) fn first(&self) -> u64 {
        self.parts.iter().copied().fold(self.at + 1, u64::min)
    }
}

/// What is before this message is not needed to begin anywhere.
pub(super) fn floor(places: &[Place]) -> u64 {
    // The one before the newest, should that be damaged.
    places.get(1).map_or(0, |place| place.at)
}

/// Writes the ledger down: its pieces, and then where they are. Cut half-way, there is nothing that says where, and nobody
/// looks for them. The one before stays, should this one be damaged.
pub(super) async fn write(log: &Log, book: &Book) -> Result<(), Fault> {
    let (ledger, mut places) = {
        let page = book.lock();
        (page.ledger.clone(), page.places.clone())
    };
    let (at, since) = (ledger.applied, ledger.now);
    let written = tokio::task::spawn_blocking(move || ledger.into_bytes()).await;
    let Ok(Ok(bytes)) = written else {
        return Err(Fault::away("the state cannot be written down"));
    };
    let bytes = Bytes::from(bytes);
    let (size, digest) = (bytes.len() as u64, *Digest::of_signed(&bytes).as_bytes());
    let parts = log.publish_parts(bytes).await?;
    let place = Place {
        at,
        since,
        parts,
        bytes: size,
        digest,
    };
    // Another gateway may have done it meanwhile.
    if places.first().is_some_and(|newest| newest.at >= at) {
        return Ok(());
    }
    places.insert(0, place);
    places.truncate(2);
    let message = record::json(PLACES, &places).map_err(|error| Fault::away(error.to_string()))?;
    log.publish(&log.subjects.snapshots, message).await.map(drop)
}

/// The newest ledger that is whole, and where ledgers were written down.
pub(super) async fn load(log: &Log) -> Result<(Ledger, Vec<Place>), Fault> {
    let Some(message) = log.newest(&log.subjects.snapshots).await? else {
        let info = log.info().await?;
        if info.state.first_sequence > 1 {
            return Err(Fault::Broken(format!(
                "the stream begins with message {}, and nothing says what was before: somebody removed it; delete the stream to \
                 begin anew",
                info.state.first_sequence
            )));
        }
        return Ok((Ledger::new(), Vec::new()));
    };
    let places: Vec<Place> = record::read_json(message).map_err(|error| match error {
        Unreadable::Later(version) => Fault::Broken(format!(
            "the state of the inbox was written by a later release (version {version}): bring this one up to date"
        )),
        _ => Fault::Broken(format!(
            "what says where the state of the inbox is written is damaged, or was published by somebody else: bring the stream \
             back from a backup; the newest message of {} is the one",
            log.subjects.snapshots
        )),
    })?;
    for (index, place) in places.iter().enumerate() {
        if let Some(ledger) = load_from(log, place).await? {
            return Ok((ledger, places.get(index..).unwrap_or_default().to_vec()));
        }
        tracing::warn!(target: "wahook", at = place.at, "the state of the inbox is damaged there: the one before is taken");
    }
    Err(Fault::Broken(
        "the state of the inbox is damaged wherever it is written".to_owned(),
    ))
}

async fn load_from(log: &Log, place: &Place) -> Result<Option<Ledger>, Fault> {
    let Some(bytes) = log.fetch_parts(&place.parts).await? else {
        return Ok(None);
    };
    if *Digest::of_signed(&bytes).as_bytes() != place.digest {
        return Ok(None);
    }
    let read = tokio::task::spawn_blocking(move || Ledger::from_bytes(&bytes)).await;
    Ok(read.ok().and_then(Result::ok))
}
