//! The ledger, written down in the stream now and then: whoever opens the inbox begins there.
//!
//! Notes say where. Each is stored only if no other came since the one that its writer knew, so they are a chain: a gateway
//! that stood still in the middle of writing comes too late, and its note is never there to name what is gone by now.

use std::{pin::pin, sync::Arc, time::Duration};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep};
use wahook_core::guard::Digest;

use super::{
    book::{Book, Page},
    fault::Fault,
    ledger::Ledger,
    log::Log,
    record::{self, Unreadable},
};

/// The kind of message that a note is; whoever reads it knows it by its subject.
const NOTE: u8 = 2;
/// Who said so long ago that it writes, and has not written, is not waited for.
const CLAIM: Duration = Duration::from_secs(60);
/// So often it is said again while it goes on.
const RENEWED: Duration = Duration::from_secs(20);

/// Where the ledger was written down, and who is about to do it again.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Note {
    /// Its writer begins now, and the others leave it to it.
    begins: bool,
    /// What is up to this message is not needed to begin anywhere, and may be gone.
    pub(super) floor: u64,
    /// The newest first. The one before stays, should that be damaged.
    pub(super) places: Vec<Place>,
}

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
    /// What it weighed by our reckoning: how far off that is.
    pub(super) weight: u64,
    digest: [u8; 32],
}

/// What was read at the beginning.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) ledger: Ledger,
    pub(super) note: Note,
    /// The newest message on the subject of notes.
    pub(super) newest: u64,
    /// Whether it was written nowhere: all is to be read.
    pub(super) is_empty: bool,
}

/// Notes, as far as they were heard.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// What holds now.
    pub(super) note: Note,
    /// The newest message on their subject, whatever it was.
    newest: u64,
    /// Since when somebody writes.
    claimed: Option<Instant>,
}

impl Place {
    /// The first message that is needed to begin there.
    pub(super) fn first(&self) -> u64 {
        self.parts.iter().copied().fold(self.at + 1, u64::min)
    }
}

impl Note {
    fn to_bytes(&self) -> Result<Bytes, Fault> {
        record::json(NOTE, self).map_err(|error| Fault::away(error.to_string()))
    }

    pub(super) fn place(&self) -> Option<&Place> {
        self.places.first()
    }

    fn at(&self) -> u64 {
        self.place().map_or(0, |place| place.at)
    }
}

impl Notes {
    pub(super) fn of(note: Note, newest: u64) -> Self {
        Self {
            note,
            newest,
            claimed: None,
        }
    }

    /// Notes what came on the subject of notes; whether the ledger is newly written down, and what its floor is.
    pub(super) fn hear(&mut self, sequence: u64, payload: Bytes) -> (bool, u64) {
        self.newest = self.newest.max(sequence);
        let Ok(note) = record::read_json::<Note>(payload) else {
            return (false, 0);
        };
        let floor = note.floor;
        // What is older is by somebody who stood still, and names what may be gone.
        if note.at() < self.note.at() || floor < self.note.floor {
            return (false, floor);
        }
        let is_new = note.at() > self.note.at();
        self.claimed = note.begins.then(Instant::now);
        self.note = note;
        (is_new, floor)
    }

    pub(super) fn is_claimed(&self) -> bool {
        self.claimed.is_some_and(|since| since.elapsed() < CLAIM)
    }
}

/// Writes the ledger down beside the work, by its own patience; whether this one did, and no other does.
///
/// `alone` where hardly anything fits any more: what is written is read back, and then nothing before it is kept for the case
/// that it gets damaged. Two states and all that came between them may be more than there is room for, and a stream that
/// cannot be emptied helps nobody.
pub(super) async fn write(log: &Arc<Log>, book: &Arc<Book>, alone: bool) -> Result<bool, Fault> {
    let (log, book) = (Arc::clone(log), Arc::clone(book));
    let writing = tokio::spawn(async move { write_now(&log, &book, alone).await });
    writing
        .await
        .unwrap_or_else(|_| Err(Fault::away("the state cannot be written down")))
}

/// Its pieces, and then where they are. Cut half-way, there is nothing that says where, and nobody looks for them.
async fn write_now(log: &Log, book: &Book, alone: bool) -> Result<bool, Fault> {
    if !book.is_sure(log) {
        return Err(Fault::away("what is known is not known to be so"));
    }
    // Whoever writes and was left waiting by its caller goes on.
    let Ok(_one) = book.writing.try_lock() else {
        return Ok(false);
    };
    // Cut half-way it would stay, and take from what is kept free.
    if !book.lock().has_room_for_state() {
        return Err(Fault::Full);
    }
    let connection = log.connection();
    let Some((begins, newest)) = begin(&book.lock()) else {
        return Ok(false);
    };
    let Some(mut claim) = log.publish_note(begins.to_bytes()?, newest).await? else {
        return Ok(false);
    };
    let ledger = book.lock().ledger.clone();
    let (at, since, weight) = (ledger.applied, ledger.now, ledger.weight());
    let written = tokio::task::spawn_blocking(move || ledger.into_bytes()).await;
    let Ok(Ok(bytes)) = written else {
        return Err(Fault::away("the state cannot be written down"));
    };
    let bytes = Bytes::from(bytes);
    let (size, digest) = (bytes.len() as u64, *Digest::of_signed(&bytes).as_bytes());
    let mut pieces = pin!(log.publish_state(bytes));
    let parts = loop {
        tokio::select! {
            parts = &mut pieces => break parts?,
            () = sleep(RENEWED) => match log.publish_note(begins.to_bytes()?, claim).await? {
                Some(renewed) => claim = renewed,
                None => return Ok(false),
            },
        }
    };
    let place = Place {
        at,
        since,
        parts,
        bytes: size,
        weight,
        digest,
    };
    let note = if alone {
        let Some(note) = stands_alone(log, place).await? else {
            return Ok(false);
        };
        note
    } else {
        let (floor, mut places) = (begins.floor, begins.places);
        places.insert(0, place);
        places.truncate(2);
        Note {
            begins: false,
            floor: places.get(1).map_or(floor, |place| floor.max(place.at)),
            places,
        }
    };
    if !book.is_sure(log) || log.connection() != connection {
        return Err(Fault::away("what was written may not be what the stream says"));
    }
    let Some(sequence) = log.publish_note(note.to_bytes()?, claim).await? else {
        return Ok(false);
    };
    book.caught_up(sequence).await;
    Ok(true)
}

/// Has what is before the newest place no longer kept, as [`write()`] does it `alone`; whether it was.
pub(super) async fn keep_newest(log: &Log, book: &Book) -> Result<bool, Fault> {
    let (place, newest) = {
        let page = book.lock();
        match &page.notes.note.places[..] {
            [place, _] if !page.notes.is_claimed() => (place.clone(), page.notes.newest),
            _ => return Ok(false),
        }
    };
    let Some(note) = stands_alone(log, place).await? else {
        return Ok(false);
    };
    let Some(sequence) = log.publish_note(note.to_bytes()?, newest).await? else {
        return Ok(false);
    };
    book.caught_up(sequence).await;
    Ok(true)
}

/// The note that says that nothing before this place is needed, if what is there can be read.
async fn stands_alone(log: &Log, place: Place) -> Result<Option<Note>, Fault> {
    let is_whole = load_from(log, &place).await?.is_some();
    Ok(is_whole.then(|| Note {
        begins: false,
        floor: place.at,
        places: vec![place],
    }))
}

/// The note with which somebody begins to write, unless another does, and the message that it must follow.
fn begin(page: &Page) -> Option<(Note, u64)> {
    let begins = Note {
        begins: true,
        ..page.notes.note.clone()
    };
    (!page.notes.is_claimed()).then_some((begins, page.notes.newest))
}

/// The newest ledger that is whole, and what is noted of ledgers.
pub(super) async fn load(log: &Log) -> Result<Loaded, Fault> {
    let mut newest = log.newest(&log.subjects.snapshots).await?;
    loop {
        let known = newest.as_ref().map(|(sequence, _)| *sequence);
        let loaded = load_from_notes(log, newest).await;
        if !matches!(loaded, Err(Fault::Broken(_))) {
            return loaded;
        }
        // Somebody may have written it down anew meanwhile, and removed what was looked at.
        newest = log.newest(&log.subjects.snapshots).await?;
        if newest.as_ref().map(|(sequence, _)| *sequence) == known {
            return loaded;
        }
    }
}

async fn load_from_notes(log: &Log, newest: Option<(u64, Bytes)>) -> Result<Loaded, Fault> {
    let first = log.info().await?.state.first_sequence;
    let number = newest.as_ref().map_or(0, |(sequence, _)| *sequence);
    let mut notes: Vec<_> = newest.into_iter().collect();
    let mut is_all = false;
    let mut is_passed_over = false;
    while let Some((sequence, payload)) = notes.pop() {
        match record::read_json::<Note>(payload) {
            Ok(note) => {
                if let Some(loaded) = load_by(log, note, first, number).await? {
                    return Ok(loaded);
                }
            }
            Err(Unreadable::Later(version)) => {
                return Err(Fault::Later(format!(
                    "the state of the inbox was written by a later release (version {version}): bring this one up to date"
                )));
            }
            Err(_) => {}
        }
        is_passed_over = true;
        if !is_all {
            is_all = true;
            tracing::warn!(
                target: "wahook",
                sequence,
                "what says where the state of the inbox is written is damaged, not ours, or names what is gone: an earlier one is \
                 looked for"
            );
            notes = log.all(&log.subjects.snapshots).await?;
            notes.retain(|(older, _)| *older < sequence);
        }
    }
    if first <= 1 {
        return Ok(Loaded {
            ledger: Ledger::new(),
            note: Note::default(),
            newest: number,
            is_empty: true,
        });
    }
    Err(Fault::Broken(if is_passed_over {
        "the state of the inbox is damaged wherever it is written: bring the stream back from a backup"
            .to_owned()
    } else {
        format!(
            "the stream begins with message {first}, and nothing says what was before: somebody removed it; delete the stream to \
             begin anew"
        )
    }))
}

/// What a note leads to; `None` if that is nowhere.
async fn load_by(log: &Log, note: Note, first: u64, newest: u64) -> Result<Option<Loaded>, Fault> {
    for (index, place) in note.places.iter().enumerate() {
        // What came after it must be there as well.
        if place.at + 1 >= first
            && let Some(ledger) = load_from(log, place).await?
        {
            let places = note.places.get(index..).unwrap_or_default().to_vec();
            let note = Note {
                begins: false,
                places,
                ..note
            };
            return Ok(Some(Loaded {
                ledger,
                note,
                newest,
                is_empty: false,
            }));
        }
        tracing::warn!(target: "wahook", at = place.at, "the state of the inbox is damaged there: an earlier one is taken");
    }
    Ok(None)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As version 1 writes it: whoever changes that writes a later one.
    const NOTE_V1: &str = r#"{"begins":true,"floor":7,"places":[{"at":9,"since":10,"parts":[11,12],"bytes":13,"weight":14,"digest":[1,2,3,4,5,6,7,8,1,2,3,4,5,6,7,8,1,2,3,4,5,6,7,8,1,2,3,4,5,6,7,8]}]}"#;

    fn note(at: u64, floor: u64) -> Bytes {
        let mut note: Note = serde_json::from_str(NOTE_V1).unwrap();
        note.places[0].at = at;
        note.floor = floor;
        note.to_bytes().unwrap()
    }

    #[test]
    fn the_form_of_a_note_is_that_of_version_1() {
        let note: Note = serde_json::from_str(NOTE_V1).unwrap();
        assert_eq!(serde_json::to_string(&note).unwrap(), NOTE_V1);
        assert_eq!((note.places[0].first(), note.floor), (10, 7));
    }

    #[test]
    fn a_note_that_is_older_than_what_is_known_is_passed_over() {
        let mut notes = Notes::default();
        assert_eq!(notes.hear(20, note(9, 7)), (true, 7));
        assert!(notes.is_claimed());
        assert_eq!(notes.hear(21, note(8, 7)), (false, 7), "an older place");
        assert_eq!(notes.hear(22, note(30, 6)), (false, 6), "a lower floor");
        let foreign = notes.hear(23, Bytes::from_static(b"{}"));
        assert_eq!(foreign, (false, 0), "none of ours");
        assert_eq!((notes.note.at(), notes.newest), (9, 23));
        assert_eq!(notes.hear(24, note(12, 9)), (true, 9));
        assert_eq!(notes.note.at(), 12);
    }
}
