//! Follows the stream, and enters what it says into the book.

use std::{sync::Arc, time::Duration};

use async_nats::jetstream::Message;
use futures_util::StreamExt as _;
use tokio::time::{sleep, timeout};

use super::{
    book::{Book, Heard},
    fault::Fault,
    log::Log,
    record::{self, Record},
    snapshot,
};

/// Before it is tried again.
const AGAIN: Duration = Duration::from_millis(50);
/// And at the longest, where the stream holds what cannot be gone on with: somebody may mend it.
const LONGEST: Duration = Duration::from_secs(5);
/// Where nothing is heard for so long, it is asked whether there is something.
const QUIET: Duration = Duration::from_secs(2);
/// So often it is asked whether what is known is there yet, before it is taken for lost.
const BEHIND: usize = 100;

#[derive(Debug)]
pub(super) struct Follower {
    pub(super) log: Arc<Log>,
    pub(super) book: Arc<Book>,
    /// After so many bytes the book is written down.
    pub(super) snapshot_bytes: u64,
}

/// Why it stopped.
enum Stop {
    /// To begin anew where it was.
    Again(Fault),
    /// The stream is not as it was: what is known must be read anew.
    Anew(&'static str),
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Again(fault)
    }
}

impl Follower {
    /// Follows for ever, or until the stream holds what only a later release can read.
    pub(super) async fn run(self) {
        let _guard = self.book.guard("what follows the stream");
        let mut connected = self.log.connected();
        let (mut before, mut pause) = (None, AGAIN);
        loop {
            connected.mark_unchanged();
            let stopped = tokio::select! {
                stopped = self.follow() => stopped,
                // The server may have begun anew, and know nothing of who follows.
                _ = connected.changed() => Stop::Again(Fault::away("the connection was made anew")),
            };
            if self.book.is_sure(&self.log) {
                (before, pause) = (None, AGAIN);
            }
            self.book.doubt();
            let fault = match stopped {
                Stop::Again(fault) => fault,
                Stop::Anew(why) => {
                    let fault = if before.replace(self.applied()) == Some(self.applied()) {
                        Fault::Broken(format!(
                            "{why}: bring the stream back from a backup, or delete it to begin anew"
                        ))
                    } else {
                        tracing::error!(target: "wahook", "{why}; what is known is read from the stream anew");
                        Fault::away(why)
                    };
                    // In any case: somebody may have brought it back.
                    match self.read_anew().await {
                        Ok(()) => fault,
                        Err(fault) => fault,
                    }
                }
            };
            let is_final = matches!(fault, Fault::Later(_));
            if matches!(fault, Fault::Broken(_) | Fault::Later(_) | Fault::Full) {
                if pause == AGAIN || is_final {
                    tracing::error!(target: "wahook", ?fault, "the inbox stands still");
                }
                self.book.give_up(fault);
                pause = (2 * pause).min(LONGEST);
            } else {
                tracing::debug!(target: "wahook", ?fault, "the stream is followed anew");
            }
            if is_final {
                return;
            }
            sleep(pause).await;
        }
    }

    async fn read_anew(&self) -> Result<(), Fault> {
        let loaded = snapshot::load(&self.log).await?;
        if self.book.lock().ledger.has_key() && loaded.newest == 0 && loaded.is_empty {
            tracing::error!(
                target: "wahook",
                "the stream of the inbox was deleted and made anew: all that it held is gone"
            );
        }
        self.book.replace(loaded);
        Ok(())
    }

    /// Lets the ledger be asked, once it has all that there was when we came; the first of an inbox brings its key.
    async fn trust_if(&self, connection: u64, last: u64, asked: &mut bool) -> Result<bool, Fault> {
        let has_key = {
            let page = self.book.lock();
            if page.ledger.applied < last {
                return Ok(false);
            }
            page.ledger.has_key()
        };
        if has_key {
            self.book.trust(connection);
        } else if !std::mem::replace(asked, true) {
            let record = Record::first().ok_or_else(|| Fault::away("there is no randomness"))?;
            let bytes = record
                .to_bytes()
                .map_err(|error| Fault::away(error.to_string()))?;
            self.log.publish(&self.log.subjects.records, bytes).await?;
        }
        Ok(has_key)
    }

    async fn follow(&self) -> Stop {
        match self.follow_on().await {
            Err(stop) => stop,
            Ok(never) => match never {},
        }
    }

    async fn follow_on(&self) -> Result<std::convert::Infallible, Stop> {
        let connection = self.log.connection();
        let mut info = self.log.info().await?;
        // Whoever leads now may have yet to apply what the one before had told.
        for _ in 0..BEHIND {
            if info.state.last_sequence >= self.applied() {
                break;
            }
            sleep(AGAIN).await;
            info = self.log.info().await?;
        }
        self.book.see(&info);
        let (applied, mut anchor) = {
            let page = self.book.lock();
            (page.ledger.applied, page.anchor)
        };
        // A server that lost power may have lost what it had not flushed, and give its number to something else.
        if info.state.last_sequence < applied {
            return Err(Stop::Anew("the stream lost messages that it had acknowledged"));
        }
        if anchor.is_some_and(|(sequence, _)| sequence < info.state.first_sequence) {
            return Err(Stop::Anew("what was known last is not in the stream any more"));
        }
        let from = anchor.map_or(applied + 1, |(sequence, _)| sequence);
        let mut messages = self.log.follow(from).await?;
        let mut expected = 1;
        let last = info.state.last_sequence;
        let (mut is_sure, mut asked) = (false, false);
        if anchor.is_none() {
            is_sure = self.trust_if(connection, last, &mut asked).await?;
        }
        let mut is_elsewhere = false;
        loop {
            let Ok(next) = timeout(QUIET, messages.next()).await else {
                // It is told where nobody may have listened.
                if self.log.connection() != connection {
                    return Err(Fault::away("the connection was made anew").into());
                }
                // The replica that is followed may have stopped at what was, or whoever leads have lost what is known.
                let info = self.log.info().await?;
                let was_elsewhere =
                    std::mem::replace(&mut is_elsewhere, info.state.last_sequence != self.applied());
                if was_elsewhere && is_elsewhere {
                    return Err(Fault::away("nothing is heard, and the stream is elsewhere").into());
                }
                continue;
            };
            is_elsewhere = false;
            let Some(message) = next else { break };
            let message = message.map_err(|error| Fault::of_api("the stream cannot be followed", &error))?;
            let info = message
                .info()
                .map_err(|_| Fault::away("a message came without its place"))?;
            if info.consumer_sequence != expected {
                return Err(Fault::away("a message was left out").into());
            }
            expected += 1;
            let heard = Heard {
                sequence: info.stream_sequence,
                nanos: info.published.unix_timestamp_nanos(),
                bytes: message.payload.len() as u64 + 100,
                is_state: *message.subject == *self.log.subjects.state,
            };
            if let Some(was) = anchor.take() {
                if was != (heard.sequence, heard.nanos) {
                    return Err(Stop::Anew("the stream does not hold what it held"));
                }
                is_sure = self.trust_if(connection, last, &mut asked).await?;
                continue;
            }
            let applied = self.book.lock().ledger.applied;
            if heard.sequence != applied + 1 {
                return Err(Stop::Anew("messages of the stream are missing"));
            }
            self.enter(heard, &message).await?;
            if !is_sure {
                is_sure = self.trust_if(connection, last, &mut asked).await?;
            }
        }
        Err(Fault::away("the connection is closed").into())
    }

    async fn enter(&self, heard: Heard, message: &Message) -> Result<(), Stop> {
        let subjects = &self.log.subjects;
        let payload = message.payload.clone();
        if *message.subject == *subjects.records {
            if record::parts(&payload).is_some_and(|parts| parts.iter().any(|part| *part <= self.floor())) {
                // It was on its way for so long that its pieces may be gone; whoever wrote it does not wait for it.
                self.book.pass(heard);
                return Ok(());
            }
            if let Some((record, parts)) = self.log.whole(heard.sequence, payload).await? {
                // What of it was carried out must not be again.
                let entered = self.book.enter(heard, record, &parts);
                entered.map_err(|_damaged| Stop::Anew("a message of the stream is damaged"))?;
                self.write_down_if_due();
                return Ok(());
            }
        } else if *message.subject == *subjects.snapshots {
            self.book.note(heard, payload);
            return Ok(());
        } else if [&subjects.parts, &subjects.state]
            .iter()
            .any(|subject| ***subject == *message.subject)
        {
            self.book.pass(heard);
            return Ok(());
        }
        // Everybody leaves it out.
        tracing::warn!(
            target: "wahook",
            sequence = heard.sequence,
            "a message in the stream of the inbox is not ours, and left out: let nobody else publish there"
        );
        self.book.pass(heard);
        Ok(())
    }

    fn applied(&self) -> u64 {
        self.book.lock().ledger.applied
    }

    fn floor(&self) -> u64 {
        self.book.lock().ledger.floor
    }

    /// Writes the book down beside the work.
    fn write_down_if_due(&self) {
        let due = {
            let mut page = self.book.lock();
            let last = page.notes.note.place().map_or(0, |place| place.bytes);
            let most = page.most.map_or(u64::MAX, |most| most / 16);
            // Where hardly anything fits it is written only if that makes room: see `clean`.
            let due = page.since_snapshot > self.snapshot_bytes.min(most).max(2 * last) && !page.is_tight();
            if due {
                // Not again before so much more came.
                page.since_snapshot = 0;
            }
            due
        };
        if due {
            let (log, book) = (Arc::clone(&self.log), Arc::clone(&self.book));
            tokio::spawn(async move {
                if let Err(fault) = snapshot::write(&log, &book, false).await {
                    tracing::warn!(target: "wahook", ?fault, "the state of the inbox could not be written down");
                }
            });
        }
    }
}
