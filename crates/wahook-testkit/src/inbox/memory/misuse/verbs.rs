//! What may be wrong with the verbs of an inbox.
//!
//! Longer than 400 lines: the flaws of all six verbs, of which many are of several.

use std::time::Duration;

use tokio::task::yield_now;
use wahook_core::{
    Assurance, BoxFuture, Clock, OnConflict,
    guard::{Key, Settled, StoreError, StoreErrorKind, Token},
    inbox::{
        Accepted, EntryId, EntryState, Filed, Inbox, Incoming, LaneId, Reading, Settlement, Taken, Then,
        Unread, Want,
    },
};

use super::{Flaw, Flawed};
use crate::inbox::memory::records::{Reads, Seen};

const STORED: Accepted = Accepted::Stored { conflict: false };
const DUPLICATE: Accepted = Accepted::Duplicate { conflict: false };

impl Flawed {
    /// An answer that is not the inbox's, if that is the flaw.
    fn meets_first(&self, incoming: &Incoming) -> Option<Accepted> {
        let key = incoming.key().as_str();
        let was = incoming.delivery();
        self.tamper(|state| {
            let mut all = state.deliveries.values().map(|kept| &kept.stored.delivery);
            let is_met = match self.flaw {
                Flaw::MeetsTheFirst => state.seen.get(key).is_some_and(|seen| !seen.is_empty()),
                Flaw::IgnoresEndpoints => {
                    all.any(|other| other.key.text == was.key.text && other.body == was.body)
                }
                Flaw::FoldsCase => all.any(|other| {
                    let same = other.key.text.to_lowercase() == was.key.text.to_lowercase();
                    same && other.endpoint == was.endpoint && other.body == was.body
                }),
                _ => false,
            };
            is_met.then_some(DUPLICATE)
        })
    }

    fn before_accepting(&self, incoming: &Incoming) {
        let key = incoming.key().as_str();
        self.tamper(|state| {
            let Some(seen) = state.seen.get_mut(key) else {
                return;
            };
            match self.flaw {
                Flaw::RemembersForEver => seen.iter_mut().for_each(|seen| seen.until = Duration::MAX),
                Flaw::StoresConflicts if incoming.on_conflict() == OnConflict::DropAndFlag => {
                    seen.retain(|seen| seen.digest == incoming.digest());
                }
                _ => {}
            }
        });
    }

    fn after_accepting(&self) {
        self.tamper(|state| {
            let Some(mut last) = state.deliveries.last_entry() else {
                return;
            };
            let stored = std::sync::Arc::make_mut(&mut last.get_mut().stored);
            let delivery = &mut stored.delivery;
            match self.flaw {
                Flaw::ForgetsKeys => state.seen.clear(),
                Flaw::KeepsText => {
                    delivery.body = String::from_utf8_lossy(&delivery.body).into_owned().into();
                }
                Flaw::KeepsNoHeaders => delivery.headers.clear(),
                Flaw::FlagsNoConflict => delivery.conflict = false,
                _ => {}
            }
        });
    }

    async fn accepting(&self, incoming: Incoming) -> Result<Accepted, StoreError> {
        if self.is_away() {
            match self.flaw {
                Flaw::Hangs => std::future::pending().await,
                Flaw::GuessesStored => return Ok(STORED),
                _ => {}
            }
        }
        if let Some(answer) = self.meets_first(&incoming) {
            return Ok(answer);
        }
        self.before_accepting(&incoming);
        let key = incoming.key().as_str().to_owned();
        match self.flaw {
            Flaw::StoresNothing => return Ok(STORED),
            Flaw::AnswersFirst if !self.is_away() => {
                let inbox = self.inbox.clone();
                tokio::spawn(async move {
                    for _ in 0..20 {
                        yield_now().await;
                    }
                    inbox.accept(incoming).await
                });
                return Ok(STORED);
            }
            Flaw::LooksThenStores => {
                let seen = self.tamper(|state| state.seen.get(&key).is_some_and(|seen| !seen.is_empty()));
                yield_now().await;
                if !seen {
                    self.tamper(|state| state.seen.remove(&key));
                }
            }
            Flaw::MarksBeforeStoring => {
                let digest = incoming.digest();
                let is_new = self.tamper(|state| {
                    let seen = state.seen.entry(key.clone()).or_default();
                    let is_new = seen.iter().all(|seen| seen.digest != digest);
                    let until = Duration::MAX;
                    if is_new {
                        seen.push(Seen { digest, until });
                    }
                    is_new
                });
                yield_now().await;
                if is_new {
                    self.tamper(|state| state.seen.remove(&key));
                }
            }
            Flaw::IgnoresRoom => self.tamper(|state| state.room = None),
            Flaw::StoresThenRefuses => {
                let room = self.tamper(|state| state.room.take());
                let answer = self.inbox.accept(incoming).await;
                let is_over = self.tamper(|state| {
                    state.room = room;
                    room.is_some_and(|room| state.deliveries.len() > room)
                });
                let full = StoreError::new(StoreErrorKind::Full);
                return if is_over { Err(full) } else { answer };
            }
            Flaw::IsFullForEver => {
                let is_full = |room| self.tamper(|state| state.deliveries.len()) >= room;
                if self.tamper(|state| state.room).is_some_and(is_full) {
                    return Err(StoreError::new(StoreErrorKind::Full));
                }
            }
            _ => {}
        }
        let answer = self.inbox.accept(incoming).await?;
        self.after_accepting();
        Ok(match (answer, self.flaw) {
            (Accepted::Stored { .. }, Flaw::TellsNoConflict) => STORED,
            (Accepted::Duplicate { .. }, Flaw::TellsNoConflict) => DUPLICATE,
            (answer, _) => answer,
        })
    }

    async fn reading(
        &self,
        token: Token,
        count: usize,
        bytes: usize,
        lease: Duration,
    ) -> Result<Vec<Unread>, StoreError> {
        if self.is_away() && self.is(Flaw::GuessesNothing) {
            return Ok(Vec::new());
        }
        let before = self.tamper(|state| {
            if self.is(Flaw::ReadersShare) {
                state.reader = None;
            }
            state.reader
        });
        let (count, bytes) = match self.flaw {
            Flaw::ReadsMoreThanWanted => (usize::MAX, usize::MAX),
            _ => (count, bytes),
        };
        let mut unread = self.inbox.unread(token, count, bytes, lease).await?;
        self.tamper(|state| match (self.flaw, before) {
            (Flaw::ReaderLeasesNeverEnd, _) => {
                state.reader = state.reader.map(|(reader, _)| (reader, Duration::MAX));
            }
            (Flaw::KeepsTheFirstReaderLease, Some((reader, until))) if reader == token => {
                state.reader = Some((reader, until));
            }
            _ => {}
        });
        let unreadable = || {
            self.tamper(|state| {
                state
                    .deliveries
                    .values()
                    .any(|kept| kept.progress == Reads::Unreadable)
            })
        };
        match self.flaw {
            Flaw::ReadsBackwards => unread.reverse(),
            Flaw::ReadsOnlyWhatFits => {
                unread.retain(|unread| unread.stored.delivery.body.len() <= bytes);
            }
            Flaw::StopsAtTheUnreadable if unreadable() => unread.clear(),
            _ => {}
        }
        Ok(unread)
    }

    async fn filing(&self, token: Token, mut readings: Vec<Reading>) -> Result<Option<Filed>, StoreError> {
        for event in readings
            .iter_mut()
            .flat_map(|reading| reading.events.iter_mut().flatten())
        {
            match self.flaw {
                Flaw::EventsHaveNoScope => event.claim = Key::event("", &event.summary.key),
                Flaw::FilesForOneSink => event.sinks.truncate(1),
                Flaw::FilesForASinkMore => event.sinks.push("log".into()),
                Flaw::HasOneLane => event.lane.clear(),
                Flaw::HasNoLanes => event.lane = event.summary.key.clone(),
                Flaw::ForgetsAccounts => event.summary.account = None,
                _ => {}
            }
        }
        self.tamper(|state| match self.flaw {
            Flaw::AnybodyFiles => state.reader = Some((token, Duration::MAX)),
            Flaw::FilesTwice => {
                for reading in &readings {
                    if let Some(kept) = state.deliveries.get_mut(&reading.position) {
                        kept.progress = Reads::Unread;
                    }
                }
                state.said.clear();
            }
            Flaw::RemembersEventsForEver => {
                state
                    .said
                    .values_mut()
                    .for_each(|said| said.until = Duration::MAX);
            }
            Flaw::ReadsAgainThroughTheGuard => {
                state.deliveries.values_mut().for_each(|kept| kept.again = None);
            }
            Flaw::ReadsAgainWithoutClaims if state.deliveries.values().any(|kept| kept.again.is_some()) => {
                state.said.clear();
                state
                    .events
                    .values_mut()
                    .for_each(|event| event.duplicate = false);
            }
            Flaw::ReadsAgainForAll => {
                let again = state
                    .deliveries
                    .values_mut()
                    .filter_map(|kept| kept.again.as_mut());
                again.for_each(|again| *again = std::iter::once(None).collect());
            }
            Flaw::ForgetsOldReadings => {
                let again = state.deliveries.iter().filter(|(_, kept)| kept.again.is_some());
                let again: Vec<_> = again.map(|(position, _)| *position).collect();
                state.events.retain(|_, event| !again.contains(&event.position));
            }
            _ => {}
        });
        let files = self.inbox.file(token, readings).await?;
        let now = self.clock.elapsed();
        self.tamper(|state| match self.flaw {
            Flaw::ForgetsEvents => state.said.clear(),
            Flaw::RecordsNoDuplicates => state.events.retain(|_, event| !event.duplicate),
            Flaw::HasTheNewestFirst => {
                for lane in state.lanes.values_mut() {
                    let turns: Vec<_> = lane.waiting.keys().copied().collect();
                    let entries: Vec<_> = lane.waiting.values().rev().copied().collect();
                    lane.waiting = turns.into_iter().zip(entries).collect();
                    for (turn, id) in &lane.waiting {
                        state.entries.get_mut(id).unwrap().turn = *turn;
                    }
                }
            }
            Flaw::WakesLanes => {
                state.lanes.values_mut().for_each(|lane| lane.due = now);
            }
            Flaw::DropsTheUnreadable => {
                state
                    .deliveries
                    .retain(|_, kept| kept.progress != Reads::Unreadable);
            }
            Flaw::ReadsTheUnreadableAgain => {
                for kept in state.deliveries.values_mut() {
                    if kept.progress == Reads::Unreadable {
                        kept.progress = Reads::Unread;
                    }
                }
            }
            _ => {}
        });
        Ok(files.map(|files| match self.flaw {
            Flaw::CountsNoDuplicates => Filed {
                duplicates: 0,
                ..files
            },
            _ => files,
        }))
    }

    async fn taking(
        &self,
        sink: &str,
        token: Token,
        mut want: Want,
        lease: Duration,
    ) -> Result<Taken, StoreError> {
        let now = self.clock.elapsed();
        let stops = self.tamper(|state| {
            let mut lanes = state.lanes.values();
            match self.flaw {
                Flaw::StopsForASlowSink => lanes.any(|lane| lane.lease.is_some() && *lane.sink != *sink),
                Flaw::StopsForAWaitingLane => lanes.any(|lane| lane.due > now && *lane.sink == *sink),
                Flaw::StopsForATakenLane => lanes.any(|lane| lane.lease.is_some() && *lane.sink == *sink),
                _ => false,
            }
        });
        if stops {
            return Ok(Taken::default());
        }
        self.tamper(|state| {
            for lane in state.lanes.values_mut() {
                match self.flaw {
                    Flaw::SharesLanes => lane.lease = None,
                    Flaw::SharesLanesWithItself if lane.lease.as_ref().is_some_and(|l| l.token == token) => {
                        lane.lease = None;
                    }
                    Flaw::TakesTheFirstLane if lane.due <= now => lane.due = Duration::ZERO,
                    Flaw::IgnoresWaits => lane.due = Duration::ZERO,
                    _ => {}
                }
            }
            for entry in state.entries.values_mut() {
                if self.is(Flaw::ForgetsAttempts) {
                    entry.attempts = 0;
                }
                match self.flaw {
                    Flaw::CountsAttemptsAsFailures => entry.failures = entry.attempts,
                    Flaw::ForgetsFailures => entry.failures = 0,
                    _ => {}
                }
            }
        });
        match self.flaw {
            Flaw::IgnoresLaneLimits => want.lanes = usize::MAX,
            Flaw::IgnoresEventLimits => want.events = usize::MAX,
            Flaw::IgnoresByteLimits => want.bytes = usize::MAX,
            Flaw::TakesOneAtATime => want.events = 1,
            _ => {}
        }
        let bytes = want.bytes;
        let mut taken = self.inbox.take(sink, token, want, lease).await?;
        if self.is(Flaw::TakesOnlyWhatFits) {
            taken
                .lanes
                .retain(|lane| lane.entries[0].stored.delivery.body.len() <= bytes);
        }
        self.tamper(|state| {
            for lane in &taken.lanes {
                match self.flaw {
                    Flaw::LeasesNeverEnd => {
                        state
                            .lanes
                            .get_mut(&lane.id)
                            .unwrap()
                            .lease
                            .as_mut()
                            .unwrap()
                            .until = Duration::MAX;
                    }
                    Flaw::CountsAtTheEnd => {
                        for entry in &lane.entries {
                            state.entries.get_mut(&entry.id).unwrap().attempts -= 1;
                        }
                    }
                    _ => {}
                }
            }
        });
        match self.flaw {
            Flaw::TellsNoNext => taken.next = None,
            Flaw::TellsNextAtOnce => taken.next = Some(Duration::ZERO),
            Flaw::TellsNothingLate | Flaw::TellsLateWhatWasInTime => self.misjudge(&mut taken),
            _ => {}
        }
        Ok(taken)
    }

    fn misjudge(&self, taken: &mut Taken) {
        for entry in taken.lanes.iter_mut().flat_map(|lane| &mut lane.entries) {
            entry.late = self.is(Flaw::TellsLateWhatWasInTime)
                && self.tamper(|state| {
                    let event = state.events.values().find(|event| event.summary.key == entry.key);
                    let (at, lane) = event
                        .map(|event| (event.summary.occurred_at, &event.lane))
                        .unwrap();
                    let mut lane = state.events.values().filter(|other| other.lane == *lane);
                    at.is_some() && lane.any(|other| other.summary.occurred_at > at)
                });
        }
    }

    /// Lets a settlement or a renewal through that must be lost.
    fn weaken(&self, lane: LaneId, token: Token) {
        let now = self.clock.elapsed();
        self.tamper(|state| {
            let all: Vec<_> = state.entries.keys().copied().collect();
            let Some(lease) = state.lanes.get_mut(&lane).and_then(|lane| lane.lease.as_mut()) else {
                return;
            };
            match self.flaw {
                Flaw::IgnoresTokens => lease.token = token,
                Flaw::SettlesLate if lease.until <= now => lease.until = Duration::MAX,
                Flaw::SettlesForOthers => lease.taken = all,
                _ => {}
            }
        });
    }

    async fn settling(&self, token: Token, mut settlement: Settlement) -> Result<Settled, StoreError> {
        if self.is_away() && self.is(Flaw::GuessesDone) {
            return Ok(Settled::Done);
        }
        self.weaken(settlement.lane, token);
        let entry = settlement.setback.as_ref().map(|setback| setback.entry);
        match (self.flaw, &mut settlement.setback) {
            (Flaw::CountsTheUntouched, _) => settlement.untouched.clear(),
            (Flaw::ConfirmsTheRest, _) => settlement.done.append(&mut settlement.untouched),
            (Flaw::ConfirmsNothing, _) => settlement.done.clear(),
            (Flaw::ConfirmsTheFirst, _) => settlement.done.truncate(1),
            (Flaw::RetriesAtOnce, Some(setback)) if matches!(setback.then, Then::Retry { .. }) => {
                setback.then = Then::Retry {
                    after: Duration::ZERO,
                };
            }
            (Flaw::ParksWhatBlocks, Some(setback)) if setback.then == Then::Block => {
                setback.then = Then::Park;
            }
            (Flaw::BlocksForWhatIsParked, Some(setback)) if setback.then == Then::Park => {
                setback.then = Then::Block;
            }
            _ => {}
        }
        let lane = settlement.lane;
        let ids: Vec<EntryId> = settlement.done.iter().copied().chain(entry).collect();
        let named = ids
            .iter()
            .chain(&settlement.untouched)
            .copied()
            .collect::<Vec<_>>();
        let taken = self.tamper(|state| {
            let lease = state.lanes.get(&lane).and_then(|lane| lane.lease.as_ref());
            lease.map_or_else(Vec::new, |lease| lease.taken.clone())
        });
        let settled = self.inbox.settle(token, settlement).await?;
        self.tamper(|state| match (self.flaw, entry) {
            (Flaw::ForgetsWhy, Some(entry)) => state.entries.get_mut(&entry).unwrap().error = None,
            (Flaw::UncountsWhatIsLeftOut, _) if settled == Settled::Done => {
                for id in taken.into_iter().filter(|id| !named.contains(id)) {
                    state.entries.get_mut(&id).unwrap().attempts = 0;
                }
            }
            (Flaw::MovesWhatFails, Some(entry)) if settled == Settled::Done => {
                let turn = state.next();
                let entry_ = state.entries.get_mut(&entry).unwrap();
                if entry_.state == EntryState::Waiting {
                    let lane = state.lanes.get_mut(&lane).unwrap();
                    lane.waiting.remove(&entry_.turn);
                    entry_.turn = turn;
                    lane.waiting.insert(turn, entry);
                }
            }
            _ => {}
        });
        Ok(if self.is(Flaw::AlwaysSaysDone) {
            Settled::Done
        } else {
            settled
        })
    }

    async fn renewing(&self, lane: LaneId, token: Token, lease: Duration) -> Result<Settled, StoreError> {
        self.weaken(lane, token);
        let before = self.tamper(|state| {
            let lease = state.lanes.get(&lane).and_then(|lane| lane.lease.as_ref());
            lease.map(|lease| lease.until)
        });
        let settled = self.inbox.renew(lane, token, lease).await?;
        self.tamper(|state| {
            let held = state.lanes.get_mut(&lane).and_then(|lane| lane.lease.as_mut());
            if let (Some(held), Some(before)) = (held, before) {
                match self.flaw {
                    Flaw::RenewsNothing => held.until = before,
                    Flaw::OnlyProlongs => held.until = held.until.max(before),
                    _ => {}
                }
            }
        });
        Ok(settled)
    }
}

impl Inbox for Flawed {
    fn assurance(&self) -> &Assurance {
        self.inbox.assurance()
    }

    fn accept<'a>(&'a self, incoming: Incoming) -> BoxFuture<'a, Result<Accepted, StoreError>> {
        Box::pin(self.accepting(incoming))
    }

    fn unread<'a>(
        &'a self,
        token: Token,
        count: usize,
        bytes: usize,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Vec<Unread>, StoreError>> {
        Box::pin(self.reading(token, count, bytes, lease))
    }

    fn file<'a>(
        &'a self,
        token: Token,
        readings: Vec<Reading>,
    ) -> BoxFuture<'a, Result<Option<Filed>, StoreError>> {
        Box::pin(self.filing(token, readings))
    }

    fn take<'a>(
        &'a self,
        sink: &'a str,
        token: Token,
        want: Want,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Taken, StoreError>> {
        Box::pin(self.taking(sink, token, want, lease))
    }

    fn renew<'a>(
        &'a self,
        lane: LaneId,
        token: Token,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(self.renewing(lane, token, lease))
    }

    fn settle<'a>(
        &'a self,
        token: Token,
        settlement: Settlement,
    ) -> BoxFuture<'a, Result<Settled, StoreError>> {
        Box::pin(self.settling(token, settlement))
    }

    fn stirred<'a>(&'a self, seen: u64) -> BoxFuture<'a, u64> {
        match self.flaw {
            Flaw::NeverStirs => Box::pin(std::future::pending()),
            Flaw::AlwaysStirs => Box::pin(async move {
                yield_now().await;
                seen + 1
            }),
            _ => self.inbox.stirred(seen),
        }
    }
}
